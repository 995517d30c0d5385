import EventLog
import EventModel
import Feed
import LayerTestKit
import Metrics
import TestKit
import Testing

/// There is no state store: a feed that takes over gives what one that never stopped would have given.
@Suite struct RestartTests {
  @Test(arguments: 0..<8)
  func whatIsReadInManyLivesIsWhatAnUninterruptedFeedGives(_ number: UInt64) throws {
    let seed = TestSeed.drawn() + number
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    var faults = Faults.withLateRepeats
    faults.malformed = 0.02
    var records = try simulated(seed: seed, users: 30, days: 2.5, faults: faults)
    // Clocks that are a day ahead: the same events come again when their time has come.
    for _ in 0..<40 {
      let early = Int.random(in: 64..<records.count / 2, using: &random)
      let later = Int.random(in: records.count * 3 / 4..<records.count, using: &random)
      records.insert(records[later], at: early)
    }
    let log = MemoryLog(partitions: 2, readMax: Int.random(in: 1...200, using: &random))
    var committed = Committed()
    var outcome = FeedOutcome()
    var (written, lives) = (0, 0)
    repeat {
      let count = min(records.count - written, Int.random(in: 0...600, using: &random))
      log.write(records[written..<written + count]) {
        random.chance(0.05) ? Int64.random(in: 1...3, using: &random) : 0
      }
      written += count
      let output = KernelOutput()
      let feed = try committed.feed(
        log, partitions: 2, upToEnd: random.chance(0.3), forgets: random.chance(0.5), output)
      try feed.replay()
      #expect(output.rollups.count == 0, "seed \(seed)")
      for _ in 0..<Int.random(in: 0...40, using: &random) where !feed.isFinished {
        // Asking for what is to be committed changes nothing.
        if random.chance(0.2) { _ = feed.replayPoints() }
        _ = try feed.step(wait: false)
      }
      outcome.add(feed, output)
      committed.advance(feed)
      lives += 1
    } while try written < records.count || !isRead(committed, log)
    let whole = try uninterrupted(log, partitions: 2)
    #expect(outcome == whole, "seed \(seed), \(lives) lives")
    #expect(lives > 2 && whole.rows.count > 500 && !whole.quarantined.isEmpty, "seed \(seed)")
  }

  private func isRead(_ committed: Committed, _ log: MemoryLog) throws -> Bool {
    committed.next.allSatisfy { $0.value == log.endOffset(of: $0.key) }
  }

  @Test func replayEmitsNothingBeforeTheNextOffset() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var faults = Faults()
    faults.malformed = 0.05
    let records = try simulated(seed: seed, users: 10, faults: faults)
    let log = MemoryLog()
    log.write(records[..<(records.count / 2)])
    let output = KernelOutput()
    let first = try Committed().feed(log, upToEnd: true, output)
    try first.replay()
    while !first.isFinished { _ = try first.step(wait: false) }
    var committed = Committed()
    committed.advance(first)
    // From the beginning, malformed records and all, and not only from where it has to.
    committed.replays = [:]
    let again = KernelOutput()
    let feed = try committed.feed(log, again)
    try feed.replay()
    #expect(feed.positions == committed.next, "seed \(seed)")
    #expect(again.rollups.count == 0 && feed.counts == FeedCounts(), "seed \(seed)")
    #expect(feed.takeQuarantined().isEmpty, "seed \(seed)")
    #expect(feed.watermarks == first.watermarks, "seed \(seed)")
    #expect(feed.finalBefore == first.finalBefore, "seed \(seed)")
    #expect(try feed.step(wait: false) == 0)
  }

  @Test func aReplayThatIsStoppedLeavesTheRestUnreadAndEmitsNothing() throws {
    let log = MemoryLog()
    log.write(try simulated(seed: 3, users: 10))
    var committed = Committed()
    for source in [listens, auths, pageViews] { committed.next[source] = log.endOffset(of: source) }
    let output = KernelOutput()
    let feed = try committed.feed(log, output)
    var asked = 0
    try feed.replay {
      asked += 1
      return asked == 4
    }
    #expect(asked == 4)
    #expect(feed.positions.values.reduce(0, +) < committed.next.values.reduce(0, +))
    #expect(output.rollups.count == 0)
  }

  @Test func aLogThatIsShorterThanWhatWasCommittedIsRefused() throws {
    let log = MemoryLog()
    log.append([], to: listens)
    var committed = Committed()
    committed.next[listens] = 2
    let error = #expect(throws: EventLogError.self) { try committed.feed(log, KernelOutput()) }
    #expect(error?.code == .diverged)
  }

  @Test func aTopicThatIsNoneOfTheThreeIsRefused() throws {
    let start = KernelFeed.Start(
      source: TopicPartition("songs", 0), replay: ReplayPoint(offset: 0, watermark: Watermark()),
      from: 0)
    let error = #expect(throws: EventLogError.self) {
      try KernelFeed(
        log: MemoryLog(), starts: [start], output: KernelOutput(), configuration: .init())
    }
    #expect(error?.code == .badURL)
  }
}
