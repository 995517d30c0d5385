import EventLog
import EventModel
import Foundation
import Support
import Synchronization

/// A log that events are written to and the speed layer reads, and the lake that loads read.
public final class TestLog: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    /// One directory is both log and lake.
    case directory
    /// Kafka, and a lake that `Archiver` fills.
    case kafka
  }

  /// Has the three topics, with `partitions` partitions a topic.
  public let log: any EventLog
  public let lake: DirectoryLog
  public let kind: Kind
  /// Records handed to the log, by `Topic.rawValue`; counted before a reader can see them.
  private let given: Mutex<[Int64]>
  private let path: String
  private let brokers: Mutex<TestKafka?>
  private let writer: Mutex<(any LogWriter)?>

  public init(_ kind: Kind, partitions: Int = 2) throws {
    self.kind = kind
    path = try TestDatabase.directory() + "/log-\(UUID().uuidString)"
    let topics = Topic.allCases.map(\.name)
    lake = DirectoryLog(path: path)
    switch kind {
    case .directory:
      log = lake
      brokers = Mutex(nil)
      try lake.createTopics(topics, partitions: partitions)
    case .kafka:
      let kafka = try TestKafka()
      // The mock makes no topics for its clients.
      for topic in topics + CatalogueTopic.allCases.map(\.name) {
        try kafka.createTopic(topic, partitions: partitions)
      }
      // The mock answers a fetch of a partition that has no new records only after this time, and fetches of
      // other partitions wait behind that one.
      log = try kafka.open(
        properties: ["fetch.wait.max.ms": "5", "fetch.error.backoff.ms": "5"])
      brokers = Mutex(kafka)
    }
    given = Mutex(Topic.allCases.map { _ in 0 })
    writer = Mutex(nil)
  }

  /// Another log that an archive copies, with the three topics.
  public init(over log: any EventLog) throws {
    kind = .kafka
    path = try TestDatabase.directory() + "/log-\(UUID().uuidString)"
    lake = DirectoryLog(path: path)
    self.log = log
    brokers = Mutex(nil)
    given = Mutex(Topic.allCases.map { _ in 0 })
    writer = Mutex(nil)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Records handed to the log so far.
  public func given(_ topic: Topic) -> Int64 { given.withLock { $0[Int(topic.rawValue)] } }

  /// Appends the records; returns when readers see them.
  public func write(_ records: some Sequence<LoggedRecord>) throws {
    try writer.withLock { open in
      if open == nil { open = try log.writer(to: Topic.allCases.map(\.name)) }
      guard let writer = open else { return }
      for record in records {
        given.withLock { $0[Int(record.topic.rawValue)] += 1 }
        try writer.append(record)
      }
      try writer.flush()
    }
  }

  /// Brings the lake up to the log's present end.
  public func archive() throws { try archive(stop: StopToken(), untilCaughtUp: true) }

  /// Copies to the lake until the stop; returns at once where the log is the lake.
  public func archive(stop: StopToken, untilCaughtUp: Bool = false) throws {
    guard kind == .kafka else { return }
    try Archiver(
      from: log, to: lake, topics: Topic.allCases.map(\.name),
      optional: CatalogueTopic.allCases.map(\.name)
    )
    .run(stop: stop, untilCaughtUp: untilCaughtUp) { _ in }
  }

  /// Reads all records in the log: topic and partition, offset, bytes.
  public func contents() throws -> [(source: TopicPartition, offset: Int64, raw: [UInt8])] {
    var result: [(source: TopicPartition, offset: Int64, raw: [UInt8])] = []
    let batch = RecordBatch()
    for topic in Topic.allCases {
      for number in 0..<Int32(try log.partitionCount(of: topic.name)) {
        let source = TopicPartition(topic.name, number)
        let end = try log.endOffset(of: source)
        let reader = try log.reader(of: source, from: log.startOffset(of: source))
        while reader.position < end {
          guard try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 1000) > 0 else {
            break
          }
          for index in 0..<batch.count {
            result.append((source, batch.entries[index].offset, Array(batch[index])))
          }
        }
      }
    }
    return result
  }
}

extension LogWriter {
  /// Appends the record to its topic, with its key and the time at which it arrives.
  public func append(_ record: LoggedRecord) throws {
    try record.key.withUnsafeBytes { key in
      try record.payload.withUnsafeBytes { payload in
        try append(
          topic: Int(record.topic.rawValue), key: key, timestamp: record.arrival, payload: payload)
      }
    }
  }
}
