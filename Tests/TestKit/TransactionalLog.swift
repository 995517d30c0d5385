import EventLog

/// A directory that behaves as a topic of Kafka with transactions, compaction and retention does: each flush of its writer
/// ends with an offset that has no record (a commit marker), some offsets among the records have none, records go by
/// themselves, and there are no log epochs.
public final class TransactionalLog: EventLog {
  private let directory: DirectoryLog
  /// One record in so many is followed by offsets without one.
  private let gapInterval: Int

  /// Makes the topics.
  public init(path: String, topics: [String], partitions: Int, gapInterval: Int = 7) throws {
    directory = DirectoryLog(path: path)
    self.gapInterval = gapInterval
    try directory.createTopics(topics, partitions: partitions)
  }

  public var url: String { "kafka:\(directory.path)" }
  public var dropsRecords: Bool { true }

  /// Drops the records below the offset, as retention does.
  public func drop(_ partition: TopicPartition, below offset: Int64) throws {
    try directory.moveStart(of: partition, to: offset)
  }

  public func createTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    try directory.createTopics(topics, partitions: partitions)
  }

  public func partitionCount(of topic: String) throws(EventLogError) -> Int {
    try directory.partitionCount(of: topic)
  }

  public func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try directory.startOffset(of: partition)
  }

  public func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try directory.endOffset(of: partition)
  }

  public func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader
  {
    try requireRecords(of: partition, from: offset)
    return Reader(self, try directory.reader(of: partition, from: offset))
  }

  public func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
    var appenders: [[PartitionAppender]] = []
    for topic in topics {
      var own: [PartitionAppender] = []
      for number in 0..<Int32(try partitionCount(of: topic)) {
        own.append(try directory.appender(of: TopicPartition(topic, number)))
      }
      appenders.append(own)
    }
    return Writer(appenders, gapInterval: gapInterval)
  }

  fileprivate func requireRecords(of partition: TopicPartition, from offset: Int64)
    throws(EventLogError)
  {
    let start = try startOffset(of: partition)
    if offset < start { throw LostRange(partition, offset..<start).error(in: url) }
  }

  private final class Reader: LogReader {
    private let log: TransactionalLog
    private let reader: any LogReader
    var partition: TopicPartition { reader.partition }
    var position: Int64 { reader.position }

    init(_ log: TransactionalLog, _ reader: any LogReader) {
      self.log = log
      self.reader = reader
    }

    func read(into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int) throws(EventLogError)
      -> Int
    {
      try log.requireRecords(of: partition, from: position)
      return try reader.read(
        into: batch, maxBytes: maxBytes, waitMilliseconds: waitMilliseconds)
    }
  }

  private final class Writer: LogWriter {
    private let appenders: [[PartitionAppender]]
    private let gapInterval: Int
    private var records = 0
    /// The appenders that have records of the transaction under way, by topic and partition.
    private var touched: Set<[Int]> = []

    init(_ appenders: [[PartitionAppender]], gapInterval: Int) {
      self.appenders = appenders
      self.gapInterval = gapInterval
    }

    func append(
      topic: Int, key: UnsafeRawBufferPointer, timestamp: Int64, payload: UnsafeRawBufferPointer
    ) throws(EventLogError) {
      let number = key.reduce(0) { $0 + Int($1) } % appenders[topic].count
      let appender = appenders[topic][number]
      records += 1
      let gap: Int64 = records % gapInterval == 0 ? 3 : 0
      // A partition begins with a record, as one whose first records were compacted does not matter here.
      let offset = appender.nextOffset == 0 ? 0 : appender.nextOffset + gap
      try appender.append(at: offset, timestamp: timestamp, payload: payload)
      touched.insert([topic, number])
    }

    func flush() throws(EventLogError) {
      for place in touched.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        let appender = appenders[place[0]][place[1]]
        try appender.advance(to: appender.nextOffset + 1)
        try appender.flush()
      }
      touched = []
    }

    func close() throws(EventLogError) {
      try flush()
      for appender in appenders.joined() { try appender.close() }
    }
  }
}
