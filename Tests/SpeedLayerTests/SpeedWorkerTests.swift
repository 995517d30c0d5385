import Foundation
import LayerTestKit
import SpeedLayer
import Support
import Synchronization
import TestKit
import Testing
import Warehouse

extension Layers {
  fileprivate func worker(
    untilCaughtUp: Bool = false, heartbeat: Double = 5,
    report: @escaping @Sendable (SpeedWorker.Report) -> Void = { _ in }
  ) -> SpeedWorker {
    var configuration = SpeedWorker.Configuration(databaseURL: database.url)
    configuration.presentSeconds = .infinity
    configuration.flushInterval = 0.02
    configuration.recordsPerFlush = 150
    configuration.heartbeatInterval = heartbeat
    configuration.untilCaughtUp = untilCaughtUp
    return SpeedWorker(log: log.log, library: library, configuration: configuration, report: report)
  }
}

@Suite struct SpeedWorkerTests {
  @Test(arguments: TestLog.Kind.allCases)
  func everyEventCountsOnceInManyLivesOfTheWorker(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 51, users: 40)
    let layers = try Layers(kind)
    var truth = Truth()
    let step = records.count / 5 + 1
    for start in stride(from: 0, to: records.count, by: step) {
      let part = records[start..<min(start + step, records.count)]
      try layers.log.write(part)
      for record in part { truth.add(record) }
      try layers.worker(untilCaughtUp: true).run(stop: StopToken())
      try layers.expectTruth(truth, "after \(start)")
    }
  }

  /// A backlog of years with few listeners has hardly two events of one minute and key.
  @Test func aFlushOfABacklogEndsWhereItsRowsAreMany() throws {
    let records = try simulated(seed: 55, users: 40)
    let layers = try Layers()
    try layers.log.write(records)
    var configuration = SpeedWorker.Configuration(databaseURL: layers.database.url)
    configuration.flushInterval = 60
    configuration.rowsPerFlush = 400
    configuration.untilCaughtUp = true
    // What the fixture's truth counts, whatever its age.
    configuration.presentSeconds = .infinity
    let flushes = BoundedQueue<Int>(limit: 10_000)
    try SpeedWorker(
      log: layers.log.log, library: layers.library, configuration: configuration,
      report: { if case .flushed(_, let rows) = $0 { _ = flushes.put(rows) } }
    ).run(stop: StopToken())
    flushes.close()
    var rows: [Int] = []
    while let flushed = flushes.take() { rows.append(flushed) }
    #expect(rows.count > 3)
    #expect(rows.allSatisfy { $0 < 1200 }, "\(rows)")
    try layers.expectTruth(Truth(records))
  }

  @Test func aWorkerWithoutNewsSaysThatItsViewsAreStillAsOfNow() throws {
    let records = try simulated(seed: 52, users: 5)
    let layers = try Layers()
    try layers.log.write(records)
    let stop = StopToken()
    let speed = Worker("test-speed") { try layers.worker(heartbeat: 0.05).run(stop: stop) }
    let connection = try layers.connect()
    let asOf = "select coalesce(max(updated_at), '-infinity')::text from speed.progress"
    var seen: Set<String> = []
    #expect(
      try eventually(within: 60) {
        seen.insert(try connection.run(asOf).text(0, 0))
        return seen.count > 6
      })
    // That is no sign of records.
    #expect(try layers.awaitSpeed())
    let moved = "select max(moved_at)::text from speed.progress"
    let (before, beat) = (try connection.run(moved).text(0, 0), try connection.run(asOf).text(0, 0))
    #expect(try eventually(within: 60) { try connection.run(asOf).text(0, 0) != beat })
    #expect(try connection.run(moved).text(0, 0) == before)
    stop.request()
    try speed.wait()
    try layers.expectTruth(Truth(records))
  }

  @Test func aWorkerThatIsFencedOffWhileItStopsEndsWithoutAnError() throws {
    let records = try simulated(seed: 53, users: 5)
    let layers = try Layers()
    try layers.log.write(records)
    let connection = try layers.connect()
    let stop = StopToken()
    let flushes = BoundedQueue<Int>(limit: 10_000)
    let speed = Worker("test-speed") {
      try layers.worker {
        if case .flushed(let records, _) = $0 { _ = flushes.put(records) }
      }.run(stop: stop)
    }
    _ = flushes.take()
    // Somebody moves the committed offsets by hand, so that no flush can fit them any more.
    try connection.script(
      "create function hold() returns trigger language plpgsql as 'begin return null; end'; "
        + "create trigger hold before update on speed.progress for each row execute function hold()"
    )
    try layers.log.write(records)
    usleep(100_000)
    stop.request()
    try speed.wait()
  }

  @Test func aFollowerThatIsStoppedWhileTheServerGoesAwayEndsWellAndTheNextGoesOn() throws {
    let records = try simulated(seed: 54, users: 5)
    let layers = try Layers()
    let connection = try layers.connect()
    try connection.script(
      "create function go_away() returns trigger language plpgsql as "
        + "'begin perform pg_sleep(1); raise ''gone'' using errcode = ''57P01''; end'; "
        + "create trigger go_away before insert or update on speed.progress "
        + "for each row execute function go_away()")
    try layers.log.write(records)
    let left = Mutex<[String]>([])
    let stop = StopToken()
    let speed = Worker("test-speed") {
      try layers.worker {
        if case .leftToTheNext(let reason) = $0 { left.withLock { $0.append(reason) } }
      }.run(stop: stop)
    }
    let sleeping =
      "select count(*) from pg_stat_activity where wait_event = 'PgSleep' "
      + "and datname = current_database()"
    let isFlushing = try eventually(within: 60) { try connection.run(sleeping).int(0, 0) > 0 }
    stop.request()
    #expect(isFlushing)
    try speed.wait()
    #expect(left.withLock { $0.count } == 1)
    try connection.script("drop trigger go_away on speed.progress")
    try layers.worker(untilCaughtUp: true).run(stop: StopToken())
    try layers.expectTruth(Truth(records))
  }

  @Test func offsetsThatAreOutOfOrderAreRefusedAndNothingIsSkipped() throws {
    let records = try simulated(seed: 55, users: 5)
    let layers = try Layers()
    try layers.log.write(records)
    try layers.catchUp()
    let connection = try layers.connect()
    try connection.script(
      "update speed.progress set replay_from = next_offset, next_offset = 0")
    let error = #expect(throws: WarehouseError.self) { try layers.catchUp() }
    #expect(error?.code == .decoding)
    #expect(error?.message.contains("replay_from") == true)
  }

  @Test func aSecondWorkerStandsByAndTakesOverWhenTheFirstHasGone() throws {
    let records = try simulated(seed: 54, users: 10)
    let layers = try Layers()
    let half = records.count / 2
    try layers.log.write(records[..<half])
    let stops = [StopToken(), StopToken()]
    let standby = BoundedQueue<Int>(limit: 10_000)
    let started = BoundedQueue<Int>(limit: 10_000)
    let first = Worker("test-speed") {
      try layers.worker { if case .started = $0 { _ = started.put(1) } }.run(stop: stops[0])
    }
    _ = started.take()
    let second = Worker("test-speed") {
      try layers.worker {
        if case .standby = $0 { _ = standby.put(1) }
        if case .started = $0 { _ = started.put(2) }
      }.run(stop: stops[1])
    }
    _ = standby.take()
    stops[0].request()
    try first.wait()
    #expect(started.take() == 2)
    try layers.log.write(records[half...])
    let truth = Truth(records)
    let connection = try layers.connect()
    #expect(
      try eventually(within: 60) {
        try connection.minuteCounts("serving.minute_totals", LoggedRecord.counters)
          == truth.minutes
      })
    stops[1].request()
    try second.wait()
  }
}
