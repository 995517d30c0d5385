import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import SpeedLayer

/// The merged view counts every event once, whatever the layers are doing.
@Suite struct MergedViewTests {
  @Test(arguments: TestLog.Kind.allCases)
  func speedAloneThenEachLoadLeaveEveryEventCountedOnce(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 11)
    let layers = try Layers(kind)
    var truth = Truth()
    let third = records.count / 3
    for (index, part) in [
      records[..<third], records[third..<2 * third], records[(2 * third)...],
    ].enumerated() {
      try layers.log.write(part)
      for record in part { truth.add(record) }
      try layers.catchUp()
      try layers.expectTruth(truth, "speed \(index)")
      try layers.load(index == 0 ? .full : .incremental)
      try layers.expectTruth(truth, "load \(index)")
    }
    let connection = try layers.connect()
    let rows = "select count(*) from speed.minute_totals"
    #expect(try connection.run(rows).int(0, 0) > 0, "for a rollback")
    try layers.load(.incremental)
    #expect(try connection.run(rows).int(0, 0) == 0, "partitions of loaded epochs are left")
    #expect(truth.total("listens") > 500)
  }

  /// A publication updates the users that its load has met, and so holds locks on their rows.
  @Test func aFlushDoesNotWaitForALoadThatPublishesTheSameUsers() throws {
    let records = try simulated(seed: 14)
    let layers = try Layers()
    try layers.log.write(records[..<(records.count / 2)])
    try layers.catchUp()
    let publisher = try layers.connect()
    try publisher.script("begin; update warehouse.dim_user set last_seen = now()")
    try layers.log.write(records[(records.count / 2)...])
    let speed = Worker("test-speed") { try layers.catchUp() }
    #expect(eventually(within: 60) { speed.isFinished })
    try publisher.script("rollback")
    try speed.wait()
    try layers.expectTruth(Truth(records), "beside a publication")
  }

  @Test(arguments: TestLog.Kind.allCases)
  func loadsWhileEventsStreamInAreNotSeenByAReader(_ kind: TestLog.Kind) throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, users: 80)
    let layers = try Layers(kind)
    let stop = StopToken()
    let archiver = Worker("test-archive") { try layers.log.archive(stop: stop) }
    let speed = layers.startSpeed(stop)
    let reader = layers.startWatch()
    // Closed minutes are folded all the while, in epochs that are closed, loaded and dropped.
    let folding = Worker("test-fold") {
      var turn = Compactor.Turn()
      while !stop.isRequested {
        lookThenRest {
          _ = try? Compactor(databaseURL: layers.database.url, library: layers.library).run(&turn)
        }
      }
    }
    let writer = Worker("test-writer") {
      for start in stride(from: 0, to: records.count, by: 150) {
        try layers.log.write(records[start..<min(start + 150, records.count)])
        usleep(20_000)
      }
    }
    var loads = 0
    while !writer.isFinished || loads < 3 {
      _ = try layers.loader().load(loads % 3 == 2 ? .full : .incremental)
      loads += 1
    }
    try writer.wait()
    #expect(try layers.awaitSpeed())
    try reader.expectContent()
    try layers.expectTruth(Truth(records), "after \(loads) loads, seed \(seed)")
    stop.request()
    try speed.wait()
    try archiver.wait()
    try folding.wait()
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records), "after the last load, seed \(seed)")
  }

  @Test(arguments: TestLog.Kind.allCases)
  func aLoadWithoutASpeedLayerTakesTheLakesEndAndFencesWhoComesBack(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 12)
    let layers = try Layers(kind)
    let half = records.count / 2
    try layers.log.write(records[..<half])
    // The worker has read everything, and its flush is due only when it is stopped.
    let stop = StopToken()
    let conflicts = BoundedQueue<String>(limit: 1000)
    let started = BoundedQueue<Int>(limit: 1000)
    var configuration = layers.speedConfiguration(3600)
    configuration.lookInterval = 3600
    let speed = layers.startSpeed(stop, configuration) {
      if case .restarting(let reason) = $0 { _ = conflicts.put(reason) }
      if case .started = $0 { _ = started.put(0) }
    }
    _ = started.take()
    let connection = try layers.connect()
    // The worker is taken for dead, and notices that only when it looks or flushes.
    #expect(try connection.run("delete from speed.worker").affected == 1)
    try layers.load(.full)
    try layers.expectTruth(Truth(records[..<half]), "loaded past the worker")
    try layers.log.write(records[half...])
    stop.request()
    _ = try? speed.wait()
    try layers.catchUp()
    try layers.expectTruth(Truth(records), "after the worker came back")
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records), "after the next load")
  }

  @Test(arguments: TestLog.Kind.allCases)
  func redeliveriesLongAfterCountOnceAtEveryInstant(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 13, faults: .withLateRepeats)
    let layers = try Layers(kind)
    let quarter = records.count / 4
    // Repeats are found in the log, among the late events and, after the first load, among the facts.
    for end in [quarter, 2 * quarter] {
      try layers.log.write(records[(end - quarter)..<end])
      try layers.catchUp()
      try layers.expectTruth(Truth(records[..<end]), "by the speed layer alone, up to \(end)")
    }
    try layers.load(.full)
    try layers.expectTruth(Truth(records[..<(2 * quarter)]), "after the full load")
    for end in [3 * quarter, records.count] {
      try layers.log.write(records[(end == records.count ? 3 * quarter : end - quarter)..<end])
      try layers.catchUp()
      try layers.expectTruth(Truth(records[..<end]), "over the full load, up to \(end)")
    }
    let summary = try layers.load(.incremental)
    #expect(summary.counts.redelivered > 5)
    try layers.expectTruth(Truth(records))
    try layers.load(.full)
    try layers.expectTruth(Truth(records))
  }

  @Test func workersWhoseConnectionsDieTwentyTimesRecoverByThemselves() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed)
    let layers = try Layers(.directory)
    let stop = StopToken()
    let speed = layers.startSpeed(stop)
    let reader = layers.startWatch()
    let connection = try layers.connect()
    let step = records.count / 20 + 1
    var killed = 0
    for start in stride(from: 0, to: records.count, by: step) {
      try layers.log.write(records[start..<min(start + step, records.count)])
      usleep(UInt32.random(in: 0...40_000, using: &random))
      _ = try eventually(within: 10) {
        let count = try terminate(connection, where: "application_name like 'polyrhythm speed%'")
        killed += count
        return count > 0
      }
    }
    #expect(killed >= 20)
    #expect(try layers.awaitSpeed())
    try reader.expectContent()
    stop.request()
    try speed.wait()
    try layers.expectTruth(Truth(records), "seed \(seed)")
    try layers.load(.full)
    try layers.expectTruth(Truth(records), "seed \(seed)")
  }
}
