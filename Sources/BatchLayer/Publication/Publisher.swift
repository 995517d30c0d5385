import EventLog
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// What a load has staged, ready to be published.
struct Staged {
  var run: Int64
  var isFull: Bool
  var cut: Cut
  var replays: [TopicPartition: ReplayPoint]
  /// Milliseconds since 1970: minutes that begin before this change only by late events. nil where nothing
  /// has come yet.
  var finalBefore: Int64?
  /// Days with a staged table of their own.
  var parts: [FactWriter.Part: StageTable]
  /// Days with few facts. Those of one fact share a staged table.
  var rare: Set<FactWriter.Part>
  /// Outcomes and credits of facts that have changed since these were written.
  var changes: [FactChange]
  /// When each state of a user was first and last seen; nil where the load has no known user.
  var users: StageTable?
  /// Event times of the load's facts (milliseconds since 1970), ascending: a range for each run of days.
  var spans: [ClosedRange<Int64>]
  /// Rows of which each key has one.
  var rollups: [RollupTable: StageTable]
  /// Rows of times that had been written before; see `RollupWriter`.
  var lateRollups: [RollupTable: StageTable]
  /// Minutes since 1970: rollups but the totals have no minutes before this from the load on. nil where all are kept.
  var minutesFrom: Int32?
  /// The events that were counted ahead of the crowd.
  var ahead: [TopicPartition: [CountedAhead]] = [:]
  /// Rules that what is staged breaks, and that stop nothing.
  var warnings: [Checks.Finding] = []
  /// Places that the partitions can be read again from.
  var replayPoints: [TopicPartition: [ReplayPoint]] = [:]
}

/// Publishes a load: facts, rollups, users, progress and the loaded epoch become visible in one
/// commit, after the audits have passed on exactly that state.
///
/// An incremental load waits for no reader, and no reader waits for it, unless it brings days whose minutes are given
/// up already (`takeFactsOfPastDays`). A full load swaps tables, and locks
/// them exclusively for as long as it swaps them; audits come before that (`StagedAudit`). While it waits for these locks, PostgreSQL makes new readers
/// wait behind it; so it never waits for long, but gives way and tries again.
///
/// Swapped tables do not follow snapshots: a transaction whose snapshot is from before the swap would find
/// the new tables with the old `loaded_epoch`. A single statement in a transaction of its own cannot meet
/// this. A reader that needs several statements in repeatable read must lock `batch.published` in access share
/// mode before its first query: then a full load waits for the reader, or the reader's snapshot is from after
/// the load.
struct Publisher {
  let connection: Connection
  let library: SQLLibrary
  var stop = StopToken()
  /// Seconds to wait for readers of the tables before giving way to others. It is less than PostgreSQL's
  /// deadlock_timeout (1 s), so that a reader that has one table and waits for another is never the one that
  /// PostgreSQL ends.
  var lockPatience = 0.8
  /// Seconds between attempts; there is one more attempt than there are pauses.
  var pauses = [1.0, 2, 4, 8, 15]

  /// Publishes the load in one transaction, which is tried again where a lock is not free in time.
  /// - Parameters:
  ///   - finishRun: writes the run's own row, inside the transaction.
  /// - Returns: rules that the load breaks, and that stop nothing. They are stored beside its run.
  /// - Throws: `LoadError`: `.locked` where a table was in use at every attempt, `.auditFailed`, `.overtaken`,
  ///   `.stopped`; what `finishRun` throws; errors of the server. The load is not published then.
  func publish(
    _ staged: Staged, finishRun: (Connection) throws -> Void
  ) throws -> [Checks.Finding] {
    var holders = ""
    for attempt in 0...pauses.count {
      if attempt > 0 { stop.wait(seconds: pauses[attempt - 1]) }
      if stop.isRequested { throw LoadError.stopped }
      do {
        return try publishOnce(staged, finishRun)
      } catch let error as WarehouseError where LockWaits.isLockFailure(error) {
        holders = try LockWaits.holders(connection, library)
      }
    }
    throw LoadError(
      .locked,
      "The load was not published, the last good warehouse stays: tables were in use at each of "
        + "\(pauses.count + 1) attempts\(holders); end that transaction, then load again")
  }

