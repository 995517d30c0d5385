import EventGenerator
import EventLog
import EventModel
import Feed
import Glibc
import Support

/// Where the lines of `generate` go.
protocol LineTarget {
  /// What the closing message calls the target.
  var name: String { get }
  /// Bytes so far, newlines included.
  var byteCount: Int64 { get }
  /// Lines of the run that the target had already, from an earlier run that was killed before its end.
  var recordsBefore: Int { get }
  /// - Returns: false where the reader of the target has gone, and further lines would be lost.
  mutating func write(_ line: EventLine) throws -> Bool
  /// Returns when readers see every line that was written.
  mutating func flush() throws
  /// Closes the target at the end of the run. Nothing can be written afterwards.
  mutating func finish(_ truth: GeneratorTruth) throws
  /// Closes the target in the middle of a run.
  /// - Returns: where the lines are that were written until then, as part of a message.
  mutating func abandon() throws -> String
}

extension LineTarget {
  var recordsBefore: Int { 0 }

  mutating func abandon() throws -> String {
    try flush()
    return "what was written until then is in \(name)"
  }
}

/// A directory of files, one for each topic.
struct FileTarget: LineTarget {
  private let output: FileOutput
  private var news: CatalogueNews

  init(_ directory: String, _ scenario: Scenario) throws {
    output = try FileOutput(directory: directory)
    news = CatalogueNews(scenario)
  }

  var name: String { output.directory }
  var byteCount: Int64 { output.byteCount }

  mutating func write(_ line: EventLine) throws -> Bool {
    for record in news.records(before: line) { try output.write(record) }
    try output.write(line)
    return true
  }

  // There is nothing to flush: readers see the files when `finish` gives them their names.
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
  /// True once the reader has closed the pipe, as `head` does after its last line.
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

/// A log. Where the log remembers its sources, only those lines of the run are written that it does not have yet.
struct LogTarget: LineTarget {
  let name: String
  /// The log's entry for the run, where the log has all of its lines already.
  let known: SourceRecord?
  /// One line for the user, where the log cannot remember the run.
  var memoryNotice: String? { writer.memoryNotice }
  private let writer: EventWriter
  private let catalogue: CatalogueWriter
  private var news: CatalogueNews
  private let source: GeneratedSource
  private(set) var byteCount: Int64 = 0

  init(_ locations: Locations, _ source: GeneratedSource, _ scenario: Scenario) throws {
    let log = try locations.log()
    name = log.url
    self.source = source
    try locations.makeLogDirectory()
    try log.createTopics(Topic.allCases.map(\.name), partitions: locations.partitions())
    Locations.sayRisks(of: log)
    writer = try EventWriter(log)
    catalogue = try CatalogueWriter(log, partitions: locations.partitions())
    news = CatalogueNews(scenario)
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
    let before = writer.count
    try writer.append(
      line.bytes, topic: line.header.topic, timestamp: line.header.ts,
      userId: line.header.userId, sessionId: line.header.sessionId)
    // What the log has from an earlier run it has with its catalogue.
    if writer.count > before {
      for record in news.records(before: line) {
        try catalogue.append(record, at: line.header.ts)
      }
    }
    byteCount += Int64(line.bytes.count + 1)
    return true
  }

  func flush() throws {
    // The catalogue is there before the events that show it.
    try catalogue.flush()
    try writer.flush()
  }

  func finish(_ truth: GeneratorTruth) throws {
    try catalogue.close()
    try writer.flush()
    // A run without an end can be continued later, so it is not marked as finished. With faults it is all the same,
    // because the lines held back for them have been written out of turn at the stop.
    if let end = source.end ?? (source.endsForGood ? .max : nil) {
      try writer.journal?.finish(extent: end)
    }
    try writer.close()
  }
}

/// No target: the lines are only counted.
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
