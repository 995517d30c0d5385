import Foundation
import Support

/// The wall clock of a time zone: the time that it shows at an instant, and the instant at which it shows a
/// time.
public struct TimeZoneClock: Sendable {
  /// A date and a time of day as a wall clock shows them: milliseconds since 1970-01-01 00:00 on that
  /// clock, as though every day had 24 hours.
  struct WallTime: Hashable, Comparable, Sendable {
    var milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init(day: Int64, minuteOfDay: Int) {
      milliseconds = day * Self.dayMs + Int64(minuteOfDay) * 60_000
    }

    /// Days since 1970-01-01, rounded down.
    var day: Int64 {
      milliseconds >= 0 ? milliseconds / Self.dayMs : (milliseconds + 1) / Self.dayMs - 1
    }

    static let dayMs: Int64 = 86_400_000

    static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }
  }

  /// The instants at which a wall clock shows a time, in milliseconds since 1970-01-01 UTC.
  enum Occurrence: Equatable, Sendable {
    case once(Int64)
    /// The time comes twice, as the clock is put back over it.
    case twice(first: Int64, second: Int64)
    /// The time does not come, as the clock is put forward over it at this instant.
    case skipped(at: Int64)
  }

  /// The zone whose clock this is.
  public let timeZone: TimeZone

  /// The clock of a zone that is known.
  public init(_ timeZone: TimeZone) { self.timeZone = timeZone }

  /// - Parameter identifier: a name of the IANA time zone database, such as `Asia/Ho_Chi_Minh`, or
  ///   `UTC`.
  /// - Throws: `ScheduleError` where this system does not know it.
  public init(identifier: String) throws(ScheduleError) {
    guard let timeZone = TimeZone(identifier: identifier) else {
      throw ScheduleError(
        "There is no time zone \(identifier); give a name of the IANA database, such as "
          + "Europe/Berlin or UTC (apt-get install tzdata where those are not known)")
    }
    self.init(timeZone)
  }

  /// Milliseconds that the clock is ahead of UTC at an instant.
  private func offset(at instant: Int64) -> Int64 {
    // Rounded down to the second, so that the last millisecond before a change lies before it.
    let seconds = (Double(instant) / 1000).rounded(.down)
    return Int64(timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds))) * 1000
  }

  func wallTime(at instant: Int64) -> WallTime {
    WallTime(milliseconds: instant + offset(at: instant))
  }

  func occurrence(of wall: WallTime) -> Occurrence {
    // No zone is a whole day away from UTC, so these two instants lie on either side of every change that
    // the time could fall into.
    let early = wall.milliseconds - WallTime.dayMs
    let late = wall.milliseconds + WallTime.dayMs
    let before = offset(at: early)
    let after = offset(at: late)
    if before == after { return .once(wall.milliseconds - before) }
    let candidates = (wall.milliseconds - before, wall.milliseconds - after)
    switch (offset(at: candidates.0) == before, offset(at: candidates.1) == after) {
    case (true, true):
      return .twice(
        first: min(candidates.0, candidates.1), second: max(candidates.0, candidates.1))
    case (true, false): return .once(candidates.0)
    case (false, true): return .once(candidates.1)
    case (false, false): return .skipped(at: change(from: before, between: early, and: late))
    }
  }

  /// The first instant in a stretch of time at which the clock is no longer `offset` ahead.
  private func change(from offset: Int64, between early: Int64, and late: Int64) -> Int64 {
    var low = early
    var high = late
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if self.offset(at: middle) == offset { low = middle } else { high = middle }
    }
    return high
  }
}
