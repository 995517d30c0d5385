/// Names one append-only sequence of records.
public struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Its name.
  public var topic: String
  /// Its number, from 0 on.
  public var partition: Int32

  /// Need not be there.
  public init(_ topic: String, _ partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  /// `topic/partition`, as messages and directories have it.
  public var description: String { "\(topic)/\(partition)" }

  /// By topic, then number.
  public static func < (a: TopicPartition, b: TopicPartition) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }
}

/// Where a partition begins and ends.
public struct LogBounds: Hashable, Sendable {
  /// The offset of the first record still there.
  public var start: Int64
  /// One past the last whole record.
  public var end: Int64

  /// The parameters are the properties of the same names.
  public init(start: Int64, end: Int64) {
    self.start = start
    self.end = end
  }
}

/// A partitioned, offset-addressed log of opaque records. What a record means is not its concern.
///
/// Offsets start at 0 and grow by one a record (a Kafka log may have gaps). A record, once read at
/// an offset, is the same for every reader forever.
public protocol EventLog: Sendable {
  /// The URL that opened it, for messages: `dir:PATH` or `kafka:HOST:PORT`.
  var url: String { get }

  /// Whether records go by themselves, as Kafka's retention has it: where a partition begins above an offset that was
  /// never read, records are lost then. Elsewhere somebody has moved the beginning.
  var dropsRecords: Bool { get }

  /// The topics whose records lie together in one topic of the log, so that each has offsets of the others' records
  /// among its own, and those without a record of its own; none as a rule.
  var mixedTopics: Set<String> { get }

  /// Makes the topics that are missing, each with `partitions` partitions; leaves others alone.
  func createTopics(_ topics: [String], partitions: Int) throws(EventLogError)

  /// `createTopics`, of topics in which the latest record of a key counts, so that earlier ones may go.
  func createCompactedTopics(_ topics: [String], partitions: Int) throws(EventLogError)

  /// How the settings of topics that are there can lose records before they are read; one line each, for the
  /// user. What the log does not tell is no risk.
  /// - Parameter compacted: further topics, of which the latest record of a key is all that has to be kept.
  func risks(of topics: [String], compacted: [String]) -> [String]

  /// How many partitions a topic has; 0 where the topic is not there.
  func partitionCount(of topic: String) throws(EventLogError) -> Int

  /// Where the log begins: the offset of the first record still there.
  /// - Throws: `.damaged` where the first records are missing although nothing says that they may.
  func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64

  /// Where those begin who have read nothing of the partition yet: `startOffset`, or a later place where the
  /// log was opened so. Not for the catalogue, which is of use only as a whole.
  func firstOffset(of partition: TopicPartition) throws(EventLogError) -> Int64

  /// One past the last whole record; what a reader at this offset would wait for.
  func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64

  /// `startOffset` and `endOffset` of many partitions, asked for at once.
  func bounds(of partitions: [TopicPartition]) throws(EventLogError) -> [TopicPartition: LogBounds]

  /// Returns when all records below `offset` are on the storage device, whoever wrote them, as far as
  /// the file system lets a reader ask for that. A reader that commits offsets calls it first, so that no
  /// offset in a database lies beyond what survives a power failure. Cheap where nothing is new since the last
  /// call. Kafka: nothing to do, records are read once all in-sync replicas have them.
  func sync(_ partition: TopicPartition, upTo offset: Int64) throws(EventLogError)

  /// The log epoch of the record below `offset`, to be kept with a committed offset and given to `verify`
  /// later; nil where the log knows none (Kafka, what an earlier version wrote).
  func epoch(of partition: TopicPartition, before offset: Int64) throws(EventLogError) -> LogEpoch?

  /// The ids of topics as they are at this moment, by which a topic that was deleted and created again is told from the one
  /// before it; none where the log has no ids.
  func topicIDs(of topics: [String]) throws(EventLogError) -> [String: TopicID]

  /// How the log tells a topic that was created again from the one before it, one line for people; nil where that is no
  /// question.
  var topicWatch: String? { get }

  /// A reader whose first record is the one at `offset`, or the next one there.
  /// - Throws: `.lost` where the log has dropped the records from `offset` on, as `dropsRecords` has it; the reader
  ///   throws it too, where that happens while it reads.
  func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader

  /// The same, for whoever has just asked for the partition's bounds.
  func reader(of partition: TopicPartition, from offset: Int64, within bounds: LogBounds)
    throws(EventLogError) -> any LogReader

  /// Tells the log how far somebody has come, for people who watch the log: Kafka keeps it for a consumer group. It is
  /// not needed for anything, so that what goes wrong is passed over.
  func note(progress: [TopicPartition: Int64], of group: String)

  /// A writer to all partitions of the topics. The embedded log lets one process write a
  /// partition at a time and says who has it otherwise.
  func writer(to topics: [String]) throws(EventLogError) -> any LogWriter
}

