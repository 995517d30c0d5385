import Foundation
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import SpeedLayer

/// I2: the merged view counts every event once, whatever the layers are doing.
@Suite struct HandoffTests {
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
    let speed = try connection.run("select count(*) from speed.minute_totals").int(0, 0)
    #expect(speed == 0, "partitions of loaded epochs are left")
    #expect(truth.total("listens") > 500)
  }

  /// A load that publishes brings the users that it has met up to date, and so holds their rows.
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
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    let records = try simulated(seed: seed, users: 80)
    let layers = try Layers(kind)
    let stop = StopToken()
    let archiver = Worker("test-archive") { try layers.log.archive(stop: stop) }
    let speed = layers.startSpeed(stop)
    let reader = WatchingReader(layers)
    // Closed minutes are folded all the while, in epochs that are closed, loaded and dropped.
    let folding = Worker("test-fold") {
      var turn = Compactor.Turn()
      while !stop.isRequested {
        try? Compactor(databaseURL: layers.database.url, library: layers.library).run(&turn)
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
    // A worker that has read everything, and whose flush is only due when it is stopped.
    let stop = StopToken()
    let conflicts = BoundedQueue<String>(limit: 1000)
    let started = BoundedQueue<Int>(limit: 1000)
    let speed = layers.startSpeed(stop, flushInterval: 3600, lookInterval: 3600) {
      if case .restarting(let reason) = $0 { _ = conflicts.put(reason) }
      if case .started = $0 { _ = started.put(0) }
    }
    _ = started.take()
    let connection = try layers.connect()
    // Taken for dead, as one that froze; it does not notice before it looks or flushes.
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

  @Test func twoWorkersThatBothBelieveToHaveThePartitionsCountEachEventOnce() throws {
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    let records = try simulated(seed: seed)
    let layers = try Layers(.directory)
    let stop = StopToken()
    let workers = [layers.startSpeed(stop), layers.startSpeed(stop)]
    let reader = WatchingReader(layers)
    let connection = try layers.connect()
    var cuts = 0
    for start in stride(from: 0, to: records.count, by: 200) {
      try layers.log.write(records[start..<min(start + 200, records.count)])
      // Whoever has the partitions is taken for dead without knowing, and the other one claims them.
      if start % 600 == 0 {
        #expect(
          try eventually(within: 10) {
            try connection.run("delete from speed.worker").affected > 0
          })
        cuts += 1
      }
      usleep(20_000)
    }
    #expect(cuts > 1)
    #expect(try layers.awaitSpeed())
    try reader.expectContent()
    stop.request()
    for worker in workers { try worker.wait() }
    try layers.expectTruth(Truth(records), "seed \(seed)")
  }

  @Test func aWorkerThatIsBuriedWhileItClaimsGetsNothing() throws {
    let layers = try Layers(.directory)
    let claimant = try layers.connect()
    let worker = try claimant.run(
      layers.library.sql("speed/register_worker"), [.text("test"), .double(8)]
    ).int(0, 0)
    let process = Int64(claimant.serverProcessID)
    let isDeleted = StopToken()
    let burial = Worker("burial") {
      let burier = try layers.connect()
      try burier.script("begin; delete from speed.worker")
      isDeleted.request()
      let isWaiting = try eventually(within: 10) {
        try !burier.run(
          "select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'",
          [.int(process)]
        ).isEmpty
      }
      try burier.script("commit")
      return isWaiting
    }
    isDeleted.wait(seconds: 10)
    let claimed = try claimant.run(
      layers.library.sql("speed/claim_partitions"), [.int(worker), .intArray([0, 1])])
    #expect(claimed.affected == 0)
    #expect(try burial.wait())
  }

  @Test func aWorkerThatFrozeWhileItClaimedIsBuriedWithItsSession() throws {
    let layers = try Layers(.directory)
    let frozen = try layers.connect()
    func register(_ connection: Connection, lease: Double) throws -> SQLValue {
      .int(
        try connection.run(
          layers.library.sql("speed/register_worker"), [.text("test"), .double(lease)]
        ).int(0, 0))
    }
    let claim = try layers.library.sql("speed/claim_partitions")
    let dead = try register(frozen, lease: 0)
    try frozen.script("begin")
    #expect(try frozen.run(claim, [dead, .intArray([0, 1])]).affected == 2)

    let other = try layers.connect()
    try other.script("set lock_timeout = '3s'")
    let bury = try layers.library.sql("speed/bury_workers")
    #expect(
      try eventually(within: 10) {
        try other.run(bury)
        return try other.run("select from speed.worker").isEmpty
      })
    #expect(throws: WarehouseError.self) { try frozen.run("select 1") }
    let alive = try register(other, lease: 8)
    #expect(try other.run(claim, [alive, .intArray([0, 1])]).affected == 2)
  }

  @Test(arguments: TestLog.Kind.allCases)
  func redeliveriesLongAfterCountOnceAtEveryInstant(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 13, faults: .withLateRepeats)
    let layers = try Layers(kind)
    let quarter = records.count / 4
    // First without a load, then over one: in the log, among the late events, among the facts.
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
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed)
    let layers = try Layers(.directory)
    let stop = StopToken()
    let speed = layers.startSpeed(stop)
    let reader = WatchingReader(layers)
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

  @Test func partitionsOfLoadedEpochsGoAndThoseOfTheNextOneStay() throws {
    let records = try simulated(seed: 14, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    try layers.catchUp()
    for _ in 0..<3 { try layers.load(.incremental) }
    let connection = try layers.connect()
    let tables = try connection.run(
      "select tablename from pg_tables where schemaname = 'parts' and tablename like 'speed%'")
    // The present epoch's, and those of the next one, which is opened one cut ahead.
    #expect(tables.count == 14)
    let names = try (0..<tables.count).map { try tables.text($0, 0) }
    #expect(names.count { $0.hasSuffix("_e4") } == 7, "\(names)")
    #expect(names.count { $0.hasSuffix("_e5") } == 7, "\(names)")
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
    // Its instant is before the load; it looks at the speed tables only after it.
    try reader.script("begin isolation level repeatable read; select 1 from warehouse.load_run")
    try layers.load(.incremental)
    #expect(try reader.run(sum).int(0, 0) == truth)
    try reader.script("rollback")
    #expect(try reader.run(sum).int(0, 0) == truth)
    try layers.load(.incremental)
    let left = try reader.run(
      "select count(*) from pg_tables where schemaname = 'parts' and tablename ~ '^speed.*_e[123]$'"
    )
    #expect(try left.int(0, 0) == 0)
  }
}
