import EventLog
import EventModel

/// Writes events to a log: encoded, keyed so that a user's events stay in order.
struct LogSink {
  private let writer: any LogWriter
  private var payload: [UInt8] = []
  private var key: [UInt8] = []

  init(_ log: any EventLog) throws {
    writer = try log.writer(to: Topic.allCases.map(\.name))
  }

  mutating func append(_ event: Event) throws {
    payload.removeAll(keepingCapacity: true)
    EventEncoder.append(event, to: &payload)
    try payload.withUnsafeBytes { try append(event, raw: $0) }
  }

  /// Writes bytes as they came, under the key of the event that they decode to.
  mutating func append(_ event: Event, raw: UnsafeRawBufferPointer) throws {
    key.removeAll(keepingCapacity: true)
    event.appendMessageKey(to: &key)
    try key.withUnsafeBytes {
      try writer.append(
        topic: Int(event.topic.rawValue), key: $0, timestamp: event.ts, payload: raw)
    }
  }

  /// Writes bytes that do not decode; the layers behind put them into quarantine.
  mutating func append(undecodable raw: UnsafeRawBufferPointer, to topic: Topic) throws {
    try writer.append(
      topic: Int(topic.rawValue), key: UnsafeRawBufferPointer(start: nil, count: 0), timestamp: 0,
      payload: raw)
  }

  func flush() throws { try writer.flush() }
  func close() throws { try writer.close() }
}
