import EventModel
import Foundation
import Metrics
import Support
import TestKit
import Testing
import Warehouse

@testable import EventGenerator
@testable import SpeedLayer

private let monday: Int64 = 1_772_409_600_000

/// A database, a log with a day of events and faults, and the speed layer.
private struct Site {
  let database: TestDatabase
  let log: TestLog
  let library: SQLLibrary
  let records: [LoggedRecord]

  init(_ kind: TestLog.Kind = .directory, seed: UInt64, users: Int = 40) throws {
    database = try TestDatabase.make()
    log = try TestLog(kind)
    library = try SQLLibrary()
    var overrides = GeneratorConfig.Overrides()
    overrides.seed = seed
    overrides.users = users
    overrides.start = monday
    overrides.end = monday + 86_400_000
    var simulation = Simulation(
      config: try .standard(overrides), catalogue: Catalogue(seed: 5, artists: 40, songs: 200))
    var events: [LoggedRecord] = []
    simulation.run(until: nil) { event in
      events.append(LoggedRecord(event))
      return true
    }
    var random = SeededRandom(seed: seed)
    records = Faults().apply(to: events, random: &random)
  }

  func worker(
    untilCaughtUp: Bool = false, recordsPerFlush: Int = 150, heartbeat: Double = 5,
    report: @escaping @Sendable (SpeedWorker.Report) -> Void = { _ in }
  ) -> SpeedWorker {
    var configuration = SpeedWorker.Configuration(databaseURL: database.url)
    configuration.flushInterval = 0.02
    configuration.recordsPerFlush = recordsPerFlush
    configuration.heartbeatInterval = heartbeat
    configuration.untilCaughtUp = untilCaughtUp
    return SpeedWorker(log: log.log, library: library, configuration: configuration, report: report)
  }

  func expectTruth(_ truth: Truth, _ when: String = "") throws {
    let found = try database.connect()
      .minuteCounts("serving.minute_totals", LoggedRecord.counters)
    #expect(found == truth.minutes, "\(when)")
  }
}

@Suite struct SpeedWorkerTests {
  @Test(arguments: TestLog.Kind.allCases)
  func everyEventCountsOnceInManyLivesOfTheWorker(_ kind: TestLog.Kind) throws {
    let site = try Site(kind, seed: 51)
    var truth = Truth()
    let step = site.records.count / 5 + 1
    for start in stride(from: 0, to: site.records.count, by: step) {
      let part = site.records[start..<min(start + step, site.records.count)]
      try site.log.write(part)
      for record in part { truth.add(record) }
      try site.worker(untilCaughtUp: true).run(stop: StopToken())
      try site.expectTruth(truth, "after \(start)")
    }
  }

  @Test func aWorkerWithoutNewsSaysThatItsViewsAreStillAsOfNow() throws {
    let site = try Site(seed: 52, users: 5)
    try site.log.write(site.records)
    let stop = StopToken()
    let speed = Worker("test-speed") { try site.worker(heartbeat: 0.05).run(stop: stop) }
    let connection = try site.database.connect()
    let asOf = "select coalesce(max(updated_at), '-infinity')::text from speed.progress"
    var seen: Set<String> = []
    #expect(
      try eventually(within: 20) {
        seen.insert(try connection.run(asOf).text(0, 0))
        return seen.count > 6
      })
    stop.request()
    try speed.wait()
    try site.expectTruth(Truth(site.records))
  }

  @Test func aWorkerThatIsFencedOffWhileItStopsEndsWithoutAnError() throws {
    let site = try Site(seed: 53, users: 5)
    try site.log.write(site.records)
    let connection = try site.database.connect()
    let stop = StopToken()
    let flushes = BoundedQueue<Int>(limit: 10_000)
    let speed = Worker("test-speed") {
      try site.worker {
        if case .flushed(let records, _) = $0 { _ = flushes.put(records) }
      }.run(stop: stop)
    }
    _ = flushes.take()
    // Somebody moves the offsets for good: no flush can be right any more.
    try connection.script(
      "create function hold() returns trigger language plpgsql as 'begin return null; end'; "
        + "create trigger hold before update on speed.progress for each row execute function hold()"
    )
    try site.log.write(site.records)
    usleep(100_000)
    stop.request()
    try speed.wait()
  }

  @Test func aSecondWorkerStandsByAndTakesOverWhenTheFirstHasGone() throws {
    let site = try Site(seed: 54, users: 10)
    let half = site.records.count / 2
    try site.log.write(site.records[..<half])
    let stops = [StopToken(), StopToken()]
    let standby = BoundedQueue<Int>(limit: 10_000)
    let started = BoundedQueue<Int>(limit: 10_000)
    let first = Worker("test-speed") {
      try site.worker { if case .started = $0 { _ = started.put(1) } }.run(stop: stops[0])
    }
    _ = started.take()
    let second = Worker("test-speed") {
      try site.worker {
        if case .standby = $0 { _ = standby.put(1) }
        if case .started = $0 { _ = started.put(2) }
      }.run(stop: stops[1])
    }
    _ = standby.take()
    stops[0].request()
    try first.wait()
    #expect(started.take() == 2)
    try site.log.write(site.records[half...])
    let truth = Truth(site.records)
    let connection = try site.database.connect()
    #expect(
      try eventually(within: 20) {
        try connection.minuteCounts("serving.minute_totals", LoggedRecord.counters)
          == truth.minutes
      })
    stops[1].request()
    try second.wait()
  }
}

