import TestKit
import Testing
import Warehouse

/// What `dim_date` and `dim_time` say of a day and a second, and the members for what is unknown.
@Suite struct CalendarTests {
  private static let database = Result { try TestDatabase.make() }

  private func rows(_ sql: String) throws -> [[String?]] {
    let rows = try Self.database.get().connect().run(sql)
    return (0..<rows.count).map { row in rows.columns.indices.map { rows.textOrNull(row, $0) } }
  }

  @Test func theHolidaysOfAYearAreThoseOfTheLaw() throws {
    let found = try rows(
      "select date from warehouse.dim_date where is_holiday and year = 2026 order by date")
    #expect(
      found.map { $0[0] } == [
        "2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-04",
        "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25",
      ])
    let wrong = try rows(
      """
      select year, count(*) from warehouse.dim_date where is_holiday
      group by year having count(*) <> case when year >= 2021 then 11 else 10 end
      """)
    #expect(wrong == [])
  }

  @Test(arguments: [
    ("2021-01-03", ["2020", "2020-W53", "2021-01", "3"]),
    ("2024-12-30", ["2025", "2025-W01", "2024-12", "365"]),
    ("2026-10-05", ["2026", "2026-W41", "2026-10", "278"]),
  ])
  func weeksBelongToTheYearOfTheirThursday(_ day: String, _ expected: [String]) throws {
    let found = try rows(
      """
      select iso_year, week_label, year_month, day_of_year from warehouse.dim_date where date = '\(day)'
      """)
    #expect(found == [expected])
  }

  @Test func everyColumnOfEveryDayHasAValue() throws {
    let gaps = try rows(
      """
      select date_key, field.name
      from warehouse.dim_date as d, jsonb_each(to_jsonb(d)) as field (name, value)
      where date_key > 0 and value = 'null'
      """)
    #expect(gaps == [])
    #expect(try rows("select count(*) from warehouse.dim_date where date_key > 0") == [["36525"]])
  }

  @Test func whatIsUnknownHasAMemberThatIsNotCurrent() throws {
    #expect(
      try rows(
        "select date, day_name, month_name, week_label from warehouse.dim_date where date_key = 0")
        == [[nil, "Unknown", "Unknown", "Unknown"]])
    #expect(
      try rows("select hour, part_of_day from warehouse.dim_time where time_key = -1") == [
        [nil, "Unknown"]
      ])
    #expect(try rows("select is_current from warehouse.dim_user where user_key = 0") == [["f"]])
    #expect(
      try rows("select page_key, page, method, status from warehouse.dim_page") == [
        ["0", "Unknown", "Unknown", nil]
      ])
  }
}
