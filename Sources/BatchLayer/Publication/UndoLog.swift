import Metrics
import StarSchema
import Support
import Warehouse

/// Notes what is there before a load is published, in the schema `undo` and in the transaction that publishes it, so that
/// the load can be taken back until the next one is published.
///
/// The rows that a load adds say its number, and need no note. What is noted are the rows that it changes: those of
/// rollups that it adds to, outcomes and credits, users, and the state of the pointer and of the kernels. A full load changes
/// no row of a build, so that it notes the states alone.
struct UndoLog {
  let connection: Connection
  let library: SQLLibrary

  /// The name, without the schema, of the staged table that has the offsets that workers had committed at a cut.
  static func progressTable(_ run: Int64) -> String { "speed_progress_g\(run)" }

  /// Notes what an incremental load is about to change.
  func save(_ staged: Staged) throws(WarehouseError) {
    try begin(
      run: staged.run, isFull: false, closedEpoch: staged.cut.closedEpoch,
      reserved: staged.cut.reserved)
    if let users = staged.users {
      try connection.script(sql("save_touched_users", ["seen": "stage.\(users.name)"]))
    }
    for table in RollupTable.all { try save(table, staged) }
    for fact in FactTable.allCases {
      for span in staged.spans {
        _ = try connection.run(
          sql("save_span"),
          [
            .text(fact.name), .text(ISOTime.text(span.lowerBound)),
            .text(ISOTime.text(span.upperBound)),
          ])
      }
    }
    for change in staged.changes {
      let query = change.fact == .listen ? "save_listens" : "save_credits"
      let fact = "parts.\(BuildTables(build: staged.build).name(change.fact))"
      _ = try connection.run(
        sql(query, ["fact": fact, "table": change.rows.name]),
        [
          .timestamp(milliseconds: change.span.lowerBound),
          .timestamp(milliseconds: change.span.upperBound),
        ])
    }
  }

  /// Notes what the publication of a full load is about to change.
  func save(_ build: Publisher.Build) throws(WarehouseError) {
    try begin(
      run: build.run, isFull: true, closedEpoch: build.closedEpoch, reserved: build.reserved)
    try connection.script(sql("save_users"))
  }

  /// Takes the rows of some days away, and notes them.
  func take(_ days: ClosedRange<CalendarDay>, for run: Int64, _ build: Int64, closedEpoch: Int32)
    throws(WarehouseError)
  {
    try begin(run: run, isFull: false, closedEpoch: closedEpoch, reserved: 0)
    let tables = BuildTables(build: build)
    for table in RollupTable.all {
      try take(
        days, table.name, tables.name(table), time: table.rung.rawValue,
        RollupRows.columns(table))
    }
    for fact in FactTable.allCases {
      try take(days, fact.name, tables.name(fact), time: "ts", fact.storedColumns)
    }
  }

  private func take(
    _ days: ClosedRange<CalendarDay>, _ table: String, _ target: String, time: String,
    _ columns: [String]
  ) throws(WarehouseError) {
    let midnight = time == Rung.day.rawValue ? "" : " 00:00:00+00"
    let bounds: [SQLValue] = [
      .text("\(days.lowerBound.key)\(midnight)"), .text("\(days.upperBound.next.key)\(midnight)"),
    ]
    _ = try connection.run(
      library.sql(
        "undo/take_rows", ["target": "parts.\(target)", "table": table, "time": time],
        lists: ["columns": columns]), bounds)
    _ = try connection.run(sql("save_span"), [.text(table)] + bounds)
  }

  private func begin(
    run: Int64, isFull: Bool, closedEpoch: Int32, reserved: Int
  ) throws(WarehouseError) {
    try forget()
    try connection.script(sql("save_state"))
    if isFull { _ = try connection.run(sql("save_replay_points")) }
    if reserved > 0 {
      _ = try connection.run(sql("save_speed_progress", ["table": Self.progressTable(run)]))
    }
    _ = try connection.run(
      sql("save_load"),
      [.int(run), .bool(isFull), .int(Int64(closedEpoch)), .int(Int64(reserved))])
  }

  /// Nothing can be taken back from here on.
  func forget() throws(WarehouseError) {
    try connection.script(
      library.sql("undo/forget", lists: ["rollups": RollupTable.all.map(\.name)]))
  }

  private func save(_ table: RollupTable, _ staged: Staged) throws(WarehouseError) {
    for rows in staged.tables(table) {
      // The server knows nothing of staged rows yet, and would read all of the rollup for a few of them.
      try connection.script(
        library.sql(
          "rollup/analyze", ["table": "stage.\(rows.name)"], lists: ["columns": table.keyColumns]))
      let target = "parts.\(BuildTables(build: staged.build).name(table))"
      let time = table.rung.column
      let span = try connection.run(
        sql("staged_span", ["table": rows.name, "time": time, "target": target]))
      guard let first = span.textOrNull(0, 0), let last = span.textOrNull(0, 1) else { continue }
      // As values, the planner knows of both how much of the rollup lies between them: all of it where events come late.
      if let lastKnown = span.textOrNull(0, 2) {
        _ = try connection.run(
          library.sql(
            "undo/save_rollup",
            [
              "rollup": table.name, "target": target, "table": rows.name, "time": time,
              "type": table.rung == .day ? "date" : "timestamptz",
            ], lists: RollupRows.lists(table)), [.text(first), .text(lastKnown)])
      }
      _ = try connection.run(sql("save_span"), [.text(table.name), .text(first), .text(last)])
    }
  }

  private func sql(_ name: String, _ values: [String: String] = [:]) throws(WarehouseError)
    -> String
  {
    try library.sql("undo/\(name)", values)
  }
}
