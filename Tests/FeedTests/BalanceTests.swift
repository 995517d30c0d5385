import EventLog
import EventModel
import Feed
import LayerTestKit
import Metrics
import TestKit
import Testing

/// In which order the topics are read that lie apart, and that the order has no influence.
@Suite struct BalanceTests {
  private static let minute: Int64 = 60_000
  /// Half an hour, and what a few users leave between two records.
  private static let slack: Int64 = 31 * minute

  private func event(_ topic: Topic, atMinute minute: Int64, page: StaticString = "Home")
    -> LoggedRecord
  {
    var event = Event(topic: topic)
    event.ts = monday + minute * Self.minute
    event.userId = 1
    event.sessionId = 1
    event.itemInSession = minute
    switch topic {
    case .listen:
      let song: StaticString = "a"
      event.song = ByteSlice(start: song.utf8Start, count: song.utf8CodeUnitCount)
      event.duration = 30
    case .auth: event.success = true
    case .pageView: event.page = ByteSlice(start: page.utf8Start, count: page.utf8CodeUnitCount)
    }
    return LoggedRecord(event)
  }

  private func records(_ topic: Topic, _ minutes: Range<Int64>, page: StaticString = "Home")
    -> [LoggedRecord]
  {
    minutes.map { event(topic, atMinute: $0, page: page) }
  }

  /// How far the topics' event time lies apart, milliseconds; nil where one of them has not begun.
  private func distance(_ feed: KernelFeed) -> Int64? {
    let marks = feed.watermarks
    guard let a = marks[listens]?.greatest, let b = marks[pageViews]?.greatest else { return nil }
    return abs(a - b)
  }

  @Test(arguments: [1, 7, 1000])
  func topicsWithUnreadRecordsStayWithinHalfAnHourOfEachOther(_ readMax: Int) throws {
    let log = MemoryLog(readMax: readMax)
    log.write(records(.listen, 0..<1200))
    log.write(records(.pageView, 0..<1200))
    let feed = try Committed().feed(log, upToEnd: true, KernelOutput())
    try feed.replay()
    while !feed.isFinished {
      #expect(try feed.step(wait: false) > 0)
      let apart = distance(feed) ?? 0
      #expect(apart <= Self.slack, "\(apart) ms apart")
    }
    #expect(feed.counts.listens == 1200 && feed.counts.pageViews == 1200)
  }

  @Test func theTopicThatLiesBehindIsReadFirst() throws {
    let log = MemoryLog()
    log.write(records(.listen, 600..<1200))
    log.write(records(.pageView, 0..<1200))
    let feed = try Committed().feed(log, upToEnd: true, KernelOutput())
    try feed.replay()
    var largest: Int64 = 0
    while !feed.isFinished {
      let wasBehind = (feed.positions[pageViews] ?? 0) < 500
      _ = try feed.step(wait: false)
      // The few that say where the topic lies.
      if wasBehind { largest = max(largest, feed.positions[listens] ?? 0) }
    }
    #expect(largest < 60, "\(largest) listens before the page views of hours before")
    #expect(feed.counts.listens == 600 && feed.counts.pageViews == 1200)
  }

  /// One wild clock must not make its topic look ahead, and so hold it up, once its pace is known.
  @Test func aRecordFromTheFutureHoldsNoTopicUp() throws {
    let log = MemoryLog(readMax: 1)
    var wild = records(.listen, 0..<300)
    wild.insert(event(.listen, atMinute: 20 * 60), at: 60)
    log.write(wild)
    log.write(records(.pageView, 0..<300))
    let feed = try Committed().feed(log, upToEnd: true, KernelOutput())
    try feed.replay()
    while !feed.isFinished {
      _ = try feed.step(wait: false)
      #expect(distance(feed) ?? 0 <= Self.slack)
    }
    #expect(feed.counts.listens == 301 && feed.counts.pageViews == 300)
  }

