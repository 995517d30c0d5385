/// Seconds spent in each phase of a load. A phase that begins again adds to its seconds.
struct Phases: Sendable {
  private(set) var seconds: [(phase: String, seconds: Double)] = []
  private var current: (name: String, since: ContinuousClock.Instant)?

  /// Ends the running phase, if there is one, and begins this one.
  mutating func begin(_ name: String) {
    end()
    current = (name, ContinuousClock.now)
  }

  mutating func end() {
    guard let current else { return }
    let elapsed = ContinuousClock.now - current.since
    assert(elapsed >= .zero, "\(current.name) took \(elapsed)")
    if let index = seconds.firstIndex(where: { $0.phase == current.name }) {
      seconds[index].seconds += elapsed / .seconds(1)
    } else {
      seconds.append((current.name, elapsed / .seconds(1)))
    }
    self.current = nil
  }

  /// `{"read": 1.234, …}`, in seconds; the running phase counts up to now.
  var json: String {
    var all = self
    all.end()
    let pairs = all.seconds.map { "\"\($0.phase)\": \(($0.seconds * 1000).rounded() / 1000)" }
    return "{\(pairs.joined(separator: ", "))}"
  }
}
