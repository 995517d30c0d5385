import EventModel
import Testing

@testable import Metrics

/// There is no state store, so a kernel that reads again from the replay points must give the same rows as a
/// kernel that never stopped.
@Suite struct ReplayTests {
  @Test(arguments: kernelSeeds(60))
  func aChainOfRestartsEmitsWhatAnUninterruptedKernelEmits(seed: UInt64) {
    let lateness = KernelTests.latenesses[Int(seed % 3)]
    var stream = SampleStream(seed: seed, latenessMs: lateness)
    let log = stream.log(240)
    var random = SketchSeed(state: seed)
    var run = KernelRun(log, latenessMs: lateness)
    var replayed = 0
    while run.next != log.counts {
      let order = interleaving(
        from: run.next, to: log.counts, burst: random.pick([1, 4, 1000]), &random)
      let stretch = random.below(min(order.count, 60)) + 1
      for topic in order.prefix(stretch) {
        run.fold(topic)
        // Workers ask for the replay point at every flush, which must change nothing.
        if random.chance(10) {
          _ = run.kernel.replayPoint(
            Topic.allCases[topic], next: SampleLog.offset(run.next[topic]))
        }
      }
      let difference = run.difference(latenessMs: lateness)
      #expect(difference == nil, "seed \(seed), at \(run.next)")
      if difference != nil { return }
      run = KernelRun(
        after: run, latenessMs: lateness, sweepsAlways: random.chance(50), &random)
      #expect(run.output.rollups.count == 0, "seed \(seed): replay must emit nothing")
      replayed += run.verdicts.count
    }
    #expect(run.difference(latenessMs: lateness) == nil, "seed \(seed)")
    #expect(replayed > 0)
  }

  /// Topics are followed while no unread records are known. The kernel forgets records that lie too far back,
  /// reports it when a record needs one of them, and the next kernel begins further back.
  @Test(arguments: kernelSeeds(60))
  func whatAsksForAForgottenPastIsCountedByAKernelThatReadsIt(seed: UInt64) {
    let lateness = KernelTests.latenesses[Int(seed % 3)]
    var stream = SampleStream(seed: seed, latenessMs: lateness)
    let log = stream.log(240)
    var random = SketchSeed(state: seed)
    var run = KernelRun(log, latenessMs: lateness, sweepsAlways: true, isQuiet: true)
    var restarts = 0
    while run.next != log.counts {
      let order = interleaving(
        from: run.next, to: log.counts, burst: random.pick([4, 100, 1000]), &random)
      for topic in order {
        guard run.fold(topic) == .needsHistory else { continue }
        run.sums.drain(run.output.rollups)
        run = KernelRun(
          after: run, latenessMs: lateness, sweepsAlways: true, isQuiet: random.chance(80), &random)
        restarts += 1
        #expect(run.fold(topic) != .needsHistory, "seed \(seed) at \(run.next)")
      }
      let difference = run.difference(latenessMs: lateness)
      #expect(difference == nil, "seed \(seed), at \(run.next), after \(restarts) restarts")
      if difference != nil { return }
    }
  }

  @Test func theRandomStreamsDoReachBack() {
    var restarts = 0
    for seed in 1...30 as ClosedRange<UInt64> {
      var stream = SampleStream(seed: seed, latenessMs: 60_000)
      let log = stream.log(240)
      var random = SketchSeed(state: seed)
      var run = KernelRun(log, latenessMs: 60_000, isQuiet: true)
      run.fold([Int](repeating: 2, count: log.counts[2] / 4))
      run.fold([Int](repeating: 0, count: log.counts[0]))
      run = KernelRun(after: run, latenessMs: 60_000, isQuiet: true, &random)
      if run.hasReachedBack { restarts += 1 }
    }
    #expect(restarts > 5)
  }

  @Test(arguments: kernelSeeds(20))
  func theReplayedKernelHasTheSameWatermarksAndTheSameFinalBound(seed: UInt64) {
    var stream = SampleStream(seed: seed, latenessMs: 60_000)
    let log = stream.log(200)
    var random = SketchSeed(state: seed)
    let run = KernelRun(log, latenessMs: 60_000)
    let order = interleaving(from: [0, 0, 0], to: log.counts, burst: 4, &random)
    run.fold(Array(order.prefix(random.below(order.count))))
    let again = KernelRun(after: run, latenessMs: 60_000, &random)
    for topic in Topic.allCases {
      #expect(again.kernel.watermark(topic) == run.kernel.watermark(topic), "seed \(seed)")
    }
    #expect(again.kernel.finalBefore == run.kernel.finalBefore, "seed \(seed)")
  }

