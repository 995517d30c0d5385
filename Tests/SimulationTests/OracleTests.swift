import Foundation
import TestKit
import Testing

@testable import Simulation

/// Tests of the oracle itself, against counts that are worked out by hand.
@Suite struct OracleTests {
  private func recounted(_ topics: [String: [String]]) throws -> LogRecount {
    let path = try TestDatabase.directory() + "/recount-\(UUID().uuidString)"
    for (topic, lines) in topics {
      let directory = "\(path)/\(topic)/0"
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      try lines.map { $0 + "\n" }.joined().write(
        toFile: "\(directory)/00000000000000000000.ndjson", atomically: true, encoding: .utf8)
    }
    let recount = LogRecount(path)
    try recount.follow()
    return recount
  }

  private func listen(_ item: Int, _ ts: Int, song: String = "S", duration: Int = 200) -> String {
    #"{"ts":\#(ts),"sessionId":1,"itemInSession":\#(item),"userId":"7","level":"paid","gender":"F","#
      + #""artist":"A","song":"\#(song)","duration":\#(duration)}"#
  }

  private static let start = 1_767_571_200_000

  private func total(_ recount: LogRecount, _ counter: String) -> ClosedRange<Int64> {
    let index = View.index(counter)
    let cells = recount.recount().cells.filter { $0.key.view == .totals }.values
    return cells.reduce(0) { $0 + $1.low[index] }...cells.reduce(0) { $0 + $1.high[index] }
  }

  @Test func eachIdentityCountsOnceAndWhatIsNoEventIsMalformed() throws {
    let line = listen(0, Self.start)
    let recount = try recounted([
      "listen_events": [line, line, String(line.dropLast()), "[1]", ""]
    ])
    #expect(recount.minutes.values.map { $0[View.index("listens")] } == [1])
    #expect(recount.redelivered == 1)
    #expect(recount.malformed == 2)
    // The empty line is a hole of the log: it has an offset and no record.
    #expect(recount.ends == ["listen_events/0": 5])
  }

  @Test func aPlayEndsWithTheNextOneOrWithItsSong() throws {
    let recount = try recounted([
      "listen_events": [
        listen(0, Self.start), listen(1, Self.start + 29_999), listen(2, Self.start + 60_000),
        listen(3, Self.start + 500_000),
      ]
    ])
    #expect(total(recount, "listens") == 4...4)
    #expect(total(recount, "skipped") == 1...1)
    #expect(total(recount, "partial") == 1...1)
    // The last play has not ended, because the watermark is ten minutes behind its start.
    #expect(total(recount, "completed") == 1...1)
    #expect(total(recount, "listened_ms") == 260_000...260_000)
  }

  @Test func anUnnamedThumbGoesToTheSongBeforeIt() throws {
    let thumb =
      #"{"ts":\#(Self.start + 130_000),"sessionId":1,"itemInSession":9,"userId":7,"page":"Thumbs Up","status":200}"#
    let recount = try recounted([
      "listen_events": [
        listen(0, Self.start, song: "a"), listen(1, Self.start + 100_000, song: "b"),
      ],
      "page_view_events": [thumb],
    ])
    let index = View.index("thumbs_up")
    let credited = recount.recount().cells.filter {
      $0.key.view == .song && $0.value.low[index] > 0
    }
    #expect(credited.map { recount.name($0.key.key) } == ["A|b|200000"])
  }

  @Test(arguments: [
    (#"{"a":1}"#, true), (#"{"a":[1,{"b":"\u00e9\n"}],"c":null,"d":-1.5e3,"e":true}"#, true),
    (" {} ", true), ("{", false), (#"{"a":1}x"#, false), (#"{"a":tru}"#, false), ("[]", false),
    (#"{"a":"\x"}"#, false), (#"{"a":1,}"#, false), (#"{a:1}"#, false), ("", false),
  ])
  func theReaderTakesObjectsAndNothingElse(_ line: String, _ isObject: Bool) {
    #expect((PlainJSON.object(Array(line.utf8)) != nil) == isObject, "\(line)")
  }

  /// The site was off for three days, and the oracle does not know whether the watermark has passed the gap.
  @Test func aPlayBeforeALeapThatTheCrowdMayHaveMadeIsUnclear() throws {
    let before = (0..<60).map { listen($0, Self.start + $0 * 300_000) }
    let after = (0..<30).map {
      listen($0, Self.start + 3 * 86_400_000 + $0 * 300_000)
        .replacingOccurrences(of: #""sessionId":1"#, with: #""sessionId":2"#)
    }
    let recount = try recounted(["listen_events": before + after])
    #expect(total(recount, "completed").upperBound == 90)
  }

  @Test func aClockThatIsHoursAheadIsInTimeAndEventTimeIsSureToBeThatOfTheOthers() throws {
    let ordinary = (0..<300).map { listen($0, Self.start + $0 * 10_000) }
    let wild = [5, 14].map {
      listen(0, Self.start + 1_000_000 + $0 * 3_600_000)
        .replacingOccurrences(of: #""sessionId":1"#, with: #""sessionId":\#($0)"#)
    }
    let recount = try recounted(["listen_events": ordinary[..<100] + wild + ordinary[100...]])
    #expect(total(recount, "listens") == 302...302)
    // Each play ends with the next one after ten seconds; the outcomes of the last play and of the wild ones
    // are not known.
    #expect(total(recount, "skipped") == 299...299)
    #expect(total(recount, "completed") == 0...0)
  }

  // MARK: Looks

  /// A look with these page views by minute, in every view but that of songs.
  private func look(_ pageViews: [Int64: Int64]) -> MergedViews.Look {
    var look = MergedViews.Look.none
    for (minute, count) in pageViews {
      var counters = SIMD16<Int64>(repeating: 0)
      counters[View.index("page_views")] = count
      for view in View.allCases where view != .song { look.views[view.rawValue][minute] = counters }
    }
    return look
  }

  @Test func aLookIsWrongWhereAMinuteHasLessThanBeforeOrMoreThanTheLogOrThanAnotherView() {
    let log = look([1: 2, 2: 2]).views[0]
    let before = look([1: 2, 2: 1])
    #expect(look([1: 2, 2: 2]).violations(after: before, log: log) == [])
    // The sums over both minutes are the same, but one minute has fallen.
    #expect(
      look([1: 1, 2: 2]).violations(after: before, log: log).first?.contains("after 2") == true)
    #expect(
      look([2: 3]).violations(after: .none, log: log).first?.contains("the log has 2") == true)
    var moved = look([1: 2, 2: 1])
    moved.views[View.page.rawValue] = look([1: 1, 2: 2]).views[View.page.rawValue]
    #expect(
      moved.violations(after: .none, log: log).contains {
        $0.contains("in minute_totals at the same")
      })
    var short = look([1: 2, 2: 1])
    short.rungs = [View.wholeHours: [0: look([1: 3]).views[0][1]!]]
    #expect(short.violations(after: .none, log: log) == [])
    short.rungs[View.wholeDays] = [View.page.rawValue: look([1: 2]).views[0][1]!]
    #expect(
      short.violations(after: .none, log: log) == [
        "page: page_views is 2 over all days, but 3 over all minutes"
      ])
  }
}
