import EventLog
import EventModel
import Feed
import TestKit
import Testing

@testable import Metrics

let listens = TopicPartition("listen_events", 0)
let auths = TopicPartition("auth_events", 0)
let pageViews = TopicPartition("page_view_events", 0)

/// What two feeds must agree on that have read the same records, in whatever pieces.
struct FeedOutcome: Equatable {
  struct Row: Hashable {
    var rollup: Rollup
    var minute: Int32
    var key: Int64
  }

  struct Sum: Equatable {
    var counts = [Int64](repeating: 0, count: Counter.allCases.count)
    var sketches = [DistinctSketch](repeating: DistinctSketch(), count: Distinct.allCases.count)

    var isZero: Bool { counts.allSatisfy { $0 == 0 } && sketches.allSatisfy(\.isEmpty) }
  }

  struct Aside: Hashable {
    var source: TopicPartition
    var offset: Int64
    var raw: [UInt8]
  }

  private(set) var rows: [Row: Sum] = [:]
  private(set) var quarantined: [Aside] = []
  private(set) var listens = 0
  private(set) var auths = 0
  private(set) var pageViews = 0
  private(set) var redelivered = 0
  private(set) var absent = 0

  var records: Int { listens + auths + pageViews + redelivered + quarantined.count }

  /// Adds what a feed has put out since it was last asked; call once for a feed, at its end.
  mutating func add(_ feed: KernelFeed, _ output: KernelOutput) {
    add(output.rollups)
    add(feed.counts, feed.takeQuarantined())
  }

  /// Adds what feeds that read at the same time have put out since they were last asked; call once, at their end.
  mutating func add(_ feeds: KernelFeeds) {
    add(feeds.gather())
    add(feeds.counts, feeds.takeQuarantined())
  }

  /// Adds rows, and takes them from their set.
  mutating func add(_ set: RollupSet, before bound: Int32? = nil) {
    for rollup in Rollup.allCases {
      set.drain(rollup, before: bound) { cell in
        let row = Row(rollup: rollup, minute: cell.pointee.minute, key: cell.pointee.key)
        var sum = rows[row] ?? Sum()
        for counter in rollup.counters { sum.counts[counter.rawValue] += cell.value(counter) }
        for distinct in rollup.distincts {
          sum.sketches[distinct.rawValue].formUnion(cell.sketch(distinct).pointee)
        }
        // What was taken back adds up to nothing.
        rows[row] = sum.isZero ? nil : sum
      }
    }
  }

  private mutating func add(_ counts: FeedCounts, _ records: [QuarantinedRecord]) {
    quarantined += records.map { Aside(source: $0.source, offset: $0.offset, raw: $0.raw) }
    quarantined.sort { ($0.source, $0.offset) < ($1.source, $1.offset) }
    listens += counts.listens
    auths += counts.auths
    pageViews += counts.pageViews
    redelivered += counts.redelivered
    absent += counts.absent
  }

  /// Sum of a counter over all minutes.
  func total(_ counter: Counter) -> Int64 {
    rows.filter { $0.key.rollup == .totals }.reduce(0) {
      $0 + $1.value.counts[counter.rawValue]
    }
  }
}

/// What one life of a feed leaves to the next: what a database keeps between them.
struct Committed {
  var next: [TopicPartition: Int64] = [:]
  var replays: [TopicPartition: ReplayPoint] = [:]
  var ahead: [TopicPartition: [CountedAhead]] = [:]
  /// All that were found so far, as `history` is asked for them.
  var points: [TopicPartition: [ReplayPoint]] = [:]

  init() {}

  /// Takes over from the feed, whose output has been added up.
  mutating func advance(_ feed: KernelFeed) {
    next = feed.positions
    replays = feed.replayPoints()
    ahead = feed.countedAhead()
    for (source, found) in feed.takeReplayPoints() { points[source, default: []] += found }
  }

  /// A feed that goes on from here.
  /// - Parameters:
  ///   - end: read up to the log's present end instead of following it.
  ///   - forgets: the kernels forget at once what they may, as they do with much to remember.
  func feed(
    _ log: any EventLog, partitions: Int32 = 1, upToEnd: Bool = false, forgets: Bool = false,
    _ output: KernelOutput
  ) throws -> KernelFeed {
    let sources = (0..<partitions).flatMap { partition in
      Topic.allCases.map { TopicPartition($0.name, partition) }
    }
    let starts = try sources.map { source in
      KernelFeed.Start(
        source: source, replay: replays[source] ?? ReplayPoint(offset: 0, watermark: Watermark()),
        from: next[source] ?? 0, end: upToEnd ? try log.endOffset(of: source) : nil)
    }
    return try KernelFeed(
      log: log, starts: starts, output: output, configuration: .init(), ahead: ahead,
      history: { [points] source, time in
        points[source]?.last { $0.watermark.farthest < time }
      }, configure: { if forgets { $0.sweepFloor = -1_000_000 } })
  }
}

/// What a feed gives that reads all of the log in one life.
func uninterrupted(_ log: any EventLog, partitions: Int32 = 1) throws -> FeedOutcome {
  let output = KernelOutput()
  let feed = try Committed().feed(log, partitions: partitions, upToEnd: true, output)
  try feed.replay()
  while !feed.isFinished {
    let read = try feed.step(wait: true)
    // It knows what is unread, and so forgets nothing that is asked for.
    try #require(read > 0 || feed.isFinished)
  }
  var outcome = FeedOutcome()
  outcome.add(feed, output)
  return outcome
}

extension MemoryLog {
  /// A user's records go to one partition number of all topics.
  func write(_ records: some Sequence<LoggedRecord>, gap: () -> Int64 = { 0 }) {
    let partitions = partitionCount(of: listens.topic)
    for record in records {
      let partition = record.key.reduce(0) { $0 + Int($1) } % partitions
      append(
        record.payload, to: TopicPartition(record.topic.name, Int32(partition)), gap: gap())
    }
  }
}
