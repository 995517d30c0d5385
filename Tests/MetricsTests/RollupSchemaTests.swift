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
  private func expected(_ rollup: Rollup) -> [String] {
    let keyTypes = ["gender": "text", "status": "int4"]
    let keys = rollup.keyColumns.map {
      "\($0) \($0.hasSuffix("_key") ? "int8" : keyTypes[$0] ?? "text")"
    }
    let counters = rollup.counters.map { "\($0.column) \($0 == .listenedMs ? "int8" : "int4")" }
    return ["minute timestamptz"] + keys + counters + rollup.distincts.map { "\($0.column) hll" }
  }

  @Test(arguments: Rollup.allCases)
  func theSpeedTableHasTheEpochAndTheRollupsColumns(rollup: Rollup) throws {
    let found = try columns("speed", rollup.table).map { "\($0.name) \($0.type)" }
    #expect(found.sorted() == (["epoch int4"] + expected(rollup)).sorted())
  }

  @Test(arguments: Rollup.allCases)
  func theBatchTableHasTheRollupsColumns(rollup: Rollup) throws {
    let found = try columns("batch", rollup.table).map { "\($0.name) \($0.type)" }
    #expect(found.sorted() == expected(rollup).sorted())
  }

  @Test(arguments: Rollup.allCases)
  func theServedViewHasEveryColumnOfTheRollup(rollup: Rollup) throws {
    let found = Set(try columns("serving", rollup.table).map(\.name))
    let wanted =
      ["minute"] + rollup.keyColumns + rollup.counters.map(\.column)
      + rollup.distincts.map(\.column)
    #expect(found.isSuperset(of: wanted), "missing: \(Set(wanted).subtracting(found))")
  }

  @Test(arguments: Rollup.allCases)
  func everyTableAndViewIsExplainedAndMayBeRead(rollup: Rollup) throws {
    let connection = try Self.database.get().connect()
    for schema in ["speed", "batch", "layers", "serving"] {
      let rows = try connection.run(
        """
        select obj_description(($1::text)::regclass, 'pg_class') is not null,
          has_table_privilege('analyst', $1::text, 'select')
        """, [.text("\(schema).\(rollup.table)")])
      #expect(try rows.bool(0, 0), "\(schema).\(rollup.table) has no comment")
      #expect(try rows.bool(0, 1), "the role analyst may not read \(schema).\(rollup.table)")
    }
  }

  @Test func thereIsNoMinuteTableThatIsNoRollup() throws {
    let rows = try Self.database.get().connect().run(
      """
      select table_schema || '.' || table_name from information_schema.tables
      where table_schema in ('speed', 'batch', 'layers', 'serving') and table_name like 'minute\\_%'
      """)
    let found = Set(try (0..<rows.count).map { try rows.text($0, 0) })
    let wanted = ["speed", "batch", "layers", "serving"].flatMap { schema in
      Rollup.allCases.map { "\(schema).\($0.table)" }
    }
    #expect(found == Set(wanted))
  }

  @Test func everyRollupsCountersAndSketchesAreListedOnce() {
    for rollup in Rollup.allCases {
      #expect(Set(rollup.counters).count == rollup.counters.count)
      #expect(Set(rollup.distincts).count == rollup.distincts.count)
    }
  }
}
