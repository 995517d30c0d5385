import EventModel
import Testing

@testable import Metrics

/// The worked examples of docs/metrics.md, with the numbers written out.
@Suite struct PlayRuleTests {
  private static let start: Int64 = 1_767_225_600_000
  private static let minute = start / 60_000

  private func listen(
    _ second: Double, _ duration: Double?, song: String = "a", user: Int64? = 1, item: Int64 = 0
  ) -> Sample {
    Sample(
      topic: .listen, ts: Self.start + Int64(second * 1000), user: user, item: item, song: song,
      duration: duration)
  }

  private func view(_ second: Double, _ page: String, song: String = "", user: Int64? = 1) -> Sample
  {
    Sample(
      topic: .pageView, ts: Self.start + Int64(second * 1000), user: user, song: song, page: page)
  }

  private func rows(_ listens: [Sample], _ views: [Sample] = []) -> [RowKey: RollupSums.Sum] {
    let run = KernelRun(SampleLog(topics: [listens, [], views]), latenessMs: 600_000)
    run.fold([Int](repeating: 0, count: listens.count))
    run.fold([Int](repeating: 2, count: views.count))
    run.sums.drain(run.output.rollups)
    return run.sums.rows
  }

  private func total(
    _ rows: [RowKey: RollupSums.Sum], _ counter: Counter, minute: Int64 = minute
  ) -> Int64 {
    rows[RowKey(rollup: .totals, minute: minute, key: 0)]?.counts[counter.rawValue] ?? 0
  }

  private func song(_ rows: [RowKey: RollupSums.Sum], _ sample: Sample, _ counter: Counter) -> Int64
  {
    let key = RowKey(rollup: .song, minute: sample.ts / 60_000, key: TwinKey.song(sample))
    return rows[key]?.counts[counter.rawValue] ?? 0
  }

  /// Somebody else's listens that move the watermark to `second`.
  private func passing(_ second: Double) -> [Sample] {
    [listen(second + 600, 1, user: 99), listen(second + 600, 1, user: 98)]
  }

