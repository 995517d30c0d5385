import EventModel
import Foundation
import LayerTestKit
import Metrics
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import SpeedLayer

/// Folding the many rows of a minute into one.
@Suite struct CompactorTests {
  private func rowCounts(_ connection: Connection) throws -> [Int64] {
    try Rollup.allCases.map {
      try connection.run("select count(*) from speed.\($0.table(.minute).name)").int(0, 0)
    }
  }

  private func merged(_ connection: Connection) throws -> [ComparableRows] {
    try Rollup.allCases.map {
      try ComparableRows(
        connection, $0.table(.minute).name, query: "select * from serving.\($0.table(.minute).name)"
      )
    }
  }

  @Test func readersSeeNoDifferenceAndTheRowsBecomeFewer() throws {
    let records = try simulated(seed: 61, users: 80)
    let layers = try Layers()
    try layers.log.write(records)
    try layers.catchUp(recordsPerFlush: 150)
    let connection = try layers.connect()
    let before = try merged(connection)
    let rows = try rowCounts(connection)
    let keys = before.map { Int64($0.rows.count) }
    #expect(rows[0] > keys[0] * 5 / 4)
    let compactor = Compactor(databaseURL: layers.database.url, library: layers.library)
    var turn = Compactor.Turn()
    try compactor.run(&turn)
    let after = try merged(connection)
    for (a, b) in zip(after, before) { #expect(try a.differences(from: b, connection) == []) }
    let folded = try rowCounts(connection)
    // Each key has one row, of the newest minute too.
    for rollup in Rollup.allCases {
      let r = rollup.rawValue
      #expect(folded[r] < rows[r] && folded[r] == keys[r], "\(rollup)")
    }
    // Another turn of the compactor finds nothing to do.
    try compactor.run(&turn)
    #expect(try rowCounts(connection) == folded)
    try layers.expectTruth(Truth(records))
  }

  @Test func aTurnLeavesStatisticsOfWhatItHasFolded() throws {
    let layers = try Layers()
    try layers.log.write(try simulated(seed: 63, users: 40))
    try layers.catchUp(recordsPerFlush: 150)
    let compactor = Compactor(databaseURL: layers.database.url, library: layers.library)
    var turn = Compactor.Turn()
    try compactor.run(&turn)
    let connection = try layers.connect()
    // -1 is that nobody knows, by which the planner takes a table for one of few rows.
    let unknown = try connection.run(
      """
      select coalesce(string_agg(relname, ', '), '')
      from pg_class
      where relkind = 'r' and reltuples < 0 and pg_relation_size(oid) > 0
        and (relname like 'speed_minute_%_folded' or relname like 'speed_hour_%')
      """)
    #expect(try unknown.text(0, 0) == "")
    // The planner's guess is that of what is there, and not of an empty table.
    let guessed = try connection.run(
      """
      select reltuples::bigint, (select count(*) from speed.hour_song)
      from pg_class where relname like 'speed_hour_song_e%' and pg_relation_size(oid) > 0
      """)
    #expect(try guessed.int(0, 0) == guessed.int(0, 1))
  }

  @Test func foldingWhileFlushesAndEpochsGoOnLosesNothing() throws {
    let records = try simulated(seed: 62, users: 60)
    let layers = try Layers()
    let stop = StopToken()
    let speed = layers.startSpeed(stop, layers.speedConfiguration(recordsPerFlush: 150))
    let library = layers.library
    let url = layers.database.url
    let folding = Worker("test-fold") {
      var turn = Compactor.Turn()
      var turns = 0
      while !stop.isRequested {
        lookThenRest { _ = try? Compactor(databaseURL: url, library: library).run(&turn) }
        turns += 1
      }
      return turns
    }
    let connection = try layers.connect()
    let sum = "select coalesce(sum(page_views), 0)::bigint from serving.minute_totals"
    var seen: Int64 = 0
    var part = 0
    for start in stride(from: 0, to: records.count, by: 120) {
      try layers.log.write(records[start..<min(start + 120, records.count)])
      part += 1
      let now = try connection.run(sum).int(0, 0)
      #expect(now >= seen && now <= layers.log.given(.pageView))
      seen = now
      usleep(10_000)
    }
    let truth = Truth(records)
    #expect(
      try eventually(within: 60) {
        try connection.minuteCounts("serving.minute_totals", LoggedRecord.counters)
          == truth.minutes
      })
    stop.request()
    try speed.wait()
    #expect(try folding.wait() > 0)
    try layers.expectTruth(truth)
  }
}
