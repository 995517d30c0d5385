import EventGenerator
import EventLog
import EventModel
import EventSources
import Glibc
import Support

/// Where the lines of `generate` go.
protocol LineTarget {
  /// What the closing message calls it.
  var name: String { get }
  /// Bytes so far, newlines included.
  var byteCount: Int64 { get }
  /// Lines of the run that were there already, from one that had not come to its end.
  var recordsBefore: Int { get }
  /// - Returns: false where nobody wants any more.
  mutating func write(_ line: EventLine) throws -> Bool
  /// Returns when readers see all of it.
  mutating func flush() throws
  /// Closes it. Nothing can be written afterwards.
  mutating func finish(_ truth: GeneratorTruth) throws
  /// Closes it in the middle of a run.
  /// - Returns: what became of what was written, for the message that says so.
  mutating func abandon() throws -> String
}

extension LineTarget {
  var recordsBefore: Int { 0 }

  mutating func abandon() throws -> String {
    try flush()
    return "what was written until then is in \(name)"
  }
}

/// A directory of files.
struct FileTarget: LineTarget {
  private let output: FileOutput

  init(_ directory: String) throws { output = try FileOutput(directory: directory) }

  var name: String { output.directory }
  var byteCount: Int64 { output.byteCount }

  func write(_ line: EventLine) throws -> Bool {
    try output.write(line)
    return true
  }

  // Files have their names only at the end.
  func flush() {}
  func finish(_ truth: GeneratorTruth) throws { try output.finish(truth) }

  func abandon() throws -> String {
    try output.abandon()
    return "the files in \(name) keep the ending .partial"
  }
}

/// Standard output: all topics in one stream, in the order of time.
struct StandardOutput: LineTarget {
  let name = "standard output"
  private(set) var byteCount: Int64 = 0
  private var buffer: [UInt8] = []
  /// The reader has gone, as `head` does when it has seen enough.
  private var isClosed = false

  private static let bufferSize = 1 << 16

  mutating func write(_ line: EventLine) throws -> Bool {
    buffer += line.bytes
    buffer.append(UInt8(ascii: "\n"))
    byteCount += Int64(line.bytes.count + 1)
    if buffer.count >= Self.bufferSize { try flush() }
    return !isClosed
  }

  mutating func flush() throws {
    if isClosed { return buffer.removeAll(keepingCapacity: true) }
    do {
      try buffer.withUnsafeBytes { try OpenFile.write($0, to: STDOUT_FILENO, path: name) }
    } catch let error as SystemError {
      guard error.code == EPIPE else {
        throw CommandError(.ioError, "\(name) cannot be written: \(error.reason)")
      }
      isClosed = true
    }
    buffer.removeAll(keepingCapacity: true)
  }

  mutating func finish(_ truth: GeneratorTruth) throws { try flush() }
}

/// A log. One that remembers its sources is given only what it does not have of the run yet.
struct LogTarget: LineTarget {
  let name: String
  /// What the log knows of the run, where it has all of it.
  let known: SourceRecord?
  /// What to tell the user where the log cannot remember the run; one line.
  var memoryNotice: String? { writer.memoryNotice }
  private let writer: EventWriter
  private let source: GeneratedSource
  private(set) var byteCount: Int64 = 0

  init(_ locations: Locations, _ source: GeneratedSource) throws {
    let log = try locations.log()
    name = log.url
    self.source = source
    try locations.makeLogDirectory()
    try log.createTopics(Topic.allCases.map(\.name), partitions: locations.partitions())
    writer = try EventWriter(log)
    known = try Self.begin(source, writer)
  }

  private static func begin(_ source: GeneratedSource, _ writer: EventWriter) throws
    -> SourceRecord?
  {
    guard let journal = writer.journal else { return nil }
    defer { writer.sourceBegan() }
    let last = try journal.known(source.id).last
    guard let last, !(source.again && (last.isFinished || !journal.canResume(last))) else {
      try journal.begin(source.id, title: source.title)
      return nil
    }
    if last.isFinished, (source.end ?? .max) <= last.extent { return last }
    try journal.resume(last)
    return nil
  }

  var recordsBefore: Int { writer.dropped }

  mutating func write(_ line: EventLine) throws -> Bool {
    guard known == nil else { return true }
    try writer.append(
      line.bytes, topic: line.header.topic, timestamp: line.header.ts,
      userId: line.header.userId, sessionId: line.header.sessionId)
    byteCount += Int64(line.bytes.count + 1)
    return true
  }

  func flush() throws { try writer.flush() }

  func finish(_ truth: GeneratorTruth) throws {
    try writer.flush()
    // One that only a stop ends goes on behind it, unless what was held back has come out of turn.
    if let end = source.end ?? (source.endsForGood ? .max : nil) {
      try writer.journal?.finish(extent: end)
    }
    try writer.close()
  }
}

/// Nowhere: only the counts are wanted.
struct NoTarget: LineTarget {
  let name = "nowhere"
  private(set) var byteCount: Int64 = 0

  mutating func write(_ line: EventLine) -> Bool {
    byteCount += Int64(line.bytes.count + 1)
    return true
  }

  func flush() {}
  func finish(_ truth: GeneratorTruth) {}
}
