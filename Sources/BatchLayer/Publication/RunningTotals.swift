import Metrics
import StarSchema
import Warehouse

/// Keeps the running totals of a build what its days say (`RunningTable`).
struct RunningTotals {
  let connection: Connection
  let library: SQLLibrary

  /// The staged table's name, without the schema.
  static func stageName(_ table: RunningTable, _ run: Int64) -> String { "\(table.name)_g\(run)" }

  /// Makes those of a full load, in the stage, once its days are complete.
  func make(_ staged: Staged) throws(WarehouseError) {
    for table in RunningTable.all {
      let name = Self.stageName(table, staged.run)
      try connection.script(
        library.sql("rollup/stage", staged.numbers.values(["table": name, "rollup": table.name])))
      try connection.script(
        library.sql(
          "rollup/index", ["table": name], lists: ["keys": ["quarter", table.key]]))
      try add(
        "stage.\(RollupWriter.name(table.rollup.table(.day), staged.run))", to: "stage.\(name)",
        table)
    }
  }

  /// Adds the days that an incremental load has staged to those of its build.
  func add(_ staged: Staged) throws(WarehouseError) {
    for table in RunningTable.all {
      for rows in staged.tables(table.rollup.table(.day)) {
        try add("stage.\(rows.name)", to: target(table, staged.build), table)
      }
    }
  }

  /// Makes the quarters that these days are in anew, from all of their days.
  func renew(_ table: RunningTable, from first: String, to last: String, build: Int64)
    throws(WarehouseError)
  {
    let target = target(table, build)
    _ = try connection.run(
      library.sql("rollup/drop_quarters", ["target": target]), [.text(first), .text(last)])
    try add(
      "parts.\(BuildTables(build: build).name(table.rollup.table(.day)))", to: target, table,
      from: first, to: last)
  }

  private func target(_ table: RunningTable, _ build: Int64) -> String {
    "parts.\(BuildTables(build: build).name(table))"
  }

  private func add(
    _ days: String, to target: String, _ table: RunningTable, from first: String = "-infinity",
    to last: String = "infinity"
  ) throws(WarehouseError) {
    _ = try connection.run(
      library.sql(
        "rollup/add_quarters",
        [
          "target": target, "days": days, "key": table.key, "dimension": "dim_\(table.rollup.name)",
        ], lists: ["names": table.names]), [.text(first), .text(last)])
  }
}
