import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// A load that dies at any statement leaves the merged view as it was, says that it failed, and the next
/// one is right.
@Suite struct LoadDeathTests {
  @Test(arguments: [BatchLoader.Kind.incremental, .full])
  func aLoadWhoseConnectionsDieAnywhereIsFailedAndTheNextOneIsRight(_ kind: BatchLoader.Kind)
    throws
  {
    let seed = TestSeed.drawn()
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
    // At some moments the session to be ended is not there yet, or not any more.
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
        #expect(try connection.stagedTables() == 0, "\(victim), seed \(seed)")
      }
      // Whether or not the load was published, the merged view has every event.
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
    let records = try simulated(seed: 21)
    let layers = try Layers()
    try layers.log.write(records[..<(records.count / 2)])
    try layers.load(.full)
    try layers.log.write(records[(records.count / 2)...])
    try layers.catchUp()
    let connection = try layers.connect()
    // A lock on a table that the load needs in a phase keeps it there until it is killed.
    for (table, phase) in [
      ("speed.current_epoch", "cut"), ("warehouse.dim_song", "write"),
      ("undo.load", "publish"),
    ] {
      let barrier = try layers.connect()
      try barrier.script("begin; lock table \(table) in access exclusive mode")
      let load = Worker("test-load") { try layers.loader().load(.incremental).run }
      let isBlocked = "application_name like 'polyrhythm load%' and wait_event_type = 'Lock'"
      #expect(
        try eventually(within: 60) {
          try connection.run(
            "select count(*) from pg_stat_activity where datname = current_database() "
              + "and \(isBlocked)"
          ).int(0, 0) > 0
        }, "\(phase)")
      _ = try terminate(connection, where: "application_name like 'polyrhythm load%'")
      #expect(throws: WarehouseError.self, "\(phase)") { try load.wait() }
      try barrier.script("rollback")
      #expect(try connection.loadStatuses().last == "failed", "\(phase)")
      #expect(try connection.stagedTables() == 0, "\(phase)")
      try layers.expectTruth(Truth(records), "\(phase)")
    }
    let error = try connection.run(
      "select error from warehouse.load_run order by load_run_id desc limit 1"
    ).text(0, 0)
    #expect(!error.isEmpty)
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records))
  }
}
