import EventModel

/// An event as it is written: its bytes, and what a writer has to know of it.
public struct EventLine {
  public var header: Header
  /// The event as JSON, without a newline. Valid during the call that gives the line.
  public var bytes: UnsafeRawBufferPointer

  public struct Header: Sendable {
    /// Milliseconds since 1970-01-01 UTC.
    public var ts: Int64
    /// Nil where the event does not say.
    public var userId: Int64?
    public var sessionId: Int64
    /// The user's number in the run: events of one time are in the order of these.
    public var number: Int32
    /// Index into the scenario's pages; of page views only.
    public var page: UInt16
    public var topic: Topic
    /// Of sign-ins only.
    public var success: Bool
    /// The first request of its session.
    public var beginsSession: Bool
    public var fault = Fault.none

    init(_ event: Event, number: Int, page: UInt16) {
      ts = event.ts
      userId = event.userId
      sessionId = event.sessionId
      self.number = Int32(truncatingIfNeeded: number)
      self.page = page
      topic = event.topic
      success = event.success == true
      beginsSession = event.topic == .pageView && event.itemInSession == 0
    }
  }

  /// What was done to a line on purpose.
  public enum Fault: UInt8, Sendable {
    case none
    /// It was held back, and comes late.
    case late
    /// It was there before.
    case duplicate
    /// It is no event, of one kind or another.
    case truncated, notJSON, wrongType, missingTime, implausibleTime, badUTF8

    public var isMalformed: Bool { rawValue >= Fault.truncated.rawValue }
  }
}

/// Encoded events in the order of time, side by side in one buffer. A batch is used over and over.
struct LineBatch: Sendable {
  struct Entry: Sendable {
    var header: EventLine.Header
    var start: Int32
    var count: Int32
  }

  private(set) var entries: [Entry] = []
  private var bytes: [UInt8] = []

  /// Small enough to stay in a core's cache, large enough to be handed over seldom.
  private static let capacity = 1 << 18

  /// Replaces what is there by the simulation's next events before `end`, as many as there is room for.
  /// - Returns: false where there are none.
  mutating func fill(from simulation: inout Simulation, until end: Int64?) -> Bool {
    // Room is made for any event, since one that is drawn cannot be put back.
    let longest = simulation.world.longestEvent
    let needed = max(Self.capacity, 2 * longest)
    if bytes.count < needed { bytes = [UInt8](repeating: 0, count: needed) }
    entries.removeAll(keepingCapacity: true)
    var event = Event(topic: .pageView)
    bytes.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      var used = 0
      while used + longest <= buffer.count,
        let origin = simulation.fill(&event, before: end ?? .max)
      {
        let count = EventEncoder.encode(event, at: start + used)
        entries.append(
          Entry(
            header: EventLine.Header(
              event, number: simulation.number(origin.user), page: origin.page),
            start: Int32(used), count: Int32(count)))
        used += count
      }
    }
    return !entries.isEmpty
  }

  @inline(__always)
  func withLine<Result>(_ index: Int, _ body: (EventLine) throws -> Result) rethrows -> Result {
    let entry = entries[index]
    return try bytes.withUnsafeBytes { buffer in
      try body(
        EventLine(
          header: entry.header,
          bytes: UnsafeRawBufferPointer(
            rebasing: buffer[Int(entry.start)..<Int(entry.start + entry.count)])))
    }
  }
}
