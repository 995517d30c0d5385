import Metrics
import StarSchema
import Warehouse

/// Rows that change facts which are written already, by the statement `queries/batch/<query>.sql`.
struct FactChange {
  var query: String
  var fact: FactTable
  var rows: StageTable
  /// Event times of the facts that change, milliseconds since 1970.
  var span: ClosedRange<Int64>
}

/// How staged rows reach the rows that they belong to: those that are published, or, before that, others of the stage.
struct StagedRows {
  let connection: Connection
  let library: SQLLibrary

  /// Adds the staged rows of a rollup to those that are there.
  /// - Parameter target: the table that they are added to, with its schema.
  func merge(_ staged: Staged, _ table: RollupTable, into target: String) throws(WarehouseError) {
    if let rows = staged.rollups[table] {
      let time = table.rung.column
      let last = try connection.run(
        library.sql("rollup/last_time", ["target": target, "time": time]))
      let values = [
        "target": target, "table": rows.name, "time": time,
        "type": table.rung == .day ? "date" : "timestamptz",
      ]
      for query in ["rollup/merge", "rollup/merge_new"] {
        _ = try connection.run(
          library.sql(query, values, lists: RollupRows.lists(table)), [.text(last.text(0, 0))])
      }
      try dropIfZero(rows, of: table, in: target)
    }
    if let rows = staged.lateRollups[table] { try mergeLate(rows, of: table, into: target) }
  }

  /// Adds rows of which a key may have several (`Staged.lateRollups`).
  func mergeLate(
    _ rows: StageTable, of table: RollupTable, into target: String
  ) throws(WarehouseError) {
    _ = try connection.run(
      library.sql(
        "rollup/merge_late", ["target": target, "table": rows.name], lists: RollupRows.lists(table))
    )
    try dropIfZero(rows, of: table, in: target)
  }

  /// A credit that has moved to another song may leave a row in which nothing is left.
  private func dropIfZero(
    _ rows: StageTable, of table: RollupTable, in target: String
  ) throws(WarehouseError) {
    guard table.rollup == .song else { return }
    _ = try connection.run(
      library.sql(
        "rollup/drop_if_zero", ["target": target, "table": rows.name],
        lists: RollupRows.lists(table)))
  }

  /// - Parameter facts: the table that has the facts, with its schema.
  func apply(
    _ changes: [FactChange], to facts: (FactTable) -> String
  ) throws(WarehouseError) {
    for change in changes {
      // They are few, but the planner has to know: it would hash all facts and not these.
      try connection.script(
        library.sql(
          "rollup/analyze", ["table": "stage.\(change.rows.name)"],
          lists: ["columns": change.rows.columns]))
      _ = try connection.run(
        library.sql(
          "batch/\(change.query)",
          ["changes": "stage.\(change.rows.name)", "fact": facts(change.fact)]),
        [
          .timestamp(milliseconds: change.span.lowerBound),
          .timestamp(milliseconds: change.span.upperBound),
        ])
    }
  }
}
