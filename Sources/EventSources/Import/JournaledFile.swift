import EventLog

/// A file of lines on its way into a log that remembers its sources.
///
/// A file is known by its decompressed bytes, wherever it lies. A hash of its first line finds the log's
/// records of sources that begin alike; a hash of all bytes that were read then tells whether the file is
/// one of those sources. So a file is read twice where the log knows a source with the same first line, and
/// once otherwise.
struct JournaledFile {
  /// How much of a file is still to be appended.
  enum Standing {
    /// The bytes that are still to be appended.
    case toRead(HashedSource)
    /// The log has all of the file; this is its record.
    case known(SourceRecord)
  }

  private static let headBytes = 64 << 10

  let path: String
  let title: String
  let journal: SourceJournal
  /// A word for how the file's lines are decoded, from `LineImport.reading`. The same bytes decoded in another
  /// way are another source.
  let reading: String
  /// True to append the file once more where the log has all of it.
  let again: Bool

  /// Finds out how much of the file the log has, and begins a record for the rest. Once the lines of the rest
  /// are appended, the caller calls `finish`.
  func begin() throws -> Standing {
    let prefix = "lines-\(reading)-\(try headHash())"
    let known = try journal.known(prefix)
    let matches = known.isEmpty ? [] : try matching(known)
    if let match = matches.last(where: { $0.canGoOn }),
      !again || journal.canResume(match.record)
    {
      try journal.resume(match.record)
      return .toRead(try reader(from: match.record.from))
    }
    let finished = matches.filter(\.record.isFinished)
    if !again {
      if let whole = finished.last(where: \.isWhole) { return .known(whole.record) }
      // A file whose last line had no newline cannot go on there: that line may be longer by now.
      if let grown = finished.filter({ $0.endsLine }).max(by: {
        $0.record.extent < $1.record.extent
      }) {
        try journal.extend(grown.record)
        return .toRead(try reader(from: grown.record.extent))
      }
    }
    try journal.begin(prefix, title: title)
    return .toRead(try reader(from: 0))
  }

  private func reader(from start: Int64) throws -> HashedSource {
    let reader = HashedSource(try ByteSources.open(path, name: title))
    try reader.skip(to: start)
    reader.onOpenEnd = { [journal] (hash) throws(EventLogError) in
      try journal.reachedOpenEnd(check: hash.text)
    }
    reader.onRead = { [journal] (hash) throws(EventLogError) in
      try journal.reached(hash.count, check: hash.text)
    }
    return reader
  }

  /// Marks the file as finished: all lines of the source that `begin` gave are appended.
  func finish(_ source: HashedSource) throws {
    try journal.finish(extent: source.hash.count, check: source.hash.text)
  }

  private func headHash() throws -> String {
    let source = try ByteSources.open(path, name: title)
    var head = [UInt8](repeating: 0, count: Self.headBytes)
    var held = 0
    let hash = ContentHash()
    try head.withUnsafeMutableBytes { bytes in
      while held < bytes.count, let start = bytes.baseAddress {
        let read = try source.read(into: start + held, count: bytes.count - held)
        if read == 0 { break }
        held += read
        if bytes[(held - read)..<held].contains(0x0A) { break }
      }
      let line = bytes[..<held].prefix { $0 != 0x0A }
      hash.add(UnsafeRawBufferPointer(rebasing: bytes[line.indices]))
    }
    return hash.text
  }

  private struct Match {
    var record: SourceRecord
    /// True where the file ends where the record ends.
    var isWhole: Bool
    /// True where the record ends at the end of a line.
    var endsLine: Bool

    /// True where an import that died can go on. Where the record ends with a line that had no newline, that
    /// line may be in the log as it was then, so the file must still end there.
    var canGoOn: Bool { !record.isFinished && (!record.hasOpenEnd || isWhole) }
  }

  /// The records whose bytes, as far as they were read, the file begins with; in the order given.
  private func matching(_ records: [SourceRecord]) throws -> [Match] {
    let reader = HashedSource(try ByteSources.open(path, name: title))
    var matches: [(number: Int, match: Match)] = []
    for (number, record) in records.enumerated().sorted(by: { $0.1.extent < $1.1.extent })
    where !record.isUntold {
      guard try reader.skip(to: record.extent) else { break }
      guard record.extent == 0 || record.checkText == reader.hash.text else { continue }
      matches.append((number, Match(record: record, isWhole: false, endsLine: reader.endsLine)))
    }
    let length = reader.hash.count
    let isAtEnd = try !reader.skip(to: length + 1)
    if isAtEnd {
      for index in matches.indices where matches[index].match.record.extent == length {
        matches[index].match.isWhole = true
      }
    }
    return matches.sorted { $0.number < $1.number }.map(\.match)
  }
}

/// A source that hashes all bytes that are read through it.
final class HashedSource: ByteSource {
  private let source: any ByteSource
  let hash = ContentHash()
  private var last = UInt8(ascii: "\n")
  /// Called with the hash of all bytes so far, before the caller of `read` gets the last of them.
  var onRead: ((ContentHash) throws(EventLogError) -> Void)?
  /// Called at the end of a source whose last line has no newline, before `read` returns 0.
  var onOpenEnd: ((ContentHash) throws(EventLogError) -> Void)?

  init(_ source: any ByteSource) { self.source = source }

  /// True where the bytes so far end with a newline, or where there are none.
  var endsLine: Bool { last == UInt8(ascii: "\n") }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(SourceError) -> Int {
    let read = try source.read(into: target, count: count)
    if read > 0 {
      hash.add(UnsafeRawBufferPointer(start: target, count: read))
      last = target.load(fromByteOffset: read - 1, as: UInt8.self)
    }
    do throws(EventLogError) {
      if read > 0 { try onRead?(hash) } else if !endsLine { try onOpenEnd?(hash) }
    } catch {
      throw SourceError(.io, error.message)
    }
    return read
  }

  /// Reads on until `extent` bytes have been read from the beginning.
  /// - Returns: false where the source ends before that.
  @discardableResult
  func skip(to extent: Int64) throws(SourceError) -> Bool {
    guard hash.count < extent else { return hash.count == extent }
    let size = Int(min(extent - hash.count, 1 << 20))
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    defer { block.deallocate() }
    while hash.count < extent {
      let read = try read(into: block, count: Int(min(Int64(size), extent - hash.count)))
      if read == 0 { return false }
    }
    return true
  }
}
