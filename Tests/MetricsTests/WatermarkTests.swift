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
  }

  @Test func aWildOneAmongThoseThatComeBackIsNotWhereItLeapsTo() {
    let back = Self.noon + 7 * Self.day
    var mark = mark(traffic(64))
    mark.observe(4_000_000_000_000)
    for i in 0..<32 { mark.observe(back + Int64(i)) }
    #expect(mark.greatest == back + 31)
    // The wild record is still among the last records, but alone.
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

  @Test func afterALeapOverRecordsOutOfTheWindowTheFarthestIsTheNextOneInIt() {
    let back = Self.noon + 7 * Self.day
    var mark = mark(traffic(500))
    for i in 0..<33 as Range<Int64> { mark.observe(back + i * 1000) }
    #expect(mark.greatest == back + 32_000)
    #expect(mark.farthest == Self.noon + 499_000)
    // The record is earlier than event time, but within the window.
    mark.observe(back + 10_000)
    #expect(mark.farthest == back + 10_000)
    #expect(mark.greatest == back + 32_000)
  }

  // MARK: Hours ahead

  @Test func aClockThatIsHoursAheadMovesNothingAndIsInTheWindow() {
    var mark = mark(traffic(64))
    for hours in [1, 5, 14, 23] as [Int64] {
      let ts = Self.noon + hours * 3_600_000
      mark.observe(ts)
      #expect(mark.greatest == Self.noon + 63_000)
      #expect(mark.farthest == ts)
    }
    mark.observe(Self.noon + 64_000)
    #expect(mark.greatest == Self.noon + 64_000)
    #expect(mark.farthest == Self.noon + 23 * 3_600_000)
  }

  @Test func clocksThatAreEachSomewhatAheadOfTheLastOneDoNotGetFarTogether() {
    var mark = mark(traffic(64))
    for i in 1...31 as ClosedRange<Int64> { mark.observe(Self.noon + 63_000 + i * 240_000) }
    #expect(mark.greatest! <= Self.noon + 63_000 + Watermark.leastReach)
  }

  @Test func afterAnHourWithoutRecordsBusyTrafficIsThereWithThirtyThree() {
    let back = Self.noon + 3_600_000
    var mark = mark(traffic(500))
    for i in 0..<32 as Range<Int64> { mark.observe(back + i) }
    #expect(mark.greatest == Self.noon + 499_000)
    mark.observe(back + 32)
    #expect(mark.greatest == back + 32)
  }

  @Test func whereRecordsAreMinutesApartHoursWithoutThemAreNothingUnusual() {
    var mark = mark((0..<100).map { Self.noon + $0 * 600_000 })
    let back = Self.noon + 100 * 600_000 + 10 * 3_600_000
    mark.observe(back)
    #expect(mark.greatest == back)
  }

  @Test func whatWasSparseInTheNightIsBusyAgainWithinThirtyTwoRecords() {
    var mark = mark((0..<100).map { Self.noon + $0 * 600_000 })
    let morning = Self.noon + 100 * 600_000
    for ts in traffic(96, from: morning) { mark.observe(ts) }
    mark.observe(morning + 2 * 3_600_000)
    #expect(mark.greatest == morning + 95_000)
  }

  @Test func recordsThatComeDaysLateDoNotHoldItBack() {
    var mark = mark(traffic(64))
    for i in 0..<500 as Range<Int64> { mark.observe(Self.noon - 2 * Self.day + i) }
    mark.observe(Self.noon + 200_000)
    #expect(mark.greatest == Self.noon + 200_000)
  }

  @Test(arguments: kernelSeeds(150))
  func itIsWhatTheMedianOfTheLastRecordsSays(seed: UInt64) {
    var random = SketchSeed(state: seed)
    var mark = Watermark()
    var expected = TwinMark()
    var now: Int64 = 0
    let wild = Double(random.below(60))
    let step = random.pick([1000, 60_000, 10_000_000])
    let unit = random.pick([600_000, 3_600_000, Self.day / 4])
    for i in 0..<400 {
      if random.chance(0.5) { now += Int64(random.below(9)) * Self.day }
      if random.chance(1) { now += Int64(random.below(9)) * unit }
      now += Int64(random.below(step))
      var ts = random.chance(wild) ? now + Int64(random.below(400)) * unit : now
      if random.chance(5) { ts -= Int64(random.below(50)) * unit }
      mark.observe(ts)
      expected.take(ts)
      #expect(mark.greatest == expected.greatest, "seed \(seed), record \(i)")
      if mark.greatest != expected.greatest { return }
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
    // Further records move both watermarks alike.
    var again = Watermark(stored: mark.stored)
    for _ in 0..<70 {
      let ts = Int64(random.below(99)) * Self.day / 4
      mark.observe(ts)
      again?.observe(ts)
    }
    #expect(again == mark, "seed \(seed)")
  }

  @Test func theStoredFormSaysWhereTheCrowdIsAndHowFarItMayGo() {
    #expect(mark([5, 7, 6]).stored == "7/0/86399998/1/-2,0,-1")
    #expect(Watermark().stored == "////")
    #expect(mark([5, 9 * Self.day]).stored == "////5,777600000")
  }

  @Test(arguments: [
    "", ":", "a::", "1:2:3:4", "1", "x/3/", "/", "1/2", "1/2/3/4", "1/2/3/4/5/6", "1/2/3/4/x",
    "1/2/3/32/5", "1/2/3/-1/5", "/2/3/4/5", "1//3/4/5", "////1,",
    "////1,2,3,4,5,6,7,8",
    "1/0/0/0/" + String(repeating: "1,", count: 64) + "1",
  ])
  func anotherFormIsRefused(text: String) {
    #expect(Watermark(stored: text) == nil)
  }

  @Test(arguments: [
    ("::", nil), ("1767225600000::", 1_767_225_600_000), ("5:7:18446744073709551615", 5),
    (":7:0", nil), ("/2/1:5,0:777600000", nil), ("1767225600000/64/", 1_767_225_600_000),
  ])
  func theFormsOfEarlierVersionsStayReadable(text: String, greatest: Int64?) throws {
    var mark = try #require(Watermark(stored: text))
    #expect(mark.greatest == greatest)
    guard let greatest else { return }
    // A single record years ahead moves nothing, and a record hours ahead moves event time, as before.
    mark.observe(greatest + 900 * Self.day)
    #expect(mark.greatest == greatest)
    mark.observe(greatest + 20 * 3_600_000)
    #expect(mark.greatest == greatest + 20 * 3_600_000)
  }
}
