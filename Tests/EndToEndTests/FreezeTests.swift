import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// Processes are frozen (SIGSTOP) while they hold locks and leases. Other processes take these over, and the
/// frozen ones can do no harm when they wake up.
@Suite(.serialized) struct FreezeTests {
  private func committed(_ database: TestDatabase) throws -> Int64 {
    try database.connect().run(
      "select coalesce(sum(next_offset), 0)::bigint from speed.progress"
    ).int(0, 0)
  }

  @Test func aWorkerThatFreezesIsReplacedAndWakesUpToNothing() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let place = ["--log", "dir:\(box.log)", "--database", database.url]
      let site = try box.startLiveSite(seed: 31, log: box.log)
      try #require(try eventually(within: 60) { try LogFiles(box.log).count().total > 500 })
      let first = try box.start(["speed", "--flush-seconds", "0.1"] + place)
      try #require(try eventually(within: 30) { try committed(database) > 0 })
      let second = try box.start(["speed", "--flush-seconds", "0.1"] + place)
      try #require(
        try eventually(within: 30) {
          try database.connect().run(
            "select count(distinct worker_id) from speed.assignment"
          ).int(0, 0) == 2
        })
      first.send(SIGSTOP)
      let owner = "select count(distinct worker_id) from speed.assignment"
      #expect(
        try eventually(within: 30) { try database.connect().run(owner).int(0, 0) == 1 },
        "the frozen worker's partitions are claimed")
      let before = try committed(database)
      #expect(try eventually(within: 60) { try committed(database) > before })
      site.send(SIGINT)
      #expect(try site.wait().status == 0)
      first.send(SIGCONT)
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try MergedViewWatch.read(database.connect()) == LogFiles(box.log).count())
      for worker in [first, second] {
        worker.send(SIGTERM)
        let end = try worker.wait()
        #expect(end.status == 0, "\(end.output) \(end.errors)")
      }
      #expect(try MergedViewWatch.read(database.connect()) == LogFiles(box.log).count())
    }
  }

  @Test func aLoadThatFreezesHoldsNobodyUpAndIsRefusedWhenItWakesUp() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let files = try box.generate("events", users: 800, from: "2026-03-01", to: "2026-03-04")
      let place = ["--log", "dir:\(box.log)", "--database", database.url]
      let lake = ["--lake", box.log, "--database", database.url]
      try box.succeed(["import", files, "--log", "dir:\(box.log)"])
      let frozen = try box.start(["load", "full"] + lake)
      let connection = try database.connect()
      try #require(
        eventually(within: 60) {
          try connection.run(
            "select count(*) from warehouse.load_run where status = 'running' and cut is not null"
          ).int(0, 0) == 1
        })
      frozen.send(SIGSTOP)
      // Neither the reservation nor the lock outlives the lease.
      try box.succeed(["speed", "--until-caught-up"] + place)
      let written = try LogFiles(box.log).count()
      #expect(try MergedViewWatch.read(connection) == written)
      try box.succeed(["load", "incremental"] + lake)
      #expect(try MergedViewWatch.read(connection) == written)
      frozen.send(SIGCONT)
      #expect(try frozen.wait().status != 0)
      #expect(try MergedViewWatch.read(connection) == written)
      try box.succeed(["check"] + ["--database", database.url])
    }
  }

  @Test func aLoadThatIsKilledAfterItsCutHidesNothing() throws {
    try withSandbox { box in
      let files = try box.generate("events", users: 300, from: "2026-03-01", to: "2026-03-03")
      let place = ["--data", box.data]
      try box.succeed(["import", files] + place)
      let load = try box.start(["load", "full"] + place)
      let reserved = [
        "sql", "--csv", "select count(*) from speed.reservation",
      ]
      try #require(
        eventually(within: 60) {
          let count = try box.run(reserved + place).output.split(separator: "\n").last
          return count.flatMap { Int($0) } ?? 0 > 0 || !load.isRunning
        })
      load.kill()
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.sums(place) == LogFiles(box.log).count())
    }
  }
}
