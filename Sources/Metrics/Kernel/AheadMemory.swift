/// An event that was counted though it came more than a day ahead of the crowd.
public struct CountedAhead: Hashable, Sendable {
  /// As `Kernel.identity(of:)` gives it.
  public var identity: Int64
  /// Event time. Milliseconds since 1970.
  public var ts: Int64

  /// An event by its identity and its event time (milliseconds since 1970).
  public init(identity: Int64, ts: Int64) {
    self.identity = identity
    self.ts = ts
  }
}

/// Remembers the events of one topic that were counted ahead of the crowd, so that such an event counts
/// once although it comes again when event time has got there. A dictionary will do, as these events
/// are few, unlike those in the window.
struct AheadMemory {
  /// Event times by identity.
  private var times: [Int64: Int64] = [:]

  var isEmpty: Bool { times.isEmpty }
  var all: [CountedAhead] { times.map { CountedAhead(identity: $0.key, ts: $0.value) } }

  func contains(_ identity: Int64) -> Bool { times[identity] != nil }

  /// - Returns: false where it was remembered already.
  mutating func insert(_ identity: Int64, timestamp: Int64) -> Bool {
    times.updateValue(timestamp, forKey: identity) == nil
  }

  /// Forgets the events before `bound`. Milliseconds since 1970.
  mutating func forget(below bound: Int64) {
    if !times.isEmpty { times = times.filter { $0.value >= bound } }
  }
}
