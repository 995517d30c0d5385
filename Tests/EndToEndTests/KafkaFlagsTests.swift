import Foundation
import TestKit
import Testing
import Warehouse

/// How commands are told of Kafka, and what they say of it.
@Suite struct KafkaFlagsTests {
  private static let topics = [
    "listen_events", "auth_events", "page_view_events", "songs", "users",
  ]
  private let days = ["--users", "20", "--from", "2026-01-01", "--to", "2026-01-03"]
  /// So that a broker that is not there is given up soon.
  private let quick = ["--kafka-property", "socket.timeout.ms=1000"]

  /// A cluster with our topics, each under its name with `rename` done to it.
  private func kafka(_ rename: (String) -> String = { $0 }) throws -> MockKafka {
    let kafka = try MockKafka(hasSources: false)
    for topic in Self.topics { try kafka.createTopic(rename(topic), partitions: 2) }
    try kafka.createTopic(rename("polyrhythm_sources"), partitions: 1)
    return kafka
  }

  @Test func aPropertiesFileIsReadAndItsMistakesHaveALine() throws {
    try withSandbox { box in
      let kafka = try kafka()
      defer { kafka.stop() }
      let good = try box.write(
        "good", "# of the cluster\n\n! too\n client.id = a,b=c \nbootstrap.servers=x:1\n")
      let log = ["--log", "kafka:\(kafka.bootstrap)"]
      try box.succeed(["generate", "--kafka-config", good] + days + log)
      for (text, part) in [
        ("a\nlinger.ms=5", ":1 is not of the form key=value"),
        ("linger.ms=5\n\n# x\nno.such.thing=5", ":4: "), ("linger.ms=soon", "linger.ms"),
        ("topic.retention.ms=week", "topic.retention.ms=week is not a number"),
      ] {
        let bad = try box.write("bad", text)
        try box.fail(
          ["generate", "--kafka-config", bad] + days + log, 78, saying: [bad, part])
      }
      try box.fail(
        ["generate", "--kafka-config", box.path("none")] + days + log, 66, saying: ["none"])
    }
  }

  @Test func propertiesAddUpAndTheirValuesMayHoldCommas() throws {
    try withSandbox { box in
      let log = ["generate", "--log", "kafka:127.0.0.1:1"] + days
      // Each is refused by its own name only if the one before it was understood.
      for properties in [
        ["client.id=a,b", "no.such=1"], ["client.id=a,no.such=1"], ["acks=1,no.such=1"],
      ] {
        try box.fail(
          log + properties.flatMap { ["--kafka-property", $0] }, 64, saying: ["no.such"])
      }
      try box.fail(
        log + ["--kafka-property", "ssl.cipher.suites=A,B", "--kafka-property", "retries=x,y"], 64,
        saying: ["retries"])
      try box.fail(log + ["--kafka-property", "nothing"], 64, saying: ["key=value"])
      try box.fail(log + ["--topics", "plays=x"], 64, saying: ["there is no topic plays"])
      try box.fail(log + ["--topics", "songs"], 64, saying: ["TOPIC=NAME"])
      try box.fail(
        ["generate", "--log", "dir:\(box.path("log"))", "--topic-prefix", "p"] + days, 64,
        saying: ["--topic-prefix", "no effect"])
      try box.fail(
        ["speed", "--log", "kafka:127.0.0.1:1", "--database", "x", "--start", "noon"], 64,
        saying: ["--start", "noon"])
    }
  }

  @Test func everyCommandFindsTopicsUnderOtherNames() throws {
    try withSandbox { box in
      let kafka = try kafka { $0 == "songs" ? "tracks" : "site.\($0)" }
      defer { kafka.stop() }
      let database = try box.makeDatabase()
      box.environment = [
        "POLYRHYTHM_TOPIC_PREFIX": "site.", "POLYRHYTHM_TOPICS": "songs=tracks",
        "POLYRHYTHM_LOG": "kafka:\(kafka.bootstrap)", "POLYRHYTHM_LAKE": box.path("lake"),
        "POLYRHYTHM_DATABASE": database.url,
      ]
      try box.succeed(["generate"] + days)
      try box.succeed(["generate", "--output", box.path("files")] + days)
      let expected = try LogFiles(box.path("files")).count()
      try #require(expected.total > 100)
      try box.succeed(["speed", "--until-caught-up"])
      try box.succeed(["archive", "--until-caught-up"])
      #expect(try LogFiles(box.path("lake")).count() == expected)
      let status = try box.succeed(["status", "--log", "kafka:\(kafka.bootstrap)"])
      #expect(status.output.contains("log_records"))
      try box.succeed(["load", "full"])
      #expect(try MergedViewWatch.read(database.connect()) == expected)
    }
  }

