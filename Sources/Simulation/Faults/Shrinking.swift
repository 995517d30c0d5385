/// Makes a schedule that fails shorter by leaving out parts of it, largest first (Zeller and Hildebrandt's
/// delta debugging, without its theory).
public enum Shrinking {
  /// - Parameters:
  ///   - schedule: is known to fail.
  ///   - deadline: no try begins after it.
  ///   - fails: runs a schedule; true where it fails.
  /// - Returns: the shortest schedule that was seen to fail.
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