  @Test func topicsWithoutARecordHoldNothingUp() throws {
    let log = MemoryLog(partitions: 3)
    for record in records(.listen, 0..<100) { log.append(record.payload, to: listens) }
    let output = KernelOutput()
    let feed = try Committed().feed(log, partitions: 3, output)
    try feed.replay()
    while try feed.step(wait: false) > 0 {}
    #expect(feed.counts.listens == 100)
    #expect(feed.positions.count == 9 && feed.positions[listens] == 100)
    #expect(feed.watermarks.keys.sorted() == [listens])
    #expect(feed.hasReached([listens: 100]) && !feed.hasReached([listens: 100, auths: 1]))
    #expect(feed.finalBefore != nil)
  }

  @Test func anEmptyLogIsReadAtOnce() throws {
    let feed = try Committed().feed(MemoryLog(), upToEnd: true, KernelOutput())
    try feed.replay()
    #expect(feed.isFinished && feed.finalBefore == nil && feed.commonTime == Int64.max)
    #expect(try feed.step(wait: false) == 0)
    #expect(feed.counts == FeedCounts())
    #expect(feed.replayPoints().values.allSatisfy { $0.offset == 0 })
  }

  @Test func nothingIsReadBeyondTheEnd() throws {
    let log = MemoryLog()
    log.write(records(.listen, 0..<50))
    let feed = try Committed().feed(log, upToEnd: true, KernelOutput())
    log.write(records(.listen, 50..<80) + records(.auth, 0..<10))
    try feed.replay()
    while !feed.isFinished { _ = try feed.step(wait: false) }
    #expect(try feed.step(wait: false) == 0)
    #expect(feed.positions == [listens: 50, auths: 0, pageViews: 0])
    #expect(feed.counts.records == 50)
  }

  @Test func aTopicThatComesBackAfterDaysIsCountedAtOnceWhereItAsksForNoPast() throws {
    let log = MemoryLog()
    let output = KernelOutput()
    log.write(records(.listen, 0..<2) + records(.auth, 0..<2))
    log.write(records(.listen, 2..<5000))
    let feed = try Committed().feed(log, forgets: true, output)
    try feed.replay()
    while try feed.step(wait: false) > 0 {}
    log.write(records(.auth, 4990..<5000) + records(.pageView, 4990..<5000))
    while try feed.step(wait: false) > 0 {}
    #expect(!feed.needsHistory)
    var outcome = FeedOutcome()
    outcome.add(feed, output)
    #expect(try outcome == uninterrupted(log))
    #expect(outcome.auths == 12 && outcome.pageViews == 10)
  }

  /// Thumbs belong to songs that were played days ago, by event time.
  @Test(arguments: [true, false])
  func aTopicThatComesBackWithDaysOldRecordsIsCountedByAFeedThatReadsThatPast(
    knowsPlaces: Bool
  ) throws {
    let log = MemoryLog()
    log.write(records(.listen, 0..<5000))
    var committed = Committed()
    var outcome = FeedOutcome()
    var output = KernelOutput()
    var feed = try committed.feed(log, forgets: true, output)
    try feed.replay()
    while try feed.step(wait: false) > 0 {}
    log.write(records(.pageView, 0..<5000, page: "Thumbs Up"))
    while try feed.step(wait: false) > 0 {}
    #expect(feed.needsHistory)
    #expect(feed.positions[pageViews] == 0)

    outcome.add(feed, output)
    committed.advance(feed)
    #expect(committed.points[listens].map { $0.count > 10 } == true)
    if !knowsPlaces { committed.points = [:] }
    output = KernelOutput()
    feed = try committed.feed(log, forgets: true, output)
    try feed.replay()
    #expect(output.rollups.count == 0)
    while try feed.step(wait: false) > 0 {}
    #expect(!feed.needsHistory && feed.positions[pageViews] == 5000)
    outcome.add(feed, output)
    let whole = try uninterrupted(log)
    #expect(outcome == whole)
    #expect(whole.total(.thumbsUp) == 5000)
    let credited = whole.rows.filter { $0.key.rollup == .song && $0.key.key != 0 }
      .reduce(0) { $0 + $1.value.counts[Counter.thumbsUp.rawValue] }
    #expect(credited == 5000)
  }
}
