import EventGenerator
import EventLog
import EventModel
import EventSources

/// Where the lines of `generate` go.
protocol LineTarget {
  /// What the closing message calls it.
  var name: String { get }
  /// Bytes so far, newlines included.
  var byteCount: Int64 { get }
  mutating func write(_ line: EventLine) throws
  /// Returns when readers see all of it.
  func flush() throws
  /// Closes it. Nothing can be written afterwards.
  func finish(_ truth: GeneratorTruth) throws
}

/// A directory of files.
struct FileTarget: LineTarget {
  private let output: FileOutput

  init(_ directory: String) throws { output = try FileOutput(directory: directory) }

  var name: String { output.directory }
  var byteCount: Int64 { output.byteCount }
  func write(_ line: EventLine) throws { try output.write(line) }
  // Files have their names only at the end.
  func flush() {}
  func finish(_ truth: GeneratorTruth) throws { try output.finish(truth) }
}

/// A log.
struct LogTarget: LineTarget {
  let name: String
  private let writer: EventWriter
  private(set) var byteCount: Int64 = 0

  init(_ place: Place) throws {
    let log = try place.log()
    name = log.url
    try place.makeLogDirectory()
    try log.createTopics(Topic.allCases.map(\.name), partitions: place.partitions())
    writer = try EventWriter(log)
  }

  mutating func write(_ line: EventLine) throws {
    try writer.append(
      line.bytes, topic: line.header.topic, timestamp: line.header.ts,
      userId: line.header.userId, sessionId: line.header.sessionId)
    byteCount += Int64(line.bytes.count + 1)
  }

  func flush() throws { try writer.flush() }

  func finish(_ truth: GeneratorTruth) throws {
    try writer.flush()
    try writer.close()
  }
}

/// Nowhere: only the counts are wanted.
struct NoTarget: LineTarget {
  let name = "nowhere"
  private(set) var byteCount: Int64 = 0
  mutating func write(_ line: EventLine) { byteCount += Int64(line.bytes.count + 1) }
  func flush() {}
  func finish(_ truth: GeneratorTruth) {}
}