  @Test(arguments: [
    (29.999, Counter.skipped), (30, .partial), (179.999, .partial), (180, .completed),
    (199, .completed), (200, .completed),
  ])
  func theNextListenDecidesHowAPlayOf200SecondsEnded(next: Double, outcome: Counter) {
    let rows = rows([listen(0, 200), listen(next, 200, song: "b", item: 1)])
    #expect(total(rows, outcome) == 1)
    #expect(total(rows, .listenedMs) == Int64(next * 1000))
    for other in Measure.endedPlays where other != outcome { #expect(total(rows, other) == 0) }
  }

  @Test func aPlayIsHeardNoLongerThanItsDuration() {
    let rows = rows([listen(0, 200), listen(500, 200, item: 1)])
    #expect(total(rows, .completed) == 1)
    #expect(total(rows, .listenedMs) == 200_000)
  }

  @Test func aShortSongLeftAfterItsNinthTenthIsCompletedNotSkipped() {
    #expect(total(rows([listen(0, 20), listen(18, 200, item: 1)]), .completed) == 1)
    #expect(total(rows([listen(0, 20), listen(17.999, 200, item: 1)]), .skipped) == 1)
  }

  @Test func withoutANextListenAPlayIsOpenUntilTheWatermarkPassesItsEnd() {
    let before = rows([listen(0, 200)] + passing(199))
    #expect(total(before, .listens) == 1)
    #expect(Measure.endedPlays.map { total(before, $0) } == [0, 0, 0])
    let after = rows([listen(0, 200)] + passing(200))
    #expect(total(after, .completed) == 1)
    #expect(total(after, .listenedMs) == 200_000)
  }

  @Test func theOutcomeCountsInTheMinuteInWhichThePlayStarted() {
    let rows = rows([listen(59, 200), listen(119, 200, item: 1)])
    #expect(total(rows, .partial) == 1)
    #expect(total(rows, .partial, minute: Self.minute + 1) == 0)
  }

  @Test func aListenThatComesLateButInTimeCorrectsTheOutcome() {
    let late = listen(10, 200, song: "b", item: 1)
    let rows = rows([listen(0, 200), listen(100, 200, song: "c", item: 2), late])
    #expect(total(rows, .skipped) == 1)
    #expect(song(rows, listen(0, 200), .skipped) == 1)
    #expect(song(rows, listen(0, 200), .listenedMs) == 10_000)
    #expect(song(rows, late, .partial) == 1)
    #expect(song(rows, late, .listenedMs) == 90_000)
  }

  @Test func aPlayOfUnknownLengthIsHeardUntilTheNextListenWithinAnHour() {
    #expect(total(rows([listen(0, nil), listen(29, 1, item: 1)]), .skipped) == 1)
    #expect(total(rows([listen(0, nil), listen(3599, 1, item: 1)]), .listenedMs) == 3_599_000)
    let never = rows([listen(0, nil), listen(3600, 1, item: 1)])
    #expect(total(never, .partial) == 1)
    #expect(total(never, .listenedMs) == 0)
    #expect(total(rows([listen(0, 0), listen(29, 1, item: 1)]), .skipped) == 1)
  }

  @Test func guestsAndUsersOfOneSessionNumberAreDifferentSessions() {
    let rows = rows([listen(0, 200, user: nil), listen(5, 200, user: 1), listen(6, 200, user: 2)])
    #expect(total(rows, .listens) == 3)
    #expect(total(rows, .skipped) == 0)
  }

  @Test func aListenBehindTheWatermarkIsClosedAtOnceAndEndsNoOther() {
    // The watermark is at second 400; the play of second 395 is still open.
    let known = rows([listen(995, 200), listen(1000, 1, user: 99), listen(399, 100, item: 1)])
    #expect(total(known, .completed, minute: Self.minute + 6) == 1)
    #expect(total(known, .listenedMs, minute: Self.minute + 6) == 100_000)
    let unknown = rows([listen(995, 200), listen(1000, 1, user: 99), listen(399, nil, item: 1)])
    #expect(total(unknown, .partial, minute: Self.minute + 6) == 1)
    #expect(total(unknown, .listenedMs, minute: Self.minute + 6) == 0)
  }

  @Test func aRedeliveryCountsOnce() {
    #expect(total(rows([listen(0, 200), listen(0, 200)]), .listens) == 1)
    #expect(total(rows([], [view(0, "Home"), view(0, "Home")]), .pageViews) == 1)
  }

  @Test func aThumbsUpIsTheLastSongsInItsOwnMinute() {
    let a = listen(0, 200)
    let b = listen(100, 200, song: "b", item: 1)
    let thumb = view(130, "Thumbs Up")
    let rows = rows([a, b], [thumb])
    var credited = b
    credited.ts = thumb.ts
    #expect(song(rows, credited, .thumbsUp) == 1)
    #expect(song(rows, b, .thumbsUp) == 0)
    #expect(song(rows, a, .thumbsUp) == 0)
    #expect(total(rows, .thumbsUp, minute: Self.minute + 2) == 1)
  }

  @Test func aListenThatComesAfterAThumbsUpTakesItOver() {
    let b = listen(100, 200, song: "b", item: 1)
    let c = listen(120, 200, song: "c", item: 2)
    let thumb = view(130, "Thumbs Up")
    let run = KernelRun(SampleLog(topics: [[b, c], [], [thumb]]), latenessMs: 600_000)
    var songs: [Int64] = []
    for topic in [0, 2, 0] {
      run.fold(topic)
      run.sums.drain(run.output.rollups)
      songs = [b, c].map { sample in
        var credited = sample
        credited.ts = thumb.ts
        return song(run.sums.rows, credited, .thumbsUp)
      }
      if topic == 2 { #expect(songs == [1, 0]) }
    }
    #expect(songs == [0, 1])
  }

  @Test(arguments: [(3600.0, Int64(1)), (3600.001, 0)])
  func theLastSongIsRememberedForAnHour(second: Double, credit: Int64) {
    let rows = rows([listen(0, 200)], [view(second, "Share")])
    var credited = listen(0, 200)
    credited.ts = Self.start + Int64(second * 1000)
    #expect(song(rows, credited, .shares) == credit)
    #expect(total(rows, .shares, minute: credited.ts / 60_000) == 1)
  }

  @Test func aPageViewThatNamesItsSongIsThatSongs() {
    let rows = rows([listen(0, 200)], [view(1, "Thumbs Down", song: "c")])
    #expect(song(rows, view(1, "", song: "c"), .thumbsDown) == 1)
    #expect(song(rows, listen(0, 200), .thumbsDown) == 0)
  }

  @Test func onlyPagesThatSayIsAnErrorAreErrors() {
    var samples = [399, 400, 404, 500].enumerated().map { i, status in
      var sample = view(Double(i), "Home")
      sample.status = Int32(status)
      return sample
    }
    samples.append(view(9, "Home"))
    let rows = rows([], samples)
    #expect(total(rows, .pageViews) == 5)
    #expect(total(rows, .errors) == 3)
  }

  @Test func rowsOfTheSameTextsAreOneRow() {
    var named = view(0, "Home")
    named.gender = "unknown"
    named.status = 0
    let rows = rows([], [named, view(1, "Home")])
    #expect(rows.keys.filter { $0.rollup == .audience }.count == 1)
    #expect(rows.keys.filter { $0.rollup == .page }.count == 1)
  }
}
