import EventLog
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// Publishes a load: facts, rollups, users, progress and the pointer to them become visible in one commit, after the
/// audits have passed on exactly that state. No reader waits for it, and it waits for no reader (docs/decisions/0014).
///
/// A full load has made a build of its own, beside the published one, and has been audited there. Publishing it moves the
/// pointer. An incremental load adds its rows to the published build.
struct Publisher {
  let connection: Connection
  let library: SQLLibrary
  var stop = StopToken()
  /// Seconds between attempts; there is one more attempt than there are pauses.
  var pauses = [1.0, 2, 4, 8, 15]

  /// Publishes an incremental load.
  /// - Parameters:
  ///   - finishRun: writes the run's own row, inside the transaction.
  /// - Returns: rules that the load breaks, and that stop nothing. They are stored beside its run.
  /// - Throws: `LoadError`: `.locked` where somebody's DDL kept a table at every attempt, `.auditFailed`, `.overtaken`,
  ///   `.stopped`; what `finishRun` throws; errors of the server. The load is not published then.
  func publish(
    _ staged: Staged, finishRun: (Connection) throws -> Void
  ) throws -> [Checks.Finding] {
    try attempts { try FactPublication(staged, connection, library).makePartitionsAhead() }
    return try attempts {
      try connection.transaction {
        try limitWaiting()
        let published = try readPublished()
        // Another load has published since this one made its cut.
        guard staged.cut.closedEpoch > published.epoch, staged.build == published.build else {
          throw LoadError.overtaken
        }
        try UndoLog(connection: connection, library: library).save(staged)
        try addRows(staged)
        try daySums.add(staged)
        if let users = staged.users {
          try publishUsers(staged.numbers, seen: "stage.\(users.name)")
        }
        let warnings = try audit.run(staged)
        try Checks.store(warnings, run: staged.run, connection, library)
        // The offsets come last: a worker whose partitions are reserved may wait for these rows until the commit.
        try publishProgress(
          staged.progress, run: staged.run, reserved: staged.cut.reserved, lost: staged.cut.lost)
        let memory = KernelMemory(connection: connection, library: library)
        try memory.replaceAhead(staged.ahead)
        // Written after speed.progress, as in a flush of the speed layer: in one order the two cannot wait for
        // each other in a circle.
        try memory.save(staged.replayPoints)
        _ = try connection.run(
          sql("publish_load"),
          [
            .int(staged.build), .int(Int64(staged.cut.closedEpoch)), .int(staged.run),
            Self.time(milliseconds: staged.finalBefore), Self.time(minutes: staged.minutesFrom),
          ])
        _ = try connection.run(sql("forget_builds"))
        try finishRun(connection)
        return warnings
      }
    }
  }

  /// Puts what is staged of some days in the place of what the published build has of them.
  /// - Returns, throws: as `publish(_:finishRun:)` does.
  func replace(
    _ days: ClosedRange<CalendarDay>, by staged: Staged, finishRun: (Connection) throws -> Void
  ) throws -> [Checks.Finding] {
    try attempts { try FactPublication(staged, connection, library).makePartitionsAhead() }
    return try attempts {
      try connection.transaction {
        try limitWaiting()
        let published = try readPublished()
        guard staged.build == published.build else { throw LoadError.overtaken }
        try UndoLog(connection: connection, library: library).take(
          days, for: staged.run, staged.build, closedEpoch: published.epoch)
        try addRows(staged)
        for rollup in Rollup.allCases {
          try daySums.renew(
            rollup, from: "\(days.lowerBound.key)", to: "\(days.upperBound.key)",
            build: staged.build)
        }
        let warnings = try audit.run(staged)
        try Checks.store(warnings, run: staged.run, connection, library)
        _ = try connection.run(sql("note_load"), [.int(staged.build), .int(staged.run)])
        try finishRun(connection)
        return warnings
      }
    }
  }

