import Glibc

/// Waits until `condition` holds, looking every few milliseconds; returns false when `seconds` have
/// passed without it. Tests wait for what they need, never for an amount of time.
public func eventually(within seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while true {
    if try condition() { return true }
    if ContinuousClock.now >= deadline { return false }
    usleep(5_000)
  }
}
