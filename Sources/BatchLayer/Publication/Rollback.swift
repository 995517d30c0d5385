import Metrics
import StarSchema
import Warehouse

/// Takes back the last published load, in one transaction: readers see what they would see if it had not been published,
/// and the speed layer's rows count for its stretch of the log again.
///
/// Where the load had counted records in place of speed workers, no rows of the speed layer have them. Then all that the
/// workers have counted since its cut is dropped, and they count anew from where they were at the cut.
struct Rollback {
  let connection: Connection
  let library: SQLLibrary
  /// Who asks for it; nil where nobody is named.
  var requestedBy: String?

  /// What was taken back.
  struct Load {
    var run: Int64
    var isFull: Bool
    /// Whether the speed layer has to count its stretch of the log anew.
    var countsAnew: Bool
    /// The build before the load.
    fileprivate var build: Int64
    fileprivate var closedEpoch: Int64
  }

  /// Call it in a transaction that nobody else's load or publication is beside.
  /// - Returns: nil where there is no load to take back.
  /// - Throws: `LoadError.overtaken` where the published load is another one; errors of the server.
  func takeBack() throws -> Load? {
    guard let load = try read() else { return nil }
    if load.countsAnew { try dropSpeedRows(of: load) }
    try restoreRows(of: load)
    if load.isFull {
      // It has seen users that the build before had not.
      _ = try connection.run(library.sql("batch/reset_users_seen"))
      _ = try connection.run(library.sql("batch/level_history_reset"))
    }
    try connection.script(sql("restore_users"))
    // As in a flush and in a publication: first the offsets, then the places to read again from.
    if load.countsAnew { try connection.script(sql("take_back_progress")) }
    try connection.script(sql("restore_memory"))
    if load.isFull {
      _ = try connection.run(sql("leave_build"), [.int(load.run)])
    } else {
      try connection.script(sql("restore_published"))
    }
    guard
      try connection.run(
        sql("finish_run"), [.int(load.run), requestedBy.map(SQLValue.text) ?? .null]
      ).affected == 1
    else {
      throw LoadError.overtaken
    }
    try UndoLog(connection: connection, library: library).forget()
    return load
  }

  private func read() throws(WarehouseError) -> Load? {
    let rows = try connection.run(sql("read"))
    guard rows.count > 0 else { return nil }
    return Load(
      run: try rows.int(0, 0), isFull: try rows.bool(0, 1), countsAnew: try rows.int(0, 4) > 0,
      build: try rows.int(0, 2), closedEpoch: try rows.int(0, 3))
  }

  /// No flush commits, and nobody folds rows, from here to the end of the transaction.
  private func dropSpeedRows(of load: Load) throws(WarehouseError) {
    _ = try connection.run(library.sql("batch/lock_epoch"))
    _ = try connection.run(sql("hold_compactor"))
    for table in SpeedTable.all {
      _ = try connection.run(
        sql("drop_speed_rows", ["table": table.name]), [.int(load.closedEpoch)])
    }
    _ = try connection.run(sql("drop_late_events"), [.int(load.closedEpoch)])
  }

  private func restoreRows(of load: Load) throws(WarehouseError) {
    guard !load.isFull else { return }
    let tables = BuildTables(build: load.build)
    let spans = try connection.run(sql("spans"))
    let rollups = Dictionary(uniqueKeysWithValues: RollupTable.all.map { ($0.name, $0) })
    for row in 0..<spans.count {
      let name = try spans.text(row, 0)
      let time = rollups[name]?.rung.rawValue ?? "ts"
      _ = try connection.run(
        sql("delete_rows", ["table": "parts.\(name)_b\(load.build)", "time": time]),
        [.int(load.run), .text(try spans.text(row, 1)), .text(try spans.text(row, 2))])
    }
    for table in RollupTable.all {
      _ = try connection.run(
        library.sql(
          "undo/restore_rollup", ["rollup": table.name, "target": "parts.\(tables.name(table))"],
          lists: RollupRows.lists(table)))
    }
    try renewDaySums(spans, load.build)
    for fact in FactTable.allCases {
      _ = try connection.run(
        library.sql(
          "undo/restore_fact", ["target": "parts.\(tables.name(fact))", "table": fact.name],
          lists: ["columns": fact.storedColumns]))
    }
    try restore("listen_change", by: "close_plays", .listen, tables)
    try restore("credit_change", by: "move_credits", .pageView, tables)
  }

  /// - Parameter spans: the rows of `undo/spans`.
  private func renewDaySums(_ spans: Rows, _ build: Int64) throws(WarehouseError) {
    let sums = DaySums(connection: connection, library: library)
    for row in 0..<spans.count {
      let name = try spans.text(row, 0)
      for rollup in Rollup.allCases where rollup.table(.day).name == name {
        try sums.renew(
          rollup, from: try spans.text(row, 1), to: try spans.text(row, 2), build: build)
      }
    }
  }

  private func restore(
    _ changes: String, by query: String, _ fact: FactTable, _ tables: BuildTables
  ) throws(WarehouseError) {
    let times = try connection.run(sql("change_times", ["table": changes]))
    guard let first = times.textOrNull(0, 0), let last = times.textOrNull(0, 1) else { return }
    _ = try connection.run(
      library.sql(
        "batch/\(query)", ["changes": "undo.\(changes)", "fact": "parts.\(tables.name(fact))"]),
      [.text(first), .text(last)])
  }

  private func sql(_ name: String, _ values: [String: String] = [:]) throws(WarehouseError)
    -> String
  {
    try library.sql("undo/\(name)", values)
  }
}
