import BatchTestKit
import LayerTestKit
import Metrics
import SpeedTestKit
import StarSchema
import TestKit
import Testing

@testable import BatchLayer

/// What becomes of the speed layer's rows once a load has published the same events.
@Suite struct RetirementTests {
  @Test func partitionsOfLoadedEpochsGoAndThoseOfTheNextOneStay() throws {
    let records = try simulated(seed: 14, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    try layers.catchUp()
    for _ in 0..<3 { try layers.load(.incremental) }
    let connection = try layers.connect()
    let tables = try connection.run(
      "select tablename from pg_tables where schemaname = 'parts' and tablename like 'speed%'")
    // There are tables for the epoch that a rollback brings back, for the present one, and for the next one, which
    // is opened one cut ahead.
    #expect(tables.count == 3 * (SpeedTable.all.count + 2 * Rollup.allCases.count))
    let names = try (0..<tables.count).map { try tables.text($0, 0) }
    #expect(names.count { $0.hasSuffix("_e3") } == SpeedTable.all.count, "\(names)")
    #expect(names.count { $0.hasSuffix("_e4") } == SpeedTable.all.count, "\(names)")
    #expect(names.count { $0.hasSuffix("_e5") } == SpeedTable.all.count, "\(names)")
  }

  @Test func aReaderInALongTransactionKeepsItsStateAndTheOldPartitionsForAWhile() throws {
    let records = try simulated(seed: 15, users: 30)
    let layers = try Layers(.directory)
    let sum = "select sum(page_views)::bigint from serving.minute_totals"
    let half = records.count / 2
    try layers.log.write(records[..<half])
    try layers.catchUp()
    try layers.load(.incremental)
    try layers.log.write(records[half...])
    try layers.catchUp()
    let truth = Truth(records).total("page_views")
    let reader = try layers.connect()
    // The reader's snapshot is from before the load, and the reader looks at the speed tables only after the load.
    try reader.script("begin isolation level repeatable read; select 1 from warehouse.load_run")
    try layers.load(.incremental)
    #expect(try reader.run(sum).int(0, 0) == truth)
    try reader.script("rollback")
    #expect(try reader.run(sum).int(0, 0) == truth)
    try layers.load(.incremental)
    let left = try reader.run(
      "select count(*) from pg_tables where schemaname = 'parts' and tablename ~ '^speed.*_e[12]$'"
    )
    #expect(try left.int(0, 0) == 0)
  }

  /// While a partition is detached concurrently PostgreSQL 15 takes it for the one after it in statements that leave partitions out
  /// as they begin, and a reader in the middle of a transaction kept that so until the next load.
  @Test func allFactsAreThereWhileAReaderInATransactionKeepsTheBuildBeforeFromGoing() throws {
    let records = try simulated(seed: 16, users: 20)
    let layers = try Layers()
    try layers.log.write(records)
    for _ in 1...2 { try layers.load(.full) }
    let reader = try layers.connect()
    try reader.script(
      "begin; select count(*) from warehouse.fact_page_view; select count(*) from warehouse.fact_auth"
    )
    try layers.load(.full)
    let connection = try layers.connect()
    let views = try connection.run(
      "select count(*) from warehouse.fact_page_view where ts >= now() - interval '100 years'"
    ).int(0, 0)
    #expect(views == Truth(records).total("page_views"))
    let half = try connection.run(
      "select count(*) from pg_inherits where inhdetachpending and inhparent::regclass::text like 'builds.fact_%'"
    )
    #expect(try half.int(0, 0) == 0)
    try reader.script("commit")
    try layers.load(.full)
    let left = try connection.run(
      "select relname from pg_class where relnamespace = 'parts'::regnamespace and relname ~ '_b[12]$'"
    )
    #expect(left.count == 0, "\(Checks.examples(of: left, atMost: 5))")
  }
}
