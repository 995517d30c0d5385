import EventLog

extension Importer {
  /// How many files of events and streams there are to import, and databases with streams. Tables of users and songs are not
  /// counted, as they stay in their place; nor are files that the log has and that wait for their archive. Nothing is written.
  /// - Throws: as `run` does before it writes; `SourceError` for a file that is not what its name says.
  public func count(_ operands: [String]) throws -> Int {
    let waiting = Set(try (moves?.waiting() ?? []).map { [$0.move.source, $0.move.stamp] })
    var count = 0
    for file in try check(operands) {
      if let stamp = file.stamp, waiting.contains([file.place, stamp]) { continue }
      switch try sources.content(of: file) {
      case .events, .table(.streams): count += 1
      case .table, .empty: break
      }
    }
    for url in operands where Self.isDatabase(url) {
      if try PostgresTables.hasStreams(url) { count += 1 }
    }
    return count
  }
}