  @Test func onASteadyStreamTheReplayReachesBackByAnHourAndTheLateness() {
    var log = SampleLog()
    // Ten hours of plays of 200 s, one a minute, in sessions of ten minutes.
    for i in 0..<600 as Range<Int64> {
      let ts = 1_767_225_600_000 + i * 60_000
      log[.listen].append(
        Sample(
          topic: .listen, ts: ts, user: i / 10, session: i / 10, item: i % 10, song: "a",
          duration: 200))
      log[.pageView].append(
        Sample(topic: .pageView, ts: ts, user: i / 10, session: i / 10, item: i % 10, page: "Home"))
    }
    let run = KernelRun(log, latenessMs: 600_000)
    for _ in 0..<600 {
      run.fold(0)
      run.fold(2)
    }
    let listens = run.kernel.replayPoint(.listen, next: SampleLog.offset(600))
    let views = run.kernel.replayPoint(.pageView, next: SampleLog.offset(600))
    // The 600 records less those of 10 min of lateness, of the hour that page views look back, and of the 2 min
    // to which the index is exact.
    #expect((525...530).contains(SampleLog.index(listens.offset)))
    #expect((585...590).contains(SampleLog.index(views.offset)))
  }

  /// The first copy lies before the replay point, and the second copy after it.
  @Test func aRedeliveryThatClaimsALongerPlayIsNotTakenForTheFirstDeliveryAfterARestart() {
    let start: Int64 = 1_767_225_600_000
    var log = SampleLog()
    func listen(minute: Int64, session: Int64, duration: Double) {
      log[.listen].append(
        Sample(
          topic: .listen, ts: start + minute * 60_000, user: session, session: session, item: 1,
          song: "a", duration: duration))
      log[.pageView].append(
        Sample(
          topic: .pageView, ts: start + minute * 60_000, user: session, session: session, item: 2,
          page: "Home"))
    }
    for minute in 1...3 as ClosedRange<Int64> {
      listen(minute: -minute, session: -minute, duration: 10)
    }
    listen(minute: 0, session: 1, duration: 10)
    listen(minute: 5, session: 2, duration: 10)
    listen(minute: 0, session: 1, duration: 4000)
    for minute in 6...74 as ClosedRange<Int64> {
      listen(minute: minute, session: minute, duration: 10)
    }
    let before = log[.listen].count
    for minute in 75...99 as ClosedRange<Int64> {
      listen(minute: minute, session: minute, duration: 10)
    }

    var random = SketchSeed(state: 1)
    var run = KernelRun(log, latenessMs: 600_000)
    for _ in 0..<before {
      run.fold(Int(Topic.listen.rawValue))
      run.fold(Int(Topic.pageView.rawValue))
    }
    run.sums.drain(run.output.rollups)
    let point = run.kernel.replayPoint(.listen, next: SampleLog.offset(before))
    #expect(SampleLog.index(point.offset) == 4)
    run = KernelRun(after: run, latenessMs: 600_000, &random)
    #expect(!run.hasReachedBack)
    run.fold(interleaving(from: run.next, to: log.counts, burst: 2, &random))
    #expect(run.difference(latenessMs: 600_000) == nil)
  }

  /// A listen whose clock is hours ahead lies before the replay point, although event time had not reached it.
  @Test func aPageViewOfAClockThatIsHoursAheadFindsItsSongAfterARestart() {
    let start: Int64 = 1_767_225_600_000
    let hour: Int64 = 3_600_000
    var log = SampleLog()
    func listen(_ ts: Int64, session: Int64, song: String) {
      log[.listen].append(
        Sample(
          topic: .listen, ts: ts, user: session, session: session, item: Int64(log[.listen].count),
          song: song,
          duration: 200))
    }
    for i in 0..<64 as Range<Int64> {
      log[.pageView].append(
        Sample(topic: .pageView, ts: start + i, user: i, session: i, page: "Home"))
    }
    for ts in stride(from: start, to: start + 10 * hour, by: 20_000) {
      listen(ts, session: 1, song: "a")
    }
    listen(start + 13 * hour - 400_000, session: 2, song: "ahead")
    for ts in stride(from: start + 13 * hour, to: start + 20 * hour, by: 20_000) {
      listen(ts, session: 1, song: "a")
    }
    var random = SketchSeed(state: 1)
    let listens = Int(Topic.listen.rawValue)
    let views = Int(Topic.pageView.rawValue)
    var run = KernelRun(log, latenessMs: 60_000, isQuiet: true)
    run.fold([Int](repeating: views, count: 64))
    run.fold([Int](repeating: listens, count: log[.listen].count))
    run.sums.drain(run.output.rollups)
    run = KernelRun(after: run, latenessMs: 60_000, isQuiet: true, &random)
    // The page view comes only now.
    log[.pageView].append(
      Sample(
        topic: .pageView, ts: start + 13 * hour - 300_000, user: 2, session: 2, page: "Thumbs Up"))
    run.log = log
    while run.next != log.counts {
      guard run.fold(views) == .needsHistory else { continue }
      run.sums.drain(run.output.rollups)
      run = KernelRun(after: run, latenessMs: 60_000, isQuiet: false, &random)
    }
    #expect(run.difference(latenessMs: 60_000) == nil)
  }

  @Test func aTopicWithoutRecordsIsReadFromWhereItIs() {
    let kernel = Kernel(configuration: .init(), output: KernelOutput())
    let point = kernel.replayPoint(.auth, next: 41)
    #expect(point == ReplayPoint(offset: 41, watermark: Watermark()))
  }
}
