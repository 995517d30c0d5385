import EventGenerator
import EventLog
import EventModel
import EventSources
import Glibc

/// Where the lines of `generate` go.
protocol LineTarget {
  /// What the closing message calls it.
  var name: String { get }
  /// Bytes so far, newlines included.
  var byteCount: Int64 { get }
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
    var rest = buffer[...]
    while !rest.isEmpty, !isClosed {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EPIPE {
        isClosed = true
      } else if errno != EINTR {
        throw CommandError(
          .ioError, "standard output cannot be written: \(String(cString: strerror(errno)))")
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  mutating func finish(_ truth: GeneratorTruth) throws { try flush() }
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

  mutating func write(_ line: EventLine) throws -> Bool {
    try writer.append(
      line.bytes, topic: line.header.topic, timestamp: line.header.ts,
      userId: line.header.userId, sessionId: line.header.sessionId)
    byteCount += Int64(line.bytes.count + 1)
    return true
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

  mutating func write(_ line: EventLine) -> Bool {
    byteCount += Int64(line.bytes.count + 1)
    return true
  }

  func flush() {}
  func finish(_ truth: GeneratorTruth) {}
}
