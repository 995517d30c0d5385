import Testing

@testable import Metrics

@Suite struct WatermarkTests {
  private static let day: Int64 = 86_400_000

  private func mark(_ records: [(ts: Int64, actor: UInt64)]) -> Watermark {
    var mark = Watermark()
    for record in records { mark.observe(record.ts, actor: record.actor) }
    return mark
  }

  @Test func oneRecordMakesNoWatermark() {
    #expect(mark([(5, 1)]).greatest == nil)
  }

  @Test func twoSuccessiveRecordsWithinADayMakeTheFirst() {
    #expect(mark([(5, 1), (5 + Self.day, 1)]).greatest == 5 + Self.day)
    #expect(mark([(5 + Self.day, 1), (5, 1)]).greatest == 5 + Self.day)
    #expect(mark([(5, 1), (6 + Self.day, 1)]).greatest == nil)
    // The wild one in between is not a neighbour of either.
    #expect(mark([(5, 1), (9 * Self.day, 2), (6, 3)]).greatest == nil)
    #expect(mark([(9 * Self.day, 2), (5, 1), (6, 3)]).greatest == 6)
  }

  @Test func itFollowsTheGreatestAndNeverGoesBack() {
    #expect(mark([(5, 1), (7, 1), (6, 1), (Self.day + 7, 1)]).greatest == Self.day + 7)
  }

  @Test func aLeapOfMoreThanADayNeedsAnotherUser() {
    let leap = 1000 + Self.day + 1
    #expect(mark([(1000, 1), (1000, 1), (leap, 1)]).greatest == 1000)
    #expect(mark([(1000, 1), (1000, 1), (leap, 1), (leap + 9, 1)]).greatest == 1000)
    #expect(mark([(1000, 1), (1000, 1), (leap, 1), (leap + 9, 2)]).greatest == leap + 9)
    #expect(mark([(1000, 1), (1000, 1), (leap + 9, 1), (leap, 2)]).greatest == leap + 9)
  }

  @Test func theSecondOneMustBeWithinADayOfTheFirst() {
    let leap = 1000 + 5 * Self.day
    #expect(mark([(0, 1), (0, 1), (leap, 1), (leap + Self.day, 2)]).greatest == leap + Self.day)
    #expect(mark([(0, 1), (0, 1), (leap, 1), (leap + Self.day + 1, 2)]).greatest == 0)
    // Records of the present in between do not matter.
    #expect(mark([(0, 1), (0, 1), (leap, 1), (3, 3), (leap, 2)]).greatest == leap)
  }

  @Test func isAheadSaysWhatNeedsConfirmation() {
    let mark = mark([(1000, 1), (1000, 1)])
    #expect(!mark.isAhead(1000 + Self.day))
    #expect(mark.isAhead(1001 + Self.day))
    #expect(!Watermark().isAhead(Int64.max))
  }

  @Test(arguments: kernelSeeds(30))
  func theStoredFormGivesTheSameWatermarkBack(seed: UInt64) {
    var random = SketchSeed(state: seed)
    var mark = Watermark()
    for _ in 0..<40 {
      #expect(Watermark(stored: mark.stored) == mark, "seed \(seed)")
      mark.observe(
        Int64(random.below(8)) * Self.day, actor: random.next() >> UInt64(random.below(64)))
    }
  }

  @Test(arguments: ["", ":", "a::", "1:2:", "1:2:-3", "1:2:3:4", "1", "::3x:", "1:x:2"])
  func anotherFormIsRefused(text: String) {
    #expect(Watermark(stored: text) == nil)
  }

  @Test(arguments: [
    ("::", nil as Int64?), ("1767225600000::", 1_767_225_600_000),
    ("5:7:18446744073709551615", 5), (":7:0", nil),
  ])
  func storedFormsThatAreInDatabasesStayReadable(text: String, greatest: Int64?) throws {
    let mark = try #require(Watermark(stored: text))
    #expect(mark.greatest == greatest)
    #expect(mark.stored == text)
  }
}
