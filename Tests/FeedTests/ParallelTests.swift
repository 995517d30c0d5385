import EventLog
import EventModel
import Feed
import LayerTestKit
import Metrics
import Support
import TestKit
import Testing

/// Feeds that read at the same time are one feed for their caller.
@Suite struct ParallelTests {
  private static let partitions: Int32 = 5

  private func log(seed: UInt64, gaps: Bool = true) throws -> MemoryLog {
    var random = SeededRandom(seed: seed)
    var faults = Faults.withLateRepeats
    faults.malformed = 0.02
    let log = MemoryLog(
      partitions: Int(Self.partitions), readMax: Int.random(in: 20...2000, using: &random))
    log.write(try simulated(seed: seed, users: 60, days: 2, faults: faults)) {
      gaps && random.chance(0.02) ? 1 : 0
    }
    return log
  }

  private func feeds(_ log: MemoryLog, width: Int, upToEnd: Bool = true) throws -> KernelFeeds {
    let starts = (0..<Self.partitions).flatMap { partition in
      Topic.allCases.map { topic in
        let source = TopicPartition(topic.name, partition)
        return KernelFeed.Start(
          source: source, replay: ReplayPoint(offset: 0, watermark: Watermark()), from: 0,
          end: upToEnd ? log.endOffset(of: source) : nil)
      }
    }
    return try KernelFeeds(
      log: log, starts: starts, threads: width,
      configuration: .init())
  }

  @Test(arguments: [1, 2, 3, 5, 8])
  func manyFeedsGiveWhatOneGives(_ width: Int) throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let log = try log(seed: seed)
    let feeds = try feeds(log, width: width)
    try feeds.replay()
    var random = SeededRandom(seed: seed)
    nonisolated(unsafe) var outcome = FeedOutcome()
    var taking: Worker<Void>?
    while !feeds.isFinished {
      let read = try feeds.step(wait: true)
      try #require(read > 0 || feeds.isFinished, "seed \(seed): stuck")
      // What is complete can be taken by another thread meanwhile.
      if random.chance(0.3), feeds.commonTime != Int64.min, feeds.commonTime != Int64.max {
        let bound = Int32(feeds.commonTime / 60_000) - 30
        try taking?.wait()
        let rows = feeds.take(before: bound)
        taking = Worker("test-rows") {
          outcome.add(rows.joined(), before: bound)
          rows.removeAll()
        }
      }
    }
    try taking?.wait()
    outcome.add(feeds)
    let one = try uninterrupted(log, partitions: Self.partitions)
    #expect(outcome == one, "seed \(seed)")
    #expect(one.rows.count > 500 && one.records > 1000, "seed \(seed)")
    for (source, position) in feeds.positions {
      #expect(position == log.endOffset(of: source), "seed \(seed)")
    }
    #expect(feeds.positions.count == Int(Self.partitions) * Topic.allCases.count)
  }

  @Test func whatIsGatheredHasNoRowTwice() throws {
    let log = try log(seed: 11)
    let feeds = try feeds(log, width: 4)
    try feeds.replay()
    while !feeds.isFinished { _ = try feeds.step(wait: true) }
    let waiting = feeds.rowCount
    let all = feeds.gather()
    #expect(feeds.rowCount == all.count)
    // Songs, places and devices meet, or the comparison would say little.
    #expect(all.count < waiting * 19 / 20, "\(all.count) rows of \(waiting)")
  }

  /// A partition that nothing is written to any more, in a log that is followed, must not hold the others back.
  @Test func aQuietPartitionHoldsNobodyBack() throws {
    let log = MemoryLog(partitions: Int(Self.partitions))
    let records = Array(try simulated(seed: 12, users: 40, days: 2))
    log.write(records.prefix(20))
    let feeds = try feeds(log, width: 2, upToEnd: false)
    try feeds.replay()
    let quiet: Int32 = 1
    for record in records.dropFirst(20) {
      let partition = Int32(record.key.reduce(0) { $0 + Int($1) } % Int(Self.partitions))
      guard partition != quiet else { continue }
      log.append(record.payload, to: TopicPartition(record.topic.name, partition))
    }
    let deadline = ContinuousClock.now + .seconds(60)
    var ends: [TopicPartition: Int64] = [:]
    for source in feeds.positions.keys { ends[source] = log.endOffset(of: source) }
    while !feeds.hasReached(ends) {
      _ = try feeds.step(wait: true)
      try #require(ContinuousClock.now < deadline, "\(feeds.positions) of \(ends)")
    }
  }
}
