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

  /// Adds rows to those of a rollup.
  /// - Parameter target: the table that they are added to, with its schema.
  func merge(_ rows: StageTable, of table: RollupTable, into target: String) throws(WarehouseError)
  {
    let values = ["target": target, "table": rows.name]
    let lists = RollupRows.lists(table)
    _ = try connection.run(library.sql("rollup/merge", values, lists: lists))
    if table.rollup == .song {
      _ = try connection.run(library.sql("rollup/drop_if_zero", values, lists: lists))
    }
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
