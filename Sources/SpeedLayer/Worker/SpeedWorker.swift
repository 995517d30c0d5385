import EventLog
import Feed
import Metrics
import StarSchema
import Support
import Warehouse

/// The speed layer: follows the log and keeps the minute rollups of the current epoch, exactly once.
///
/// The worker holds no state that matters. Whatever goes wrong — a lost connection, an offset that somebody
/// else has moved — the worker drops everything and starts again from the committed offsets, which is also
/// what happens after `kill -9`.
public final class SpeedWorker: Sendable {
  /// How a worker works; all but the database has a default.
  public struct Configuration: Sendable {
    /// The warehouse, as a connection URL of libpq.
    public var databaseURL: String
    /// The allowed lateness. It must be that of the loads: the layers must agree on every number.
    public var kernel = Kernel.Configuration()
    /// How many threads count, each some of the worker's partitions. Half of the processors are left to the server, which
    /// writes each second what they have counted (docs/decisions/0018).
    public var threads = max(1, KernelFeeds.usefulThreads / 2)
    /// Seconds between flushes while there is something to flush: how old a live chart may be.
    public var flushInterval = 1.0
    /// A flush has at most about so many records when there is a backlog: enough that rows of the same
    /// minute are added up before they are written, and few enough for flat memory.
    public var recordsPerFlush = 150_000
    /// And about so many rows, which is less of a site with few listeners: hardly any of its rows are of one minute and key.
    /// Two flushes are in memory at a time as bytes and a third one as it is made: some 80 MB.
    public var rowsPerFlush = 100_000
    /// Seconds without anything to flush after which an empty flush says that the views are still as
    /// of now (`speed.progress.updated_at`).
    public var heartbeatInterval = 5.0
    /// How old page views and logins may be, in seconds, that are kept one by one until they are loaded. What a backlog has of older
    /// ones is not worth the time: nobody asks for its seconds.
    public var presentSeconds = 3600.0
    /// Seconds between looks at the catalogue's topics.
    public var catalogueInterval = 1.0
    /// Seconds between foldings of what flushes have appended; see `Compactor`.
    public var compactionInterval = 15.0
    /// Whether `run` returns when the records that were in the log at its start are committed, by this worker
    /// or another.
    public var untilCaughtUp = false
    /// Whether to go on where the log has dropped records before they were counted: they are noted in
    /// `warehouse.lost_range`. Otherwise their partition waits for a load that has them from the lake.
    public var acceptsLoss = false
    /// Seconds without a renewal of its lease after which the others take a worker's partitions.
    public var lease = 8.0
    /// Seconds between looks at the other workers, the log's partitions and the loads.
    public var lookInterval = 2.0
    /// Seconds without a sign of work after which a worker lets go of its partitions: a call to the database
    /// may never return.
    public var silence = 20.0

    /// The defaults, for this database.
    public init(databaseURL: String) { self.databaseURL = databaseURL }
  }

  /// What happened, for logs and progress lines.
  public enum Report: Sendable {
    /// These partition numbers are this worker's now; its state is rebuilt from this many records.
    case started(partitions: [Int32], replayed: Int)
    /// Other workers have all partitions.
    case standby
    /// These partition numbers wait for the load with this run number: the load counts records that no worker
    /// had counted, and moves the speed layer's offsets behind them when it publishes.
    case waiting(partitions: [Int32], load: Int64)
    /// The log has dropped the records of these offsets before the speed layer counted them; their partition
    /// waits for a load that takes the records from the lake.
    case lost(LostRange)
    /// The worker went on behind these records, as `acceptsLoss` has it.
    case passed(LostRange)
    /// The log has none of the topics yet.
    case noTopics
    /// A topic has more partitions than before, so that users move between partitions.
    case partitionsAdded(topic: String, from: Int, to: Int)
    /// A flush is committed: so many records were read for it, and so many rollup rows written.
    case flushed(records: Int, rows: Int)
    /// The worker starts again after the error with this message; once, and then once a minute, while it cannot begin to
    /// read.
    case restarting(after: String)
    /// The worker was stopped while the database or the log was away, as this message says. What it had read since its
    /// last flush is not committed, and is read again by the next worker.
    case leftToTheNext(after: String)
  }

  /// The consumer group that progress is noted for.
  public static let group = "polyrhythm-speed"

  private let log: any EventLog
  private let library: SQLLibrary
  private let configuration: Configuration
  private let report: @Sendable (Report) -> Void

  /// - Parameter report: called on the worker's threads.
  public init(
    log: any EventLog, library: SQLLibrary, configuration: Configuration,
    report: @escaping @Sendable (Report) -> Void = { _ in }
  ) {
    self.log = log
    self.library = library
    self.configuration = configuration
    self.report = report
  }

