import EventLog
import Feed
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// One life of a worker: it follows its partitions from their committed offsets until its claim changes.
///
/// One thread reads and counts, and hands flushes over to another thread, which commits them.
final class SpeedLife {
  private let log: any EventLog
  private let library: SQLLibrary
  private let configuration: SpeedWorker.Configuration
  private let membership: Membership
  private let report: @Sendable (SpeedWorker.Report) -> Void
  private let stop: StopToken

  private let feed: KernelFeeds
  private let late: LateEvents
  /// One for each feed.
  private let plays: [PlayRows]
  private let actions: [ActionRows]
  private let buffer = CopyBuffer(capacity: 1 << 20)
  /// The offsets at which the last flush that was handed over ends.
  private var committed: [TopicPartition: Int64]
  /// Records read since that flush.
  private var records = 0
  private var marks = WatermarkMarks()
  /// What had come of the records of all flushes that were handed over.
  private var told = FeedCounts()

  init(
    log: any EventLog, library: SQLLibrary, configuration: SpeedWorker.Configuration,
    membership: Membership, connection: Connection, starts: [KernelFeed.Start], stop: StopToken,
    report: @escaping @Sendable (SpeedWorker.Report) -> Void
  ) throws {
    self.log = log
    self.library = library
    self.configuration = configuration
    self.membership = membership
    self.stop = stop
    self.report = report
    let memory = KernelMemory(connection: connection, library: library)
    let plays = (0..<max(1, configuration.threads)).map { _ in PlayRows() }
    self.plays = plays
    let actions = plays.map { _ in ActionRows() }
    self.actions = actions
    feed = try KernelFeeds(
      log: log, starts: starts, threads: configuration.threads,
      configuration: configuration.kernel,
      ahead: try memory.readAhead(sinceLoads: true),
      history: memory.replayPoint(_:before:)
    ) { kernel, number in
      kernel.defersOutOfWindow = true
      kernel.plays = plays[number]
      kernel.actions = actions[number]
    }
    feed.keepsDeferredRecords = true
    late = LateEvents(
      log: log, library: library, connection: connection,
      allowedLatenessMs: configuration.kernel.allowedLatenessMs, sign: membership.sign)
    committed = Dictionary(uniqueKeysWithValues: starts.map { ($0.source, $0.from) })
    movePresent()
  }

  /// Page views and logins before the present get no rows of their own.
  private func movePresent() {
    let now = Date().timeIntervalSince1970
    let since = Int64(exactly: ((now - configuration.presentSeconds) * 1000).rounded())
    for rows in actions { rows.since = since ?? Int64.min }
  }

  /// Follows the log until the stop is asked for, the ends are reached, or the worker should claim anew. All
  /// records that were read are committed when this returns.
  /// - Parameter ends: the offsets at which the work is over; nil follows the log.
  func run(until ends: [TopicPartition: Int64]?) throws {
    let queue = BoundedQueue<FlushJob>(limit: 1)
    let name = membership.sessionName("polyrhythm speed flush")
    let flusher = Worker("speed-flush") { [configuration, library, log, membership, report] in
      defer { queue.close(discarding: true) }
      let flusher = try Flusher(
        databaseURL: configuration.databaseURL, library: library, applicationName: name)
      while var job = queue.take() {
        membership.sign()
        let begin = ContinuousClock.now
        try job.secure(in: log)
        try flusher.flush(&job, sign: membership.sign)
        flusher.note(seconds: (ContinuousClock.now - begin) / .seconds(1))
        // After the fact: the database is what counts, and this is for those who watch the log.
        log.note(
          progress: Dictionary(uniqueKeysWithValues: job.advances.map { ($0.source, $0.next) }),
          of: SpeedWorker.group)
        membership.sign()
        report(.flushed(records: job.records, rows: job.rows.reduce(0) { $0 + $1.count }))
      }
    }
    defer {
      // Whatever ends this life, none of its flushes may be under way when the next life begins.
      queue.close()
      _ = try? flusher.wait()
    }
    try feed.replay(isStopped: { [stop, membership] in
      membership.sign()
      return stop.isRequested
    })
    if stop.isRequested { return }
    try follow(queue, ends)
    if records > 0 { _ = queue.put(try job()) }
    queue.close()
    try flusher.wait()
  }

  /// Reads, and hands flushes over to the other thread, until this life is over.
  private func follow(_ queue: BoundedQueue<FlushJob>, _ ends: [TopicPartition: Int64]?) throws {
    let interval = Duration.seconds(configuration.flushInterval)
    let heartbeat = Duration.seconds(
      max(configuration.heartbeatInterval, configuration.flushInterval))
    var lastFlush = ContinuousClock.now
    while !stop.isRequested {
      membership.sign()
      // In steps that add no more than some of the rows that a flush may have.
      records += try feed.step(
        wait: true,
        atMost: min(
          configuration.recordsPerFlush - records, max(1, configuration.rowsPerFlush / 20)))
      if let ends, feed.hasReached(ends) { return }
      // The next record asks for more of the past than this life has read; the next life will read it.
      if feed.needsHistory { return }
      if membership.isChangeDue { return }
      let sinceFlush = ContinuousClock.now - lastFlush
      if records >= configuration.recordsPerFlush
        || rowCount >= configuration.rowsPerFlush
        || sinceFlush >= (records > 0 ? interval : heartbeat)
      {
        guard queue.put(try job()) else {
          // The flusher has failed; waiting for it throws its error.
          records = 0
          return
        }
        lastFlush = ContinuousClock.now
      }
    }
  }

  /// Rows that a flush would have by now, about: those of rollups, and those that plays and others have one by one.
  private var rowCount: Int {
    feed.rowCount + plays.reduce(0) { $0 + $1.buffer.rowCount }
      + actions.reduce(0) { $0 + $1.buffer.rowCount }
  }

  private func job() throws -> FlushJob {
    let deferred = feed.takeDeferredRecords()
    let judgement = try late.judge(deferred, identity: feed.identity(of:))
    try feed.settleDeferred(deferred, as: judgement.verdicts)
    var job = FlushJob(
      feed: feed, from: committed, records: records, plays: plays, actions: actions,
      buffer: buffer)
    movePresent()
    job.late = judgement.counted
    job.marks = marks.due(feed)
    job.replayPoints = feed.takeReplayPoints()
    job.reached = reached()
    let counts = feed.counts
    job.counts = counts.since(told)
    told = counts
    committed = feed.positions
    records = 0
    return job
  }

  private func reached() -> [FlushJob.Reached] {
    feed.watermarks.compactMap { source, watermark in
      watermark.greatest.map {
        FlushJob.Reached(
          source: source, greatest: $0,
          watermark: $0 - configuration.kernel.allowedLatenessMs)
      }
    }
    // Always in one order, so that two workers' transactions cannot wait for each other in a circle.
    .sorted { $0.source < $1.source }
  }
}
