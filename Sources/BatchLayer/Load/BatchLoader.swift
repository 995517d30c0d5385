import EventLog
import EventModel
import Feed
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// The batch layer: loads the lake from the last cut (or from the beginning) to a new one, and
/// publishes facts, rollups and the handoff in one transaction.
public final class BatchLoader {
  public enum Kind: String, Sendable {
    /// Everything from the lake's first record, replacing what is there.
    case full
    /// What came since the last published cut.
    case incremental
  }

  public struct Configuration: Sendable {
    public var databaseURL: String
    public var kernel = Kernel.Configuration()
    /// Seconds without any progress after which the load gives up waiting for the lake.
    public var lakePatience = 120.0
    /// Seconds for which publishing waits for readers of the tables that it swaps, and with it the
    /// readers that come after it, before it gives way.
    public var lockPatience = 0.8
    /// Seconds between attempts to publish; there is one attempt more than pauses.
    public var publishPauses: [Double] = [1, 2, 4, 8, 15]
    /// Connections that write at the same time.
    public var connections = 2
    /// Days of a fact that get partitions of their own though they have few facts; nil: as many as the
    /// server's lock table has room for.
    public var ownDays: Int?
    /// Rows of rollups kept in memory before complete minutes are written.
    public var rollupRows = 80_000

    /// Records of a partition that a live speed worker may be behind the lake before a load takes its
    /// share over.
    public var farBehind: Int64 = 5_000_000

    public init(databaseURL: String) { self.databaseURL = databaseURL }
  }

  /// What a load did.
  public struct Summary: Sendable {
    public var run: Int64
    public var kind: Kind
    public var counts: FeedCounts
    /// Seconds by phase, in order.
    public var seconds: [(phase: String, seconds: Double)]
    public var totalSeconds: Double { seconds.reduce(0) { $0 + $1.seconds } }
  }

  private let lake: any EventLog
  private let library: SQLLibrary
  private let configuration: Configuration
  private let progress: @Sendable (_ read: Int, _ total: Int) -> Void

  /// - Parameter progress: called now and then with the records read so far and in all.
  public init(
    lake: any EventLog, library: SQLLibrary, configuration: Configuration,
    progress: @escaping @Sendable (_ read: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.lake = lake
    self.library = library
    self.configuration = configuration
    self.progress = progress
  }

  /// Runs one load to its end.
  /// - Throws: `LoadError`, `WarehouseError`, `EventLogError`; the last good warehouse stays then, and the
  ///   run's row says why.
  public func load(_ kind: Kind, stop: StopToken = StopToken()) throws -> Summary {
    let control = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load",
      idleTransactionLimit: Self.idleLimit)
    let lock = LoadLock(
      connection: control, library: library, databaseURL: configuration.databaseURL)
    try lock.take(stop)
    defer { lock.release() }
    _ = try control.run(library.sql("batch/bury_dead_runs"))
    try emptyStage(control)
    let run = try control.run(
      library.sql("batch/begin_run"),
      [.text(kind.rawValue), .text(ProcessName.own), .double(LoadLock.lease)]
    ).int(0, 0)
    var phases = Phases()
    do {
      let counts = try loadAlive(kind, run, lock, &phases, stop)
      phases.begin("clean")
      // The staged rows that were merged; published as it is, the load has not failed if they stay.
      try? emptyStage(control)
      EpochCleaner(library: library).dropLoadedEpochs(control)
      phases.end()
      return Summary(run: run, kind: kind, counts: counts, seconds: phases.seconds)
    } catch {
      // A statement that was cancelled for the stop says so in its own words.
      let cause: any Error =
        stop.isRequested && (error as? WarehouseError)?.sqlState == "57014"
        ? LoadError.stopped : error
      let message = (cause as? any UserFacingError)?.message ?? "\(cause)"
      try? fail(run, message, phases, control)
      throw cause
    }
  }

  /// Seconds that a load may stand still in a transaction before the server takes its locks.
  private static let idleLimit = 10.0

  /// Loads while the run's lease is renewed.
  private func loadAlive(
    _ kind: Kind, _ run: Int64, _ lock: LoadLock, _ phases: inout Phases, _ stop: StopToken
  ) throws -> FeedCounts {
    let lease = try lock.keepAlive(run, stop)
    defer { lease.stop() }
    return try load(kind, run, lock.connection, &phases, stop)
  }

