import TestKit
import Testing
import Warehouse

@testable import Metrics

/// The tables must have the columns that `Rollup` defines.
@Suite struct RollupSchemaTests {
  private static let database = Result { try TestDatabase.make() }

  private func columns(_ schema: String, _ table: String) throws -> [(name: String, type: String)] {
    let rows = try Self.database.get().connect().run(
      """
      select column_name, udt_name from information_schema.columns
      where table_schema = $1 and table_name = $2 order by ordinal_position
      """, [.text(schema), .text(table)])
    return try (0..<rows.count).map { (try rows.text($0, 0), try rows.text($0, 1)) }
  }

  /// In no order: a column that a migration adds is the last one, whatever it holds.
  private func expected(_ table: RollupTable) -> [String] {
    let rollup = table.rollup
    let keyTypes = ["gender": "text", "status": "int4"]
    let keys = rollup.keyColumns.map {
      "\($0) \($0.hasSuffix("_key") ? "int8" : keyTypes[$0] ?? "text")"
    }
    let counters = rollup.counters.map { "\($0.column) \($0 == .listenedMs ? "int8" : "int4")" }
    return ["\(table.rung.column) \(table.rung == .day ? "date" : "timestamptz")"] + keys + counters
      + rollup.distincts.map { "\($0.column) hll" }
  }

  @Test(arguments: Rollup.allCases)
  func theSpeedTablesHaveTheEpochAndTheRollupsColumns(rollup: Rollup) throws {
    for (rung, own) in [(Rung.minute, ["epoch int4", "is_folded bool"]), (.hour, ["epoch int4"])] {
      let table = rollup.table(rung)
      let found = try columns("speed", table.name).map { "\($0.name) \($0.type)" }
      #expect(found.sorted() == (own + expected(table)).sorted())
    }
  }

  @Test(arguments: RollupTable.all)
  func theBatchTableHasTheRollupsColumns(table: RollupTable) throws {
    let found = try columns("batch", table.name).map { "\($0.name) \($0.type)" }
    #expect(found.sorted() == (expected(table) + ["load_run_id int4"]).sorted())
  }

  @Test(arguments: RollupTable.all)
  func theServedViewHasEveryColumnOfTheRollup(table: RollupTable) throws {
    let found = Set(try columns("serving", table.name).map(\.name))
    let wanted =
      table.keyColumns + table.rollup.counters.map(\.column)
      + table.rollup.distincts.map(\.column)
    #expect(found.isSuperset(of: wanted), "missing: \(Set(wanted).subtracting(found))")
  }

  @Test(arguments: RollupTable.all)
  func everyTableAndViewIsExplainedAndMayBeRead(table: RollupTable) throws {
    let connection = try Self.database.get().connect()
    for schema in ["speed", "batch", "layers", "serving"]
    where schema != "speed" || table.rung != .day {
      let rows = try connection.run(
        """
        select obj_description(($1::text)::regclass, 'pg_class') is not null,
          has_table_privilege('analyst', $1::text, 'select')
        """, [.text("\(schema).\(table.name)")])
      #expect(try rows.bool(0, 0), "\(schema).\(table.name) has no comment")
      #expect(try rows.bool(0, 1), "the role analyst may not read \(schema).\(table.name)")
    }
  }

  @Test func thereIsNoTableOfARungThatIsNoRollup() throws {
    let rows = try Self.database.get().connect().run(
      """
      select table_schema || '.' || table_name from information_schema.tables
      where table_schema in ('speed', 'batch', 'layers', 'serving') and table_name ~ '^(minute|hour|day)_'
      """)
    let found = Set(try (0..<rows.count).map { try rows.text($0, 0) })
    let wanted = ["speed", "batch", "layers", "serving"].flatMap { schema in
      RollupTable.all.filter { schema != "speed" || $0.rung != .day }
        .map { "\(schema).\($0.name)" }
    }
    #expect(found == Set(wanted + GroupedDays.all.map { "batch.\($0.name)" }))
  }

  @Test func everyRollupsCountersAndSketchesAreListedOnce() {
    for rollup in Rollup.allCases {
      #expect(Set(rollup.counters).count == rollup.counters.count)
      #expect(Set(rollup.distincts).count == rollup.distincts.count)
    }
  }
}
