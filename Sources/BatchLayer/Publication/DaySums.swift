import Metrics
import StarSchema
import Warehouse

/// Keeps what a build has beside its days to what these say: their sums by group (`GroupedDays`), and
/// running totals (`RunningTable`).
struct DaySums {
  let connection: Connection
  let library: SQLLibrary

  /// Days without a first and a last one.
  private static let allDays: (first: String, last: String) = ("-infinity", "infinity")

  /// Whether a row `d` of the dimension table has names that are not its own.
  private static func namedLater(_ rollup: Rollup) -> String {
    rollup.namedLater.map { "d.\($0)" } ?? "false"
  }

  /// A staged table's name, without the schema.
  static func stageName(_ table: String, _ run: Int64) -> String { "\(table)_g\(run)" }

  /// Makes those of a full load, in the stage, once its days are complete.
  func make(_ staged: Staged) throws(WarehouseError) {
    func days(_ rollup: Rollup) -> String {
      "stage.\(RollupWriter.name(rollup.table(.day), staged.run))"
    }
    // Without, PostgreSQL expects a few rows, and looks up each of the many in the dimension's index.
    for rollup in Set(GroupedDays.all.map(\.rollup) + RunningTable.all.map(\.rollup)) {
      try connection.script(
        library.sql(
          "rollup/analyze", ["table": days(rollup)],
          lists: ["columns": rollup.table(.day).keyColumns]))
    }
    for table in GroupedDays.all {
      try add(
        days(table.rollup), to: stage(table.name, table.keyColumns, staged), table, Self.allDays)
    }
    for table in RunningTable.all {
      try add(
        days(table.rollup), to: stage(table.name, ["quarter", table.key], staged), table,
        Self.allDays)
    }
  }

  private func stage(
    _ table: String, _ keys: [String], _ staged: Staged
  ) throws(WarehouseError) -> String {
    let name = Self.stageName(table, staged.run)
    try connection.script(
      library.sql("rollup/stage", staged.numbers.values(["table": name, "rollup": table])))
    try connection.script(library.sql("rollup/index", ["table": name], lists: ["keys": keys]))
    return "stage.\(name)"
  }

  /// Adds the days that an incremental load has staged to those of its build.
  func add(_ staged: Staged) throws(WarehouseError) {
    let build = BuildTables(build: staged.build)
    for table in GroupedDays.all {
      for rows in staged.tables(table.rollup.table(.day)) {
        try add("stage.\(rows.name)", to: "parts.\(build.name(table))", table, Self.allDays)
      }
    }
    for table in RunningTable.all {
      for rows in staged.tables(table.rollup.table(.day)) {
        try add("stage.\(rows.name)", to: "parts.\(build.name(table))", table, Self.allDays)
      }
    }
  }

  /// Makes the sums of a rollup's days, and of the quarters that they are in, anew from the days that are there.
  func renew(
    _ rollup: Rollup, from first: String, to last: String, build: Int64
  ) throws(WarehouseError) {
    let build = BuildTables(build: build)
    let days = "parts.\(build.name(rollup.table(.day)))"
    for table in GroupedDays.all where table.rollup == rollup {
      let target = "parts.\(build.name(table))"
      _ = try connection.run(
        library.sql("rollup/drop_days", ["target": target]), [.text(first), .text(last)])
      try add(days, to: target, table, (first, last))
    }
    for table in RunningTable.all where table.rollup == rollup {
      let target = "parts.\(build.name(table))"
      _ = try connection.run(
        library.sql("rollup/drop_quarters", ["target": target]), [.text(first), .text(last)])
      try add(days, to: target, table, (first, last))
    }
  }

  private func add(
    _ days: String, to target: String, _ table: GroupedDays, _ span: (first: String, last: String)
  ) throws(WarehouseError) {
    let columns = RollupRows.lists(table.rollup.table(.day))
    _ = try connection.run(
      library.sql(
        "rollup/add_groups",
        [
          "target": target, "days": days, "key": "\(table.rollup.name)_key",
          "dimension": "dim_\(table.rollup.name)", "attribute": table.attribute,
          "named_later": Self.namedLater(table.rollup),
        ], lists: columns.filter { $0.key != "keys" }), [.text(span.first), .text(span.last)])
  }

  private func add(
    _ days: String, to target: String, _ table: RunningTable,
    _ span: (first: String, last: String)
  ) throws(WarehouseError) {
    _ = try connection.run(
      library.sql(
        table.groups == nil ? "rollup/add_quarters" : "rollup/add_group_quarters",
        [
          "target": target, "days": days, "key": "\(table.rollup.name)_key",
          "dimension": "dim_\(table.rollup.name)", "named_later": Self.namedLater(table.rollup),
        ], lists: ["names": table.names]), [.text(span.first), .text(span.last)])
  }
}
