import EventLog
import EventModel
import Foundation
import Metrics

/// Feeds that read at the same time, each some partition numbers of its own into an output of its own: kernels share
/// nothing, and rows are additive. For its caller it is one feed, used by one thread.
///
/// A step lets every feed read some records, and returns when all of them have. Between two steps nothing runs, so
/// that the caller may use the outputs; `gather` brings the rows of all of them together where they meet.
public final class KernelFeeds {
  /// Records that a feed reads in a step, about: enough for the feeds' different paces to even out, and few enough for
  /// the outputs to be looked at often.
  private static let recordsPerStep = 8192
  /// Milliseconds of event time that a feed may be ahead of another one. Only rows of times that all feeds have passed can
  /// be written.
  private static let slack: Int64 = 3_600_000

  /// As many threads as the machine has processors for, eight at most: beyond, the rows that meet cost more than the threads
  /// save.
  public static var usefulThreads: Int {
    max(1, min(8, ProcessInfo.processInfo.activeProcessorCount))
  }

  private let feeds: [KernelFeed]
  private let outputs: [KernelOutput]
  /// Where rows of the outputs are moved to when they are taken.
  private let spares: [RollupSet]
  private var rotation = 0

  /// Opens a reader for each start. Partition numbers are dealt to the feeds in turn.
  /// - Parameters:
  ///   - threads: how many feeds there are at most; a feed that would have no partition is not made.
  ///   - hoursBefore: as `RollupSet` has it.
  ///   - configure: gets each kernel before it gets any record, and the number of its feed, from 0.
  ///   - log, starts, configuration, ahead, history: as `KernelFeed` has them.
  /// - Throws: as `KernelFeed` does.
  public init(
    log: any EventLog, starts: [KernelFeed.Start], threads: Int, hoursBefore: Int32 = Int32.min,
    configuration: Kernel.Configuration, ahead: [TopicPartition: [CountedAhead]] = [:],
    history: @escaping (TopicPartition, Int64) throws -> ReplayPoint? = { _, _ in nil },
    configure: @escaping (Kernel, _ feed: Int) -> Void = { _, _ in }
  ) throws(EventLogError) {
    let partitions = Set(starts.map(\.source.partition)).sorted()
    let width = max(1, min(threads, partitions.count))
    let outputs = (0..<width).map { _ in
      let output = KernelOutput()
      output.rollups.hoursBefore = hoursBefore
      return output
    }
    var feeds: [KernelFeed] = []
    for number in 0..<width {
      let own = Set(partitions.enumerated().filter { $0.offset % width == number }.map(\.element))
      feeds.append(
        try KernelFeed(
          log: log, starts: starts.filter { own.contains($0.source.partition) },
          output: outputs[number], configuration: configuration, ahead: ahead, history: history
        ) { configure($0, number) })
    }
    self.outputs = outputs
    spares = outputs.map { _ in RollupSet() }
    self.feeds = feeds
  }

  /// Rebuilds the kernels' state, as `KernelFeed.replay` does. One feed after the other, as all ask one `history`.
  public func replay(isStopped: () -> Bool = { false }) throws {
    for feed in feeds { try feed.replay(isStopped: isStopped) }
  }

  /// Lets every feed fold some records.
  /// - Parameters:
  ///   - wait: whether to wait up to 10 ms where no record is there.
  ///   - limit: about how many records all feeds together may read; a feed reads a batch at least.
  /// - Returns: the number of records folded or quarantined; 0 where none came, or where `needsHistory`.
  /// - Throws: `EventLogError` where the log cannot be read.
  public func step(wait: Bool, atMost limit: Int = Int.max) throws -> Int {
    if needsHistory { return 0 }
    guard feeds.count > 1 else { return try feeds[0].step(wait: wait) }
    let least = feeds.map(\.openTime).min() ?? Int64.max
    let bound = least == Int64.max || least == Int64.min ? Int64.max : least + Self.slack
    let share = min(Self.recordsPerStep, limit / feeds.count)
    let read = try concurrently(feeds.count) { [feeds] number in
      try feeds[number].steps(atMost: share, until: bound)
    }.reduce(0, +)
    if read > 0 || !wait { return read }
    rotation += 1
    return try feeds[rotation % feeds.count].step(wait: true)
  }

  // MARK: Outputs

  /// Rows that wait in the outputs.
  public var rowCount: Int { outputs.reduce(0) { $0 + $1.rollups.count } }

  /// Brings the rows of all outputs together, those of one time and key added up.
  /// - Returns: the set that has them now.
  public func gather() -> RollupSet { RowsOfFeeds(sets: outputs.map(\.rollups)).joined() }

  /// Takes rows out of the outputs, for another thread to bring them together while the feeds go on.
  /// - Parameter bound: only rows of minutes before this one (minutes since 1970); nil for all rows.
  /// - Returns: what must have been emptied before the next call.
  public func take(before bound: Int32?) -> RowsOfFeeds {
    for (output, spare) in zip(outputs, spares) { output.rollups.move(to: spare, before: bound) }
    return RowsOfFeeds(sets: spares)
  }

  /// The members that the outputs have met since the last call.
  public func takeMembers() -> NewMembers {
    outputs.reduce(into: NewMembers()) { $0.append($1.members.take()) }
  }