  private func addRows(_ staged: Staged) throws {
    try FactPublication(staged, connection, library).publish()
    for table in RollupTable.all {
      try rows.merge(
        staged, table, into: "parts.\(BuildTables(build: staged.build).name(table))")
    }
  }

  /// What the pointer has to know to move to a build that is complete.
  struct Build {
    /// The full load that has made it.
    var run: Int64
    /// The epoch that its cut closed.
    var closedEpoch: Int32
    /// Whether other loads may have been published since its cut.
    var hasWaited = false
    /// How many partitions are reserved to the load.
    var reserved = 0
    /// Partitions whose committed records are not those of the lake.
    var lost: Set<TopicPartition> = []
    var warnings: [Checks.Finding] = []
  }

  /// Moves the pointer to a build whose tables are in place (`ShadowBuild`).
  /// - Returns, throws: as `publish(_:finishRun:)` does.
  func publish(
    _ build: Build, finishRun: (Connection) throws -> Void
  ) throws -> [Checks.Finding] {
    let shadow = ShadowBuild(connection: connection, library: library)
    return try attempts {
      try connection.transaction {
        try limitWaiting()
        let published = try readPublished()
        guard build.hasWaited || build.closedEpoch > published.epoch else {
          throw LoadError.overtaken
        }
        try UndoLog(connection: connection, library: library).save(build)
        _ = try connection.run(sql("reset_users_seen"))
        _ = try connection.run(sql("level_history_reset"))
        try publishUsers(
          LoadNumbers(run: build.run, build: build.run, isFull: true), seen: "shadow.user_seen")
        let checks = Checks(library: library)
        let audited = StagedAudit.names(build.run)
        let due = try checks.names.filter { try !checks.reads(audited, in: $0) }
        let warnings = try build.warnings + audit.run([Int64.min...Int64.max], only: due)
        try Checks.store(warnings, run: build.run, connection, library)
        try publishProgress(
          try shadow.progress(build.run), run: build.run, reserved: build.reserved,
          lost: build.lost)
        try shadow.takeMemory()
        _ = try connection.run(sql("publish_build"), [.int(build.run)])
        _ = try connection.run(sql("forget_builds"))
        try finishRun(connection)
        try shadow.forget()
        return warnings
      }
    }
  }

  static func time(milliseconds: Int64?) -> SQLValue {
    milliseconds.map { .timestamp(milliseconds: $0) } ?? .null
  }

  static func time(minutes: Int32?) -> SQLValue {
    minutes.map { .timestamp(milliseconds: Int64($0) * 60_000) } ?? .text("-infinity")
  }

  /// Tries again where a lock is not free in time.
  func attempts<Result>(_ body: () throws -> Result) throws -> Result {
    var holders = ""
    for attempt in 0...pauses.count {
      if attempt > 0 { stop.wait(seconds: pauses[attempt - 1]) }
      if stop.isRequested { throw LoadError.stopped }
      do {
        return try body()
      } catch let error as WarehouseError where LockWaits.isLockFailure(error) {
        holders = try LockWaits.holders(connection, library)
      }
    }
    throw LoadError(
      .locked,
      "The load was not published, the last good warehouse stays: tables were in use at each of "
        + "\(pauses.count + 1) attempts\(holders); end that transaction, then load again")
  }

  /// Seconds to wait for locks that a vacuum or somebody's DDL has; readers have none of them.
  private static let patience = 5.0

  func limitWaiting() throws(WarehouseError) {
    try LockWaits.limit(connection, library, seconds: Self.patience)
  }

  private var rows: StagedRows { StagedRows(connection: connection, library: library) }

  private var daySums: DaySums { DaySums(connection: connection, library: library) }

  private func sql(_ name: String, _ values: [String: String] = [:]) throws(WarehouseError)
    -> String
  {
    try library.sql("batch/\(name)", values)
  }

  /// Nobody else publishes from here to the end of the transaction.
  private func readPublished() throws(WarehouseError) -> (build: Int64, epoch: Int32) {
    let rows = try connection.run(sql("read_published"))
    return (try rows.int(0, 0), Int32(try rows.int(0, 1)))
  }

