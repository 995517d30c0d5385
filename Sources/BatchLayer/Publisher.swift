import EventLog
import Foundation
import Metrics
import StarSchema
import Warehouse

/// What a load has staged, ready to be published.
struct Staged {
  var run: Int64
  var isFull: Bool
  var cut: Cut
  var replays: [TopicPartition: ReplayPoint]
  /// Milliseconds since 1970.
  var finalBefore: Int64?
  var parts: [FactWriter.Part: StageTable]
  var changes: StageTable?
  var changedSpan: ClosedRange<Int64>?
  var users: StageTable?
  /// Event times of the load's facts, ascending: a range for each run of days.
  var spans: [ClosedRange<Int64>]
  var rollups: [Rollup: StageTable]
  var lateRollups: [Rollup: StageTable]
}

/// Publishes a load: facts, rollups, users, progress and the loaded epoch become visible in one
/// commit, after the audits have passed on exactly that state.
struct Publisher {
  let connection: Connection
  let library: SQLLibrary

  /// - Parameter finishRun: writes the run's own row, inside the transaction.
  func publish(
    _ staged: Staged, auditing: Bool = true,
    finishRun: (Connection) throws(WarehouseError) -> Void
  ) throws {
    try connection.transaction {
      _ = try connection.run(sql("read_publishable_progress"))
      try publishFacts(staged)
      try publishRollups(staged)
      try publishUsers(staged)
      try publishProgress(staged)
      if auditing { try audit(staged) }
      try finishRun(connection)
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
      for (part, table) in present.sorted(by: { $0.value < $1.value }) {
        try connection.script(sql("detach_fact", ["fact": part.fact, "table": table]))
      }
      _ = try connection.run(sql("forget_fact_partitions"))
      present = [:]
    }
    for (part, table) in staged.parts.sorted(by: { $0.value.name < $1.value.name }) {
      let fact = part.fact.rawValue
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
    if let changes = staged.changes, let span = staged.changedSpan {
      _ = try connection.run(
        sql("close_plays", ["table": changes.name]),
        [.timestamp(milliseconds: span.lowerBound), .timestamp(milliseconds: span.upperBound)])
    }
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
    for rollup in Rollup.allCases {
      let target = "batch.\(rollup.table)"
      if staged.isFull {
        try swap(rollup, staged)
      } else if let table = staged.rollups[rollup] {
        try merge(rollup, table, into: target)
      }
      if let late = staged.lateRollups[rollup] { try merge(rollup, late, into: target) }
    }
  }

  /// The whole rollup is replaced by the staged one.
  private func swap(_ rollup: Rollup, _ staged: Staged) throws {
    let name = "\(rollup.table)_g\(staged.run)"
    if staged.rollups[rollup] == nil {
      try connection.script(sql("stage_rollup", ["table": name, "rollup": rollup.table]))
      try connection.script(sql("index_\(rollup.table)", ["table": name]))
    }
    let old = try connection.run(sql("rollup_partition"), [.text(rollup.table)]).text(0, 0)
    try connection.script(
      sql(
        "swap_rollup",
        ["rollup": rollup.table, "old": old, "table": name, "generation": "\(staged.run)"]))
  }

  private func merge(_ rollup: Rollup, _ table: StageTable, into target: String) throws {
    _ = try connection.run(
      sql("merge_\(rollup.table)", ["target": target, "table": table.name]))
    if rollup == .song {
      _ = try connection.run(sql("drop_if_zero", ["target": target, "table": table.name]))
    }
  }

  // MARK: Users, progress

  private func publishUsers(_ staged: Staged) throws {
    if staged.isFull {
      _ = try connection.run(sql("reset_users_seen"))
      _ = try connection.run(sql("level_history_reset"))
    }
    guard let users = staged.users, let first = staged.spans.first else { return }
    _ = try connection.run(sql("users_seen", ["table": users.name]))
    _ = try connection.run(sql("users_current", ["table": users.name]))
    _ = try connection.run(
      sql("level_history", ["table": users.name]), [.timestamp(milliseconds: first.lowerBound)])
  }

  private func publishProgress(_ staged: Staged) throws {
    let sources = staged.cut.ends.keys.sorted()
    let values: [SQLValue] = [
      .textArray(sources.map(\.topic)), .intArray(sources.map { Int64($0.partition) }),
      .intArray(sources.map { staged.cut.ends[$0] ?? 0 }),
      .intArray(sources.map { staged.replays[$0]?.offset ?? 0 }),
      .textArray(sources.map { (staged.replays[$0]?.watermark ?? Watermark()).stored }),
    ]
    _ = try connection.run(sql("publish_progress"), values)
    _ = try connection.run(sql("refresh_speed_replay"), values)
    _ = try connection.run(
      sql("publish"),
      [
        .int(Int64(staged.cut.closedEpoch)), .int(staged.run),
        staged.finalBefore.map { .timestamp(milliseconds: $0) } ?? .null,
      ])
  }

  // MARK: Audit

  /// Audits the minutes that the load has touched.
  private func audit(_ staged: Staged) throws {
    let minute: Int64 = 60_000
    for span in staged.spans {
      let findings = try Checks(library: library).run(
        connection, from: span.lowerBound / minute * minute,
        to: (span.upperBound / minute + 1) * minute)
      guard let worst = findings.first(where: \.isError) else { continue }
      throw LoadError(
        .auditFailed,
        "The load was not published, the last good warehouse stays: check \(worst.check) found "
          + "\(worst.rows) rows (\(worst.rule)), the first: \(worst.examples.first ?? "")")
    }
  }
}
