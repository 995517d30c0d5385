import Metrics
import StarSchema
import Warehouse

/// A full load's build between its audit and its publication: its tables are in place, and the schema `shadow` has what
/// else it knows. Nobody reads it before the pointer moves.
struct ShadowBuild {
  let connection: Connection
  let library: SQLLibrary

  /// Puts what is staged in place. Call it in a transaction; it waits for no reader, and no reader for it.
  func open(_ staged: Staged) throws(WarehouseError) {
    let build = "\(staged.build)"
    for table in RollupTable.all {
      try connection.script(
        library.sql(
          "rollup/attach",
          [
            "table": RollupWriter.name(table, staged.run), "rollup": table.name, "build": build,
          ]))
    }
    for table in GroupedDays.all.map(\.name) + RunningTable.all.map(\.name) {
      try connection.script(
        library.sql(
          "rollup/attach",
          ["table": DaySums.stageName(table, staged.run), "rollup": table, "build": build]))
    }
    for fact in FactTable.allCases { try open(fact, staged) }
    try connection.script(library.sql("batch/open_build", ["build": build]))
    _ = try connection.run(
      library.sql("batch/add_build"),
      [
        .int(staged.build), .int(Int64(staged.cut.closedEpoch)),
        Publisher.time(milliseconds: staged.finalBefore),
        Publisher.time(minutes: staged.minutesFrom),
      ])
    try keepState(staged)
  }

  private func open(_ fact: FactTable, _ staged: Staged) throws(WarehouseError) {
    var tables: [FactWriter.Part: String] = [:]
    for (part, table) in StagedAudit.days(of: fact, staged) { tables[part] = table }
    let rest = StagedAudit.rest(of: fact, staged)
    let tree = StagedAudit.tree(of: fact, staged)
    let months = Set(tables.keys.compactMap { tree.month(forPartitionOf: $0.day) })
      .sorted().map { tree.name(of: $0) }
    for table in tables.values.sorted() + months + [rest].compactMap({ $0 }) {
      try connection.script(library.sql("batch/move_part", ["table": table]))
    }
    let name = BuildTables(build: staged.build).name(fact)
    try connection.script(
      library.sql(
        "batch/attach_fact_build",
        ["table": name, "fact": fact.name, "build": "\(staged.build)"]))
    if let rest {
      for part in staged.rare where part.fact == fact { tables[part] = rest }
    }
    try FactPartitions(connection: connection, library: library, build: staged.build)
      .record(tables)
  }

  private func keepState(_ staged: Staged) throws(WarehouseError) {
    try forget()
    _ = try connection.run(library.sql("shadow/discard"))
    _ = try connection.run(
      library.sql("shadow/add_progress"), staged.progress.columns + [.int(staged.run)])
    let memory = KernelMemory(connection: connection, library: library, schema: "shadow")
    try memory.replaceAhead(staged.ahead)
    try memory.save(staged.replayPoints)
    if let users = staged.users {
      _ = try connection.run(library.sql("shadow/take_users", ["table": users.name]))
    }
  }

  /// How far the lake is loaded in this build.
  func progress(_ run: Int64) throws(WarehouseError) -> LoadProgress {
    try LoadProgress(connection.run(library.sql("shadow/read_progress"), [.int(run)]))
  }

  /// What the kernels have to know of the log is that of the build from now on.
  func takeMemory() throws(WarehouseError) {
    try connection.script(library.sql("shadow/take_memory"))
  }

  /// Empties the schema `shadow`.
  func forget() throws(WarehouseError) { try connection.script(library.sql("shadow/forget")) }

  /// The build that waits for its publication; nil where none does.
  /// - Throws: `LoadError.overtaken` where a load has been published since whose rows it lacks and the speed layer never had.
  func waiting() throws -> Publisher.Build? {
    let rows = try connection.run(library.sql("shadow/waiting"))
    guard rows.count > 0 else { return nil }
    let run = try rows.int(0, 0)
    guard try rows.int(0, 2) == 0 else {
      throw LoadError(
        .overtaken,
        "The build of load \(run) was not published: a load since then has counted records that no speed worker "
          + "has, and this build lacks them; build again with polyrhythm load full --shadow")
    }
    return Publisher.Build(run: run, closedEpoch: Int32(try rows.int(0, 1)), hasWaited: true)
  }
}