  /// Works until the stop is asked for or, with `untilCaughtUp`, until the worker has caught up. Records that
  /// were read are flushed before this returns, unless the stop meets a server that is away (`Report.leftToTheNext`).
  /// - Returns: false where the worker was to catch up and was stopped before it had; else true.
  /// - Throws: an `EventLogError` or `WarehouseError` that starting again does not help against.
  @discardableResult
  public func run(stop: StopToken) throws -> Bool {
    let membership = Membership(
      databaseURL: configuration.databaseURL, library: library, log: log,
      timing: .init(
        lease: configuration.lease, beat: configuration.lookInterval,
        silence: configuration.silence))
    let lease = membership.start()
    defer { lease.end() }
    let compacting = startCompactor(membership)
    defer { compacting.end() }
    let catalogue = startCatalogue(membership)
    defer { catalogue.end() }
    var lives = Lives()
    var outage = OutageNotice()
    var pause = Self.firstPause
    while !stop.isRequested {
      let begin = ContinuousClock.now
      do {
        if try live(membership, &lives, stop) {
          // Nobody waits for this worker's partitions any more, however long the catalogue takes.
          lease.end()
          try catchUpCatalogue(membership)
          return true
        }
        pause = Self.firstPause
      } catch let error as any UserFacingError where mayPass(error) {
        let isFenced = (error as? WarehouseError)?.code == .conflict
        if stop.isRequested {
          // A worker that was fenced off or buried has nothing left to commit: others have its partitions.
          if isFenced || membership.isBuried() { break }
          // Who waits for the catching up has to know that it failed; who follows the log has lost nothing.
          if configuration.untilCaughtUp { throw error }
          report(.leftToTheNext(after: error.message))
          break
        }
        if lives.hasBegun { outage.end() }
        lives.hasBegun = false
        if isFenced {
          if !membership.isChangeDue { report(.restarting(after: error.message)) }
        } else if outage.isDue(at: .now) {
          report(.restarting(after: error.message))
        }
        // A life that lasted longer than the last pause shows that the server is back: pauses are short again.
        if ContinuousClock.now - begin > .seconds(pause) { pause = Self.firstPause }
        stop.wait(seconds: isFenced ? Self.firstPause : pause)
        if !isFenced { pause = min(pause * 2, Self.longestPause) }
      }
    }
    return !configuration.untilCaughtUp
  }

  /// What one life leaves to the next.
  private struct Lives {
    var claim = Membership.Claim()
    var hasSaidStandby = false
    var hasSaidNoTopics = false
    /// A life began to read since the last failure, so that what was away has been back.
    var hasBegun = false
    /// Where the log ended when `run` began; nil where the worker follows it.
    var ends: [TopicPartition: Int64]?
  }

  /// Whether starting again may help, as when a server or a broker restarts.
  private func mayPass(_ error: any UserFacingError) -> Bool {
    if let error = error as? WarehouseError {
      // The disk may have room again later, but a person who waits for the catching up wants to know at once.
      if error.code == .diskFull { return !configuration.untilCaughtUp }
      // 55P03: a lock was not free in time. A frozen worker may hold it, and loses it when its lease runs out.
      return error.isRetriable || error.sqlState == "55P03"
    }
    guard let code = (error as? EventLogError)?.code else { return false }
    // The next claim finds what is lost, and leaves it to a load or goes on behind it.
    if code == .lost, configuration.acceptsLoss { return true }
    return (code == .unavailable || code == .lost) && !configuration.untilCaughtUp
  }

  /// Seconds before the worker starts again after an error: the first time, and at most.
  private static let firstPause = 0.1
  private static let longestPause = 3.0
  /// Seconds between two claims of a worker that has nothing to read.
  private static let idlePause = 0.5

  private func startCompactor(_ membership: Membership) -> BackgroundWork {
    Compactor(
      databaseURL: configuration.databaseURL, library: library,
      sessionName: { membership.sessionName($0) }
    )
    .start(interval: configuration.compactionInterval)
  }

  /// Follows the catalogue beside the events. Every worker does: who is first moves the progress that all share.
  private func startCatalogue(_ membership: Membership) -> BackgroundWork {
    BackgroundWork("speed-catalog") { [self] stop in
      while !stop.isRequested {
        // A catalogue that cannot be read for a while is behind for a while; events count without it.
        try? follow(membership, stop)
        stop.wait(seconds: configuration.catalogueInterval)
      }
    }
  }

  private func follow(_ membership: Membership, _ stop: StopToken) throws {
    let follower = try catalogueFollower(membership)
    while !stop.isRequested {
      try follower.catchUp()
      stop.wait(seconds: configuration.catalogueInterval)
    }
  }