  private func publishOnce(
    _ staged: Staged, _ finishRun: (Connection) throws -> Void
  ) throws -> [Checks.Finding] {
    try connection.transaction {
      // What touches no table that is swapped comes first, as readers wait from then on.
      if staged.isFull {
        try limitWaiting(seconds: Self.otherPatience)
        try publishUsers(staged)
        try StagedAudit.partFacts(staged, connection, library)
        try takeTables()
      } else {
        try takeFactsOfPastDays(staged)
      }
      try limitWaiting(seconds: Self.otherPatience)
      let loaded = try connection.run(sql("read_publishable_progress")).int(0, 0)
      // Another load has published since this one made its cut.
      guard staged.cut.closedEpoch > loaded else { throw LoadError.overtaken }
      try publishFacts(staged)
      try publishRollups(staged)
      if !staged.isFull { try publishUsers(staged) }
      let warnings = try staged.warnings + audit(staged)
      try Checks.store(warnings, run: staged.run, connection, library)
      // The offsets come last: a worker whose partitions are reserved may wait for these rows until the commit.
      try publishProgress(staged)
      try finishRun(connection)
      return warnings
    }
  }

  /// Seconds to wait for locks that a vacuum or somebody's DDL has; readers have none of them.
  private static let otherPatience = 5.0

  private var rows: StagedRows { StagedRows(connection: connection, library: library) }

  private func limitWaiting(seconds: Double) throws(WarehouseError) {
    try LockWaits.limit(connection, library, seconds: seconds)
  }

  /// Locks all tables that are swapped before anything is done: first `batch.published`, which readers in
  /// repeatable read lock before all others.
  private func takeTables() throws(WarehouseError) {
    let tables =
      ["batch.published"] + FactTable.allCases.map(\.qualifiedName)
      + RollupTable.all.map { "batch.\($0.name)" }
    let deadline = ContinuousClock.now + .seconds(lockPatience)
    for table in tables {
      try limitWaiting(seconds: (deadline - ContinuousClock.now) / .seconds(1))
      try connection.script(sql("take_table", ["table": table]))
    }
  }

  /// Locks the facts that get a new partition for a day whose minutes are given up, as when a load comes after a week
  /// off. Facts answer for such minutes, and a statement that was planned before the partition was there, but sees
  /// what is published, would miss it. A nightly load has no such day, and locks nothing.
  private func takeFactsOfPastDays(_ staged: Staged) throws(WarehouseError) {
    guard let minutesFrom = staged.minutesFrom else { return }
    let present = try partitions()
    let past = (Set(staged.parts.keys).union(staged.rare)).filter { part in
      Int64(part.day.number) * Int64(Rung.day.minutes) < Int64(minutesFrom)
        && present[PartName(fact: part.fact.name, day: "\(part.day.key)")] == nil
    }
    for table in Set(past.map(\.fact.qualifiedName)).sorted() {
      try limitWaiting(seconds: lockPatience)
      try connection.script(sql("take_table", ["table": table]))
    }
  }

  private func sql(_ name: String, _ values: [String: String] = [:]) throws(WarehouseError)
    -> String
  {
    try library.sql("batch/\(name)", values)
  }

  // MARK: Facts

  private func publishFacts(_ staged: Staged) throws {
    var present = try partitions()
    if staged.isFull {
      for (table, fact) in Dictionary(
        present.map { ($0.value, $0.key.fact) }, uniquingKeysWith: { fact, _ in fact }
      ).sorted(by: { $0.key < $1.key }) {
        try connection.script(sql("detach_fact", ["fact": fact, "table": table]))
      }
      _ = try connection.run(sql("forget_fact_partitions"))
      present = [:]
    }
    for (part, table) in staged.parts.sorted(by: { $0.value.name < $1.value.name }) {
      let fact = part.fact.name
      let day = "\(part.day.key)"
      if let partition = present[PartName(fact: fact, day: day)] {
        _ = try connection.run(
          sql("insert_fact", ["partition": partition, "table": table.name]))
      } else {
        try connection.script(
          sql(
            "attach_fact",
            ["table": table.name, "fact": fact, "day": day, "next_day": "\(part.day.next.key)"]))
        _ = try connection.run(
          sql("record_fact_partition"), [.text(fact), .text(day), .text(table.name)])
      }
    }
    try publishRareDays(staged, present)
    try rows.apply(staged.changes, to: \.qualifiedName)
  }

  struct PartName: Hashable {
    var fact: String
    var day: String
  }

  func partitions() throws(WarehouseError) -> [PartName: String] {
    let rows = try connection.run(sql("fact_partitions"))
    var result: [PartName: String] = [:]
    for row in 0..<rows.count {
      result[PartName(fact: try rows.text(row, 0), day: try rows.text(row, 1))] =
        try rows.text(row, 2)
    }
    return result
  }

  // MARK: Rollups

  private func publishRollups(_ staged: Staged) throws {
    for table in RollupTable.all {
      if staged.isFull {
        try swap(table, staged)
        continue
      }
      for staged in [staged.rollups[table], staged.lateRollups[table]].compactMap({ $0 }) {
        try rows.merge(staged, of: table, into: "batch.\(table.name)")
      }
    }
  }

