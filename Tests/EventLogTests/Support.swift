import EventLog
import Glibc
import Support
import Synchronization
import Testing

/// A directory that is removed when the test lets go of this object.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/eventlog-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no scratch directory") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { shell("rm -rf '\(path)'") }
}

@discardableResult
func shell(_ command: String) -> Int32 {
  guard let shell = try? ProcessStart(["/bin/sh", "-c", command]).start() else { return -1 }
  return ProcessEnd.wait(for: shell)?.status ?? -1
}

/// One record that a test has written or read.
struct Record: Equatable, CustomStringConvertible {
  var offset: Int64
  var payload: [UInt8]

  init(_ offset: Int64, _ payload: [UInt8]) {
    self.offset = offset
    self.payload = payload
  }

  init(_ offset: Int64, _ payload: String) { self.init(offset, Array(payload.utf8)) }

  var description: String { "\(offset): \(String(decoding: payload, as: UTF8.self))" }
}

let topic = "listen_events"
let part = TopicPartition(topic, 0)

/// A log with one topic of one partition under `scratch`.
func makeLog(
  _ scratch: Scratch, segmentBytes: Int = 256 << 20, level: Int32? = nil,
  recordTime: RecordTime? = nil, change: (inout DirectoryOptions) -> Void = { _ in }
) throws -> DirectoryLog {
  var options = DirectoryOptions()
  options.segmentBytes = segmentBytes
  options.compressionLevel = level
  options.recordTime = recordTime
  change(&options)
  let log = DirectoryLog(path: scratch.path + "/log", options: options)
  try log.createTopics([topic], partitions: 1)
  return log
}

/// A clock that stands still at the time at which it was made until it is moved.
final class MovedClock: Sendable {
  private let milliseconds = Mutex(DirectoryOptions().clock())

  var now: @Sendable () -> Int64 { { self.milliseconds.withLock { $0 } } }

  func pass(minutes: Int) { milliseconds.withLock { $0 += Int64(minutes) * 60_000 } }
}

extension PartitionAppender {
  func append(_ text: String, timestamp: Int64 = 0) throws {
    try append(Array(text.utf8), timestamp: timestamp)
  }

  func append(_ payload: [UInt8], timestamp: Int64 = 0) throws {
    try payload.withUnsafeBytes { try append(timestamp: timestamp, payload: $0) }
  }

  @discardableResult
  func append(_ text: String, at offset: Int64) throws -> Bool {
    try Array(text.utf8).withUnsafeBytes { try append(at: offset, timestamp: 0, payload: $0) }
  }
}

extension EventLog {
  /// The records from `offset` on. A read below the end that the log reports waits for its records, a read at
  /// that end does not wait.
  func records(
    _ partition: TopicPartition = part, from offset: Int64 = 0, maxBytes: Int = 1 << 20,
    waitMilliseconds: Int = 0
  ) throws -> [Record] {
    let reader = try reader(of: partition, from: offset)
    let batch = RecordBatch()
    var records: [Record] = []
    let end = try endOffset(of: partition)
    while try reader.read(
      into: batch, maxBytes: maxBytes,
      waitMilliseconds: reader.position < end ? waitMilliseconds : 0) > 0
    {
      records += batch.records
    }
    return records
  }
}

extension RecordBatch {
  var records: [Record] {
    entries.indices.map { Record(entries[$0].offset, Array(self[$0])) }
  }
}

func bytes(of path: String) throws -> [UInt8] {
  try FileSystem.read(path)
}

func write(_ bytes: [UInt8], to path: String) throws {
  try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC).write(bytes)
}

func names(in path: String) -> [String] {
  FileSystem.sortedNames(in: path)
}

/// The `EventLogError` that `body` throws; nil where it throws none.
func failure(_ body: () throws -> Void) -> EventLogError? {
  do {
    try body()
    return nil
  } catch {
    return error as? EventLogError
  }
}

extension DirectoryLog {
  var partitionPath: String { "\(path)/\(topic)/0" }
  var firstSegment: String { "\(partitionPath)/00000000000000000000.ndjson" }
  var firstIndex: String { "\(partitionPath)/00000000000000000000.index" }
}