  private func catalogueFollower(_ membership: Membership) throws(WarehouseError)
    -> CatalogueFollower
  {
    let connection = try Connection(
      url: configuration.databaseURL,
      applicationName: membership.sessionName("polyrhythm speed catalogue"),
      idleTransactionSeconds: 10)
    return try CatalogueFollower(log, isLog: true, connection: connection, library: library)
  }

  private func catchUpCatalogue(_ membership: Membership) throws {
    let follower = try catalogueFollower(membership)
    try follower.catchUp()
    try follower.fillDue(isLoad: false)
  }

  /// Claims partitions and follows them until another claim is due.
  /// - Returns: whether the worker has caught up; never true where it follows the log.
  private func live(_ membership: Membership, _ lives: inout Lives, _ stop: StopToken) throws
    -> Bool
  {
    let claim = try membership.claim()
    tell(claim, &lives)
    if !claim.lost.isEmpty {
      if configuration.acceptsLoss { return try pass(claim.lost, membership, stop) }
      if configuration.untilCaughtUp { throw lost(claim.lost[0]) }
    }
    guard claim.total > 0 else {
      if configuration.untilCaughtUp { throw noTopics() }
      stop.wait(seconds: Self.idlePause)
      return false
    }
    let connection = try Connection(
      url: configuration.databaseURL,
      applicationName: membership.sessionName("polyrhythm speed"), idleTransactionSeconds: 10)
    let progress = SpeedProgress(connection: connection, library: library, log: log)
    if configuration.untilCaughtUp, lives.ends == nil { lives.ends = try progress.logEnds() }
    if let ends = lives.ends, try progress.hasReached(ends) { return true }
    guard !claim.partitions.isEmpty else {
      stop.wait(seconds: Self.idlePause)
      return false
    }
    let starts = try progress.starts(of: claim.partitions)
    let isDone = lives.ends.map { ends in
      starts.allSatisfy { $0.from >= ends[$0.source] ?? 0 }
    }
    if isDone == true {
      // The worker's own share is done; the rest is other workers' or waits for a load.
      stop.wait(seconds: Self.idlePause)
      return false
    }
    let life = try SpeedLife(
      log: log, library: library, configuration: configuration, membership: membership,
      connection: connection, starts: starts, stop: stop, report: report)
    let replayed = starts.reduce(0) { $0 + Int($1.from - $1.replay.offset) }
    report(.started(partitions: claim.partitions, replayed: replayed))
    lives.hasBegun = true
    try life.run(until: lives.ends)
    if let ends = lives.ends { return try progress.hasReached(ends) }
    return false
  }

  private func tell(_ claim: Membership.Claim, _ lives: inout Lives) {
    let before = lives.claim
    lives.claim = claim
    if claim.total == 0, !lives.hasSaidNoTopics {
      lives.hasSaidNoTopics = true
      if !configuration.untilCaughtUp { report(.noTopics) }
    }
    for (topic, count) in claim.counts.sorted(by: { $0.key < $1.key }) {
      if let known = before.counts[topic], known > 0, count > known {
        report(.partitionsAdded(topic: topic, from: known, to: count))
      }
    }
    for (load, waiting) in Dictionary(grouping: claim.reserved, by: \.value)
    where claim.reserved != before.reserved {
      report(.waiting(partitions: waiting.map(\.key).sorted(), load: load))
    }
    for lost in claim.lost where !before.lost.contains(lost) && !configuration.acceptsLoss {
      report(.lost(lost))
    }
    let hasNone =
      claim.total > 0 && claim.partitions.isEmpty && claim.reserved.isEmpty && claim.lost.isEmpty
    if hasNone, !lives.hasSaidStandby { report(.standby) }
    lives.hasSaidStandby = hasNone
  }

  /// Goes on behind what the log has dropped, and notes it.
  /// - Returns: false, as the worker then claims anew.
  private func pass(_ lost: [LostRange], _ membership: Membership, _ stop: StopToken) throws -> Bool
  {
    let connection = try Connection(
      url: configuration.databaseURL,
      applicationName: membership.sessionName("polyrhythm speed"), idleTransactionSeconds: 10)
    let progress = SpeedProgress(connection: connection, library: library, log: log)
    var hasAny = false
    for range in lost where try progress.pass(range) {
      hasAny = true
      report(.passed(range))
    }
    // A load may have reserved the partition.
    if !hasAny { stop.wait(seconds: Self.idlePause) }
    return false
  }

  private func lost(_ range: LostRange) -> EventLogError {
    range.error(
      in: log.url,
      "polyrhythm load takes them from the lake, then start this again; or let polyrhythm speed --accept-loss go on without them"
    )
  }

  private func noTopics() -> EventLogError {
    EventLogError(
      .unavailable,
      "\(log.url) has none of the topics listen_events, auth_events, page_view_events: "
        + "write to it first (polyrhythm generate or import)")
  }
}