  @Test func everyCommandTakesOneTopicForAllKindsOfEvents() throws {
    try withSandbox { box in
      let kafka = try kafka { $0.hasSuffix("_events") ? "unused.\($0)" : $0 }
      defer { kafka.stop() }
      try kafka.createTopic("all", partitions: 2)
      let database = try box.makeDatabase()
      box.environment = [
        "POLYRHYTHM_MIXED_TOPIC": "all", "POLYRHYTHM_TYPE_FIELD": "kind",
        "POLYRHYTHM_TOPICS": "listen_events=played", "POLYRHYTHM_LOG": "kafka:\(kafka.bootstrap)",
        "POLYRHYTHM_LAKE": box.path("lake"), "POLYRHYTHM_DATABASE": database.url,
      ]
      try box.succeed(["generate"] + days)
      try box.succeed(["generate", "--output", box.path("files")] + days)
      let expected = try LogFiles(box.path("files")).count()
      try #require(expected.total > 100)
      try box.succeed(["speed", "--until-caught-up"])
      #expect(try MergedViewWatch.read(database.connect()) == expected)
      try box.succeed(["archive", "--until-caught-up"])
      // An offset of the mixed topic counts once, and for the speed layer three times.
      let log = ["--log", "kafka:\(kafka.bootstrap)"]
      let status = try box.succeed(["status"] + log).output.split(separator: "\n").map(String.init)
      func value(_ name: String) -> String? {
        status.first { $0.hasPrefix("\(name) ") }?.split(separator: " ").last.map(String.init)
      }
      #expect(value("log_records") == "\(expected.total)", "\(status)")
      #expect(value("speed_lag_records") == "0", "\(status)")
      try box.succeed(["load", "full"])
      #expect(try MergedViewWatch.read(database.connect()) == expected)
      let check = try box.succeed(["check"])
      #expect(check.output.contains(" 0 broken"), "\(check)")
      // A record with what it came with; of the two partitions one may be without listens.
      let shown = try (0..<2).map {
        try box.run(["show", "listen_events/\($0)", "0", "--lake", box.path("lake")]).output
      }.joined()
      for part in [
        #""topic":"listen_events""#, #""create_time":"#, #""key":""#,
        #""headers":[["polyrhythm-source","#, #""value":"{\"kind\":\"played\",\"ts\":"#,
      ] {
        #expect(shown.contains(part), "\(shown)")
      }
    }
  }

  @Test func twoTopicsUnderOneNameAreRefused() throws {
    try withSandbox { box in
      let log = ["archive", "--log", "kafka:127.0.0.1:1", "--lake", box.path("lake")]
      for (flags, parts) in [
        (
          ["--topics", "listen_events=auth_events"],
          ["listen_events and auth_events are both auth_events"]
        ),
        (
          ["--topics", "songs=x.users", "--topic-prefix", "x."],
          ["songs and users are both x.users", "give each a topic of its own"]
        ),
        (["--topics", "users=polyrhythm_sources"], ["users and polyrhythm_sources are both"]),
        (["--mixed-topic", "songs"], ["and songs are both songs"]),
      ] {
        try box.fail(log + flags, 64, saying: parts)
      }
    }
  }

  @Test func flagsOfTheMixedTopicAreChecked() throws {
    try withSandbox { box in
      let log = ["generate", "--log", "kafka:127.0.0.1:1"] + days
      try box.fail(log + ["--type-field", "kind"], 64, saying: ["--mixed-topic"])
      try box.fail(log + ["--mixed-topic", "a b"], 64, saying: ["a b"])
      try box.fail(
        log + ["--mixed-topic", "all", "--type-field", "a\"b"], 64, saying: ["--type-field"])
      try box.fail(
        ["generate", "--log", "dir:\(box.path("log"))", "--mixed-topic", "all"] + days, 64,
        saying: ["--mixed-topic", "no effect"])
      let lake = ["--lake", box.path("lake")]
      try box.fail(["show", "listen_events", "0"] + lake, 64, saying: ["listen_events/0"])
      try box.fail(["show", "listen_events/0", "x"] + lake, 64, saying: ["is not an offset"])
      try box.fail(["show", "listen_events/0", "0"] + lake, 66, saying: ["no listen_events/0"])
    }
  }

  @Test func statusSaysThatTheBrokersAreAwayAndWhatTheDatabaseKnows() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let outcome = try box.fail(
        ["status", "--database", database.url, "--log", "kafka:127.0.0.1:1"] + quick, 69,
        saying: ["127.0.0.1:1", "Connection refused"])
      #expect(outcome.output.contains("log_problem"))
      #expect(outcome.output.contains("speed_records"))
    }
  }

  @Test func runKeepsItsSiteInKafkaAndCopiesItToTheLake() throws {
    try withSandbox { box in
      let kafka = try kafka()
      defer { kafka.stop() }
      let run = [
        "run", "--data", box.data, "--log", "kafka:\(kafka.bootstrap)", "--listen", "127.0.0.1:0",
        "--users", "100", "--history-days", "1", "--for", "5",
      ]
      for _ in 0..<2 { try box.succeed(run) }
      let log = ["--log", "kafka:\(kafka.bootstrap)"]
      try box.succeed(["archive", "--until-caught-up", "--data", box.data] + log)
      try box.succeed(["speed", "--until-caught-up", "--data", box.data] + log)
      try box.succeed(["load", "incremental", "--lake", box.log, "--data", box.data])
      let check = try box.succeed(["check", "--data", box.data])
      #expect(check.output.contains(" 0 broken"), "\(check)")
      let facts = try box.succeed([
        "sql", "--data", box.data, "select count(*) from warehouse.fact_listen",
      ])
      #expect(facts.output.contains("\(try LogFiles(box.log).count().listens)"), "\(facts)")
      try box.fail(run + ["--log", "dir:x"], 64, saying: ["kafka:HOST:PORT"])
    }
  }
}