extension EventLog {
  /// `createTopics`, for logs that keep all records.
  public func createCompactedTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    try createTopics(topics, partitions: partitions)
  }

  /// None, for logs that drop nothing by themselves.
  public func risks(of topics: [String], compacted: [String]) -> [String] { [] }

  /// `startOffset`; 0 for logs that drop records by themselves, whose absence the reader must find.
  public func firstOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try dropsRecords ? 0 : startOffset(of: partition)
  }

  /// None, for logs in which each topic has records of its own.
  public var mixedTopics: Set<String> { [] }

  /// False, for logs from which somebody removes records on purpose.
  public var dropsRecords: Bool { false }

  /// One after the other.
  public func bounds(of partitions: [TopicPartition]) throws(EventLogError)
    -> [TopicPartition: LogBounds]
  {
    var found: [TopicPartition: LogBounds] = [:]
    for partition in partitions {
      found[partition] = try bounds(of: partition)
    }
    return found
  }

  /// `startOffset` and `endOffset` of one partition.
  public func bounds(of partition: TopicPartition) throws(EventLogError) -> LogBounds {
    let end = try endOffset(of: partition)
    return LogBounds(start: try startOffset(of: partition), end: end)
  }

  /// All partitions of these topics.
  public func partitions(of topics: [String]) throws(EventLogError) -> [TopicPartition] {
    var found: [TopicPartition] = []
    for topic in topics {
      let count = Int32(try partitionCount(of: topic))
      found += (0..<count).map { TopicPartition(topic, $0) }
    }
    return found
  }

  /// `reader(of:from:)`, for logs that find the bounds at no cost.
  public func reader(
    of partition: TopicPartition, from offset: Int64, within bounds: LogBounds
  ) throws(EventLogError) -> any LogReader {
    try reader(of: partition, from: offset)
  }

  /// Nothing, for logs that keep no such thing.
  public func note(progress: [TopicPartition: Int64], of group: String) {}

  /// Nothing to do, for logs whose records are never read before they are safe.
  public func sync(_ partition: TopicPartition, upTo offset: Int64) throws(EventLogError) {}

  /// nil, for logs that know no log epochs.
  public func epoch(of partition: TopicPartition, before offset: Int64) throws(EventLogError)
    -> LogEpoch?
  { nil }
}

/// Reads one partition in offset order. Not shared between threads.
public protocol LogReader: AnyObject {
  /// What it reads.
  var partition: TopicPartition { get }
  /// The offset of the next record that `read` would give.
  var position: Int64 { get }

  /// Fills `batch` (its old content is dropped) with up to about `maxBytes` of whole records, at
  /// least one where there is one. Where there is none yet, waits up to `waitMilliseconds` for it.
  /// - Returns: the number of records; 0 means none came.
  func read(into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int) throws(EventLogError)
    -> Int
}

/// Appends records. Not shared between threads.
public protocol LogWriter: AnyObject {
  /// What the log remembers of its sources; nil where it remembers none.
  var sources: SourceJournal? { get }

  /// Why the log remembers no sources, though it could.
  var whyNoSources: EventLogError? { get }

  /// Queues one record. `topic` is the index into the list that the writer was opened with; the
  /// partition follows from the key as Kafka's default (murmur2) partitioner has it.
  /// - Parameter timestamp: the record's time, milliseconds since 1970; goes to the time index. Kafka gives
  ///   the record the time of writing instead, as its retention counts from that.
  func append(
    topic: Int, key: UnsafeRawBufferPointer, timestamp: Int64, payload: UnsafeRawBufferPointer
  ) throws(EventLogError)

  /// Returns when everything appended so far is accepted: readers see it, and it survives the death
  /// of this process (Kafka: acknowledged by all in-sync replicas).
  func flush() throws(EventLogError)

  /// `flush`, and where the log is a directory, returns when all is on the storage device and
  /// survives a power failure.
  func sync() throws(EventLogError)

  /// `sync`, then let go of the partitions. The writer takes no more records.
  func close() throws(EventLogError)
}

extension LogWriter {
  /// nil, for logs that remember none.
  public var sources: SourceJournal? { nil }

  /// nil, for logs that remember their sources, or never could.
  public var whyNoSources: EventLogError? { nil }

  /// `flush`, for logs whose accepted records survive a power failure.
  public func sync() throws(EventLogError) { try flush() }
}

/// A reusable buffer of records of one partition. Every record is followed by at least
/// `RecordBatch.padding` readable bytes, as SIMD decoders want.
public final class RecordBatch {
  /// Bytes readable after the last record.
  public static let padding = 64

  /// Where one record is.
  public struct Entry {
    /// In the partition.
    public var offset: Int64
    /// Where the record starts in the buffer, in bytes.
    public var start: Int
    /// Its length in bytes.
    public var count: Int
  }

  /// In order of offset; offsets without a record are left out.
  public internal(set) var entries: [Entry] = []
  /// One past the offset of the last record; where a following batch begins.
  public internal(set) var nextOffset: Int64 = 0
  /// The time of each record as the log keeps it, or empty where the log does not.
  var timestamps: [Int64] = []
  /// Stands for a time that is not known, and so counts as later than any.
  static let unknownTimestamp = Int64.max
  /// Owned storage; implementations fill it through `reserve`.
  var storage: UnsafeMutableRawPointer
  var capacity: Int

  /// - Parameter capacity: bytes of records that it has room for at first; it grows.
  public init(capacity: Int = 1 << 20) {
    self.capacity = capacity
    storage = .allocate(byteCount: capacity + Self.padding, alignment: 64)
    storage.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + Self.padding)
  }

  deinit { storage.deallocate() }

  /// Makes room for `count` bytes; the first `keeping` of them stay.
  func reserve(_ count: Int, keeping kept: Int = 0) {
    guard count > capacity else { return }
    // Beyond it lies other memory.
    precondition(kept <= capacity, "\(kept) bytes to keep of \(capacity)")
    let larger = kept > 0 ? max(count, capacity * 2) : count
    let room = UnsafeMutableRawPointer.allocate(byteCount: larger + Self.padding, alignment: 64)
    room.copyMemory(from: storage, byteCount: kept)
    // Decoders read the padding, whatever it holds, and so it must not be uninitialised.
    (room + larger).initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
    storage.deallocate()
    storage = room
    capacity = larger
  }

  /// How many records there are.
  public var count: Int { entries.count }

  /// The bytes of record `index`; valid until the batch is filled again.
  public subscript(index: Int) -> UnsafeRawBufferPointer {
    let entry = entries[index]
    return UnsafeRawBufferPointer(start: storage + entry.start, count: entry.count)
  }
}
