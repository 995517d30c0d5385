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
  let lake: any EventLog
  let library: SQLLibrary
  let configuration: Configuration
  private let progress: @Sendable (_ read: Int, _ total: Int) -> Void

  /// - Parameters:
  ///   - lake: the log that is loaded: the embedded log itself, or an archive's copy of a Kafka log.
  ///   - progress: called now and then with the number of records read so far, and of all to be read.
  public init(
    lake: any EventLog, library: SQLLibrary, configuration: Configuration,
    progress: @escaping @Sendable (_ read: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.lake = lake
    self.library = library
    self.configuration = configuration
    self.progress = progress
  }

  /// Runs one load to its end. Blocks, so it belongs on a thread that may wait.
  /// - Throws: `LoadError`, `WarehouseError` or `EventLogError`. The last good warehouse stays then, and the
  ///   load's row in `warehouse.load_run` says why, as far as the database can be reached.
  public func load(_ kind: Kind, stop: StopToken = StopToken()) throws -> Summary {
    let control = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load",
      idleTransactionSeconds: Self.idleLimit)
    let lock = LoadLock(
      connection: control, library: library, databaseURL: configuration.databaseURL)
    do { try lock.take(stop) } catch {
      noteRefusal(error, of: kind, control)
      throw error
    }
    defer { lock.release() }
    _ = try control.run(library.sql("batch/bury_dead_runs"))
    try Stage.empty(control, library)
    // The first load is a full one, whatever it is called: there is nothing to add to.
    let asked = kind
    let kind = try kind == .incremental && isFirst(control) ? .full : kind
    let run = try control.run(
      library.sql("batch/begin_run"),
      [
        .text(storedKind(kind)), .text(ProcessName.own), .double(LoadLock.lease),
        configuration.requestedBy.map(SQLValue.text) ?? .null,
      ]
    ).int(0, 0)
    var phases = Phases()
    do {
      let (counts, warnings) = try loadAlive(
        kind, run, lock, &phases, stop, toleratesLoss: asked == .full)
      phases.begin("clean")
      Publications(library: library, configuration: configuration).clean(control)
      phases.end()
      let lost = (try? control.run(library.sql("batch/lost_records")).int(0, 0)) ?? 0
      return Summary(
        run: run, kind: kind, counts: counts, warnings: warnings, lostRecords: lost,
        seconds: phases.seconds)
    } catch {
      // A stop cancels the present statement, whose own error would not name the stop.
      let cause: any Error =
        stop.isRequested && (error as? WarehouseError)?.sqlState == "57014"
        ? LoadError.stopped : error
      let message = (cause as? any UserFacingError)?.message ?? "\(cause)"
      try? fail(run, message, (cause as? LoadError)?.findings ?? [], phases, control)
      throw cause
    }
  }

  func isFirst(_ control: Connection) throws(WarehouseError) -> Bool {
    try control.run(library.sql("batch/published_build")).intOrNull(0, 1) == nil
  }

  /// Seconds that a load may stand still in a transaction before the server ends its session, which frees its
  /// locks.
  static let idleLimit = 10.0

  /// Loads while the run's lease is renewed.
  private func loadAlive(
    _ kind: Kind, _ run: Int64, _ lock: LoadLock, _ phases: inout Phases, _ stop: StopToken,
    toleratesLoss: Bool
  ) throws -> (FeedCounts, warnings: [Checks.Finding]) {
    let lease = try lock.keepAlive(run, stop)
    defer { lease.end() }
    return try load(
      kind, run, lock.connection, &phases, stop, toleratesLoss: toleratesLoss)
  }

  /// Writes the reason of the failure into the run's row, and drops the staged tables. Best effort, as the
  /// next load does the same.
  private func fail(
    _ run: Int64, _ message: String, _ findings: [Checks.Finding], _ phases: Phases,
    _ control: Connection
  ) throws {
    // A session may die after it was last seen alive.
    if control.isAlive, (try? note(run, message, findings, phases, control)) != nil { return }
    let connection = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load")
    // The server frees the lock of loads some time after it has lost the connection. Where another load has
    // taken the lock, that load has marked this run as failed and emptied the stage.
    let lock = try library.sql("batch/lock_loads")
    let deadline = ContinuousClock.now + .seconds(2)
    while try !connection.run(lock).bool(0, 0) {
      guard ContinuousClock.now < deadline else { return }
      Thread.sleep(forTimeInterval: 0.05)
    }
    try note(run, message, findings, phases, connection)
    _ = try connection.run(library.sql("batch/unlock_loads"))
  }

  private func note(
    _ run: Int64, _ message: String, _ findings: [Checks.Finding], _ phases: Phases,
    _ connection: Connection
  ) throws {
    _ = try connection.run(
      library.sql("batch/fail_run"), [.int(run), .text(message), .text(phases.json)])
    try Stage.empty(connection, library)
    Cleaner(library: library).clean(connection)
    // Last, as stored twice it would count twice.
    try Checks.store(findings, run: run, connection, library)
  }

  private func load(
    _ kind: Kind, _ run: Int64, _ control: Connection, _ phases: inout Phases, _ stop: StopToken,
    toleratesLoss: Bool
  ) throws -> (FeedCounts, warnings: [Checks.Finding]) {
    if let days = configuration.days {
      return try rebuild(
        CalendarDay(number: days.lowerBound)...CalendarDay(number: days.upperBound), run, control,
        &phases, stop)
    }
    phases.begin("cut")
    let epochs = EpochPartitions(connection: control, library: library)
    if try epochs.prepareNext() {
      // A load that died did not make these tables before its cut ended. A statement that was planned without
      // them would not see their rows, so no such statement may be left when the cut opens the epoch.
      Cleaner(library: library).letOlderStatementsEnd(control)
    }
    var cut = try CutMaker(
      connection: control, library: library, lake: lake, run: run, toleratesLoss: toleratesLoss,
      farBehind: configuration.farBehind, reserves: !configuration.isShadow, stop: stop
    ).make()
    try epochs.prepareNext()
    try awaitPartitions(cut, stop)
    cut.passed = try passed(kind, cut, control)
    let starts = try self.starts(kind, cut, control)
    let published = try MinuteRetention.published(control, library)
    let retention = MinuteRetention(
      kept: kind == .full || published.canGiveUp ? configuration.minuteRetention : nil,
      allowedLatenessMs: configuration.kernel.allowedLatenessMs,
      published: kind == .full ? nil : published.bound)
    let guess = try retention.guess(in: lake, starts)
    let numbers = LoadNumbers(
      run: run, build: kind == .full ? run : try BuildTables.published(control, library),
      isFull: kind == .full)
    phases.begin("catalogue")
    let catalogue = try CatalogueFollower(
      lake, isLog: false, connection: control, library: library)
    try catalogue.catchUpForLoad()
    let reading = Reading(numbers: numbers, starts: starts, control: control, stop: stop)
    var (stage, feed) = try read(reading, minutesFrom: guess, &phases)
    defer { stage.writer.abandon() }
    let minutesFrom = retention.bound(feed)
    if let guess, guess > minutesFrom ?? Int32.min {
      stage.writer.abandon()
      (stage, feed) = try read(reading, minutesFrom: minutesFrom, &phases)
    }
    phases.begin("write")
    feed.reportOpenPlays()
    try stage.commit(feed)
    if !feed.deferred.isEmpty {
      phases.begin("late")
      try settleLate(feed, stage, control, numbers)
    }
    try stage.commitUsers()
    let counts = feed.counts
    try checkLedger(counts, starts)

    cut.logEpochs = try cut.secure(in: lake)
    var staged = stage.staged(
      cut: cut, replays: feed.replayPoints(), finalBefore: feed.finalBefore,
      minutesFrom: minutesFrom)
    staged.ahead = feed.countedAhead()
    staged.replayPoints = feed.takeReplayPoints()
    let warnings = try publish(staged, counts, control, &phases, stop)
    phases.begin("analyze")
    Statistics(connection: control, library: library)
      .refresh(after: staged, databaseURL: configuration.databaseURL)
    // The load is published: what a song lacks for once, the next load gives it.
    try? catalogue.fillDue(isLoad: true)
    return (counts, warnings)
  }

  /// - Returns: rules that the load breaks, and that stop nothing.
  private func publish(
    _ staged: Staged, _ counts: FeedCounts, _ control: Connection, _ phases: inout Phases,
    _ stop: StopToken
  ) throws -> [Checks.Finding] {
    let publisher = Publisher(
      connection: control, library: library, stop: stop, pauses: configuration.publishPauses)
    guard staged.numbers.isFull else {
      phases.begin("publish")
      let soFar = phases
      return try publisher.publish(staged) {
        try finish(staged, counts, soFar, "published", $0)
      }
    }
    phases.begin("audit")
    let audited = try StagedAudit(
      connection: control, library: library, databaseURL: configuration.databaseURL,
      connections: configuration.connections, stop: stop, events: counts.counted
    ).run(staged)
    phases.begin("publish")
    let soFar = phases
    let shadow = ShadowBuild(connection: control, library: library)
    try publisher.attempts {
      try control.transaction {
        try publisher.limitWaiting()
        try shadow.open(audited)
        if configuration.isShadow { try finish(audited, counts, soFar, "shadow", control) }
      }
    }
    if configuration.isShadow { return audited.warnings }
    Cleaner(library: library).letOlderStatementsEnd(control)
    return try publisher.publish(
      Publisher.Build(
        run: audited.run, closedEpoch: audited.cut.closedEpoch, reserved: audited.cut.reserved,
        lost: audited.cut.lost, warnings: audited.warnings)
    ) { try finish(audited, counts, soFar, "published", $0) }
  }

  func finish(
    _ staged: Staged, _ counts: FeedCounts, _ phases: Phases, _ status: String,
    _ connection: Connection
  ) throws {
    let finished = try connection.run(
      library.sql("batch/finish_run"),
      [
        .int(staged.run), .int(Int64(counts.records)), .int(Int64(counts.listens)),
        .int(Int64(counts.auths)), .int(Int64(counts.pageViews)),
        .int(Int64(counts.quarantined)), .int(Int64(counts.late)),
        .int(Int64(counts.redelivered)), .text(phases.json), .int(Int64(counts.absent)),
        .int(staged.build), .int(Int64(staged.cut.reserved)), .text(status),
        .text(counts.lateDaysJSON),
      ])
    guard finished.affected == 1 else { throw LoadError.overtaken }
    try Losses(lake: lake, library: library, connection: connection).note(
      staged.cut, run: staged.run)
  }

  /// Waits until the lake has all partitions of which the cut has records: the speed layer may be ahead of an
  /// archive that has only just started.
  private func awaitPartitions(_ cut: Cut, _ stop: StopToken) throws {
    let deadline = ContinuousClock.now + .seconds(configuration.lakePatience)
    for (source, end) in cut.ends.sorted(by: { $0.key < $1.key }) where end > 0 {
      while try lake.partitionCount(of: source.topic) <= Int(source.partition) {
        try checkStop(stop)
        guard ContinuousClock.now < deadline else {
          throw LoadError(
            .lakeBehind,
            "\(lake.url) has no \(source), of which the cut has what lies below offset \(end): is polyrhythm "
              + "archive running?")
        }
        stop.wait(seconds: 0.1)
      }
    }
  }

  private func checkStop(_ stop: StopToken) throws(LoadError) {
    if stop.isRequested { throw LoadError.stopped }
  }

  /// From which offset to which the load reads each partition.
  func starts(_ kind: Kind, _ cut: Cut, _ control: Connection) throws
    -> [KernelFeed.Start]
  {
    var known: [TopicPartition: (next: Int64, replay: ReplayPoint, logEpoch: LogEpoch?)] = [:]
    if kind == .incremental {
      let rows = try control.run(library.sql("batch/read_progress"))
      for row in 0..<rows.count {
        let stored = try rows.text(row, 4)
        guard let watermark = Watermark(stored: stored) else {
          throw WarehouseError(
            .decoding, "batch.progress.replay_watermark is not a watermark: \(stored)")
        }
        known[try rows.source(row)] = (
          try rows.int(row, 2), ReplayPoint(offset: try rows.int(row, 3), watermark: watermark),
          LogEpoch(rawValue: try rows.intOrNull(row, 5) ?? 0)
        )
      }
    }
    var starts: [KernelFeed.Start] = []
    for (source, end) in cut.ends.sorted(by: { $0.key < $1.key }) {
      if let (next, replay, logEpoch) = known[source] {
        guard replay.offset <= next, next <= end else {
          throw WarehouseError(
            .decoding,
            "batch.progress of \(source): replay_from \(replay.offset), next_offset \(next) and the "
              + "cut at \(end) are out of order; polyrhythm load full counts all anew")
        }
        let lost = cut.passed.first { $0.partition == source }
        let first = min(lost?.offsets.upperBound ?? next, end)
        starts.append(
          KernelFeed.Start(
            source: source, replay: replay, from: first, end: end,
            logEpoch: first == next ? logEpoch : nil))
      } else {
        guard try lake.partitionCount(of: source.topic) > Int(source.partition) else { continue }
        // Retention can pass the cut while the load begins: then there is nothing to read.
        let first = min(try lake.startOffset(of: source), end)
        starts.append(
          KernelFeed.Start(
            source: source, replay: ReplayPoint(offset: first, watermark: Watermark()),
            from: first, end: end))
      }
    }
    return starts
  }

  /// What a load reads.
  struct Reading {
    var numbers: LoadNumbers
    var starts: [KernelFeed.Start]
    var control: Connection
    var stop: StopToken
  }

  /// Reads everything up to the cut, and writes what is complete meanwhile. Nothing is committed but new members.
  /// - Parameter minutesFrom: minutes since 1970; what is older is counted by the hour at once.
  func read(
    _ reading: Reading, minutesFrom: Int32?, _ phases: inout Phases
  ) throws -> (Stage, KernelFeeds) {
    let isAnew = reading.numbers.isFull || reading.numbers.days != nil
    let stage = try Stage(
      reading.numbers, configuration: configuration, library: library, minutesFrom: minutesFrom)
    do {
      phases.begin("replay")
      let memory = KernelMemory(connection: reading.control, library: library)
      let feed = try stage.feeds(
        of: lake, reading.starts, configuration.kernel,
        ahead: isAnew ? [:] : try memory.readAhead(), history: memory.replayPoint(_:before:))
      try feed.replay(isStopped: { reading.stop.isRequested })
      try checkStop(reading.stop)
      phases.begin("read")
      try read(feed, stage, reading.starts, reading.stop)
      return (stage, feed)
    } catch {
      stage.writer.abandon()
      throw error
    }
  }

  private func read(
    _ feed: KernelFeeds, _ stage: Stage, _ starts: [KernelFeed.Start], _ stop: StopToken
  ) throws {
    try stage.read(
      feed, starts, configuration, check: { try checkStop(stop) }, progress: progress,
      behind: { _ in
        "\(lake.url) ends before the cut and got nothing in \(Int(configuration.lakePatience)) s: "
          + "is polyrhythm archive running?"
      })
  }

  /// Counts the out-of-window events that no load has counted before.
  func settleLate(
    _ feed: KernelFeeds, _ stage: Stage, _ control: Connection, _ numbers: LoadNumbers
  ) throws {
    let partitions = FactPartitions(
      connection: control, library: library, build: numbers.build)
    let published = try partitions.present().mapValues { "parts.\($0)" }
    try stage.settleDeferred(feed, control, published: published)
  }

  /// Every record between the cuts must have been counted, recognised as a redelivery, or quarantined, and
  /// every other offset between them must be one without a record: otherwise something was lost.
  func checkLedger(_ counts: FeedCounts, _ starts: [KernelFeed.Start]) throws {
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
