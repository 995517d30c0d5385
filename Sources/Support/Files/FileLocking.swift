import Glibc

/// `flock` with a bound: the process that holds a lock may be frozen.
public enum FileLocking {
  /// Microseconds between tries.
  private static let pause: UInt32 = 10_000

  /// Waits for a lock of an open file.
  /// - Parameters:
  ///   - operation: `LOCK_SH` or `LOCK_EX`.
  ///   - seconds: 0 tries once.
  /// - Returns: 0 with the lock; `EWOULDBLOCK` where others had it all the time; else why there is none.
  public static func take(
    _ operation: Int32, of descriptor: Int32, waitingAtMost seconds: Double
  ) -> Int32 {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while flock(descriptor, operation | LOCK_NB) != 0 {
      let failure = errno
      guard failure == EINTR || failure == EWOULDBLOCK, ContinuousClock.now < deadline else {
        return failure == EINTR ? EWOULDBLOCK : failure
      }
      usleep(pause)
    }
    return 0
  }
}
