import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// Processes are killed without notice, while a reader looks at the views.
@Suite(.serialized) struct CrashTests {
  private let seed = Int.random(in: 1...1_000_000)

  @Test func aSpeedLayerThatIsKilledTwentyTimesCountsEveryEventOnce() throws {
    print("seed \(seed)")
    var random = SeededRandom(seed: UInt64(seed))
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let place = ["--log", "dir:\(box.log)", "--database", database.url]
      let site = try box.startLiveSite(seed: seed, log: box.log)
      try #require(try eventually(within: 60) { try LogFiles(box.log).count().total > 500 })
      let watch = MergedViewWatch(url: database.url, log: box.log)
      var committed: Set<Int64> = []
      for life in 1...20 {
        let speed = try box.start(["speed", "--flush-seconds", "0.02"] + place)
        // Half of the kills come while a worker starts, the others later, some of them after a flush.
        if life % 2 == 0 {
          _ = eventually(within: 20) {
            speed.errorsSoFar.contains("state rebuilt") || !speed.isRunning
          }
        }
        if life % 3 == 0 {
          let before = committed.max() ?? 0
          #expect(try eventually(within: 60) { try records(in: database) > before })
        }
        usleep(UInt32(random.below(300_000)))
        try #require(speed.isRunning, "life \(life): \(speed.errorsSoFar)")
        speed.kill()
        committed.insert(try records(in: database))
      }
      // Workers must have committed between the kills, or the kills would have tested nothing.
      #expect(committed.count > 5, "\(committed.sorted())")
      site.send(SIGINT)
      #expect(try site.wait().status == 0)
      try box.succeed(["speed", "--until-caught-up"] + place)
      let written = try LogFiles(box.log).count()
      let findings = try watch.finish()
      #expect(findings.violations.isEmpty, "\(findings.violations.prefix(5))")
      #expect(findings.looks > 20)
      #expect(try MergedViewWatch.read(database.connect()) == written)
      #expect(written.total > 2000, "\(written)")
      try box.succeed(["load", "full", "--lake", box.log, "--database", database.url])
      #expect(try MergedViewWatch.read(database.connect()) == written)
    }
  }

  @Test func loadsThatAreKilledWhileEventsStreamInLoseAndDoubleNothing() throws {
    print("seed \(seed)")
    var random = SeededRandom(seed: UInt64(seed))
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let place = ["--log", "dir:\(box.log)", "--database", database.url]
      let lake = ["--lake", box.log, "--database", database.url]
      let site = try box.startLiveSite(seed: seed, log: box.log)
      try #require(try eventually(within: 60) { try LogFiles(box.log).count().total > 500 })
      let speed = try box.start(["speed", "--flush-seconds", "0.05"] + place)
      let watch = MergedViewWatch(url: database.url, log: box.log)
      // Kills are spread over the time that a load takes on this machine.
      func timed(_ kind: String) throws -> Int {
        let start = ContinuousClock.now
        try box.succeed(["load", kind] + lake)
        return Int((ContinuousClock.now - start) / .microseconds(1))
      }
      var duration = try timed("full")
      var killed = 0
      var round = 0
      while killed < 9, round < 60 {
        round += 1
        let load = try box.start(["load", round % 4 == 0 ? "full" : "incremental"] + lake)
        usleep(UInt32(random.below(duration)))
        if load.isRunning { killed += 1 }
        load.kill()
        // A load must succeed whatever the killed load before it has left.
        if round % 2 == 0 { duration = try timed("incremental") }
      }
      #expect(killed == 9)
      #expect(speed.isRunning, "\(speed.errorsSoFar)")
      speed.send(SIGTERM)
      #expect(try speed.wait().status == 0)
      site.send(SIGTERM)
      #expect(try site.wait().status == 0)
      try box.succeed(["speed", "--until-caught-up"] + place)
      let written = try LogFiles(box.log).count()
      #expect(try MergedViewWatch.read(database.connect()) == written)
      try box.succeed(["load", "incremental"] + lake)
      let findings = try watch.finish()
      #expect(findings.violations.isEmpty, "\(findings.violations.prefix(5))")
      #expect(findings.looks > 20)
      let connection = try database.connect()
      #expect(try MergedViewWatch.read(connection) == written)
      let check = try box.succeed(["check"] + lake)
      #expect(check.output.contains(" 0 broken"), "\(check)")
      let runs = try connection.run(
        "select count(*) filter (where status = 'running') from warehouse.load_run")
      #expect(try runs.int(0, 0) == 0, "a dead load is still said to run")
      // A full load of the same log into the same database changes no sum.
      try box.succeed(["load", "full"] + lake)
      #expect(try MergedViewWatch.read(connection) == written)
    }
  }

  @Test func aPlayThatEndsAfterARestartCountsForItsListenersGenderAndLevel() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let place = ["--log", "dir:\(box.log)", "--database", database.url]
      func listen(user: Int, gender: String, level: String, ts: Int) -> String {
        #"{"ts":\#(ts),"sessionId":\#(user),"itemInSession":0,"level":"\#(level)","userId":\#(user),"#
          + #""gender":"\#(gender)","auth":"Logged In","artist":"A","song":"S","duration":200}"#
      }
      let start = 1_767_225_600_000
      for (name, line) in [
        ("a", listen(user: 1, gender: "F", level: "free", ts: start)),
        // A listen of another user an hour later, which ends the first play in a process that only replayed it.
        ("b", listen(user: 2, gender: "M", level: "paid", ts: start + 3_600_000)),
      ] {
        let file = try box.write("\(name)/listen_events.ndjson", line)
        try box.succeed(["import", file, "--log", "dir:\(box.log)", "--partitions", "1"])
        try box.succeed(["speed", "--until-caught-up"] + place)
      }
      let rows = try database.connect().run(
        """
        select gender, level, listens, completed, listened_ms from serving.minute_audience
        order by minute
        """)
      let found = (0..<rows.count).map { row in (0..<5).map { rows.textOrNull(row, $0) ?? "" } }
      #expect(found == [["F", "free", "1", "1", "200000"], ["M", "paid", "1", "0", "0"]])
    }
  }

  private func records(in database: TestDatabase) throws -> Int64 {
    let connection = try database.connect()
    let isThere = try connection.run("select to_regclass('speed.progress') is not null")
    guard try isThere.bool(0, 0) else { return 0 }
    return try connection.run(
      "select coalesce(sum(next_offset), 0)::bigint from speed.progress"
    ).int(0, 0)
  }
}
