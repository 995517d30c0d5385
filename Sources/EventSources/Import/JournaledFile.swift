import EventLog

/// A file of lines on its way into a log that remembers its sources.
///
/// A file is what its decompressed bytes are, wherever it lies: its first line finds those that the log
/// knows, and a hash of all that was read of them tells whether it is one of them. That reads the file
/// twice where the log knows one with such a first line, and once otherwise.
struct JournaledFile {
  /// What there is to do for a file.
  enum Standing {
    /// The bytes from where it is to be read.
    case toRead(any ByteSource)
    /// All of it is in the log.
    case known(SourceRecord)
  }

  private static let headBytes = 64 << 10
  private static let blockBytes = 1 << 20

  let path: String
  let title: String
  let journal: SourceJournal
  /// What its lines are taken for; the same bytes taken for something else are another source.
  let reading: String
  /// Take it in once more where the log has all of it.
  let again: Bool

  /// Finds out what the log has of the file, and begins what is to be read. The file is finished by
  /// `finish` once its lines are appended.
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
      // What was a last line without its end may be another line by now.
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

  /// Says that all lines of what `begin` gave are appended.
  func finish(_ source: any ByteSource) throws {
    guard let reader = source as? HashedSource else { return }
    try journal.finish(extent: reader.hash.count, check: reader.hash.text)
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
    /// The file ends where the record does.
    var isWhole: Bool
    /// The record ends at the end of a line.
    var endsLine: Bool

    /// What was a last line without its end may be in the log as it was, and be another line by now.
    var canGoOn: Bool { !record.isFinished && (!record.hasOpenEnd || isWhole) }
  }

  /// Those of which the file has the same bytes as far as they were read, in their order.
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

/// Hashes what is read through it.
final class HashedSource: ByteSource {
  private let source: any ByteSource
  let hash = ContentHash()
  private var last = UInt8(ascii: "\n")
  /// Called with the hash of all bytes so far, before they are given.
  var onRead: ((ContentHash) throws(EventLogError) -> Void)?
  /// Called where the source ends with a line that has no end, before that is given.
  var onOpenEnd: ((ContentHash) throws(EventLogError) -> Void)?

  init(_ source: any ByteSource) { self.source = source }

  /// The bytes so far end with a newline, or there are none.
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

  /// Reads on to a number of bytes from the beginning.
  /// - Returns: false where the source ends before.
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
