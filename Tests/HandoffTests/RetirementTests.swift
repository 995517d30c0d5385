import BatchTestKit
import LayerTestKit
import Metrics
import SpeedTestKit
import StarSchema
import TestKit
import Testing

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
}
