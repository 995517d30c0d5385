import Synchronization

@testable import EventLog

/// A log in memory that gives a few records at a time, and may have offsets without a record.
final class MemoryLog: EventLog {
  struct Record {
    var offset: Int64
    var payload: [UInt8]
  }

  private struct Partition {
    var records: [Record] = []
    var end: Int64 = 0
  }

  let url = "memory:"
  private let partitions: Mutex<[TopicPartition: Partition]>
  private let count: Int
  /// Records of one read at most.
  private let readMax: Int

  /// A log of the three topics with `partitions` partitions each.
  init(partitions count: Int = 1, readMax: Int = 50) {
    self.count = count
    self.readMax = readMax
    partitions = Mutex([:])
  }

  /// - Parameter gap: offsets without a record that lie before this one.
  func append(_ payload: [UInt8], to source: TopicPartition, gap: Int64 = 0) {
    partitions.withLock {
      let offset = $0[source, default: Partition()].end + gap
      $0[source, default: Partition()].records.append(Record(offset: offset, payload: payload))
      $0[source, default: Partition()].end = offset + 1
    }
  }

  func records(of source: TopicPartition) -> [Record] {
    partitions.withLock { $0[source]?.records ?? [] }
  }

  func createTopics(_ topics: [String], partitions: Int) {}
  func partitionCount(of topic: String) -> Int { count }
  func startOffset(of partition: TopicPartition) -> Int64 { 0 }
  func endOffset(of partition: TopicPartition) -> Int64 {
    partitions.withLock { $0[partition]?.end ?? 0 }
  }
  func reader(of partition: TopicPartition, from offset: Int64) -> any LogReader {
    Reader(log: self, partition: partition, position: offset)
  }
  func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
    throw EventLogError(.badURL, "\(url): written to by append")
  }

  private final class Reader: LogReader {
    let log: MemoryLog
    let partition: TopicPartition
    private(set) var position: Int64

    init(log: MemoryLog, partition: TopicPartition, position: Int64) {
      self.log = log
      self.partition = partition
      self.position = position
    }

    func read(into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int) -> Int {
      let records = log.records(of: partition).drop { $0.offset < position }.prefix(log.readMax)
      batch.reserve(records.reduce(0) { $0 + $1.payload.count })
      batch.entries = []
      var start = 0
      for record in records {
        record.payload.withUnsafeBytes {
          if let bytes = $0.baseAddress {
            (batch.storage + start).copyMemory(from: bytes, byteCount: $0.count)
          }
        }
        batch.entries.append(
          RecordBatch.Entry(offset: record.offset, start: start, count: record.payload.count))
        start += record.payload.count
      }
      if let last = records.last { position = last.offset + 1 }
      batch.nextOffset = position
      return records.count
    }
  }
}
