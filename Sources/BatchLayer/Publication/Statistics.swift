import Metrics
import StarSchema
import Warehouse

/// What PostgreSQL knows of the tables that a load has changed, right after it: the server itself looks at partitions a
/// minute later, and at the tables that they belong to never.
struct Statistics {
  let connection: Connection
  let library: SQLLibrary

  /// Best effort: a question is answered without, only slower.
  func refresh(_ staged: Staged) {
    do {
      // Fewer rows are sampled than by default, as there are many partitions.
      try connection.script("set default_statistics_target = 10")
      let unknown = try unknownTables()
      let isLarge = staged.factCounts.values.reduce(0, +) >= Self.manyRows
      let names = BuildTables(build: staged.build)
      func hasChanged(_ name: String, _ rows: RollupTable) -> Bool {
        staged.numbers.isFull || unknown.contains(name)
          || isLarge && !staged.tables(rows).isEmpty
      }
      for table in RollupTable.all where hasChanged(names.name(table), table) {
        // Nobody asks for a sketch by its value.
        try analyze(
          "builds.\(table.name)", table.keyColumns + table.rollup.counters.map(\.column))
      }
      for table in RunningTable.all
      where hasChanged(names.name(table), table.rollup.table(.day)) {
        try analyze("builds.\(table.name)", ["quarter", "\(table.rollup.name)_key", "label"])
      }
      for table in GroupedDays.all where hasChanged(names.name(table), table.rollup.table(.day)) {
        try analyze(
          "builds.\(table.name)", table.keyColumns + table.rollup.counters.map(\.column))
      }
      let present = try FactPartitions(
        connection: connection, library: library, build: staged.build
      ).present()
      for fact in FactTable.allCases {
        if staged.numbers.isFull {
          try analyze("builds.\(fact.name)", fact.columns)
          continue
        }
        let changed = Set(staged.parts.keys).union(staged.rare).union(staged.few).filter {
          $0.fact == fact
        }
        let large = changed.filter { staged.factCounts[$0, default: 0] >= Self.manyRows }
        let tables = Set(large.compactMap { present[$0] })
          .union(changed.compactMap { present[$0] }.filter(unknown.contains))
        for table in tables.sorted() {
          try analyze("parts.\(table)", fact.columns)
        }
      }
    } catch {
      // The server looks by itself, later.
    }
    _ = try? connection.script("reset default_statistics_target")
  }

  /// New rows up to which a table that PostgreSQL knows already is as it was before.
  private static let manyRows = 1000

  private func unknownTables() throws(WarehouseError) -> Set<String> {
    let rows = try connection.run(library.sql("batch/tables_unknown"))
    var names: Set<String> = []
    for row in 0..<rows.count { names.insert(try rows.text(row, 0)) }
    return names
  }

  private func analyze(_ table: String, _ columns: [String]) throws(WarehouseError) {
    try connection.script(
      library.sql("rollup/analyze", ["table": table], lists: ["columns": columns]))
  }
}
