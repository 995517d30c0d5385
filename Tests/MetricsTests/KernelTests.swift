import EventModel
import Testing

@testable import Metrics

/// The kernel against the oracle, over random streams. `POLYRHYTHM_SEED` repeats one.
@Suite struct KernelTests {
  static let latenesses: [Int64] = [600_000, 60_000, 0]

  private func log(_ seed: UInt64, _ count: Int, leaps: Bool = true) -> (SampleLog, Int64) {
    let lateness = Self.latenesses[Int(seed % 3)]
    var stream = SampleStream(seed: seed, latenessMs: lateness, leaps: leaps)
    return (stream.log(count), lateness)
  }

  @Test(arguments: kernelSeeds(36))
  func everyPrefixGivesTheOraclesRows(seed: UInt64) {
    let (log, lateness) = log(seed, 150)
    var random = SketchSeed(state: seed)
    let order = interleaving(from: [0, 0, 0], to: log.counts, burst: 4, &random)
    let run = KernelRun(log, latenessMs: lateness, sweepsAlways: seed % 2 == 0)
    for (i, topic) in order.enumerated() {
      run.fold(topic)
      guard i % 19 == 0 || i == order.count - 1 else { continue }
      let difference = run.difference(latenessMs: lateness)
      #expect(difference == nil, "seed \(seed), after \(run.next)")
      if difference != nil { return }
    }
  }

  @Test(arguments: kernelSeeds(40))
  func howTheTopicsAreInterleavedMakesNoDifference(seed: UInt64) {
    let (log, lateness) = log(seed, 300)
    var random = SketchSeed(state: seed)
    let twin = KernelTwin(log, latenessMs: lateness)
    for burst in [1, 3, 20, 1000, 1000, 1000] {
      let run = KernelRun(log, latenessMs: lateness, sweepsAlways: random.chance(50))
      run.fold(interleaving(from: [0, 0, 0], to: log.counts, burst: burst, &random))
      run.sums.drain(run.output.rollups)
      let difference = RollupSums.difference(run.sums.rows, RollupSums.rows(twin))
      #expect(difference == nil, "seed \(seed), bursts of \(burst)")
    }
  }

