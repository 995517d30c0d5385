import Glibc

/// Waits until `condition` holds, looking again and again; returns false when `seconds` have
/// passed without it. Tests wait for what they need, never for an amount of time.
public func eventually(within seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while true {
    let begin = ContinuousClock.now
    if try condition() { return true }
    if ContinuousClock.now >= deadline { return false }
    rest(since: begin)
  }
}

/// Looks once, and then rests. For who looks over and over beside what a test is about: without a rest it has one of two
/// processors for itself, and everything that it looks at takes twice as long.
public func lookThenRest<T>(_ look: () throws -> T) rethrows -> T {
  let begin = ContinuousClock.now
  defer { rest(since: begin) }
  return try look()
}

/// As long again as the look took, which may have made a process or a session; a tenth of a second at most, so that nothing
/// short-lived is missed.
private func rest(since begin: ContinuousClock.Instant) {
  let seconds = (ContinuousClock.now - begin) / .seconds(1)
  usleep(UInt32(1_000_000 * min(max(seconds, 0.005), 0.1)))
}
