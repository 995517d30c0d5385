import Glibc
import Synchronization

/// Asks long-running work to end at its next safe point. One token is shared by everything that has
/// to stop together; signal handlers, tests and failing siblings all pull the same one.
public final class StopToken: Sendable {
  private let requested = Atomic<Bool>(false)

  /// Nobody has asked for the stop yet.
  public init() {}

  /// True once somebody asked for the stop. Never goes back to false.
  public var isRequested: Bool { requested.load(ordering: .acquiring) }

  /// Asks for the stop. Safe from any thread, any number of times.
  public func request() { requested.store(true, ordering: .releasing) }

  /// Waits for so long, or until the stop is asked for.
  public func wait(seconds: Double) {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !isRequested, ContinuousClock.now < deadline { usleep(20_000) }
  }
}
