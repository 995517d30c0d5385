import EventLog
import EventModel
import Feed
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// The speed layer: follows the log and keeps the minute rollups of the current epoch, exactly once.
///
/// It holds no state that matters. Whatever goes wrong — a lost connection, an offset that somebody
/// else has moved — it drops everything and starts again from the committed offsets, which is also
/// what happens after `kill -9`.
public final class SpeedWorker {
  public struct Configuration: Sendable {
    public var databaseURL: String
    public var kernel = Kernel.Configuration()
    /// Seconds between flushes while there is something to flush: how old a live chart may be.
    public var flushInterval = 1.0
    /// A backlog is flushed by this many records: large enough that rows of the same minute meet
    /// before they are written, small enough for flat memory.
    public var recordsPerFlush = 150_000
    /// Seconds without anything to flush after which an empty flush says that the views are still as
    /// of now (`speed.progress.updated_at`).
    public var heartbeatInterval = 5.0
    /// Seconds between foldings of closed minutes; see `Compactor`.
    public var compactionInterval = 30.0
    /// Return when the records that were in the log at the start are committed.
    public var untilCaughtUp = false

    public init(databaseURL: String) { self.databaseURL = databaseURL }
  }

  /// What happened, for logs and progress lines.
  public enum Report: Sendable {
    /// These partition numbers are this worker's now; state was rebuilt from this many records.
    case started(partitions: [Int32], replayed: Int)
    /// Other workers have all partitions.
    case standby
    /// A flush is committed.
    case flushed(records: Int, rows: Int)
    /// Starts again after this error.
    case restarting(after: String)
  }

  private let log: any EventLog
  private let library: SQLLibrary
  private let configuration: Configuration
  private let report: @Sendable (Report) -> Void

  public init(
    log: any EventLog, library: SQLLibrary, configuration: Configuration,
    report: @escaping @Sendable (Report) -> Void = { _ in }
  ) {
    self.log = log
    self.library = library
    self.configuration = configuration
    self.report = report
  }

  /// Works until the stop is asked for (what was read is flushed first) or, with `untilCaughtUp`,
  /// until it has caught up.
  /// - Throws: `EventLogError` or `WarehouseError` that starting again cannot mend.
  public func run(stop: StopToken) throws {
    let compacting = startCompactor()
    defer { compacting.end() }
    var pause = Self.firstPause
    while !stop.isRequested {
      let begin = ContinuousClock.now
      do {
        if try runOnce(stop) { return }
        pause = Self.firstPause
      } catch let error as any UserFacingError where mayPass(error) {
        let isFenced = (error as? WarehouseError)?.code == .conflict
        if stop.isRequested {
          // Who has been fenced off has nothing left to do: its records are somebody else's.
          if isFenced { return }
          throw error
        }
        report(.restarting(after: error.message))
        // A life that went well for a while has shown that there is a server.
        if ContinuousClock.now - begin > .seconds(pause) { pause = Self.firstPause }
        if !isFenced {
          stop.wait(seconds: pause)
          pause = min(pause * 2, Self.longestPause)
        }
      }
    }
  }

  /// Whether starting again may help: a server or a broker that restarts, topics that are yet to come.
  private func mayPass(_ error: any UserFacingError) -> Bool {
    if let error = error as? WarehouseError { return error.isRetriable }
    return (error as? EventLogError)?.code == .unavailable && !configuration.untilCaughtUp
  }

  /// Seconds.
  private static let firstPause = 0.1
  private static let longestPause = 5.0

  private func startCompactor() -> Compactor.Running {
    Compactor(databaseURL: configuration.databaseURL, library: library)
      .start(interval: configuration.compactionInterval)
  }

  /// One life of the worker, from the committed offsets on.
  /// - Returns: true when the work is over, false where it should start again.
  private func runOnce(_ stop: StopToken) throws -> Bool {
    let control = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm speed")
    // A session ends some time after its connection; the next life should not have to wait for that.
    defer { _ = try? control.run(library.sql("speed/release_partitions")) }
    let claim = try claimPartitions(control)
    guard !claim.mine.isEmpty else {
      report(.standby)
      stop.wait(seconds: 1)
      return false
    }
    let starts = try readProgress(control, claim.mine)
    let output = KernelOutput()
    let feed = try KernelFeed(
      log: log, starts: starts, output: output, configuration: configuration.kernel,
      ahead: try KernelMemory(connection: control, library: library).readAhead())
    try feed.replay(isStopped: { stop.isRequested })
    if stop.isRequested { return true }
    let replayed = starts.reduce(0) { $0 + Int($1.from - $1.replay.offset) }
    report(.started(partitions: claim.mine, replayed: replayed))
    let ends = configuration.untilCaughtUp ? try endOffsets(starts) : nil

    let queue = BoundedQueue<FlushJob>(limit: 1)
    let flusher = Worker("speed-flush") { [configuration, library, report] in
      defer { queue.close(discarding: true) }
      let flusher = try Flusher(databaseURL: configuration.databaseURL, library: library)
      while let job = queue.take() {
        try flusher.flush(job)
        report(.flushed(records: job.records, rows: job.rows.reduce(0) { $0 + $1.count }))
      }
    }
    defer {
      // Whatever ends this life, no flush of it may be under way when the next one begins.
      queue.close()
      _ = try? flusher.wait()
    }
    var loop = Loop(
      committed: Dictionary(uniqueKeysWithValues: starts.map { ($0.source, $0.from) }))
    let over = try follow(feed, output, queue, &loop, stop, ends: ends) {
      // The locks on the partitions went with their session.
      if !control.isAlive { return true }
      return claim.hasAll ? false : try self.canClaimMore(control, claim)
    }
    if loop.records > 0 { _ = queue.put(loop.job(feed, output)) }
    queue.close()
    try flusher.wait()
    return over
  }

