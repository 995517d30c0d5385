import EventModel
import Testing

@testable import Metrics

/// Strangers with wild clocks among ordinary traffic: whatever they send, all other numbers stay what
/// they are without them.
@Suite struct WildClockTests {
  private static let lateness: Int64 = 60_000
  private static let day: Int64 = 86_400_000

  /// Ordinary traffic without leaps, and the same with wild records of users that nobody has heard of.
  private func logs(_ seed: UInt64) -> (ordinary: SampleLog, mixed: SampleLog, wild: SampleLog) {
    var stream = SampleStream(seed: seed, latenessMs: Self.lateness, leaps: false)
    let ordinary = stream.log(500)
    var random = SketchSeed(state: seed)
    var mixed = SampleLog()
    var wild = SampleLog()
    for topic in Topic.allCases {
      let records = ordinary[topic]
      let count = random.pick([2, 10, 30])
      let inARow = random.chance(50)
      // Not before as many ordinary ones have come and one more: at the very start, they are the
      // majority.
      let first = 31 + random.below(records.count - 31)
      var places = (0..<count).map { _ in
        inARow ? first : 31 + random.below(records.count - 31)
      }.sorted()[...]
      for (i, record) in records.enumerated() {
        while places.first == i {
          places.removeFirst()
          let sample = stranger(topic, Int64(wild[topic].count), after: records[i - 1].ts, &random)
          wild[topic].append(sample)
          mixed[topic].append(sample)
        }
        mixed[topic].append(record)
      }
    }
    return (ordinary, mixed, wild)
  }

  private func stranger(
    _ topic: Topic, _ number: Int64, after ts: Int64, _ random: inout SketchSeed
  ) -> Sample {
    // Up to 2099, or some days; and now and then all of them the same.
    let ahead = random.pick([3, 3, 9, 4000, 26_000]) * Self.day
    var sample = Sample(topic: topic, ts: ts + ahead + Int64(random.below(3)) * 3_600_000)
    sample.user = 1_000_000 + number
    sample.session = 1_000_000 + number
    sample.song = "wild"
    sample.duration = 200
    if topic == .pageView { sample.page = random.pick(["Thumbs Up", "Home"]) }
    if topic == .auth { sample.success = true }
    return sample
  }

  /// Reads all of a log in steps, in several lives where `restarts` says so.
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

  @Test(arguments: kernelSeeds(40))
  func thirtyStrangersWithAWildClockChangeNothingButWhatTheyAdd(seed: UInt64) {
    let (ordinary, mixed, wild) = logs(seed)
    let without = run(ordinary, seed: seed, restarts: false)
    // What the wild ones add: each counts on its own.
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

  /// The example: two records of 2099 from two users.
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
