import Foundation
import Support

/// When something is due, in the language of crontab(5): minute, hour, day of month, month and day of
/// week, as POSIX has them, with the steps, names and shorthands of Vixie's cron.
///
/// A field is `*`, a number, a range `a-b`, a step `*/n` or `a-b/n`, or a list of those with commas.
/// Months and days of the week also have English names of three letters; 0 and 7 are Sunday. Where
/// neither day field begins with `*`, a day that matches either is meant; otherwise one that matches
/// both.
public struct CronExpression: Sendable, Equatable, CustomStringConvertible {
  /// The expression as it was given.
  public let description: String
  private let minutes: FieldSet
  private let hours: FieldSet
  private let daysOfMonth: FieldSet
  private let months: FieldSet
  private let daysOfWeek: FieldSet

  /// - Throws: `ScheduleError`, naming the field, what was found and what is accepted.
  public init(_ text: String) throws(ScheduleError) {
    description = text
    let words = try Self.expanded(text).split(whereSeparator: \.isWhitespace).map(String.init)
    guard words.count == CronField.allCases.count else {
      throw ScheduleError(
        "The cron expression '\(text)' has \(words.count) fields; it needs 5: minute hour "
          + "day-of-month month day-of-week, such as '0 0 * * *', or a shorthand such as @daily")
    }
    var sets: [FieldSet] = []
    for (field, word) in zip(CronField.allCases, words) {
      sets.append(try field.parse(word, of: text))
    }
    minutes = sets[0]
    hours = sets[1]
    daysOfMonth = sets[2]
    months = sets[3]
    daysOfWeek = sets[4]
  }

  private static let shorthands = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
  ]

  private static func expanded(_ text: String) throws(ScheduleError) -> String {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    guard trimmed.hasPrefix("@") else { return trimmed }
    guard let expression = shorthands[trimmed.lowercased()] else {
      throw ScheduleError(
        "The cron expression '\(text)' is no shorthand; accepted are "
          + "\(shorthands.keys.sorted().joined(separator: ", "))")
    }
    return expression
  }

  public static func == (a: CronExpression, b: CronExpression) -> Bool {
    a.minutes == b.minutes && a.hours == b.hours && a.daysOfMonth == b.daysOfMonth
      && a.months == b.months && a.daysOfWeek == b.daysOfWeek
  }

  /// The first instant after another at which the expression is due, in milliseconds since 1970-01-01 UTC; nil
  /// where there is none, as for 30 February. The calendar is Gregorian.
  ///
  /// A time of day that the clock skips when it is put forward is due at the moment of the change. A time of
  /// day that comes twice because the clock is put back is due the first time only. Neither holds for an
  /// expression that is due in every hour: it is due in each hour that really passes, and not in skipped ones.
  /// - Parameter instant: milliseconds since 1970-01-01 UTC.
  public func next(after instant: Int64, in timeZone: TimeZone) -> Int64? {
    let clock = TimeZoneClock(timeZone)
    // The search begins a day earlier, as the clock may have been put back over the beginning of the day.
    let first = clock.wallTime(at: instant).day - 1
    // The calendar repeats itself after 400 years.
    var day = first
    while day <= first + 146_097 + 1 {
      let date = CalendarDate(day: day)
      guard months.contains(date.month) else {
        day += Int64(CalendarDate.length(ofMonth: date.month, in: date.year) - date.day + 1)
        continue
      }
      if isDue(date, day), let due = firstInstant(of: day, after: instant, clock) { return due }
      day += 1
    }
    return nil
  }

  private func isDue(_ date: CalendarDate, _ day: Int64) -> Bool {
    // 1970-01-01 was a Thursday.
    let dayOfWeek = Int(((day + 4) % 7 + 7) % 7)
    let (byMonth, byWeek) = (daysOfMonth.contains(date.day), daysOfWeek.contains(dayOfWeek))
    return daysOfMonth.beginsWithStar || daysOfWeek.beginsWithStar
      ? byMonth && byWeek : byMonth || byWeek
  }

  private func firstInstant(of day: Int64, after instant: Int64, _ clock: TimeZoneClock) -> Int64? {
    let isHourly = hours.count == 24
    var earliest: Int64?
    for hour in 0..<24 where hours.contains(hour) {
      for minute in 0..<60 where minutes.contains(minute) {
        let wall = TimeZoneClock.WallTime(day: day, minuteOfDay: hour * 60 + minute)
        let due: Int64? =
          switch clock.occurrence(of: wall) {
          case .once(let only): only
          case .twice(let first, let second): isHourly && first <= instant ? second : first
          case .skipped(let change): isHourly ? nil : change
          }
        guard let due, due > instant else { continue }
        // Times of the day come in order, except in hours that come twice because the clock is put back.
        if !isHourly { return due }
        earliest = min(earliest ?? due, due)
      }
    }
    return earliest
  }
}

/// A year, month and day of the Gregorian calendar.
private struct CalendarDate {
  var year: Int
  var month: Int
  var day: Int

  /// - Parameter day: days since 1970-01-01.
  init(day: Int64) {
    let key = Int(CalendarDay(number: Int32(truncatingIfNeeded: day)).key)
    year = key / 10_000
    month = key / 100 % 100
    self.day = key % 100
  }

  static func length(ofMonth month: Int, in year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
