import Metrics
import StarSchema
import Warehouse

/// What the audit of a load looks at where its events lie far apart: what it changes. Rows that it does not touch would cost
/// it more than its own, as there are more of them on each day. They are read on days that are audited as a whole: all where they are
/// few, and else as many of them, at each load others.
struct AuditedDays {
  let connection: Connection
  let library: SQLLibrary
  private let staged: Staged
  private let tables: BuildTables
  /// Those that are audited as a whole.
  let whole: Set<CalendarDay>

  /// How many days are audited as a whole at most.
  static let wholeAtMost = 8

  /// - Parameter touched: the stretches of time that the load touches.
  init(
    _ staged: Staged, _ touched: [ClosedRange<Int64>], _ connection: Connection,
    _ library: SQLLibrary
  ) {
    self.staged = staged
    self.connection = connection
    self.library = library
    tables = BuildTables(build: staged.build)
    let days = Set(touched.flatMap { CalendarDay.days(of: $0) })
    // Of so many days one, which has its turn as runs go on.
    let step = (days.count + Self.wholeAtMost - 1) / Self.wholeAtMost
    let turn = step > 0 ? Int(staged.run % Int64(step)) : 0
    whole = Set(days.sorted().enumerated().filter { $0.offset % step == turn }.map(\.element))
  }

  /// Notes which days are audited as a whole, for the views. Call it once the load's rows are added.
  func note() throws(WarehouseError) {
    try connection.script(library.sql("batch/stage_whole_days"))
    _ = try connection.run(
      library.sql("batch/note_whole_days"), [.textArray(whole.sorted().map(\.text))])
  }

  /// Makes views, which go with the transaction, of the rollups' days.
  /// - Returns: the views' names by the names of the tables that they stand for.
  func rollups() throws(WarehouseError) -> [String: String] {
    var shown: [String: String] = [:]
    for table in RollupTable.all where table.rung == .day {
      var values = stagedTables(table)
      values["rollup"] = table.name
      values["target"] = "parts.\(tables.name(table))"
      try connection.script(
        library.sql(
          "batch/audited_days", values,
          lists: RollupRows.lists(table).filter { $0.key != "sketches" }))
      shown["batch.\(table.name)"] = "pg_temp.audited_\(table.name)"
    }
    return shown
  }

  /// Makes a view, which goes with the transaction, of the totals that are copied.
  /// - Parameter facts: those that are copied as a whole.
  /// - Returns: the view's name.
  func totals(besides facts: Set<FactTable>) throws(WarehouseError) -> String {
    let table = Rollup.totals.table(.minute)
    var values = stagedTables(table)
    values["table"] = tables.name(table)
    values["run"] = "\(staged.run)"
    values["has_listens"] = "\(facts.contains(.listen))"
    values["has_page_views"] = "\(facts.contains(.pageView))"
    values["has_auths"] = "\(facts.contains(.auth))"
    try connection.script(
      library.sql(
        "batch/audited_minutes", values,
        lists: ["counters": table.rollup.counters.map(\.column)]))
    return "pg_temp.audited_minutes"
  }

  /// The tables that have the staged rows of a rollup, twice the same where it is one. Where nothing is staged, nothing is in the undo
  /// log either.
  private func stagedTables(_ table: RollupTable) -> [String: String] {
    let rows = staged.tables(table).map { "stage.\($0.name)" }
    let none = "undo.\(table.name)"
    return ["staged": rows.first ?? none, "staged_late": rows.last ?? none]
  }
}