  /// Writes down why, and takes the staged tables away. Best effort, as the next load does the same.
  private func fail(_ run: Int64, _ message: String, _ phases: Phases, _ control: Connection) throws
  {
    var connection = control
    if !control.isAlive {
      connection = try Connection(
        url: configuration.databaseURL, applicationName: "polyrhythm load")
      // The lock goes with the session, some time after its connection. Where another load has it, that
      // one has seen to it.
      let lock = try library.sql("batch/lock_loads")
      let deadline = ContinuousClock.now + .seconds(2)
      while try !connection.run(lock).bool(0, 0) {
        guard ContinuousClock.now < deadline else { return }
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
    _ = try connection.run(
      library.sql("batch/fail_run"), [.int(run), .text(message), .text(phases.json)])
    try emptyStage(connection)
    if connection !== control { _ = try connection.run(library.sql("batch/unlock_loads")) }
  }

  private func emptyStage(_ control: Connection) throws(WarehouseError) {
    let tables = try control.run(library.sql("batch/stage_tables"))
    for row in 0..<tables.count {
      try control.script(library.sql("batch/drop_table", ["table": try tables.text(row, 0)]))
    }
  }

  private func load(
    _ kind: Kind, _ run: Int64, _ control: Connection, _ phases: inout Phases, _ stop: StopToken
  ) throws -> FeedCounts {
    phases.begin("cut")
    let epochs = EpochPartitions(connection: control, library: library)
    if try epochs.prepareNext() {
      // A load that died had not come to it: nobody planned without them may be left.
      EpochCleaner(library: library).letOlderStatementsEnd(control)
    }
    var cut = try CutMaker(
      connection: control, library: library, lake: lake, run: run, isFull: kind == .full,
      farBehind: configuration.farBehind, stop: stop
    ).make()
    try epochs.prepareNext()
    try awaitPartitions(cut, stop)
    let starts = try self.starts(kind, cut, control)
    let stage = try Stage(
      run: run, isFull: kind == .full, configuration: configuration, library: library)
    defer { stage.writer.abandon() }
    phases.begin("replay")
    let memory = KernelMemory(connection: control, library: library)
    let feed = try KernelFeed(
      log: lake, starts: starts, output: stage.output, configuration: configuration.kernel,
      ahead: kind == .full ? [:] : try memory.readAhead(),
      history: memory.replayPoint(_:before:)
    ) {
      $0.defersOutOfWindow = true
      $0.facts = stage.facts
    }
    try feed.replay(isStopped: { stop.isRequested })
    try checkStop(stop)
    phases.begin("read")
    try read(feed, stage, starts, stop)
    phases.begin("write")
    feed.reportOpenPlays()
    try stage.commit(feed)
    if !feed.deferred.isEmpty {
      phases.begin("late")
      try settleLate(feed, stage, control, isFull: kind == .full)
    }
    try stage.commitUsers()
    let counts = feed.counts
    try checkLedger(counts, starts)

    phases.begin("publish")
    cut.epochs = try cut.secure(in: lake)
    var staged = stage.staged(
      cut: cut, replays: feed.replayPoints(), finalBefore: feed.finalBefore)
    staged.ahead = feed.countedAhead()
    staged.replayPoints = feed.takeReplayPoints()
    let soFar = phases
    let finish = try library.sql("batch/finish_run")
    let publisher = Publisher(
      connection: control, library: library, stop: stop,
      lockPatience: configuration.lockPatience, pauses: configuration.publishPauses)
    try publisher.publish(staged) {
      connection in
      let finished = try connection.run(
        finish,
        [
          .int(run), .int(Int64(counts.records)), .int(Int64(counts.listens)),
          .int(Int64(counts.auths)), .int(Int64(counts.pageViews)),
          .int(Int64(counts.quarantined)), .int(Int64(counts.late)),
          .int(Int64(counts.redelivered)), .text(soFar.json), .int(Int64(counts.absent)),
        ])
      guard finished.affected == 1 else { throw LoadError.overtaken }
    }
    return counts
  }

  /// Waits until the lake has all partitions that the cut has records of: the speed layer may be
  /// ahead of an archive that is only starting.
  private func awaitPartitions(_ cut: Cut, _ stop: StopToken) throws {
    let deadline = ContinuousClock.now + .seconds(configuration.lakePatience)
    for (source, end) in cut.ends.sorted(by: { $0.key < $1.key }) where end > 0 {
      while try lake.partitionCount(of: source.topic) <= Int(source.partition) {
        try checkStop(stop)
        guard ContinuousClock.now < deadline else {
          throw LoadError(
            .lakeBehind,
            "\(lake.url) has no \(source), of which the cut has \(end) records: is polyrhythm "
              + "archive running?")
        }
        stop.wait(seconds: 0.1)
      }
    }
  }

  private func checkStop(_ stop: StopToken) throws(LoadError) {
    if stop.isRequested { throw LoadError.stopped }
  }

  /// Where each partition is read from, and to.
  private func starts(_ kind: Kind, _ cut: Cut, _ control: Connection) throws
    -> [KernelFeed.Start]
  {
    var known: [TopicPartition: (next: Int64, replay: ReplayPoint, epoch: LogEpoch?)] = [:]
    if kind == .incremental {
      let rows = try control.run(library.sql("batch/read_progress"))
      for row in 0..<rows.count {
        let stored = try rows.text(row, 4)
        guard let watermark = Watermark(stored: stored) else {
          throw WarehouseError(
            .decoding, "batch.progress.replay_watermark is not a watermark: \(stored)")
        }
        known[TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))] = (
          try rows.int(row, 2), ReplayPoint(offset: try rows.int(row, 3), watermark: watermark),
          LogEpoch(rawValue: try rows.intOrNull(row, 5) ?? 0)
        )
      }
    }
    var starts: [KernelFeed.Start] = []
    for (source, end) in cut.ends.sorted(by: { $0.key < $1.key }) {
      if let (next, replay, epoch) = known[source] {
        starts.append(
          KernelFeed.Start(source: source, replay: replay, from: next, end: end, epoch: epoch))
      } else {
        guard try lake.partitionCount(of: source.topic) > Int(source.partition) else { continue }
        let first = try lake.startOffset(of: source)
        starts.append(
          KernelFeed.Start(
            source: source, replay: ReplayPoint(offset: first, watermark: Watermark()),
            from: first, end: end))
      }
    }
    return starts
  }

