/// Where a `SourceJournal` keeps what it knows, and how it learns what a source has given. Not shared
/// between threads.
protocol SourceStore: AnyObject {
  /// All that the writer writes: by topic, then partition.
  var partitions: [[TopicPartition]] { get }

  /// The sources whose id is `prefix`, a `-` and a number, in the order of the numbers. What those that
  /// died have given is counted.
  func known(_ prefix: String) throws(EventLogError) -> [SourceRecord]

  /// Replaces what is known of a source, whole or not at all; returns once that survives what records
  /// survive.
  func save(_ record: SourceRecord) throws(EventLogError)

  /// Notes that nothing more comes of a source that is saved as finished.
  func close(_ id: String) throws(EventLogError)

  /// Returns once what was appended so far survives what records survive, with where each partition ends.
  func settledEnds() throws(EventLogError) -> [TopicPartition: SourceRecord.End]

  /// Whether the partition still has what it had there.
  func holds(_ end: SourceRecord.End, of partition: TopicPartition) throws(EventLogError) -> Bool

  /// What is appended from now on is of this source; nil: of none that is remembered.
  func attribute(to id: String?)

  /// Records that the source appended to the partition since it began at `start`, all of them settled.
  func given(_ partition: TopicPartition, since start: Int64) -> Int64

  /// Notes how far a source is read. It may be lost together with what was appended after it.
  func note(_ id: String, extent: Int64, check: String) throws(EventLogError)
}
