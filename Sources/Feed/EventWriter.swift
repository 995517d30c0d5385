import EventLog
import EventModel

/// The one way of events into a log: each under the key that keeps a user's events in order.
///
/// It can be resumed. Where the log remembers its sources (`journal`), a source that was begun before and
/// is given again, record by record in the same order, goes on where the log's memory ends: the records
/// that the log has are dropped here.
///
/// Not shared between threads.
public final class EventWriter {
  private let writer: any LogWriter
  private var key: [UInt8] = []
  private var payload: [UInt8] = []
  /// Whether the log may have the source's next records. Looked at for each record, and so kept here.
  private var isDropping = false
  /// Records taken, broken ones and dropped ones included.
  private var taken = 0

  /// - Throws: where the topics are not there, or another process writes them.
  public init(_ log: any EventLog) throws(EventLogError) {
    writer = try log.writer(to: Topic.allCases.map(\.name))
  }

  /// What the log remembers of its sources; nil where it remembers none. Who begins or resumes a source
  /// there calls `sourceBegan` before the source's first record.
  public var journal: SourceJournal? { writer.sources }

  /// What to tell the user where the log remembers no sources though it could; one line.
  public var memoryNotice: String? {
    writer.whyNoSources.map {
      "the log cannot remember what it was given (\($0.message)): repeated after a crash, this "
        + "command writes its records again, and both copies count once"
    }
  }

  /// Records that the log had of their source, and that were dropped.
  public var dropped: Int { writer.sources?.dropped ?? 0 }

  /// Records appended, broken ones included.
  public var count: Int { taken - dropped }

  /// To be called when a source has begun.
  public func sourceBegan() { isDropping = writer.sources?.isDropping ?? false }

  /// Appends an event as the line that `EventEncoder` makes of it.
  /// - Parameter fields: further JSON fields, each with a comma before it.
  /// - Throws: where the log does not take the record.
  public func append(_ event: Event, fields: [ByteSlice] = []) throws(EventLogError) {
    setKey(event.userId, event.sessionId)
    if isDropping, drop(event.topic) { return }
    payload.removeAll(keepingCapacity: true)
    EventEncoder.append(event, to: &payload)
    if !fields.isEmpty {
      payload.removeLast()
      for part in fields { payload.append(contentsOf: part.buffer) }
      payload.append(UInt8(ascii: "}"))
    }
    let bytes = payload
    try bytes.withUnsafeBufferPointer { bytes throws(EventLogError) in
      try append(UnsafeRawBufferPointer(bytes), topic: event.topic, timestamp: event.ts)
    }
  }

  /// Appends bytes as they came, under the key of the event that they decode to.
  /// - Throws: where the log does not take the record.
  public func append(_ event: Event, raw: UnsafeRawBufferPointer) throws(EventLogError) {
    try append(
      raw, topic: event.topic, timestamp: event.ts, userId: event.userId,
      sessionId: event.sessionId)
  }

  /// Appends bytes under the key of a user, or of a session where the user is not known.
  /// - Parameter timestamp: event time, milliseconds since 1970-01-01 UTC.
  /// - Throws: where the log does not take the record.
  public func append(
    _ raw: UnsafeRawBufferPointer, topic: Topic, timestamp: Int64, userId: Int64?, sessionId: Int64
  ) throws(EventLogError) {
    setKey(userId, sessionId)
    if isDropping, drop(topic) { return }
    try append(raw, topic: topic, timestamp: timestamp)
  }

  /// Appends bytes that are no event; whoever reads the log puts them into quarantine.
  /// - Throws: where the log does not take the record.
  public func append(broken raw: UnsafeRawBufferPointer, to topic: Topic) throws(EventLogError) {
    key.removeAll(keepingCapacity: true)
    if isDropping, drop(topic) { return }
    try append(raw, topic: topic, timestamp: 0)
  }

  private func setKey(_ userId: Int64?, _ sessionId: Int64) {
    key.removeAll(keepingCapacity: true)
    MessageKey.append(userId: userId, sessionId: sessionId, to: &key)
  }

  private func append(_ raw: UnsafeRawBufferPointer, topic: Topic, timestamp: Int64)
    throws(EventLogError)
  {
    try key.withUnsafeBufferPointer { key throws(EventLogError) in
      try writer.append(
        topic: Int(topic.rawValue), key: UnsafeRawBufferPointer(key), timestamp: timestamp,
        payload: raw)
    }
    taken += 1
  }

  /// Whether the log has the source's next record for the partition of `key`.
  private func drop(_ topic: Topic) -> Bool {
    guard let journal = writer.sources else { return false }
    let isDropped = key.withUnsafeBytes { journal.drop(topic: Int(topic.rawValue), key: $0) }
    isDropping = journal.isDropping
    if isDropped { taken += 1 }
    return isDropped
  }

  /// Returns when readers of the log see all of it.
  /// - Throws: where the log has not taken all of it.
  public func flush() throws(EventLogError) { try writer.flush() }

  /// Returns when all is on the storage device, so that what it came from may go.
  /// - Throws: where that cannot be had.
  public func sync() throws(EventLogError) { try writer.sync() }

  /// `sync`, then lets go of the log. Nothing can be appended afterwards.
  /// - Throws: where not all could be written.
  public func close() throws(EventLogError) { try writer.close() }
}
