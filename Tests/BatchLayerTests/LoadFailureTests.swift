import BatchTestKit
import Foundation
import LayerTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// A load that fails leaves the last good state, says so, and the next one is right.
@Suite struct LoadFailureTests {
  /// Has two loads' worth of records, the first one loaded.
  private struct Halfway {
    let layers: Layers
    let loaded: [LoggedRecord]

    init(seed: UInt64) throws {
      let records = try simulated(seed: seed)
      layers = try Layers()
      loaded = Array(records[..<(records.count / 2)])
      try layers.log.write(loaded)
      try layers.load(.full)
      try layers.log.write(records[loaded.count...])
    }
  }

  /// The session of a load that was killed holds its lock until the server has noticed.
  @Test func aLoadWaitsForTheLockOfOneThatHasJustDied() throws {
    let halfway = try Halfway(seed: 22)
    let layers = halfway.layers
    let dying = try layers.connect()
    try dying.script("select pg_advisory_lock(1886350458, 0)")
    let load = Worker("test-load") { try layers.loader().load(.incremental).run }
    let connection = try layers.connect()
    #expect(
      try eventually(within: 60) {
        try connection.run(
          """
          select count(*) from pg_stat_activity
          where datname = current_database() and application_name = 'polyrhythm load'
            and query like '%pg_try_advisory_lock%'
          """
        ).int(0, 0) == 1
      })
    #expect(!load.isFinished)
    try dying.script("select pg_advisory_unlock(1886350458, 0)")
    _ = try load.wait()
    #expect(try connection.loadStatuses() == ["published", "published"])
  }

  @Test func aSecondLoadAtTheSameTimeIsRefused() throws {
    let halfway = try Halfway(seed: 22)
    let layers = halfway.layers
    let barrier = try layers.connect()
    try barrier.script("begin; lock table undo.load in access exclusive mode")
    let load = Worker("test-load") { try layers.loader().load(.incremental).run }
    let connection = try layers.connect()
    #expect(
      try eventually(within: 60) {
        try connection.run(
          "select count(*) from warehouse.load_run where status = 'running' and cut is not null"
        ).int(0, 0) == 1
      })
    let refused = #expect(throws: LoadError.self) {
      try layers.loader().load(.incremental)
    }
    #expect(refused?.code == .busy)
    // Who has asked the server for a load sees in the history alone that it was refused.
    var configuration = BatchLoader.Configuration(databaseURL: layers.database.url)
    configuration.requestedBy = "night"
    #expect(throws: LoadError.self) {
      try BatchLoader(
        lake: layers.log.lake, library: layers.library, configuration: configuration
      ).load(.incremental)
    }
    let status = try connection.run(layers.library.sql("status"))
    let column = try #require(status.columns.firstIndex(of: "last_load_status"))
    #expect(status.textOrNull(0, column) == "running")
    try barrier.script("rollback")
    _ = try load.wait()
    #expect(try connection.loadStatuses() == ["published", "published", "failed"])
    let last = try connection.run(
      "select kind, requested_by, error, is_refused from warehouse.load_run order by load_run_id desc limit 1"
    )
    #expect(try last.text(0, 0) == "incremental" && last.text(0, 1) == "night" && last.bool(0, 3))
    #expect(try last.text(0, 2).hasPrefix("Load 2 is running since "))
    // Nothing of the failed load is in the way of the next load.
    try layers.load(.incremental)
  }

  @Test func aStoppedLoadChangesNothing() throws {
    let halfway = try Halfway(seed: 23)
    let stop = StopToken()
    stop.request()
    let stopped = #expect(throws: LoadError.self) {
      try halfway.layers.loader().load(.full, stop: stop)
    }
    #expect(stopped?.code == .stopped)
    try halfway.layers.expectTruth(Truth(halfway.loaded))
    let connection = try halfway.layers.connect()
    #expect(try connection.loadStatuses() == ["published", "failed"])
    #expect(try connection.stagedTables() == 0)
  }

  @Test func aRunThatDiedWithItsProcessIsSaidToHaveFailed() throws {
    let halfway = try Halfway(seed: 24)
    let connection = try halfway.layers.connect()
    try connection.script(
      "insert into warehouse.load_run (kind, status) values ('full', 'running'); "
        + "create table stage.left_over (n integer)")
    try halfway.layers.load(.incremental)
    #expect(try connection.loadStatuses() == ["published", "failed", "published"])
    #expect(try connection.stagedTables() == 0)
  }
}
