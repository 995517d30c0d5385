import EventLog
import EventModel

/// Puts events into a log, each under the key that keeps a user's events in order. Records of a source
/// that the log has already are dropped.
public final class EventWriter {
  private let writer: any LogWriter
  private var key: [UInt8] = []
  private var payload: [UInt8] = []
  /// Looked at for each record, and so kept here.
  private var isDropping = false
  /// Records taken, broken ones included.
  private var taken = 0

  public init(_ log: any EventLog) throws(EventLogError) {
    writer = try log.writer(to: Topic.allCases.map(\.name))
  }

  /// What the log remembers of its sources; nil where it remembers none.
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

  /// - Parameter fields: further JSON fields, each with a comma before it.
  public func append(_ event: Event, fields: [ByteSlice] = []) throws {
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
    try bytes.withUnsafeBytes { try append($0, topic: event.topic, timestamp: event.ts) }
  }

  /// Appends bytes as they came, under the key of the event that they decode to.
  func append(_ event: Event, raw: UnsafeRawBufferPointer) throws {
    try append(
      raw, topic: event.topic, timestamp: event.ts, userId: event.userId,
      sessionId: event.sessionId)
  }

  /// Appends bytes under the key of a user, or of a session where the user is not known.
  /// - Parameter timestamp: event time, milliseconds since 1970-01-01 UTC.
  public func append(
    _ raw: UnsafeRawBufferPointer, topic: Topic, timestamp: Int64, userId: Int64?, sessionId: Int64
  ) throws {
    setKey(userId, sessionId)
    if isDropping, drop(topic) { return }
    try append(raw, topic: topic, timestamp: timestamp)
  }

  /// Appends bytes that are no event; whoever reads the log puts them into quarantine.
  func append(broken raw: UnsafeRawBufferPointer, to topic: Topic) throws {
    key.removeAll(keepingCapacity: true)
    if isDropping, drop(topic) { return }
    try append(raw, topic: topic, timestamp: 0)
  }

  private func setKey(_ userId: Int64?, _ sessionId: Int64) {
    key.removeAll(keepingCapacity: true)
    MessageKey.append(userId: userId, sessionId: sessionId, to: &key)
  }

  private func append(_ raw: UnsafeRawBufferPointer, topic: Topic, timestamp: Int64) throws {
    try key.withUnsafeBytes {
      try writer.append(topic: Int(topic.rawValue), key: $0, timestamp: timestamp, payload: raw)
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
  public func flush() throws(EventLogError) { try writer.flush() }

  /// Returns when all is on the storage device, so that what it came from may go.
  func sync() throws(EventLogError) { try writer.sync() }

  public func close() throws(EventLogError) { try writer.close() }
}
