import Glibc
import Synchronization

/// What making answers again may take of the processors, over all questions: who asks what has no answer yet needs the rest.
final class RenewalBudget: Sendable {
  /// Processors, in the mean.
  private let share: Double
  /// What may be spent at once after a while without renewals.
  private static let credit = Duration.milliseconds(500)
  /// When all that was spent has been paid for.
  private let paidAt = Mutex(ContinuousClock.now)

  init(share: Double = RenewalBudget.share(of: sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
    self.share = share
  }

  /// A quarter of the processors, and at least half a one.
  static func share(of processors: Int) -> Double { max(0.5, Double(processors) / 4) }

  /// How long to wait before the next renewal.
  func wait(now: ContinuousClock.Instant = .now) -> Duration {
    max(.zero, paidAt.withLock { $0 } - now)
  }

  /// Says what a renewal took, as if it had kept a processor busy all the time.
  func spend(_ took: Duration, now: ContinuousClock.Instant = .now) {
    paidAt.withLock { $0 = max($0, now - Self.credit) + took / share }
  }
}
