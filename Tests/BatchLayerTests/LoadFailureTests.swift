import Foundation
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
    let records: [LoggedRecord]
    let half: Int

    init(seed: UInt64) throws {
      records = try simulated(seed: seed)
      layers = try Layers()
      half = records.count / 2
      try layers.log.write(records[..<half])
      try layers.load(.full)
      try layers.log.write(records[half...])
      try layers.catchUp()
    }

    func runs(_ connection: Connection) throws -> [String] {
      let rows = try connection.run("select status from warehouse.load_run order by load_run_id")
      return try (0..<rows.count).map { try rows.text($0, 0) }
    }

    func expectEmptyStage(_ connection: Connection) throws {
      let tables = try connection.run("select count(*) from pg_tables where schemaname = 'stage'")
      #expect(try tables.int(0, 0) == 0)
    }
  }

  @Test(arguments: [BatchLoader.Kind.incremental, .full])
  func aLoadWhoseConnectionsDieAnywhereIsFailedAndTheNextOneIsRight(_ kind: BatchLoader.Kind)
    throws
  {
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed)
    let layers = try Layers()
    let connection = try layers.connect()
    let runs = "select count(*) from warehouse.load_run"
    let lastRun = "select status from warehouse.load_run order by load_run_id desc limit 1"
    let victims = ["polyrhythm load", "polyrhythm load write", "polyrhythm load members"]
    var truth = Truth()
    var failed = 0
    var tries = 0
    var length = 100_000.0
    // Some moments are too early or too late for the session that is meant.
    while failed < 4, tries < 50 {
      let part = records[(records.count * tries / 50)..<(records.count * (tries + 1) / 50)]
      tries += 1
      try layers.log.write(part)
      for record in part { truth.add(record) }
      try layers.catchUp()
      let before = try connection.run(runs).int(0, 0)
      let begin = ContinuousClock.now
      let load = Worker("test-load") { try layers.loader().load(kind).run }
      usleep(UInt32.random(in: 0...UInt32(length), using: &random))
      let victim = victims.randomElement(using: &random)!
      _ = try terminate(connection, where: "application_name = '\(victim)'")
      if (try? load.wait()) != nil {
        length = (ContinuousClock.now - begin) / .microseconds(1)
      } else if try connection.run(runs).int(0, 0) > before,
        try connection.run(lastRun).text(0, 0) != "published"
      {
        failed += 1
        #expect(try connection.run(lastRun).text(0, 0) == "failed", "\(victim), seed \(seed)")
        let staged = "select count(*) from pg_tables where schemaname = 'stage'"
        #expect(try connection.run(staged).int(0, 0) == 0, "\(victim), seed \(seed)")
      }
      // Published or not, the merged view has everything.
      try layers.expectTruth(truth, "\(victim), seed \(seed)")
    }
    #expect(failed == 4, "of \(tries), seed \(seed)")
    try layers.load(kind)
    try layers.expectTruth(truth, "seed \(seed)")
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try layers.expectSame(as: whole, "seed \(seed)")
  }

  @Test func aLoadWhoseConnectionsDieAtTheStartOfEachPhaseIsFailed() throws {
    let halfway = try Halfway(seed: 21)
    let layers = halfway.layers
    let connection = try layers.connect()
    // What a load locks or touches in a phase is kept from it until it has come there.
    for (table, phase) in [
      ("speed.current_epoch", "cut"), ("warehouse.dim_song", "write"),
      ("batch.published", "publish"),
    ] {
      let barrier = try layers.connect()
      try barrier.script("begin; lock table \(table) in access exclusive mode")
      let load = Worker("test-load") { try layers.loader().load(.incremental).run }
      let isBlocked = "application_name like 'polyrhythm load%' and wait_event_type = 'Lock'"
      #expect(
        try eventually(within: 20) {
          try connection.run(
            "select count(*) from pg_stat_activity where datname = current_database() "
              + "and \(isBlocked)"
          ).int(0, 0) > 0
        }, "\(phase)")
      _ = try terminate(connection, where: "application_name like 'polyrhythm load%'")
      #expect(throws: WarehouseError.self, "\(phase)") { try load.wait() }
      try barrier.script("rollback")
      #expect(try halfway.runs(connection).last == "failed", "\(phase)")
      try halfway.expectEmptyStage(connection)
      try layers.expectTruth(Truth(halfway.records), "\(phase)")
    }
    let error = try connection.run(
      "select error from warehouse.load_run order by load_run_id desc limit 1"
    ).text(0, 0)
    #expect(!error.isEmpty)
    try layers.load(.incremental)
    try layers.expectTruth(Truth(halfway.records))
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
      try eventually(within: 20) {
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
    #expect(try halfway.runs(connection) == ["published", "published"])
  }

  @Test func aSecondLoadAtTheSameTimeIsRefused() throws {
    let halfway = try Halfway(seed: 22)
    let layers = halfway.layers
    let barrier = try layers.connect()
    try barrier.script("begin; lock table batch.published in access exclusive mode")
    let load = Worker("test-load") { try layers.loader().load(.incremental).run }
    let connection = try layers.connect()
    #expect(
      try eventually(within: 20) {
        try connection.run(
          "select count(*) from warehouse.load_run where status = 'running' and cut is not null"
        ).int(0, 0) == 1
      })
    let refused = #expect(throws: LoadError.self) {
      try layers.loader().load(.incremental)
    }
    #expect(refused?.code == .busy)
    try barrier.script("rollback")
    _ = try load.wait()
    #expect(try halfway.runs(connection) == ["published", "published"])
    // And right after it there is nothing in the way of the next one.
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
    try halfway.layers.expectTruth(Truth(halfway.records))
    let connection = try halfway.layers.connect()
    #expect(try halfway.runs(connection) == ["published", "failed"])
    try halfway.expectEmptyStage(connection)
  }

  @Test func aRunThatDiedWithItsProcessIsSaidToHaveFailed() throws {
    let halfway = try Halfway(seed: 24)
    let connection = try halfway.layers.connect()
    try connection.script(
      "insert into warehouse.load_run (kind, status) values ('full', 'running'); "
        + "create table stage.left_over (n integer)")
    try halfway.layers.load(.incremental)
    #expect(try halfway.runs(connection) == ["published", "failed", "published"])
    try halfway.expectEmptyStage(connection)
  }
}
