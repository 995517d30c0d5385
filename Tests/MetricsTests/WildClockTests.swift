import EventModel
import Testing

@testable import Metrics

/// Users with wild clocks among ordinary traffic: whatever they send, all other numbers must stay as they are
/// without these users.
@Suite struct WildClockTests {
  private static let lateness: Int64 = 60_000
  private static let day: Int64 = 86_400_000

  /// Ordinary traffic without leaps and pauses, and the same traffic with wild records of other users
  /// (strangers) among it.
  /// - Parameter ahead: how far a stranger's record is ahead of the record before it, given the span of the
  ///   last 96 records.
  private func logs(_ seed: UInt64, ahead: (_ span: Int64, inout SketchSeed) -> Int64)
    -> (ordinary: SampleLog, mixed: SampleLog, wild: SampleLog)
  {
    var stream = SampleStream(seed: seed, latenessMs: Self.lateness, leaps: false)
    stream.pauses = false
    let ordinary = stream.log(600)
    var random = SketchSeed(state: seed)
    var mixed = SampleLog()
    var wild = SampleLog()
    for topic in Topic.allCases {
      let records = ordinary[topic]
      let count = random.pick([2, 10, 30])
      let inARow = random.chance(50)
      // Strangers come only once the pace of the crowd is known: at the very start they would be the majority.
      let first = 64 + random.below(records.count - 64)
      var places = (0..<count).map { _ in
        inARow ? first : 64 + random.below(records.count - 64)
      }.sorted()[...]
      for (i, record) in records.enumerated() {
        while places.first == i {
          places.removeFirst()
          let times = records[max(0, i - 96)..<i].map(\.ts)
          let ts = records[i - 1].ts + ahead(times.max()! - times.min()!, &random)
          let sample = stranger(topic, Int64(wild[topic].count), ts, &random)
          wild[topic].append(sample)
          mixed[topic].append(sample)
        }
        mixed[topic].append(record)
      }
    }
    return (ordinary, mixed, wild)
  }

  private func stranger(
    _ topic: Topic, _ number: Int64, _ ts: Int64, _ random: inout SketchSeed
  ) -> Sample {
    var sample = Sample(topic: topic, ts: ts)
    sample.user = 1_000_000 + number
    sample.session = 1_000_000 + number
    sample.artist = "wild"
    sample.song = "wild"
    sample.duration = 200
    if topic == .pageView { sample.page = random.pick(["Thumbs Up", "Home"]) }
    if topic == .auth { sample.success = true }
    return sample
  }

  /// Reads a whole log in steps, with restarts between them where `restarts` is true.
  private func run(_ log: SampleLog, seed: UInt64, restarts: Bool) -> KernelRun {
    var random = SketchSeed(state: seed)
    var run = KernelRun(log, latenessMs: Self.lateness)
    while run.next != log.counts {
      let order = interleaving(from: run.next, to: log.counts, burst: 4, &random)
      run.fold(Array(order.prefix(restarts ? 1 + random.below(90) : order.count)))
      run.sums.drain(run.output.rollups)
      if restarts {
        run = KernelRun(after: run, latenessMs: Self.lateness, &random)
      }
    }
    return run
  }

  @Test(arguments: kernelSeeds(25))
  func thirtyStrangersWithAWildClockChangeNothingButWhatTheyAdd(seed: UInt64) {
    let (ordinary, mixed, wild) = logs(seed) { _, random in
      // Some days ahead, or decades, up to 2099; now and then all strangers are ahead by the same time.
      random.pick([3, 3, 9, 4000, 26_000]) * Self.day + Int64(random.below(3)) * 3_600_000
    }
    let without = run(ordinary, seed: seed, restarts: false)
    // The numbers that the strangers' records add, each counted on its own.
    let added = Kernel(
      configuration: .init(allowedLatenessMs: Self.lateness), output: without.output)
    added.beginEmitting()
    for sample in wild.topics.joined() { added.foldOutOfWindow(sample.event) }
    without.sums.drain(without.output.rollups)
    for restarts in [false, true] {
      let with = run(mixed, seed: seed, restarts: restarts)
      let difference = RollupSums.difference(with.sums.rows, without.sums.rows)
      #expect(difference == nil, "seed \(seed)")
      #expect(with.kernel.finalBefore == without.kernel.finalBefore, "seed \(seed)")
      for topic in Topic.allCases {
        #expect(with.kernel.watermark(topic) == without.kernel.watermark(topic), "seed \(seed)")
      }
    }
  }

  /// Clocks with a wrong time zone, or minutes ahead: further than the crowd's pace explains, but within the
  /// window.
  @Test(arguments: kernelSeeds(15))
  func strangersWhoAreHoursAheadChangeNothingOfAnybodyElse(seed: UInt64) {
    let (ordinary, mixed, wild) = logs(seed) { span, random in
      let hours = Int64(random.pick([0, 1, 2, 5, 9, 14])) * 3_600_000
      let ahead = max(Watermark.leastReach, 8 * span) + 60_000 + hours
      // Where records are so sparse that this is more than a day, no clock is hours ahead but in the window.
      return ahead < Self.day ? ahead : 3 * Self.day
    }
    let strangers = Set(wild.topics.joined().map { TwinKey.user($0) })
    let wildSong = TwinKey.song(wild.topics.joined().first { $0.topic == .listen }!)
    let without = run(ordinary, seed: seed, restarts: false)
    for restarts in [false, true] {
      let with = run(mixed, seed: seed, restarts: restarts)
      let twin = KernelTwin(mixed, latenessMs: Self.lateness)
      #expect(
        RollupSums.difference(with.sums.rows, RollupSums.rows(twin)) == nil, "seed \(seed)")
      for rollup in [Rollup.user, .song] {
        let others = with.sums.rows.filter {
          $0.key.rollup == rollup && !strangers.contains($0.key.key) && $0.key.key != wildSong
        }
        let expected = without.sums.rows.filter { $0.key.rollup == rollup }
        #expect(RollupSums.difference(others, expected) == nil, "seed \(seed)")
      }
      #expect(with.kernel.finalBefore == without.kernel.finalBefore, "seed \(seed)")
      for topic in Topic.allCases {
        #expect(with.kernel.watermark(topic) == without.kernel.watermark(topic), "seed \(seed)")
      }
    }
  }

  /// The example of an issue: two records of the year 2099 from two users.
  @Test func twoOf2099DoNotMakeEverythingFinal() {
    let start: Int64 = 1_772_452_800_000
    var log = SampleLog()
    for i in 0..<22 as Range<Int64> {
      log[.listen].append(
        Sample(
          topic: .listen, ts: start + i * 200_000, user: 1, session: 1, item: i, song: "a",
          duration: 200))
      if i == 10 {
        for user in 2...3 as ClosedRange<Int64> {
          log[.listen].append(
            Sample(
              topic: .listen, ts: 4_070_908_800_000 + user, user: user, session: user, song: "b",
              duration: 200))
        }
      }
    }
    let run = KernelRun(log, latenessMs: 600_000)
    run.fold([Int](repeating: 0, count: 24))
    #expect(run.kernel.finalBefore == start + 21 * 200_000 - 600_000)
    #expect(run.difference(latenessMs: 600_000) == nil)
  }
}
