import Metrics
import StarSchema
import Support
import Warehouse

/// What PostgreSQL knows of the tables that a load has changed, right after it: the server itself looks at partitions a
/// minute later, and at the tables that they belong to never.
struct Statistics {
  let connection: Connection
  let library: SQLLibrary
  let databaseURL: String

  /// A table that is looked at.
  private struct Table: Sendable {
    var name: String
    var columns: [String]
  }

  /// Best effort: a question is answered without, only slower.
  func refresh(_ staged: Staged) {
    // Otherwise the server looks by itself, later.
    guard let unknown = try? tables("batch/tables_unknown"),
      let facts = try? facts(of: staged, unknown),
      let rollups = try? rollups(of: staged, unknown)
    else { return }
    guard staged.numbers.isFull else {
      try? Self.analyze(facts + rollups, connection, library)
      if let grown = try? grownTables() { try? Self.analyze(grown, connection, library) }
      return
    }
    // The largest fact takes as long as all the others.
    let views = facts.filter { $0.name.hasSuffix(FactTable.pageView.name) }
    let others = facts.filter { !$0.name.hasSuffix(FactTable.pageView.name) }
    let worker = Worker("load-analyze") { [databaseURL, library] in
      let connection = try Connection(url: databaseURL, applicationName: "polyrhythm load analyze")
      try Self.analyze(views, connection, library)
    }
    try? Self.analyze(rollups + others, connection, library)
    _ = try? worker.wait()
  }

  /// - Parameter unknown: the tables of which the server knows nothing.
  private func rollups(
    of staged: Staged, _ unknown: Set<String>
  ) throws(WarehouseError) -> [Table] {
    if staged.numbers.isFull {
      // A full load looks at what the builds have together, and an incremental one at its own.
      return Self.summed.map { Table(name: "builds.\($0.name)", columns: $0.columns) }
    }
    let names = BuildTables(build: staged.build)
    // A day more is little beside a year: what is looked at follows how much has come.
    let due = unknown.union(
      try tables(
        "batch/tables_outgrown", [.textArray(Self.summed.map { names.name(of: $0.name) })]))
    return Self.summed.filter { due.contains(names.name(of: $0.name)) }.map {
      Table(name: "parts.\(names.name(of: $0.name))", columns: $0.columns)
    }
  }

  /// What a build has beside its facts, without the schema. Nobody asks for a sketch by its value.
  private static var summed: [Table] {
    RollupTable.all.map { table in
      Table(name: table.name, columns: table.keyColumns + table.rollup.counters.map(\.column))
    }
      + RunningTable.all.map { table in
        Table(name: table.name, columns: ["quarter", "\(table.rollup.name)_key", "label"])
      }
      + GroupedDays.all.map { table in
        Table(name: table.name, columns: table.keyColumns + table.rollup.counters.map(\.column))
      }
  }

  /// What the builds have together of tables that have grown by a tenth since it was looked at.
  private func grownTables() throws(WarehouseError) -> [Table] {
    let names = try tables("batch/tables_grown")
    return Self.summed.filter { names.contains($0.name) }.map {
      Table(name: "builds.\($0.name)", columns: $0.columns)
    }
  }

  private func facts(
    of staged: Staged, _ unknown: Set<String>
  ) throws(WarehouseError) -> [Table] {
    if staged.numbers.isFull {
      return FactTable.allCases.map { Table(name: "builds.\($0.name)", columns: $0.columns) }
    }
    let present = try FactPartitions(
      connection: connection, library: library, build: staged.build
    ).present()
    let changed = Set(staged.parts.keys).union(staged.rare).union(staged.few)
    return FactTable.allCases.flatMap { fact in
      let parts = changed.filter { $0.fact == fact }
      let large = parts.filter { staged.factCounts[$0, default: 0] >= Self.manyRows }
      return Set(large.compactMap { present[$0] })
        .union(parts.compactMap { present[$0] }.filter(unknown.contains))
        .sorted().map { Table(name: "parts.\($0)", columns: fact.columns) }
    }
  }

  /// New rows up to which a table that PostgreSQL knows already is as it was before.
  private static let manyRows = 1000

  /// The names that a query answers with.
  private func tables(
    _ query: String, _ values: [SQLValue] = []
  ) throws(WarehouseError) -> Set<String> {
    let rows = try connection.run(library.sql(query), values)
    var names: Set<String> = []
    for row in 0..<rows.count { names.insert(try rows.text(row, 0)) }
    return names
  }

  private static func analyze(
    _ tables: [Table], _ connection: Connection, _ library: SQLLibrary
  ) throws(WarehouseError) {
    // Fewer rows are sampled than by default, as there are many partitions.
    try connection.script("set default_statistics_target = 10")
    for table in tables {
      try connection.script(
        library.sql(
          "rollup/analyze", ["table": table.name], lists: ["columns": table.columns + ["build"]]))
    }
    try connection.script("reset default_statistics_target")
  }
}
