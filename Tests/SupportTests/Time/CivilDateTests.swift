import Foundation
import Support
import Testing

@Suite struct CivilDateTests {
  @Test func daysAreThoseOfFoundationsCalendar() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    // From 1895 to 2104.
    for number in stride(from: Int64(-27_000), to: 49_000, by: 13) {
      let date = Date(timeIntervalSince1970: Double(number) * 86_400)
      let parts = calendar.dateComponents([.year, .month, .day], from: date)
      let civil = CivilDate(daysSince1970: number)
      #expect(civil.year == parts.year!)
      #expect(civil.month == parts.month!)
      #expect(civil.day == parts.day!)
      #expect(civil.daysSince1970 == number)
    }
  }

  /// Foundation's calendar is the Julian one before 1582; this one is not.
  @Test func yearsBefore1582AreCountedBackByTheSameRule() {
    var date = CivilDate(year: 2000, month: 3, day: 1)
    var number = date.daysSince1970
    for _ in 0..<900_000 {
      number -= 1
      date.day -= 1
      if date.day == 0 {
        date.month = date.month == 1 ? 12 : date.month - 1
        if date.month == 12 { date.year -= 1 }
        date.day = CivilDate.days(in: date.month, of: date.year)
      }
      if CivilDate(daysSince1970: number) != date || date.daysSince1970 != number {
        Issue.record("\(date) is not day \(number)")
        return
      }
    }
    #expect(date.year < 0)
  }

  @Test(arguments: [
    (2024, 2, 29, true), (2023, 2, 29, false), (1900, 2, 29, false), (2000, 2, 29, true),
    (2026, 4, 31, false), (2026, 12, 31, true), (2026, 13, 1, false), (2026, 0, 1, false),
    (2026, 1, 0, false),
  ])
  func aDayIsOneOfItsMonth(year: Int64, month: Int64, day: Int64, isValid: Bool) {
    #expect(CivilDate(year: year, month: month, day: day).isValid == isValid)
  }
}
