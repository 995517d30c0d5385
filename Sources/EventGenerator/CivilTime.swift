import Support

/// Calendar arithmetic in UTC on the proleptic Gregorian calendar, without Foundation: the
/// simulation asks it for every session.
enum CivilTime {
  static let millisecondsPerDay = ISOTime.millisecondsPerDay
  /// A mean Gregorian year, which annual rates refer to.
  static let millisecondsPerYear = 365.2425 * 86_400_000.0

  /// Days since 1970-01-01 of a millisecond timestamp, rounded down.
  static func day(of timestamp: Int64) -> Int64 {
    CivilDate.floorDivide(timestamp, millisecondsPerDay)
  }

  /// 0 = Monday to 6 = Sunday. Day 0 was a Thursday.
  static func weekday(ofDay day: Int64) -> Int {
    Int(day + 3 - CivilDate.floorDivide(day + 3, 7) * 7)
  }

  /// Saturday, Sunday, or a public holiday of the United States (5 U.S.C. 6103, on the day itself).
  static func isFree(day: Int64) -> Bool {
    let weekday = weekday(ofDay: day)
    if weekday >= 5 { return true }
    let date = CivilDate(daysSince1970: day)
    let week = (date.day - 1) / 7 + 1
    switch (date.month, date.day) {
    case (1, 1), (6, 19), (7, 4), (11, 11), (12, 25): return true
    default: break
    }
    switch (date.month, weekday) {
    case (1, 0), (2, 0): return week == 3
    case (5, 0): return date.day > 24
    case (9, 0): return week == 1
    case (10, 0): return week == 2
    case (11, 3): return week == 4
    default: return false
    }
  }
}
