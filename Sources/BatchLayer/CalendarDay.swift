import Support

/// A day of UTC, and its forms.
struct CalendarDay: Hashable, Comparable, Sendable {
  /// Days since 1970-01-01.
  var number: Int32

  /// The day of an event time of 1970 or later, in milliseconds since 1970-01-01 UTC.
  init(milliseconds: Int64) { number = Int32(truncatingIfNeeded: milliseconds / 86_400_000) }
  init(number: Int32) { self.number = number }

  var next: CalendarDay { CalendarDay(number: number + 1) }

  /// The key of dim_date: yyyymmdd.
  var key: Int32 {
    let date = CivilDate(daysSince1970: Int64(number))
    return Int32(date.year * 10_000 + date.month * 100 + date.day)
  }

  /// The month that the day is of.
  var month: CalendarMonth { CalendarMonth(key: key / 100) }

  /// The days that a stretch of time, milliseconds since 1970, lies in.
  static func days(of stretch: ClosedRange<Int64>) -> [CalendarDay] {
    let first = CalendarDay(milliseconds: stretch.lowerBound).number
    return (first...CalendarDay(milliseconds: stretch.upperBound).number)
      .map(CalendarDay.init(number:))
  }

  /// The milliseconds since 1970 of the day.
  var milliseconds: ClosedRange<Int64> {
    let start = Int64(number) * ISOTime.millisecondsPerDay
    return start...start + ISOTime.millisecondsPerDay - 1
  }

  /// As 2026-11-30.
  var text: String { ISOTime.parts(Int64(number) * ISOTime.millisecondsPerDay).date }

  static func < (a: CalendarDay, b: CalendarDay) -> Bool { a.number < b.number }
}

/// A month of UTC.
struct CalendarMonth: Hashable, Comparable, Sendable {
  /// yyyymm.
  var key: Int32

  /// The month after it.
  var next: CalendarMonth { CalendarMonth(key: key % 100 == 12 ? key + 89 : key + 1) }

  /// The key of its first day.
  var firstDayKey: Int32 { key * 100 + 1 }

  static func < (a: CalendarMonth, b: CalendarMonth) -> Bool { a.key < b.key }
}
