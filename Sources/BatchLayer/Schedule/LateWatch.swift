import Support

/// Notices that a load is late while it is tried, from a thread of its own, because a load that hangs is late too.
final class LateWatch: Sendable {
  private let ended = StopToken()
  private let worker: Worker<Void>

  /// Seconds between two looks at the clock, which may be set meanwhile.
  private static let lookInterval = 1.0

  /// - Parameters:
  ///   - due: when the load was due, milliseconds since 1970-01-01 UTC.
  ///   - seconds: after which the load is late.
  ///   - tell: called at most once: at once where the load is late already, else on the watch's thread.
  init(
    due: Int64, after seconds: Double, _ clock: Scheduler.Clock,
    tell: @escaping @Sendable () -> Void
  ) {
    let deadline = due + Int64(seconds * 1000)
    guard clock.now() < deadline else {
      tell()
      worker = Worker("late-watch") {}
      return
    }
    worker = Worker("late-watch") { [ended] in
      while !ended.isRequested {
        let left = Double(deadline - clock.now()) / 1000
        if left <= 0 { return tell() }
        ended.wait(seconds: min(left, Self.lookInterval))
      }
    }
  }

  /// Stops watching; nothing is told afterwards.
  func end() {
    ended.request()
    _ = try? worker.wait()
  }
}
