import BatchTestKit
import Foundation
import LayerTestKit
import Metrics
import SpeedTestKit
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// A warehouse of a version before is migrated as it is: nothing is lost, and the next loads go on.
@Suite struct MigrationTests {
  /// The product's SQL with the migrations up to this one.
  static func library(upTo last: Int) throws -> SQLLibrary {
    try changedSQL { directory in
      let migrations = "\(directory)/migrations"
      for name in try FileManager.default.contentsOfDirectory(atPath: migrations)
      where (Int(name.prefix(4)) ?? 0) > last {
        try FileManager.default.removeItem(atPath: "\(migrations)/\(name)")
      }
    }
  }

  /// Copies all rows of a table; columns that the older table lacks are left out.
  private func copy(_ table: String, from new: Connection, to old: Connection) throws {
    let rows = try new.run(
      // Tables of one row had a key that says so.
      "select coalesce(jsonb_agg(to_jsonb(t) || '{\"only_row\": true}'), '[]')::text from \(table) as t"
    ).text(0, 0)
    try old.script("delete from \(table)")
    try old.run(
      "insert into \(table) overriding system value "
        + "select * from jsonb_populate_recordset(null::\(table), $1::jsonb)", [.text(rows)])
  }

  /// A database as the version before the rungs would have left it after the same load.
  private func beforeRungs(_ loaded: Layers) throws -> TestDatabase {
    let database = try TestDatabase.make(migrated: false)
    let old = try database.connect()
    try Migrator(library: Self.library(upTo: 15)).migrate(old)
    let new = try loaded.connect()
    for fact in ["fact_listen", "fact_auth", "fact_page_view"] {
      try old.script(
        "create table parts.\(fact)_days partition of warehouse.\(fact) default")
      try copy("warehouse.\(fact)", from: new, to: old)
    }
    for rollup in Rollup.allCases {
      try copy("batch.\(rollup.table(.minute).name)", from: new, to: old)
    }
    let tables =
      try new.memberTables().map { "warehouse.\($0)" } + [
        "warehouse.user_level_history", "warehouse.load_run",
        "batch.progress", "batch.published", "speed.progress", "batch.replay_point",
      ]
    for table in tables { try copy(table, from: new, to: old) }
    return database
  }

  @Test func hoursAndDaysAreThereAfterwardsAndMinutesAreKeptUntilTheNextFullLoad() throws {
    let records = try simulated(seed: 71, days: 1.5)
    let loaded = try Layers()
    try loaded.log.write(records)
    try loaded.load(.full)
    let database = try beforeRungs(loaded)
    let migrated = try database.connect()
    try Migrator(library: SQLLibrary()).migrate(migrated)
    let new = try loaded.connect()
    for table in RollupTable.all.map(\.name) {
      let query = "select * from serving.\(table)"
      let found = try ComparableRows(migrated, table, query: query)
        .differences(from: ComparableRows(new, table, query: query), migrated)
      #expect(found == [])
    }
    let state = try migrated.run(
      "select isfinite(minutes_from), facts_know_credits from batch.published")
    #expect(try !state.bool(0, 0) && !state.bool(0, 1))
    let audits = try Checks(library: SQLLibrary()).run(migrated, from: nil, to: nil)
    #expect(audits.map(\.check) == [])
  }
}
