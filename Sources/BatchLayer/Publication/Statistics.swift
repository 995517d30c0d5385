import Metrics
import StarSchema
import Support
import Warehouse

/// What PostgreSQL knows of the tables that a load has changed, as soon as readers see it: the server itself looks at partitions a
/// minute later, and at the tables that they belong to never.
///
/// Readers plan with a table from the moment on at which it is a part of what they read, and one that nobody has looked at
/// they read as a whole, with more processes than one (docs/decisions/0034). So each table is looked at before: what a full
/// load has staged while it is audited, new facts of an incremental one in the transaction that publishes them.
struct Statistics {
  let connection: Connection
  let library: SQLLibrary

  /// A table that is looked at.
  struct Table: Sendable {
    var name: String
    var columns: [String]
  }

  /// All that is left to look at once a load is published. Best effort: a question is answered without, only slower.
  func refresh(after staged: Staged, databaseURL: String) {
    if staged.numbers.isFull {
      refreshWhole(staged.build, databaseURL: databaseURL)
    } else {
      refreshGrown(staged.build)
    }
    summarizeFacts(of: staged)
  }

  // MARK: Full loads

  /// The tables of facts and rollups that a full load has staged, the largest first; none of those that `refreshWhole` will look
  /// at with all their partitions, as PostgreSQL knows nothing of them yet.
  func staged(_ staged: Staged) throws(WarehouseError) -> [Table] {
    let known = try tables("batch/tables_known")
    let facts = Self.facts.filter { known.contains($0.name) }.flatMap { fact in
      (StagedAudit.days(of: fact, staged).map(\.1)
        + [StagedAudit.rest(of: fact, staged)].compactMap { $0 })
        .map { Table(name: "stage.\($0)", columns: fact.columns) }
    }
    let rollups = RollupTable.all.filter { known.contains($0.name) }.map {
      Table(name: "stage.\(RollupWriter.name($0, staged.run))", columns: Self.columns(of: $0))
    }
    return facts + rollups
  }

  /// The same of what a full load has beside its days.
  func stagedSums(_ run: Int64) throws(WarehouseError) -> [Table] {
    let known = try tables("batch/tables_known")
    return Self.sums.filter { known.contains($0.name) }.map {
      Table(name: "stage.\(DaySums.stageName($0.name, run))", columns: $0.columns)
    }
  }

  /// Looks at what all builds have together, after a full load that brings a tenth more than PostgreSQL knows of.
  private func refreshWhole(_ build: Int64, databaseURL: String) {
    if let grown = try? grown(Self.wholeFacts + Self.summed, build) {
      // Each partition of a fact is looked at, too, so that facts take as long as all the others; plays are the most rows.
      let plays = grown.filter { $0.name.hasSuffix(FactTable.listen.name) }
      let others = grown.filter { !$0.name.hasSuffix(FactTable.listen.name) }
      let worker = Worker("load-analyze") { [library] in
        guard !plays.isEmpty else { return }
        let connection = try Connection(
          url: databaseURL, applicationName: "polyrhythm load analyze")
        try Statistics(connection: connection, library: library).look(at: plays)
      }
      try? look(at: others)
      _ = try? worker.wait()
    }
    refreshDimensions()
  }

  // MARK: Incremental loads

  /// Looks at partitions of facts that have got many rows. Call it in the transaction that publishes them.
  func lookAtFacts(of staged: Staged) throws(WarehouseError) {
    try look(at: facts(of: staged, tables("batch/tables_unknown")))
  }

  /// Looks at rollups that have grown, with what the builds have together, of facts too. Best effort, as `refresh`.
  private func refreshGrown(_ build: Int64) {
    refreshRollups(build)
    if let grown = try? grown(Self.wholeFacts + Self.summed, build) { try? look(at: grown) }
    refreshDimensions()
  }

  private func refreshRollups(_ build: Int64) {
    let names = BuildTables(build: build)
    let summed = Self.summed
    // A day more is little beside a year: what is looked at follows how much has come.
    guard let unknown = try? tables("batch/tables_unknown"),
      let outgrown = try? tables(
        "batch/tables_outgrown", [.textArray(summed.map { names.name(of: $0.name) })])
    else { return }
    let due = summed.filter {
      unknown.union(outgrown).contains(names.name(of: $0.name))
    }
    try? look(at: due.map { Table(name: "builds.\($0.name)", columns: $0.columns) })
  }

  /// Facts, those with the most rows first: most page views are rows of plays.
  private static let facts: [FactTable] = [.listen, .pageView, .auth]

  private static var wholeFacts: [Table] {
    facts.map { Table(name: $0.name, columns: $0.columns) }
  }

  /// What a build has beside its facts, without the schema. Nobody asks for a sketch by its value.
  private static var summed: [Table] {
    RollupTable.all.map { Table(name: $0.name, columns: columns(of: $0)) } + sums
  }

  private static var sums: [Table] {
    RunningTable.all.map { table in
      Table(name: table.name, columns: ["quarter", "\(table.rollup.name)_key", "label"])
    }
      + GroupedDays.all.map { table in
        Table(name: table.name, columns: table.keyColumns + table.rollup.counters.map(\.column))
      }
  }

  private static func columns(of table: RollupTable) -> [String] {
    table.keyColumns + table.rollup.counters.map(\.column)
  }

  /// What the builds have together of tables of which this build has a tenth more rows than all had when PostgreSQL looked.
  private func grown(_ tables: [Table], _ build: Int64) throws(WarehouseError) -> [Table] {
    let names = try self.tables(
      "batch/tables_grown", [.textArray(tables.map(\.name)), .int(build)])
    return tables.filter { names.contains($0.name) }.map {
      Table(name: "builds.\($0.name)", columns: $0.columns)
    }
  }

  // MARK: Indexes of facts

  /// Has the indexes of the days that a load has changed know all of their rows. Best effort, as `refresh`.
  private func summarizeFacts(of staged: Staged) {
    guard let sql = try? library.sql("batch/summarize_facts") else { return }
    var days: SQLValue = .null
    if !staged.numbers.isFull {
      let changed = staged.changes.flatMap { CalendarDay.days(of: $0.span) }
      days = .textArray(Set(staged.grownParts.map(\.day)).union(changed).sorted().map(\.text))
    }
    _ = try? connection.run(sql, [.int(staged.build), days])
  }

  // MARK: Dimensions

  /// Looks at dimensions, and whatever else of the schema warehouse is no fact, where they are new to PostgreSQL or a tenth
  /// larger than when it looked: joins are planned by them.
  private func refreshDimensions() {
    guard let names = try? tables("batch/dimensions_outgrown") else { return }
    for name in names.sorted() {
      guard let sql = try? library.sql("batch/look_at_dimension", ["table": name]) else { return }
      try? connection.script(sql)
    }
  }

  // MARK: Tables

  private func facts(
    of staged: Staged, _ unknown: Set<String>
  ) throws(WarehouseError) -> [Table] {
    let present = try FactPartitions(
      connection: connection, library: library, build: staged.build
    ).present()
    let grown = staged.grownParts
    return FactTable.allCases.flatMap { fact in
      let parts = grown.filter { $0.fact == fact }
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

  func look(at tables: [Table]) throws(WarehouseError) {
    guard !tables.isEmpty else { return }
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