  /// Replaces the whole rollup by the staged one.
  private func swap(_ table: RollupTable, _ staged: Staged) throws {
    let old = try connection.run(library.sql("rollup/partition"), [.text(table.name)]).text(0, 0)
    try connection.script(
      library.sql(
        "rollup/swap",
        [
          "rollup": table.name, "old": old, "table": RollupWriter.name(table, staged.run),
          "generation": "\(staged.run)",
        ]))
  }

  // MARK: Users, progress

  private func publishUsers(_ staged: Staged) throws {
    if staged.isFull {
      _ = try connection.run(sql("reset_users_seen"))
      _ = try connection.run(sql("level_history_reset"))
    }
    guard let users = staged.users else { return }
    _ = try connection.run(sql("users_seen", ["table": users.name]))
    _ = try connection.run(sql("users_current", ["table": users.name]))
    let spans = "level_span_g\(staged.run)"
    let starts = "level_start_g\(staged.run)"
    _ = try connection.run(sql("level_spans", ["spans": spans, "seen": users.name]))
    func facts(_ fact: FactTable) -> String {
      staged.isFull ? StagedAudit.parent(fact, staged.run) : fact.qualifiedName
    }
    _ = try connection.run(
      sql(
        "level_starts",
        [
          "spans": spans, "starts": starts, "listen": facts(.listen), "auth": facts(.auth),
          "page_view": facts(.pageView),
        ]))
    try connection.script(sql("level_history", ["spans": spans, "starts": starts]))
  }

  private func publishProgress(_ staged: Staged) throws {
    let moved = try connection.run(sql("publish_reserved"), [.int(staged.run)]).affected
    guard moved == Int64(staged.cut.reserved) else { throw LoadError.overtaken }
    _ = try connection.run(sql("release_reserved"), [.int(staged.run)])
    let sources = staged.cut.ends.keys.sorted()
    for (source, end) in staged.cut.ends where end > 0 {
      precondition(
        staged.replays[source] != nil, "\(source): the cut is at \(end), and nothing was read of it"
      )
    }
    let values: [SQLValue] = [
      .textArray(sources.map(\.topic)), .intArray(sources.map { Int64($0.partition) }),
      .intArray(sources.map { staged.cut.ends[$0] ?? 0 }),
      .intArray(sources.map { staged.replays[$0]?.offset ?? 0 }),
      .textArray(sources.map { (staged.replays[$0]?.watermark ?? Watermark()).stored }),
    ]
    let logEpochs = sources.map { staged.cut.logEpochs[$0] }
    _ = try connection.run(
      sql("publish_progress"), values + [.intArray(logEpochs.map { $0?.rawValue ?? 0 })])
    // The log epochs of an archive's copy are not those of the log that the speed layer reads.
    let ofLog = logEpochs.map { $0.map { $0.isCopy ? 0 : $0.rawValue } ?? 0 }
    _ = try connection.run(sql("refresh_speed_replay"), values + [.intArray(ofLog)])
    if !staged.cut.lost.isEmpty {
      let lost = staged.cut.lost.sorted()
      _ = try connection.run(
        sql("forget_lost_marks"),
        [.textArray(lost.map(\.topic)), .intArray(lost.map { Int64($0.partition) })])
    }
    let memory = KernelMemory(connection: connection, library: library)
    try memory.replaceAhead(staged.ahead)
    // Written after speed.progress, as in a flush of the speed layer: in one order the two cannot wait for
    // each other in a circle.
    try memory.save(staged.replayPoints, replacingAll: staged.isFull)
    _ = try connection.run(
      sql("publish"),
      [
        .int(Int64(staged.cut.closedEpoch)), .int(staged.run),
        staged.finalBefore.map { .timestamp(milliseconds: $0) } ?? .null,
        staged.minutesFrom.map { .timestamp(milliseconds: Int64($0) * 60_000) }
          ?? .text("-infinity"),
        .bool(staged.isFull),
      ])
  }

  // MARK: Audit

  /// How many stretches of time are audited one by one. Where there are more, those that lie close together
  /// are audited as one.
  private static let auditedSpans = 32

  /// Audits the minutes that the load has touched. Of a full load only what was not audited when it was staged.
  /// - Returns: the rules that are broken, warnings all of them.
  private func audit(_ staged: Staged) throws -> [Checks.Finding] {
    let minute: Int64 = 60_000
    let checks = Checks(library: library)
    let audited = staged.isFull ? StagedAudit.names(staged.run) : [:]
    let names = try checks.names.filter { try !checks.reads(audited, in: $0) }
    var findings: [Checks.Finding] = []
    for span in EventSpans.merged(staged.spans, atMost: Self.auditedSpans) {
      findings += try checks.run(
        connection, from: span.lowerBound / minute * minute,
        to: (span.upperBound / minute + 1) * minute, on: .load, only: names)
    }
    try LoadError.requireNoError(findings)
    return findings
  }
}
