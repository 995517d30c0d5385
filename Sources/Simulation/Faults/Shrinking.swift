/// Makes a failing schedule shorter by leaving out parts of it, large parts first (a simple form of the delta
/// debugging of Zeller and Hildebrandt).
public enum Shrinking {
  /// Tries shorter and shorter schedules.
  /// - Parameters:
  ///   - schedule: one that is known to fail.
  ///   - deadline: the time after which no further try begins.
  ///   - fails: runs a schedule, and returns true where it fails.
  /// - Returns: the shortest schedule that was seen to fail.
  /// - Throws: whatever `fails` throws.
  public static func shortest<Action>(
    _ schedule: [Action], until deadline: ContinuousClock.Instant,
    fails: ([Action]) throws -> Bool
  ) rethrows -> [Action] {
    func hasTime() -> Bool { ContinuousClock.now < deadline }
    var best = schedule
    var size = best.count / 2
    while size >= 1 {
      var start = 0
      while start < best.count, hasTime() {
        var shorter = best
        shorter.removeSubrange(start..<min(start + size, best.count))
        if !shorter.isEmpty, try fails(shorter) { best = shorter } else { start += size }
      }
      guard hasTime() else { break }
      size /= 2
    }
    return best
  }
}
