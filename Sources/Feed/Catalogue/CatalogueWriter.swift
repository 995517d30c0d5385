import EventLog
import EventModel

/// The way of catalogue records into a log, each under its own key.
///
/// What is written again says the same again, so that nothing has to be remembered of it. Not shared between threads.
public final class CatalogueWriter {
  private let writer: any LogWriter
  /// Records appended.
  public private(set) var count = 0

  /// What the log remembers of its sources; nil where it remembers none.
  public var journal: SourceJournal? { writer.sources }

  /// - Parameter partitions: of topics that are made.
  /// - Throws: where the log cannot be written, or another process writes the topics.
  public init(_ log: any EventLog, partitions: Int) throws(EventLogError) {
    let topics = CatalogueTopic.allCases.map(\.name)
    try log.createCompactedTopics(topics, partitions: partitions)
    writer = try log.writer(to: topics)
  }

  /// - Parameter time: milliseconds since 1970-01-01 UTC; goes to the log's time index.
  /// - Throws: where the log does not take the record.
  public func append(_ record: CatalogueRecord, at time: Int64) throws(EventLogError) {
    let key = Array(record.key.utf8)
    let json = record.json
    try key.withUnsafeBufferPointer { key throws(EventLogError) in
      try json.withUnsafeBufferPointer { json throws(EventLogError) in
        try writer.append(
          topic: record.topic.index, key: UnsafeRawBufferPointer(key), timestamp: time,
          payload: UnsafeRawBufferPointer(json))
      }
    }
    count += 1
  }

  /// Returns when readers of the log see all of it.
  /// - Throws: where the log has not taken all of it.
  public func flush() throws(EventLogError) { try writer.flush() }

  /// Returns when all is on the storage device.
  /// - Throws: where that cannot be had.
  public func sync() throws(EventLogError) { try writer.sync() }

  /// `sync`, then lets go of the log.
  /// - Throws: where not all could be written.
  public func close() throws(EventLogError) { try writer.close() }
}