  // MARK: What the feeds say, taken together

  /// True when the next record of a feed asks for a past that its kernels have not read (`KernelFeed.needsHistory`).
  public var needsHistory: Bool { feeds.contains { $0.needsHistory } }

  /// True when every partition has been read up to its end; never true while one follows the log.
  public var isFinished: Bool { feeds.allSatisfy(\.isFinished) }

  /// True when every partition has been read up to its own end, or up to its end in `ends` where it has none.
  public func hasReached(_ ends: [TopicPartition: Int64]) -> Bool {
    feeds.allSatisfy { $0.hasReached(ends) }
  }

  /// What came of the records so far.
  public var counts: FeedCounts { feeds.reduce(into: FeedCounts()) { $0.add($1.counts) } }

  /// The event time, in milliseconds since 1970, that every partition with records left has reached. `Int64.max` when no
  /// partition has records left.
  public var commonTime: Int64 { feeds.map(\.commonTime).min() ?? Int64.max }

  /// Minutes that begin before this (milliseconds since 1970) are complete, but for events later than allowed; nil where
  /// nothing has come at all.
  public var finalBefore: Int64? { feeds.compactMap(\.finalBefore).min() }

  /// One past the last record read, for every partition.
  public var positions: [TopicPartition: Int64] { joined(\.positions) }

  /// The watermark of each partition, without those whose event time has not begun.
  public var watermarks: [TopicPartition: Watermark] { joined(\.watermarks) }

  /// Where reading each partition again must begin to rebuild the kernels' present state.
  public func replayPoints() -> [TopicPartition: ReplayPoint] { joined { $0.replayPoints() } }

  /// The events that were counted ahead of the crowd. Call after `replayPoints`.
  public func countedAhead() -> [TopicPartition: [CountedAhead]] { joined { $0.countedAhead() } }

  /// Places that the partitions can be read again from, found since the last call.
  public func takeReplayPoints() -> [TopicPartition: [ReplayPoint]] {
    joined { $0.takeReplayPoints() }
  }

  /// The records quarantined since the last call.
  public func takeQuarantined() -> [QuarantinedRecord] { feeds.flatMap { $0.takeQuarantined() } }

  /// Forgets what of the past nobody can ask for any more. To be called now and then where `replayPoints` is not, to keep
  /// memory flat.
  public func forgetPast() { _ = replayPoints() }

  /// Gives the fact rows of plays that are still open to the kernels' fact sinks.
  public func reportOpenPlays() { for feed in feeds { feed.reportOpenPlays() } }

  private func joined<Value>(
    _ values: (KernelFeed) -> [TopicPartition: Value]
  ) -> [TopicPartition: Value] {
    feeds.reduce(into: [:]) { $0.merge(values($1)) { first, _ in first } }
  }

  // MARK: Deferred records

  /// Whether deferred records are kept whole for `takeDeferredRecords`, and not as offsets in `deferred`.
  public var keepsDeferredRecords: Bool {
    get { feeds[0].keepsDeferredRecords }
    set { for feed in feeds { feed.keepsDeferredRecords = newValue } }
  }

  /// The offsets of all out-of-window records read so far, by partition, in offset order.
  public var deferred: [TopicPartition: [Int64]] { joined(\.deferred) }

  /// The records deferred since the last call; of feeds that keep them.
  public func takeDeferredRecords() -> [DeferredRecord] {
    feeds.flatMap { $0.takeDeferredRecords() }
  }

  /// Reads records again that were deferred by their offsets, as `KernelFeed.readDeferred` does.
  public func readDeferred(_ source: TopicPartition, at offsets: ArraySlice<Int64>)
    throws(EventLogError) -> [DeferredRecord]
  {
    try feeds[0].readDeferred(source, at: offsets)
  }

  /// Counts those of the deferred records that are new, and notes the others as redelivered.
  /// - Parameter verdicts: one for each record, in the same order.
  /// - Throws: where a record is no event, which one that was deferred is.
  public func settleDeferred(_ records: [DeferredRecord], as verdicts: [DeferredVerdict])
    throws(DecodingFailure)
  {
    precondition(
      records.count == verdicts.count,
      "\(verdicts.count) verdicts on \(records.count) deferred records")
    for feed in feeds {
      let own = records.indices.filter { feed.kernels[records[$0].source.partition] != nil }
      try feed.settleDeferred(own.map { records[$0] }, as: own.map { verdicts[$0] })
    }
  }

  /// The identity that the kernels know an event by.
  public func identity(of event: Event) -> Int64 { feeds[0].identity(of: event) }
}

extension KernelFeed {
  /// The event time, in milliseconds since 1970, of the partition that is furthest behind among those that have further
  /// records for certain; `Int64.max` where none has.
  fileprivate var openTime: Int64 { inputs.filter(\.isOpen).map(\.progress).min() ?? Int64.max }

  /// Steps until about so many records are read, the feed is ahead of an event time, or no record is there.
  fileprivate func steps(atMost limit: Int, until bound: Int64) throws(EventLogError) -> Int {
    var read = 0
    while openTime <= bound {
      let count = try step(wait: false)
      read += count
      if count == 0 || read >= limit { break }
    }
    return read
  }
}
