/// When a worker says that what it needs is away: once, and while that lasts once a minute, however often it tries.
struct OutageNotice {
  private var toldAt: ContinuousClock.Instant?

  /// From one time that it is said to the next.
  static let interval = Duration.seconds(60)

  /// Whether a failure at this time is to be told.
  mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
    if let toldAt, now - toldAt < Self.interval { return false }
    toldAt = now
    return true
  }

  /// What was away is back; the next failure is another one.
  mutating func end() { toldAt = nil }
}