  /// Reads everything up to the cut.
  private func read(
    _ feed: KernelFeed, _ stage: Stage, _ starts: [KernelFeed.Start], _ stop: StopToken
  ) throws {
    let total = starts.reduce(0) { $0 + Int(max(0, ($1.end ?? 0) - $1.from)) }
    var done = 0
    var lastRecord = ContinuousClock.now
    while !feed.isFinished {
      try checkStop(stop)
      let read = try feed.step(wait: true)
      guard !feed.needsHistory else { throw LoadError.forgotten }
      if read > 0 {
        done += read
        lastRecord = ContinuousClock.now
        try stage.writeComplete(feed, above: configuration.rollupRows)
        progress(done, total)
      } else if ContinuousClock.now - lastRecord > .seconds(configuration.lakePatience) {
        throw LoadError(
          .lakeBehind,
          "\(lake.url) ends before the cut and got nothing in \(Int(configuration.lakePatience)) s: "
            + "is polyrhythm archive running?")
      }
    }
  }

  /// Counts the out-of-window events that no load has counted before.
  private func settleLate(
    _ feed: KernelFeed, _ stage: Stage, _ control: Connection, isFull: Bool
  ) throws {
    let published =
      isFull ? [:] : try Publisher(connection: control, library: library).partitions()
    try stage.settleDeferred(feed, control) { part in
      published[Publisher.PartName(fact: part.fact.name, day: "\(part.day.key)")]
        .map { "parts.\($0)" }
    }
  }

  /// Every record between the cuts is counted, known or in quarantine (I5), and every offset there
  /// has a record or is one that the log never gave to any: a sum that must come out.
  private func checkLedger(_ counts: FeedCounts, _ starts: [KernelFeed.Start]) throws {
    let accepted = starts.reduce(0) { $0 + Int(max(0, ($1.end ?? 0) - $1.from)) }
    guard counts.records + counts.absent == accepted else {
      throw LoadError(
        .ledger,
        "The load was not published: \(accepted) offsets lie between the cuts, but \(counts.counted) "
          + "counted + \(counts.redelivered) redelivered + \(counts.quarantined) quarantined + "
          + "\(counts.absent) without a record is \(counts.records + counts.absent); "
          + "please report this")
    }
  }
}
