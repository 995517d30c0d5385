import EventModel

/// An event as it is written: its bytes, and what a writer has to know about the event.
public struct EventLine {
  /// What a writer has to know about the event.
  public var header: Header
  /// The event as JSON, without a newline. Valid during the call that gives the line.
  public var bytes: UnsafeRawBufferPointer

  /// The fields of an event that partition, order and count it. They are those of the event as it was
  /// simulated, also where the line was made malformed on purpose.
  public struct Header: Sendable {
    /// Event time, milliseconds since 1970-01-01 UTC.
    public var ts: Int64
    /// Nil where the event has no userId.
    public var userId: Int64?
    /// The event's session.
    public var sessionId: Int64
    /// The user's number in the run, from 0. Events of equal time are in the order of these numbers.
    public var number: Int32
    /// Rank in the catalogue of the song that a listen event is about; -1 for other events.
    public var song: Int32
    /// Index into the scenario's pages; it has a meaning for page views only.
    public var page: UInt16
    /// The stream that the line belongs to.
    public var topic: Topic
    /// True for auth events of a sign-in that worked.
    public var success: Bool
    /// True for the page view that is the first request of its session.
    public var beginsSession: Bool
    /// What was done to the line on purpose.
    public var fault = Fault.none

    init(_ event: Event, number: Int, song: Int32, page: UInt16) {
      ts = event.ts
      userId = event.userId
      sessionId = event.sessionId
      self.number = Int32(truncatingIfNeeded: number)
      self.song = event.topic == .listen ? song : -1
      self.page = page
      topic = event.topic
      success = event.success == true
      beginsSession = event.topic == .pageView && event.itemInSession == 0
    }
  }

  /// What was done to a line on purpose.
  public enum Fault: UInt8, Sendable {
    /// The line is as it was simulated.
    case none
    /// The event was held back, and comes late.
    case late
    /// The same event was there before.
    case duplicate
    /// The line is no event: cut short, no JSON, `ts` a string, no `ts`, `ts` in 1970, a byte that UTF-8 does
    /// not have.
    case truncated, notJSON, wrongType, missingTime, implausibleTime, badUTF8

    /// True where the line is no event.
    public var isMalformed: Bool { rawValue >= Fault.truncated.rawValue }
  }
}

/// Encoded events in the order of time, side by side in one buffer, which is used again for the next batch.
struct LineBatch: Sendable {
  struct Entry: Sendable {
    var header: EventLine.Header
    var start: Int32
    var count: Int32
  }

  private(set) var entries: [Entry] = []
  private var bytes: [UInt8] = []

  /// Bytes. Small enough to stay in a core's cache, large enough that batches are seldom handed over.
  private static let capacity = 1 << 18

  /// Replaces the events by the simulation's next ones before `end`, as many as there is room for.
  /// - Returns: false where the simulation has none left.
  mutating func fill(from simulation: inout Simulation, until end: Int64?) -> Bool {
    // There must be room for the longest event, since an event that was drawn cannot be put back.
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
              event, number: simulation.number(origin.user), song: origin.song, page: origin.page),
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