  // MARK: Users, progress

  /// - Parameter seen: the table that says when each state of a user was seen, with its schema.
  private func publishUsers(_ numbers: LoadNumbers, seen: String) throws(WarehouseError) {
    _ = try connection.run(sql("users_seen", ["seen": seen]))
    _ = try connection.run(sql("users_current", ["seen": seen]))
    let spans = "level_span_g\(numbers.run)"
    let states = "level_state_g\(numbers.run)"
    let facts = "level_fact_g\(numbers.run)"
    let starts = "level_start_g\(numbers.run)"
    _ = try connection.run(sql("level_spans", ["spans": spans, "seen": seen]))
    _ = try connection.run(sql("level_states", ["spans": spans, "states": states]))
    let tables = BuildTables(build: numbers.build)
    let hours = "level_hour_g\(numbers.run)"
    let values = [
      "states": states, "facts": facts, "hours": hours,
      "listen": "parts.\(tables.name(.listen))",
      "auth": "parts.\(tables.name(.auth))", "page_view": "parts.\(tables.name(.pageView))",
    ]
    let few = try fewDecidingHours(hours, states, tables)
    // Without, PostgreSQL expects hours of many more users, and sorts all facts to find those in them.
    try analyze(states, ["user_id", "user_key"])
    try analyze(hours, ["user_id", "hour"])
    if let few {
      _ = try connection.run(
        sql("level_facts_by_hour", values), [.text(few.first), .text(few.until)])
    } else {
      let since = try connection.run(sql("level_since", ["states": states])).textOrNull(0, 0)
      _ = try connection.run(sql("level_facts", values), [.text(since ?? "infinity")])
    }
    _ = try connection.run(
      sql("level_starts", ["spans": spans, "facts": facts, "starts": starts]))
    try connection.script(sql("level_history", ["spans": spans, "starts": starts]))
  }

  private func analyze(_ staged: String, _ columns: [String]) throws(WarehouseError) {
    try connection.script(
      library.sql("rollup/analyze", ["table": "stage.\(staged)"], lists: ["columns": columns]))
  }

  /// Finds the hours in which facts decide when a plan began.
  /// - Returns: from when to when they are; nil where they are many.
  private func fewDecidingHours(
    _ hours: String, _ states: String, _ tables: BuildTables
  ) throws(WarehouseError) -> (first: String, until: String)? {
    let rollup = "parts.\(tables.name(Rollup.user.table(.hour)))"
    _ = try connection.run(
      sql("level_hours", ["hours": hours, "states": states, "hour_user": rollup]))
    let shared = try FactPartitions(
      connection: connection, library: library, build: tables.build
    ).shared()
    let few = try connection.run(
      sql("level_hours_few", ["hours": hours, "hour_user": rollup]),
      [.textArray(shared)])
    guard try few.bool(0, 0) else { return nil }
    return (few.textOrNull(0, 1) ?? "infinity", few.textOrNull(0, 2) ?? "-infinity")
  }

  private func publishProgress(
    _ progress: LoadProgress, run: Int64, reserved: Int, lost: Set<TopicPartition>
  ) throws {
    let moved = try connection.run(sql("publish_reserved"), [.int(run)]).affected
    guard moved == Int64(reserved) else { throw LoadError.overtaken }
    _ = try connection.run(sql("release_reserved"), [.int(run)])
    _ = try connection.run(sql("publish_progress"), progress.columns)
    _ = try connection.run(sql("refresh_speed_replay"), progress.columnsOfLog)
    if !lost.isEmpty {
      let lost = lost.sorted()
      _ = try connection.run(
        sql("forget_lost_marks"),
        [.textArray(lost.map(\.topic)), .intArray(lost.map { Int64($0.partition) })])
    }
  }

  private var audit: PublicationAudit {
    PublicationAudit(connection: connection, library: library)
  }
}
