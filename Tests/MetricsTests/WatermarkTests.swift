import Testing

@testable import Metrics

/// The examples of docs/metrics.md, and the rule against a brute-force one.
@Suite struct WatermarkTests {
  private static let day: Int64 = 86_400_000
  /// A Monday, 12:00.
  private static let noon: Int64 = 1_772_452_800_000

  private func mark(_ records: [Int64]) -> Watermark {
    var mark = Watermark()
    for record in records { mark.observe(record) }
    return mark
  }

  /// Ordinary traffic, a record a second.
  private func traffic(_ count: Int, from start: Int64 = noon) -> [Int64] {
    (0..<Int64(count)).map { start + $0 * 1000 }
  }

  @Test func oneRecordMakesNoWatermark() {
    #expect(mark([5]).greatest == nil)
  }

  @Test func twoRecordsWithinADayOfEachOtherMakeTheFirst() {
    #expect(mark([5, 5 + Self.day]).greatest == 5 + Self.day)
    #expect(mark([5 + Self.day, 5]).greatest == 5 + Self.day)
    #expect(mark([5, 6 + Self.day]).greatest == nil)
  }

  @Test func aQuietUserWhoseRecordsAreDaysApartHasOneFromTheEighthOn() {
    let records = (0..<Int64(20)).map { Self.noon + $0 * 2 * Self.day }
    #expect(mark(Array(records[..<7])).greatest == nil)
    #expect(mark(Array(records[..<8])).greatest == records[3])
    #expect(mark(records).greatest ?? 0 >= records[8])
  }

  @Test func aWildFirstRecordDoesNotMatterOnceTwoOrdinaryOnesHaveCome() {
    for records in [
      [9 * Self.day, 5, 6], [5, 9 * Self.day, 6], [9 * Self.day, 5, 20 * Self.day, 6],
    ] {
      #expect(mark(records).greatest == 6)
    }
  }

  @Test func itFollowsTheGreatestAndNeverGoesBack() {
    #expect(mark([5, 7, 6, Self.day + 7]).greatest == Self.day + 7)
  }

  @Test func thirtyTwoOfSixtyFourThatAreAheadDoNotMoveItAndThirtyThreeDo() {
    let wild = { (i: Int) in Self.noon + 9 * Self.day + Int64(i) }
    let before = traffic(64)
    let greatest = before[63]
    var mark = mark(before)
    for i in 0..<32 { mark.observe(wild(i)) }
    #expect(mark.greatest == greatest)
    mark.observe(wild(32))
    #expect(mark.greatest == wild(32))
  }

  @Test func thirtyOneWildRecordsInEachSixtyThreeNeverMoveIt() {
    var mark = mark(traffic(64))
    for round in 2..<20 {
      for i in 0..<31 { mark.observe(Self.noon + Int64(1000 + i) * Self.day) }
      let ordinary = traffic(32, from: Self.noon + Int64(round) * 60_000)
      for ts in ordinary { mark.observe(ts) }
      #expect(mark.greatest == ordinary.last)
    }
  }

  @Test func aSiteThatWasOffForAWeekPassesWithThirtyThreeRecords() {
    let back = Self.noon + 7 * Self.day
    var mark = mark(traffic(500))
    var records = 0
    while mark.greatest! < back {
      mark.observe(back + Int64(records) * 1000)
      records += 1
    }
    #expect(records == 33)
    #expect(mark.greatest == back + 32_000)
    #expect(mark.stored == "\(back + 32_000)/64/")
  }

  @Test func aWildOneAmongThoseThatComeBackIsNotWhereItLeapsTo() {
    let back = Self.noon + 7 * Self.day
    var mark = mark(traffic(64))
    mark.observe(4_000_000_000_000)
    for i in 0..<32 { mark.observe(back + Int64(i)) }
    #expect(mark.greatest == back + 31)
    // It is still there, and alone.
    for i in 0..<20 { mark.observe(back + Int64(i)) }
    #expect(mark.greatest == back + 31)
  }

  @Test func aLoneUserWithLittleGetsOverWithAsMuchAndOneMore() {
    let back = Self.noon + 7 * Self.day
    var mark = mark(traffic(5))
    for i in 0..<5 { mark.observe(back + Int64(i)) }
    #expect(mark.greatest == Self.noon + 4000)
    mark.observe(back + 5)
    #expect(mark.greatest == back + 5)
  }

  @Test func aLoneUserWhoComesEveryOtherDayGetsOverToo() {
    var mark = mark([0, 0])
    for i in 1...200 as ClosedRange<Int64> { mark.observe(i * 2 * Self.day) }
    #expect(mark.greatest! > 300 * Self.day)
  }

  @Test func isAheadSaysWhatNeedsTheMajority() {
    let mark = mark([1000, 1000])
    #expect(!mark.isAhead(1000 + Self.day))
    #expect(mark.isAhead(1001 + Self.day))
    #expect(!Watermark().isAhead(Int64.max))
  }

  @Test(arguments: kernelSeeds(200))
  func itIsWhatTheMedianOfTheLastRecordsSays(seed: UInt64) {
    var random = SketchSeed(state: seed)
    var mark = Watermark()
    var records: [Int64] = []
    var expected: Int64?
    var now: Int64 = 0
    let wild = Double(random.below(60))
    for i in 0..<400 {
      if random.chance(0.5) { now += Int64(random.below(9)) * Self.day }
      now += Int64(random.below(10_000_000))
      records.append(random.chance(wild) ? now + Int64(random.below(400)) * Self.day / 4 : now)
      mark.observe(records[i])
      expected = KernelTwin.greatest(after: Array(records.suffix(64)), expected)
      #expect(mark.greatest == expected, "seed \(seed), record \(i)")
      if mark.greatest != expected { return }
    }
  }

  @Test(arguments: kernelSeeds(30))
  func theStoredFormGivesTheSameWatermarkBack(seed: UInt64) {
    var random = SketchSeed(state: seed)
    var mark = Watermark()
    for _ in 0..<150 {
      #expect(Watermark(stored: mark.stored) == mark, "seed \(seed)")
      mark.observe(Int64(random.below(random.chance(90) ? 2 : 90)) * Self.day)
    }
  }

  @Test func theStoredFormIsShortInOrdinaryTraffic() {
    #expect(mark(traffic(64, from: 0)).stored == "63000/64/")
    #expect(Watermark().stored == "/0/")
    #expect(mark([5, 9 * Self.day]).stored == "/2/1:5,0:777600000")
  }

  @Test(arguments: [
    "", ":", "a::", "1:2:", "1:2:-3", "1:2:3:4", "1", "::3x:", "1:x:2", "/", "//", "1//", "1/65/",
    "1/-1/", "x/3/", "1/3/3:5", "1/3/0:5,1:5", "1/3/2:x", "1/3/2:5,", "1/3/2", "1/3//",
  ])
  func anotherFormIsRefused(text: String) {
    #expect(Watermark(stored: text) == nil)
  }

  @Test(arguments: [
    ("::", "/0/"), ("1767225600000::", "1767225600000/64/"),
    ("5:7:18446744073709551615", "5/64/"), (":7:0", "/0/"),
  ])
  func theFormOfEarlierVersionsStaysReadable(text: String, now: String) throws {
    #expect(try #require(Watermark(stored: text)).stored == now)
  }
}
