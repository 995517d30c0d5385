import Foundation
import Support
import Testing

/// Held against Foundation's formatter and against `date -u`.
@Suite struct ISOTimeTests {
  private static let everything = ISOTime.Form(
    fractionDigits: 1...Int.max, zoneHoursMax: 99, zoneMayLackColon: true,
    zoneMayLackMinutes: true, blankIsPlus: true, takesTableSpellings: true)

  /// From 1895 to 2104, with milliseconds and without.
  @Test func textIsThatOfFoundationAndIsReadBack() {
    let whole = ISO8601DateFormatter()
    let fractional = ISO8601DateFormatter()
    fractional.formatOptions.insert(.withFractionalSeconds)
    for number in -900..<1600 as Range<Int64> {
      let time = number * 2_640_123_000 + (number % 3 == 0 ? 0 : (number * 37 + 9000) % 1000)
      let formatter = time % 1000 == 0 ? whole : fractional
      let date = Date(timeIntervalSince1970: Double(time) / 1000)
      #expect(ISOTime.text(time) == formatter.string(from: date))
      #expect(ISOTime.parse(ISOTime.text(time)) == time)
      #expect(ISOTime.parse(ISOTime.text(time), Self.everything) == time)
    }
  }

  @Test(arguments: [0, -1, 951_782_400, 1_769_860_799, 4_102_444_800, -2_208_988_800] as [Int64])
  func textIsThatOfDate(seconds: Int64) throws {
    #expect(
      ISOTime.text(seconds * 1000)
        == (try said("date", "-u", "-d", "@\(seconds)", "+%Y-%m-%dT%H:%M:%SZ")))
    let parts = ISOTime.parts(seconds * 1000 + 7)
    #expect(try said("date", "-u", "-d", "@\(seconds)", "+%F") == parts.date)
    #expect(try said("date", "-u", "-d", "@\(seconds)", "+%T") == parts.time)
    #expect(parts.fraction == "007")
  }

  @Test(arguments: [
    "2026-01-31", "2026-01-31 12:00", "2026-01-31T12:00:00+01:30", "2000-02-29T23:59:59-11:00",
    "1969-12-31T23:59:59Z",
  ])
  func whatIsReadIsWhatDateReads(text: String) throws {
    let seconds = try #require(Int64(try said("date", "-u", "-d", text, "+%s")))
    #expect(ISOTime.parse(text) == seconds * 1000)
    #expect(ISOTime.parse(text, Self.everything) == seconds * 1000)
  }

  @Test(arguments: [
    ("1970-01-01", Int64?(0)), ("2000-02-29", 951_782_400_000), ("1969-12-31T23:59:59.999Z", -1),
    ("2026-01-31T12:00", 1_769_860_800_000), ("2026-01-31 12:00:00+01:30", 1_769_855_400_000),
    ("2026-1-31", nil), ("2026-01-31T24:00", nil), ("2026-01-31x", nil), ("", nil),
    ("1900-02-29", nil), ("2026-01-31Z", nil), ("2026-01-31T12:00:00.99Z", nil),
    ("2026-01-31T12:00:00.9999Z", nil), ("2026-01-31t12:00", nil), ("2026-01-31T12:00z", nil),
    ("2026-01-31T12:00+0130", nil), ("2026-01-31T12:00+01", nil), ("2026-01-31T12:00+24:00", nil),
    ("2026-01-31T12:60", nil), ("2026-01-31T12:00:60", nil), ("2026-01-31T12:00Z+01:00", nil),
    ("2026-01-31T12:00 UTC", nil), ("2026-01-31T12:00 01:00", nil), ("2026-00-01", nil),
  ])
  func thePlainFormTakesWhatPeopleWriteAndNothingElse(text: String, milliseconds: Int64?) {
    #expect(ISOTime.parse(text) == milliseconds)
  }

  @Test(arguments: [
    ("1970-01-01t00:00:01z", Int64?(1000)), ("1970-01-01 00:00:01 UTC", 1000),
    ("1970-01-01 01:00:00+01", 0), ("1970-01-01 01:00:00+0100", 0), ("1970-01-01T01:00 01:00", 0),
    ("1970-01-01T00:00:00.0019999999999999999999", 1), ("1970-01-01T00:00:00.", nil),
    ("1970-01-01 00:00 utc", nil), ("1970-01-01 00:00+1", nil), ("1970-01-01 00:00+01:", nil),
    ("1970-01-01T00:00-99:00", 356_400_000), ("1970-01-01T00:00Z ", nil),
  ])
  func aFormTakesWhatItNames(text: String, milliseconds: Int64?) {
    #expect(ISOTime.parse(text, Self.everything) == milliseconds)
    #expect(ISOTime.parse(text) == nil)
  }
}
