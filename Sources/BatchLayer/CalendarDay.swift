/// A day of UTC, and its forms. Proleptic Gregorian calendar; the conversion is Howard Hinnant's
/// `civil_from_days` (http://howardhinnant.github.io/date_algorithms.html).
struct CalendarDay: Hashable, Comparable, Sendable {
  /// Days since 1970-01-01.
  var number: Int32

  init(milliseconds: Int64) { number = Int32(truncatingIfNeeded: milliseconds / 86_400_000) }
  init(number: Int32) { self.number = number }

  var next: CalendarDay { CalendarDay(number: number + 1) }

  /// The key of dim_date: yyyymmdd.
  var key: Int32 {
    let shifted = Int64(number) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return Int32(year * 10_000 + month * 100 + day)
  }

  static func < (a: CalendarDay, b: CalendarDay) -> Bool { a.number < b.number }
}
