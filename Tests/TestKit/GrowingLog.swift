import EventLog
import Synchronization

/// A log whose topics seem to have fewer partitions than they have, until they grow: the mock brokers cannot add any.
public final class GrowingLog: EventLog {
  private let log: any EventLog
  private let visible: Mutex<Int>

  public init(_ log: any EventLog, partitions: Int) {
    self.log = log
    visible = Mutex(partitions)
  }

  /// From now on the topics have so many partitions.
  public func grow(to partitions: Int) { visible.withLock { $0 = partitions } }

  public var url: String { log.url }
  public var dropsRecords: Bool { log.dropsRecords }

  public func createTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    try log.createTopics(topics, partitions: partitions)
  }

  public func partitionCount(of topic: String) throws(EventLogError) -> Int {
    min(try log.partitionCount(of: topic), visible.withLock { $0 })
  }

  public func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try log.startOffset(of: partition)
  }

  public func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try log.endOffset(of: partition)
  }

  public func bounds(of partitions: [TopicPartition]) throws(EventLogError)
    -> [TopicPartition: LogBounds]
  {
    try log.bounds(of: partitions)
  }

  public func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader
  {
    try log.reader(of: partition, from: offset)
  }

  public func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
    try log.writer(to: topics)
  }
}