@Suite struct CompactorTests {
  private func rowCounts(_ connection: Connection) throws -> [Int64] {
    try Rollup.allCases.map {
      try connection.run("select count(*) from speed.\($0.table)").int(0, 0)
    }
  }

  private func merged(_ connection: Connection) throws -> [ComparableRows] {
    try Rollup.allCases.map {
      try ComparableRows(connection, $0.table, query: "select * from serving.\($0.table)")
    }
  }

  @Test func readersSeeNoDifferenceAndTheRowsBecomeFewer() throws {
    let site = try Site(seed: 61, users: 80)
    try site.log.write(site.records)
    try site.worker(untilCaughtUp: true).run(stop: StopToken())
    let connection = try site.database.connect()
    let before = try merged(connection)
    let rows = try rowCounts(connection)
    let keys = before.map { Int64($0.rows.count) }
    #expect(rows[0] > keys[0] * 5 / 4)
    let compactor = Compactor(databaseURL: site.database.url, library: site.library)
    var turn = Compactor.Turn()
    try compactor.run(&turn)
    let after = try merged(connection)
    for (a, b) in zip(after, before) { #expect(try a.differences(from: b, connection) == []) }
    let folded = try rowCounts(connection)
    // All but the last quarter of an hour has one row a key.
    for rollup in Rollup.allCases {
      let r = rollup.rawValue
      #expect(folded[r] < rows[r], "\(rollup)")
      let several = try connection.run(
        "select count(*) from (select from speed.\(rollup.table) where minute < "
          + "(select max(minute) - interval '15 minutes' from speed.minute_totals) group by "
          + "\((["minute"] + rollup.keyColumns).joined(separator: ", ")) having count(*) > 1) as s")
      #expect(try several.int(0, 0) == 0, "\(rollup)")
    }
    // And another turn finds nothing to do.
    try compactor.run(&turn)
    #expect(try rowCounts(connection) == folded)
    try site.expectTruth(Truth(site.records))
  }

  @Test func foldingWhileFlushesAndEpochsGoOnLosesNothing() throws {
    let site = try Site(seed: 62, users: 60)
    let stop = StopToken()
    let speed = Worker("test-speed") { try site.worker().run(stop: stop) }
    let library = site.library
    let url = site.database.url
    let folding = Worker("test-fold") {
      var turn = Compactor.Turn()
      var turns = 0
      while !stop.isRequested {
        try? Compactor(databaseURL: url, library: library).run(&turn)
        turns += 1
      }
      return turns
    }
    let connection = try site.database.connect()
    let sum = "select coalesce(sum(page_views), 0)::bigint from serving.minute_totals"
    var seen: Int64 = 0
    var part = 0
    for start in stride(from: 0, to: site.records.count, by: 120) {
      try site.log.write(site.records[start..<min(start + 120, site.records.count)])
      part += 1
      let now = try connection.run(sum).int(0, 0)
      #expect(now >= seen && now <= site.log.given(.pageView))
      seen = now
      usleep(10_000)
    }
    let truth = Truth(site.records)
    #expect(
      try eventually(within: 20) {
        try connection.minuteCounts("serving.minute_totals", LoggedRecord.counters)
          == truth.minutes
      })
    stop.request()
    try speed.wait()
    #expect(try folding.wait() > 3)
    try site.expectTruth(truth)
  }
}