  /// What the reading thread knows of its flushes.
  private struct Loop {
    /// Where the last flush that was handed over ends.
    var committed: [TopicPartition: Int64]
    /// Records since then.
    var records = 0
    let buffer = CopyBuffer(capacity: 1 << 20)

    mutating func job(_ feed: KernelFeed, _ output: KernelOutput) -> FlushJob {
      let job = FlushJob(
        feed: feed, output: output, from: committed, records: records, buffer: buffer)
      committed = feed.positions
      records = 0
      return job
    }
  }

  /// Reads and hands over flushes until it is over.
  /// - Parameter hasToStartAgain: asked now and then: the partitions to read are other ones by now.
  /// - Returns: false where the worker should start again.
  private func follow(
    _ feed: KernelFeed, _ output: KernelOutput, _ queue: BoundedQueue<FlushJob>,
    _ loop: inout Loop, _ stop: StopToken, ends: [TopicPartition: Int64]?,
    hasToStartAgain: () throws -> Bool
  ) throws -> Bool {
    let interval = Duration.seconds(configuration.flushInterval)
    let heartbeat = Duration.seconds(
      max(configuration.heartbeatInterval, configuration.flushInterval))
    var lastFlush = ContinuousClock.now
    var nextLook = ContinuousClock.now + Self.lookInterval
    while !stop.isRequested {
      loop.records += try feed.step(wait: true)
      if let ends, feed.hasReached(ends) { return true }
      let now = ContinuousClock.now
      if loop.records >= configuration.recordsPerFlush
        || now - lastFlush >= (loop.records > 0 ? interval : heartbeat)
      {
        guard queue.put(loop.job(feed, output)) else {
          loop.records = 0
          return false
        }
        lastFlush = ContinuousClock.now
      }
      if now >= nextLook {
        if try hasToStartAgain() { return false }
        nextLook = now + Self.lookInterval
      }
    }
    return true
  }

  /// How often a worker looks whether it still has its partitions, and whether there are more to have.
  private static let lookInterval = Duration.seconds(3)

  // MARK: Partitions

  private struct Claim {
    var mine: [Int32]
    var others: [Int32]
    var hasAll: Bool { others.isEmpty }
  }

  private func claimPartitions(_ control: Connection) throws -> Claim {
    var count = 0
    for topic in Topic.allCases { count = max(count, try log.partitionCount(of: topic.name)) }
    guard count > 0 else {
      throw EventLogError(
        .unavailable,
        "\(log.url) has none of the topics listen_events, auth_events, page_view_events: "
          + "write to it first (polyrhythm generate or import)")
    }
    let sql = try library.sql("speed/claim_partition")
    var claim = Claim(mine: [], others: [])
    for partition in 0..<Int32(count) {
      if try control.run(sql, [.int(Int64(partition))]).bool(0, 0) {
        claim.mine.append(partition)
      } else {
        claim.others.append(partition)
      }
    }
    return claim
  }

  private func canClaimMore(_ control: Connection, _ claim: Claim) throws -> Bool {
    let sql = try library.sql("speed/claim_partition")
    for partition in claim.others {
      if try control.run(sql, [.int(Int64(partition))]).bool(0, 0) { return true }
    }
    return false
  }

  private func readProgress(_ control: Connection, _ partitions: [Int32]) throws
    -> [KernelFeed.Start]
  {
    let ensure = try library.sql("speed/ensure_progress")
    for topic in Topic.allCases {
      let count = try log.partitionCount(of: topic.name)
      for partition in partitions where Int(partition) < count {
        let source = TopicPartition(topic.name, partition)
        _ = try control.run(
          ensure,
          [
            .text(topic.name), .int(Int64(partition)), .int(try log.startOffset(of: source)),
            .text(Watermark().stored),
          ])
      }
    }
    let rows = try control.run(
      library.sql("speed/read_progress"), [.intArray(partitions.map { Int64($0) })])
    return try (0..<rows.count).map { row in
      let stored = try rows.text(row, 4)
      guard let watermark = Watermark(stored: stored) else {
        throw WarehouseError(
          .decoding, "speed.progress.replay_watermark is not a watermark: \(stored)")
      }
      return KernelFeed.Start(
        source: TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1))),
        replay: ReplayPoint(offset: try rows.int(row, 3), watermark: watermark),
        from: try rows.int(row, 2))
    }
  }

  private func endOffsets(_ starts: [KernelFeed.Start]) throws -> [TopicPartition: Int64] {
    var ends: [TopicPartition: Int64] = [:]
    for start in starts { ends[start.source] = try log.endOffset(of: start.source) }
    return ends
  }
}
