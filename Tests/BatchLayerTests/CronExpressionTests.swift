import BatchLayer
import Foundation
import TestKit
import Testing

/// Hand-computed with a calendar and the IANA time zone database.
@Suite struct CronExpressionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var expression: String
    var zone = "UTC"
    var after: String
    /// The instants due after it, in order.
    var due: [String]

    var testDescription: String { "\(expression) in \(zone) after \(after)" }
  }

  private static func milliseconds(_ text: String) throws -> Int64 {
    Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970) * 1000
  }

  private func check(_ example: Case) throws {
    let cron = try CronExpression(example.expression)
    let zone = try #require(TimeZone(identifier: example.zone))
    var instant = try Self.milliseconds(example.after)
    for due in example.due {
      let expected = try Self.milliseconds(due)
      instant = try #require(cron.next(after: instant, in: zone))
      let found = Date(timeIntervalSince1970: Double(instant) / 1000).ISO8601Format()
      #expect(instant == expected, "found \(found), expected \(due)")
      #expect(cron.next(after: instant - 1, in: zone) == instant)
    }
  }

  // 2026-01-01 is a Thursday.
  static let fields = [
    Case(
      expression: "0 0 * * *", after: "2026-01-01T00:00:00Z",
      due: ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]),
    Case(
      expression: "*/20 8-10/2 * * *", after: "2026-01-01T08:20:00Z",
      due: ["2026-01-01T08:40:00Z", "2026-01-01T10:00:00Z"]),
    Case(
      expression: "5,10-12 0 * * *", after: "2025-12-31T23:59:59Z",
      due: [
        "2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z", "2026-01-01T00:11:00Z",
        "2026-01-01T00:12:00Z", "2026-01-02T00:05:00Z",
      ]),
    Case(
      expression: "59 23 31 12 *", after: "2026-12-31T23:59:00Z", due: ["2027-12-31T23:59:00Z"]),
    Case(
      expression: "0 12 31 * *", after: "2026-01-31T12:00:00Z",
      due: ["2026-03-31T12:00:00Z", "2026-05-31T12:00:00Z"]),
    Case(
      expression: "0 0 1 jan,JUL *", after: "2026-01-01T00:00:00Z",
      due: ["2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
    Case(
      expression: "0 0 1 */5 *", after: "2026-01-01T00:00:00Z",
      due: ["2026-06-01T00:00:00Z", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
    Case(
      expression: "0 9 * * mon-fri", after: "2026-01-02T09:00:00Z",
      due: ["2026-01-05T09:00:00Z"]),
    Case(
      expression: "0 0 * * 7", after: "2026-01-01T00:00:00Z",
      due: ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]),
    Case(
      expression: "0 0 * * SUN", after: "2026-01-01T00:00:00Z", due: ["2026-01-04T00:00:00Z"]),
    Case(
      expression: "0 0 * * 5-7", after: "2026-01-01T00:00:00Z",
      due: [
        "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z",
        "2026-01-09T00:00:00Z",
      ]),
    Case(
      expression: "0 0 * * */2", after: "2026-01-01T00:00:00Z",
      due: ["2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-06T00:00:00Z"]),
    // Neither day field begins with a star, so a day that fits either of them will do.
    Case(
      expression: "0 0 13 * 5", after: "2026-01-01T00:00:00Z",
      due: [
        "2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z",
        "2026-01-16T00:00:00Z",
      ]),
    // One day field begins with a star, so a day has to fit both: odd days that are Mondays.
    Case(
      expression: "0 0 */2 * 1", after: "2026-01-01T00:00:00Z",
      due: ["2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z"]),
    Case(expression: "@weekly", after: "2026-01-01T00:00:00Z", due: ["2026-01-04T00:00:00Z"]),
    Case(
      expression: "0 0 * * *", after: "1969-12-30T12:00:00Z",
      due: ["1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"]),
  ]

  @Test(arguments: fields) func eachFormOfFieldIsDueWhenItsDaysAndTimesCome(_ example: Case)
    throws
  {
    try check(example)
  }

  static let leapYears = [
    Case(
      expression: "0 0 29 2 *", after: "2026-01-01T00:00:00Z",
      due: ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
    Case(
      expression: "0 0 29 2 *", after: "2096-02-29T00:00:00Z", due: ["2104-02-29T00:00:00Z"]),
    Case(
      expression: "0 0 29 2 *", after: "1996-02-29T00:00:00Z", due: ["2000-02-29T00:00:00Z"]),
    // Leap days that are Sundays (Sunday is the only day of the week that */7 holds).
    Case(
      expression: "0 0 29 2 */7", after: "2026-01-01T00:00:00Z",
      due: ["2032-02-29T00:00:00Z", "2060-02-29T00:00:00Z"]),
  ]

  @Test(arguments: leapYears) func leapDaysComeInLeapYearsOnly(_ example: Case) throws {
    try check(example)
  }

  @Test(arguments: ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * 30-31 feb *"])
  func dateThatNoYearHasIsNeverDue(_ expression: String) throws {
    let cron = try CronExpression(expression)
    #expect(cron.next(after: 1_767_225_600_000, in: .gmt) == nil)
  }

  @Test func aLeapDayComesAndADayThatNoMonthHasDoesNot() throws {
    // 1 March 2096: the next leap day but one is eight years away, as 2100 has none.
    let late: Int64 = 3_981_398_400_000
    for (text, zone) in [("0 0 29 2 *", "UTC"), ("30 2 29 2 *", "America/Santiago")] {
      let trigger = Scheduler.Trigger.cron(
        try CronExpression(text), try #require(TimeZone(identifier: zone)))
      let due = try trigger.requireNext(after: late)
      #expect(due > late + 7 * 365 * 86_400_000 && due < late + 9 * 366 * 86_400_000)
    }
    // Where both day fields are given, either will do.
    _ = try Scheduler.Trigger.cron(try CronExpression("0 0 31 2 mon"), .gmt).requireNext(after: 0)
    for text in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 2 */1"] {
      let trigger = Scheduler.Trigger.cron(try CronExpression(text), .gmt)
      #expect(throws: ScheduleError.self) { try trigger.requireNext(after: late) }
    }
  }

  static let timeZones = [
    Case(
      expression: "0 0 * * *", zone: "Asia/Ho_Chi_Minh", after: "2026-01-01T00:00:00Z",
      due: ["2026-01-01T17:00:00Z", "2026-01-02T17:00:00Z"]),
    Case(
      expression: "0 0 1 * *", zone: "Asia/Ho_Chi_Minh", after: "2026-02-28T16:59:59Z",
      due: ["2026-02-28T17:00:00Z", "2026-03-31T17:00:00Z"]),
    Case(
      expression: "30 5 * * *", zone: "Asia/Kathmandu", after: "2026-01-01T00:00:00Z",
      due: ["2026-01-01T23:45:00Z"]),
    // The clock goes forward at 2026-03-08T07:00Z, back at 2026-11-01T06:00Z.
    Case(
      expression: "0 0 * * *", zone: "America/New_York", after: "2026-03-08T00:00:00Z",
      due: ["2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"]),
    Case(
      expression: "0 0 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
      due: ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"]),
    // Forward at 2026-03-29T01:00Z, back at 2026-10-25T01:00Z.
    Case(
      expression: "0 0 * * *", zone: "Europe/Berlin", after: "2026-03-28T12:00:00Z",
      due: ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]),
  ]

  @Test(arguments: timeZones) func timesAreThoseOfTheZonesWallClock(_ example: Case) throws {
    try check(example)
  }

  static let skipped = [
    Case(
      expression: "30 2 * * *", zone: "America/New_York", after: "2026-03-07T12:00:00Z",
      due: ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
    // Two times that the skipped hour held become one instant.
    Case(
      expression: "0,30 2 * * *", zone: "America/New_York", after: "2026-03-07T12:00:00Z",
      due: ["2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z", "2026-03-09T06:30:00Z"]),
    // A time that is due at that instant anyway becomes one with the skipped time.
    Case(
      expression: "0 2,3 * * *", zone: "America/New_York", after: "2026-03-07T12:00:00Z",
      due: ["2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"]),
    Case(
      expression: "30 2 * * *", zone: "Europe/Berlin", after: "2026-03-28T12:00:00Z",
      due: ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
    // The clock skips midnight on that day.
    Case(
      expression: "0 0 * * *", zone: "America/Sao_Paulo", after: "2018-11-03T12:00:00Z",
      due: ["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]),
    // Samoa moved over the date line and skipped a whole day.
    Case(
      expression: "0 12 30 12 *", zone: "Pacific/Apia", after: "2011-12-01T00:00:00Z",
      due: ["2011-12-30T10:00:00Z"]),
    // On Lord Howe the clock changes by half an hour.
    Case(
      expression: "15 2 * * *", zone: "Australia/Lord_Howe", after: "2026-10-03T00:00:00Z",
      due: ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]),
  ]

  @Test(arguments: skipped) func timeThatTheClockSkipsIsDueOnceRightAfterTheGap(_ example: Case)
    throws
  {
    try check(example)
  }

  static let repeated = [
    Case(
      expression: "30 1 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
      due: ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
    Case(
      expression: "*/30 1 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
      due: ["2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:00:00Z"]),
    // Asked during the second pass through the hour, when the first pass is over.
    Case(
      expression: "30 1 * * *", zone: "America/New_York", after: "2026-11-01T06:10:00Z",
      due: ["2026-11-02T06:30:00Z"]),
    Case(
      expression: "30 2 * * *", zone: "Europe/Berlin", after: "2026-10-24T12:00:00Z",
      due: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
  ]

  @Test(arguments: repeated) func timeThatTheClockShowsTwiceIsDueOnce(_ example: Case) throws {
    try check(example)
  }

  static let hourly = [
    Case(
      expression: "30 * * * *", zone: "America/New_York", after: "2026-03-08T06:00:00Z",
      due: ["2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"]),
    Case(
      expression: "30 * * * *", zone: "America/New_York", after: "2026-11-01T05:00:00Z",
      due: [
        "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z",
      ]),
    Case(
      expression: "*/30 * * * *", zone: "Europe/Berlin", after: "2026-10-25T00:00:00Z",
      due: [
        "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
        "2026-10-25T02:00:00Z",
      ]),
  ]

  @Test(arguments: hourly) func whatIsDueEveryHourIsDueInEachHourThatPasses(_ example: Case)
    throws
  {
    try check(example)
  }

  @Test(arguments: [
    ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"), ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"), (" @Daily ", "0 0 * * *"), ("0\t0  *  * *", "0 0 * * *"),
    ("0 0 * * 7", "0 0 * * 0"), ("0 0 * * sat,sun", "0 0 * * 6,0"),
    ("0-59/15 0 * * *", "0,15,30,45 0 * * *"),
  ])
  func shorthandMeansItsFields(_ shorthand: String, _ fields: String) throws {
    #expect(try CronExpression(shorthand) == CronExpression(fields))
  }

  @Test(arguments: [
    ("60 0 * * *", "'60' as its minute", "0 to 59"),
    ("0 24 * * *", "'24' as its hour", "0 to 23"),
    ("0 0 0 * *", "'0' as its day-of-month", "1 to 31"),
    ("0 0 32 * *", "'32' as its day-of-month", "1 to 31"),
    ("0 0 * 13 *", "'13' as its month", "1 to 12 or jan to dec"),
    ("0 0 * mon *", "'mon' as its month", "jan to dec"),
    ("0 0 * * 8", "'8' as its day-of-week", "0 to 7"),
    ("0 0 * * funday", "'funday' as its day-of-week", "sun to sat"),
    ("0 0 * * fri-mon", "'fri-mon' as its day-of-week", "ranges a-b"),
    ("*/0 * * * *", "'*/0' as its minute", "steps"),
    ("5/10 * * * *", "'5/10' as its minute", "steps */n"),
    ("1,,2 * * * *", "'' (in '1,,2') as its minute", "lists"),
    ("1,x * * * *", "'x' (in '1,x') as its minute", "0 to 59"),
    ("-1 * * * *", "'-1' as its minute", "0 to 59"),
    ("+1 * * * *", "'+1' as its minute", "0 to 59"),
    ("*/2/3 * * * *", "'*/2/3' as its minute", "steps"),
    ("99999999999999999999 * * * *", "as its minute", "0 to 59"),
    ("0 0 * *", "has 4 fields", "minute hour day-of-month month day-of-week"),
    ("0 0 0 * * *", "has 6 fields", "needs 5"),
    ("", "has 0 fields", "needs 5"),
    ("@reboot", "'@reboot'", "@daily"),
  ])
  func errorNamesTheFieldWhatWasFoundAndWhatIsAccepted(
    _ expression: String, _ found: String, _ accepted: String
  ) throws {
    let error = try #require(throws: ScheduleError.self) { try CronExpression(expression) }
    #expect(error.message.contains(found), "\(error.message)")
    #expect(error.message.contains(accepted), "\(error.message)")
    #expect(!error.message.contains("\n"))
  }

  /// Against Foundation's calendar, minute by minute of real time.
  @Test(arguments: ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Ho_Chi_Minh"])
  func nextIsTheFirstMinuteThatTheCalendarShowsAsDue(_ name: String) throws {
    let seed = TestSeed.drawn()
    var random = SeededRandom(seed: seed)
    let zone = try #require(TimeZone(identifier: name))
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    for _ in 0..<40 {
      let minutes = Set((0..<3).map { _ in Int.random(in: 0...59, using: &random) })
      let list = minutes.map(String.init).joined(separator: ",")
      let cron = try CronExpression("\(list) * * * *")
      let start = Int64.random(in: 1_767_225_600...1_798_761_600, using: &random) * 1000
      var minute = start / 60_000 + 1
      while true {
        let date = Date(timeIntervalSince1970: Double(minute) * 60)
        if minutes.contains(calendar.component(.minute, from: date)) { break }
        minute += 1
      }
      #expect(
        cron.next(after: start, in: zone) == minute * 60_000,
        "\(list) after \(start) in \(name), seed \(seed)")
    }
  }
}