  @Test(arguments: kernelSeeds(20))
  func drainingAtAnyPointsAddsUpToTheSame(seed: UInt64) {
    let (log, lateness) = log(seed, 200)
    var random = SketchSeed(state: seed)
    let order = interleaving(from: [0, 0, 0], to: log.counts, burst: 4, &random)
    let once = KernelRun(log, latenessMs: lateness)
    let often = KernelRun(log, latenessMs: lateness)
    for topic in order {
      once.fold(topic)
      often.fold(topic)
      guard random.chance(15) else { continue }
      let around = Int32(log.topics[topic][often.next[topic] - 1].ts / 60_000)
      let bound = random.chance(50) ? nil : around + Int32(random.below(20)) - 10
      let waiting = often.output.rollups.count
      often.sums.drain(often.output.rollups, before: bound)
      if bound == nil { #expect(often.output.rollups.count == 0) }
      #expect(often.output.rollups.count <= waiting)
    }
    once.sums.drain(once.output.rollups)
    often.sums.drain(often.output.rollups)
    let difference = RollupSums.difference(often.sums.rows, once.sums.rows)
    #expect(difference == nil, "seed \(seed)")
    #expect(!once.sums.rows.isEmpty)
  }

  /// So a minute that has rows of a rollup may have none of the totals, where these are loaded.
  @Test func aCreditThatMovesOnceItsPageViewIsDrainedHasRowsOfSongsAlone() {
    var log = SampleLog()
    let start: Int64 = 1_767_225_600_000
    for (second, song) in [(0, "a"), (240, "b")] as [(Int64, String)] {
      log[.listen].append(
        Sample(topic: .listen, ts: start + second * 1000, item: second, song: song, duration: 400))
    }
    log[.pageView].append(
      Sample(topic: .pageView, ts: start + 360_000, item: 360, page: "Thumbs Up"))
    let run = KernelRun(log, latenessMs: 600_000)
    run.fold([0, 2])
    run.sums.drain(run.output.rollups)
    run.fold([0])
    var moved: [Rollup] = []
    for rollup in Rollup.allCases {
      run.output.rollups.drain(rollup) { cell in
        if Int64(cell.pointee.minute) * 60_000 == start + 360_000 { moved.append(rollup) }
      }
    }
    #expect(moved == [.song, .song])
  }

  @Test(arguments: kernelSeeds(10))
  func drainingBeforeABoundHandsOutTheEarlierMinutesAndKeepsTheOthers(seed: UInt64) {
    let (log, lateness) = log(seed, 200)
    let run = KernelRun(log, latenessMs: lateness)
    run.fold([Int](repeating: 1, count: log.counts[1]))
    let minutes = log[.auth].map { Int32($0.ts / 60_000) }.sorted()
    let bound = minutes[minutes.count / 2]
    for rollup in Rollup.allCases {
      run.output.rollups.drain(rollup, before: bound) {
        #expect($0.pointee.minute < bound, "seed \(seed)")
      }
      run.output.rollups.drain(rollup) { #expect($0.pointee.minute >= bound, "seed \(seed)") }
    }
  }

  @Test(arguments: kernelSeeds(10))
  func sortedDrainingHandsOutTheSameRowsByMinuteAndKey(seed: UInt64) {
    let (log, lateness) = log(seed, 200)
    let (plain, sorted) = (
      KernelRun(log, latenessMs: lateness), KernelRun(log, latenessMs: lateness)
    )
    for run in [plain, sorted] {
      for topic in 0..<3 { run.fold([Int](repeating: topic, count: log.counts[topic])) }
    }
    func order(_ run: KernelRun, _ rollup: Rollup, sorted: Bool) -> [[Int64]] {
      var rows: [[Int64]] = []
      run.output.rollups.drain(rollup, sorted: sorted) {
        rows.append([Int64($0.pointee.minute), $0.pointee.key])
      }
      return rows
    }
    for rollup in Rollup.allCases {
      let (made, ordered) = (
        order(plain, rollup, sorted: false), order(sorted, rollup, sorted: true)
      )
      #expect(ordered == made.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }, "seed \(seed), \(rollup)")
    }
  }

  @Test(arguments: kernelSeeds(20))
  func everyRecordIsCountedOrRedelivered(seed: UInt64) {
    let (log, lateness) = log(seed, 300)
    let run = KernelRun(log, latenessMs: lateness)
    for topic in 0..<3 { run.fold([Int](repeating: topic, count: log.counts[topic])) }
    let twin = KernelTwin(log, latenessMs: lateness)
    let counted = run.verdicts.filter { $0 == .counted }.count
    let outside = run.verdicts.filter { $0 == .countedOutOfWindow }.count
    #expect(counted == twin.inWindow.joined().count, "seed \(seed)")
    #expect(outside == twin.outside.joined().count, "seed \(seed)")
    let redelivered = run.verdicts.filter { $0 == .redelivered }.count
    #expect(counted + outside + redelivered == log.counts.reduce(0, +), "seed \(seed)")
  }

  /// Every rule must be at work many times in the random streams, or the streams test little.
  @Test func theRandomStreamsReachEveryRule() {
    var outcomes: [Outcome: Int] = [:]
    var outside = 0
    var redelivered = 0
    var moved = 0
    for seed in 1...60 as ClosedRange<UInt64> {
      let (log, lateness) = log(seed, 160)
      let twin = KernelTwin(log, latenessMs: lateness)
      for listen in twin.listens { outcomes[listen.outcome, default: 0] += 1 }
      outside += twin.outside.joined().count
      redelivered += log.counts.reduce(0, +)
      redelivered -= twin.inWindow.joined().count + twin.outside.joined().count
      // Leaps that were confirmed.
      for marks in twin.greatest {
        for (a, b) in zip(marks, marks.dropFirst()) {
          if let a, let b, b > a + Watermark.leap { moved += 1 }
        }
      }
    }
    for outcome in [Outcome.open, .completed, .partial, .skipped] {
      #expect(outcomes[outcome, default: 0] > 50)
    }
    #expect(outside > 200)
    #expect(redelivered > 200)
    #expect(moved > 10)
  }
}
