import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// The whole pipeline with Kafka as the log and a lake that `archive` fills.
@Suite struct KafkaPathTests {
  @Test func bothLayersCountEveryEventOfKafkaOnce() throws {
    try withSandbox { box in
      let kafka = try TestKafka()
      defer { kafka.stop() }
      for topic in ["listen_events", "auth_events", "page_view_events", "songs", "users"] {
        try kafka.createTopic(topic, partitions: 4)
      }
      let database = try box.makeDatabase()
      let connection = try database.connect()
      let log = kafka.flags
      let lake = box.path("lake")
      let load = ["--lake", lake, "--database", database.url]
      func generate(from: String, to: String, user: Int) throws -> LogFiles.Counts {
        let arguments = [
          "generate", "--users", "60", "--from", from, "--to", to, "--seed", "3",
          "--first-user-id", "\(user)",
        ]
        try box.succeed(arguments + log)
        try box.succeed(arguments + ["--output", box.path("files-\(user)")])
        return try LogFiles(box.path("files-\(user)")).count()
      }

      var expected = try generate(from: "2026-01-01", to: "2026-01-03", user: 1)
      try #require(expected.total > 1000)
      try box.succeed(["speed", "--until-caught-up", "--database", database.url] + log)
      #expect(try MergedViewWatch.read(connection) == expected, "speed layer alone")
      try box.succeed(["archive", "--until-caught-up", "--lake", lake] + log)
      #expect(try LogFiles(lake).count() == expected, "the lake")
      try box.succeed(["load", "full"] + load)
      #expect(try MergedViewWatch.read(connection) == expected, "after the full load")

      // The speed layer is ahead of the lake, and killed now and then; a load waits for the lake.
      let archive = try box.start(["archive", "--lake", lake] + log)
      expected = expected + (try generate(from: "2026-01-03", to: "2026-01-04", user: 1000))
      for _ in 1...3 {
        let speed = try box.start(
          ["speed", "--flush-seconds", "0.02", "--database", database.url] + log)
        usleep(400_000)
        speed.kill()
      }
      archive.kill()
      try box.succeed(["speed", "--until-caught-up", "--database", database.url] + log)
      #expect(try MergedViewWatch.read(connection) == expected, "both layers")
      expected = expected + (try generate(from: "2026-01-04", to: "2026-01-05", user: 2000))
      try box.succeed(["speed", "--until-caught-up", "--database", database.url] + log)
      let waiting = try box.start(["load", "incremental"] + load)
      usleep(300_000)
      #expect(waiting.isRunning, "a load that the lake is not ready for: \(waiting.errorsSoFar)")
      try box.succeed(["archive", "--until-caught-up", "--lake", lake] + log)
      let loaded = try waiting.wait()
      #expect(loaded.status == 0, "\(loaded)")
      #expect(try MergedViewWatch.read(connection) == expected, "after the incremental load")
      #expect(try LogFiles(lake).count() == expected, "the lake")
      let check = try box.succeed(["check"] + load)
      #expect(check.output.contains(" 0 broken"), "\(check)")
    }
  }

  /// The mock keeps 5 MB of a partition, as `retention.bytes` would.
  @Test func whatRetentionHasDroppedIsSaidWithItsTimeAndByAllThatAddUp() throws {
    try withSandbox { box in
      let kafka = try MockKafka()
      defer { kafka.stop() }
      for topic in ["listen_events", "auth_events", "page_view_events", "songs", "users"] {
        try kafka.createTopic(topic, partitions: 1)
      }
      let database = ["--database", try box.makeDatabase().url]
      let lake = ["--lake", box.path("lake")]
      let log = ["--log", "kafka:\(kafka.bootstrap)"]
      func generate(_ users: Int, from: String, to: String) throws {
        try box.succeed(
          ["generate", "--users", "\(users)", "--from", from, "--to", to] + log)
      }
      try generate(30, from: "2026-01-01", to: "2026-01-02")
      try box.succeed(["archive", "--until-caught-up"] + log + lake)
      try box.succeed(["speed", "--until-caught-up"] + log + database)
      try generate(900, from: "2026-01-02", to: "2026-01-04")
      let status = try box.succeed(["status"] + log + database)
      #expect(
        status.output.contains(/log_problem .*dropped .* gone since some time after 20/),
        "\(status)")
      try box.fail(
        ["archive", "--until-caught-up"] + log + lake, 65, saying: ["--accept-loss"])
      try box.succeed(["archive", "--until-caught-up", "--accept-loss"] + log + lake)
      let load = try box.succeed(["load", "full"] + lake + database)
      #expect(
        load.errors.contains(/[1-9][0-9,]* lost records are missing \(warehouse.lost_records\)/),
        "\(load)")
    }
  }
}
