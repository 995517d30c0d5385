import EventLog
import EventModel

/// Puts events into a log, each under the key that keeps a user's events in order.
public final class EventWriter {
  private let writer: any LogWriter
  private var key: [UInt8] = []
  private var payload: [UInt8] = []
  /// Records appended, broken ones included.
  public private(set) var count = 0

  public init(_ log: any EventLog) throws(EventLogError) {
    writer = try log.writer(to: Topic.allCases.map(\.name))
  }

  /// - Parameter fields: further JSON fields, each with a comma before it.
  public func append(_ event: Event, fields: [ByteSlice] = []) throws {
    payload.removeAll(keepingCapacity: true)
    EventEncoder.append(event, to: &payload)
    if !fields.isEmpty {
      payload.removeLast()
      for part in fields { payload.append(contentsOf: part.buffer) }
      payload.append(UInt8(ascii: "}"))
    }
    let bytes = payload
    try bytes.withUnsafeBytes { try append(event, raw: $0) }
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
    key.removeAll(keepingCapacity: true)
    MessageKey.append(userId: userId, sessionId: sessionId, to: &key)
    try key.withUnsafeBytes {
      try writer.append(topic: Int(topic.rawValue), key: $0, timestamp: timestamp, payload: raw)
    }
    count += 1
  }

  /// Appends bytes that are no event; whoever reads the log puts them into quarantine.
  func append(broken raw: UnsafeRawBufferPointer, to topic: Topic) throws(EventLogError) {
    try writer.append(
      topic: Int(topic.rawValue), key: UnsafeRawBufferPointer(start: nil, count: 0), timestamp: 0,
      payload: raw)
    count += 1
  }

  /// Returns when readers of the log see all of it.
  public func flush() throws(EventLogError) { try writer.flush() }

  /// Returns when all is on the storage device, so that what it came from may go.
  func sync() throws(EventLogError) { try writer.sync() }

  public func close() throws(EventLogError) { try writer.close() }
}
