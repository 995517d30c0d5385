import Foundation
import Support
import TestKit
import Testing

@testable import EventGenerator

/// `generate` as a user calls it.
@Suite struct GenerateCommandTests {
  private let week = ["generate", "--from", "2026-01-05", "--to", "2026-01-07", "--seed", "5"]
  private let topics = ["listen_events", "auth_events", "page_view_events"]

  private func bytes(_ directory: String) throws -> [Data] {
    try (topics.map { "\($0).ndjson" } + ["truth.json"]).map { name in
      try #require(FileManager.default.contents(atPath: "\(directory)/\(name)"), "\(name)")
    }
  }

  private func events(_ directory: String, _ topic: String) throws -> [[String: Any]] {
    let text = try #require(FileManager.default.contents(atPath: "\(directory)/\(topic).ndjson"))
    return try text.split(separator: 0x0A).map {
      try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
    }
  }

  @Test func theNumberOfThreadsChangesNothing() throws {
    try withSandbox { box in
      let faults = ["--late-fraction", "0.1", "--malformed-fraction", "0.1"]
      for threads in ["1", "2", "5"] {
        try box.succeed(
          week + faults
            + ["--users", "80", "--threads", threads, "--output", box.path("threads-\(threads)")])
      }
      let one = try bytes(box.path("threads-1"))
      #expect(try bytes(box.path("threads-2")) == one)
      #expect(try bytes(box.path("threads-5")) == one)
    }
  }

  /// The tests are a debug build and the binary is a release build, and both must give the same bytes.
  @Test func optimisedCodeGivesTheBytesOfUnoptimisedCode() throws {
    try withSandbox { box in
      let outcome = try box.succeed(
        week + ["--users", "80", "--countries", "all", "--local-time", "--output", "-"])
      var overrides = GeneratorConfig.Overrides()
      overrides.users = 80
      overrides.seed = 5
      overrides.start = ISOTime.parse("2026-01-05")
      overrides.end = ISOTime.parse("2026-01-07")
      var simulation = Simulation(
        try Scenario(
          groups: [Scenario.Group(.standard(overrides))], countries: CountryMix(parsing: "all"),
          usesLocalTime: true))
      var bytes = Data()
      _ = simulation.runLines(until: nil) {
        bytes.append(contentsOf: $0.bytes)
        bytes.append(10)
        return true
      }
      #expect(bytes.count > 100_000)
      #expect(Data(outcome.output.utf8) == bytes)
    }
  }

  @Test func anExportedCatalogueGivesTheSameEventsAgain() throws {
    try withSandbox { box in
      let out = box.path("out")
      let outcome = try box.succeed(
        week + [
          "--users", "80", "--countries", "US=2,CZ=1,JP=1", "--export-catalogue",
          box.path("tables"), "--output", out,
        ])
      #expect(outcome.errors.contains("20,000 songs"), "\(outcome)")
      // The tables have the users' ids, names, countries and registrations. They have no column for gender,
      // which follows from the same seed.
      try box.succeed(
        week + [
          "--catalogue", box.path("tables"), "--countries", "US=2,CZ=1,JP=1", "--output",
          box.path("again"),
        ])
      #expect(
        try events(out, "listen_events").count == events(box.path("again"), "listen_events").count)
      let users = { (events: [[String: Any]]) in
        Set(events.map { "\($0["userId"] ?? "")|\($0["firstName"] ?? "")|\($0["lastName"] ?? "")" })
      }
      let before = users(try events(out, "listen_events"))
      #expect(before.count > 20)
      #expect(users(try events(box.path("again"), "listen_events")) == before)
    }
  }

  @Test func givenUsersAndSongsAreTheOnesInTheEvents() throws {
    try withSandbox { box in
      _ = try box.write(
        "tables/tracks.csv",
        "track_id,artists,track_name,duration_ms,popularity,track_genre\n"
          + "a,Ana,One,200000,50,pop\nb,Bo,Two,100500,80,rock\n")
      _ = try box.write(
        "tables/users.csv",
        "user_id,user_name,user_age,user_country,created_at\n"
          + "7,Ada Lovelace,36,United Kingdom,2020-01-01 00:00:00\n"
          + "900,Grace Hopper,85,US,2021-06-01 12:00:00\n")
      try box.succeed(
        week + ["--catalogue", box.path("tables"), "--users", "3", "--output", box.path("out")])
      let views = try events(box.path("out"), "page_view_events")
      var names: [Int: String] = [:]
      var countries: [Int: String] = [:]
      for view in views {
        guard let user = view["userId"] as? Int else { continue }
        names[user] = "\(view["firstName"] ?? "") \(view["lastName"] ?? "")"
        countries[user] = view["country"] as? String ?? "US"
        if user == 7 { #expect(view["registration"] as? Int64 == 1_577_836_800_000) }
      }
      #expect(Set(names.keys).isSubset(of: [7, 900, 901]))
      #expect(names[7] == nil || names[7] == "Ada Lovelace")
      #expect(names[900] == nil || names[900] == "Grace Hopper")
      #expect(countries[7] == nil || countries[7] == "GB")
      #expect(names.count >= 2)
      let songs = Set(try events(box.path("out"), "listen_events").map { "\($0["song"] ?? "")" })
      #expect(songs == ["One", "Two"])
    }
  }

  @Test func onlyTheCatalogueCanBeAskedFor() throws {
    try withSandbox { box in
      try box.succeed(["generate", "--users", "12", "--export-catalogue", box.path("tables")])
      let users = try String(contentsOfFile: box.path("tables/users.csv"), encoding: .utf8)
      #expect(users.split(whereSeparator: \.isNewline).count == 13)
      #expect(!FileManager.default.fileExists(atPath: box.data))
    }
  }

  @Test func standardOutputHasAllTopicsInTheOrderOfTime() throws {
    try withSandbox { box in
      let outcome = try box.succeed(week + ["--users", "40", "--output", "-"])
      let times = try outcome.output.split(separator: "\n").map { line -> Int64 in
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return try #require(event?["ts"] as? Int64)
      }
      #expect(times.count > 500 && times == times.sorted())
    }
  }

  @Test func aDryRunWritesTheTruthAndNothingElse() throws {
    try withSandbox { box in
      try box.succeed(week + ["--users", "40", "--output", box.path("out")])
      try box.succeed(week + ["--users", "40", "--dry-run", "--truth", box.path("truth.json")])
      #expect(
        FileManager.default.contents(atPath: box.path("truth.json"))
          == FileManager.default.contents(atPath: box.path("out/truth.json")))
      #expect(!FileManager.default.fileExists(atPath: box.data))
    }
  }

  @Test func groupsShareTheUsersByWeight() throws {
    try withSandbox { box in
      try box.succeed(
        week + [
          "--users", "600", "--groups", "control=3,short=1:\(try config(box))", "--output",
          box.path("out"),
        ])
      var users: [String: Set<Int>] = [:]
      for event in try events(box.path("out"), "page_view_events") {
        guard let user = event["userId"] as? Int else { continue }
        users["\(event["tag"] ?? "")", default: []].insert(user)
      }
      #expect(Set(users.keys) == ["control", "short"])
      let control = users["control", default: []]
      let short = users["short", default: []]
      #expect(control.isDisjoint(with: short))
      let share = Double(control.count) / Double(control.count + short.count)
      #expect((0.6...0.9).contains(share), "\(share)")
    }
  }

  /// A config of one page.
  private func config(_ box: Sandbox) throws -> String {
    let state =
      #""page": "Home", "method": "GET", "status": 200, "auth": "Logged In", "level": "free""#
    return try box.write(
      "short.json",
      """
      {"beta": 86400, "start-date": "2026-01-05",
       "show-user-details": [{"auth": "Logged In", "show": true}],
       "levels": [{"level": "free", "weight": 1}], "auths": [{"auth": "Logged In", "weight": 1}],
       "new-session": [{\(state), "weight": 1}],
       "transitions": [{"source": {\(state)}, "dest": {\(state)}, "p": 0.5}]}
      """)
  }

  @Test func aRunThatIsStoppedIsNoWholeRun() throws {
    try withSandbox { box in
      let run = try box.start([
        "generate", "--users", "4000", "--from", "2020-01-01", "--to", "2026-01-01", "--output",
        box.path("out"),
      ])
      let partial = box.path("out/listen_events.ndjson.partial")
      try #require(
        eventually(within: 60) {
          let size = try? FileManager.default.attributesOfItem(atPath: partial)[.size] as? Int
          return (size ?? 0) > 1_000_000
        })
      // A second run into the same directory is refused, as its lines would mix with those of the first.
      try box.fail(
        week + ["--users", "3", "--output", box.path("out")], 75,
        saying: [box.path("out"), "another run"])
      run.send(SIGINT)
      let outcome = try run.wait()
      #expect(outcome.status == 75, "\(outcome)")
      #expect(outcome.errors.contains("stopped at 20") && outcome.errors.contains(".partial"))
      let names = try FileManager.default.contentsOfDirectory(atPath: box.path("out")).sorted()
      #expect(names == (topics + ["songs", "users"]).map { "\($0).ndjson.partial" }.sorted())
      let bytes = try #require(FileManager.default.contents(atPath: partial))
      #expect(bytes.last == 0x0A, "half a line")
      // Once the first run has ended, the directory can be written to.
      try box.succeed(week + ["--users", "3", "--output", box.path("out")])
    }
  }

  @Test func whatDoesNotGoTogetherIsSaidInOneLine() throws {
    try withSandbox { box in
      let usage: Int32 = 64
      for (flags, part) in [
        (["--late-fraction", "1.5"], "--late-fraction"),
        (["--late-by", "2h"], "--late-fraction"),
        (["--late-fraction", "0.1", "--late-by", "soon"], "\"soon\""),
        (["--late-fraction", "0.1", "--late-by", "3h..1h"], "3h..1h"),
        (["--out-of-order-by", "1m..2m"], "--out-of-order-by"),
        (["--groups", "a=0"], "\"a=0\""), (["--groups", "a=1,a=2"], "two groups a"),
        (["--groups", "a=1", "--tag", "b"], "--tag"),
        (["--gap-distribution", "normal"], "lognormal or exponential"),
        (["--groups", "a=1:"], "\"a=1:\""), (["--tag", ""], "--tag is empty"),
        (["--output", ""], "--output is empty"), (["--seed", "1e3"], "--seed"),
        (["--from", "2999-01-01", "--dry-run"], "--to"),
        (["--threads", "0"], "--threads"), (["--speedup", "5"], "--continuous"),
        (["--output", box.path("x"), "--dry-run"], "--dry-run"),
        (["--continuous", "--finish-sessions"], "--finish-sessions"),
      ] {
        try box.fail(["generate", "--users", "3"] + flags, usage, saying: [part])
      }
      try box.fail(
        ["generate", "--countries", "US,Atlantis", "--dry-run"], usage,
        saying: ["--countries", "Atlantis"])
      try box.fail(
        ["generate", "--catalogue", box.path("absent"), "--dry-run"], 66, saying: ["absent"])
      try box.fail(
        ["generate", "--groups", "a=1:\(box.path("absent.json"))", "--dry-run"], 66,
        saying: ["absent.json"])
      let file = try box.write("file", "")
      try box.fail(
        [
          "generate", "--dry-run", "--from", "2026-01-01", "--to", "2026-01-02", "--truth",
          "\(file)/t",
        ],
        73, saying: ["--truth", "file/t"])
      try box.fail(
        ["generate", "--from", "2026-01-01", "--to", "2026-01-02", "--output", "\(file)/below"], 73,
        saying: ["--output"])
    }
  }

  /// An environment variable names the log of a whole deployment, and a flag names that of one run.
  @Test func aFlagGoesBeforeTheEnvironmentsLog() throws {
    try withSandbox { box in
      let environment = [
        "POLYRHYTHM_LOG": "dir:\(box.path("log"))", "POLYRHYTHM_DATA": box.path("data"),
        "POLYRHYTHM_KAFKA_PROPERTIES": "a=b",
      ]
      for flags in [
        ["--output", box.path("out")], ["--output", "-"], ["--dry-run"],
        ["--export-catalogue", box.path("tables")],
      ] {
        let outcome = try box.run(week + ["--users", "3"] + flags, environment: environment)
        #expect(outcome.status == 0, "\(flags): \(outcome)")
        #expect(!FileManager.default.fileExists(atPath: box.path("log")), "\(flags)")
        #expect(!FileManager.default.fileExists(atPath: box.path("data")), "\(flags)")
      }
    }
  }

  @Test func flagsWithoutAnEffectAreRefused() throws {
    try withSandbox { box in
      for (flags, flag) in [
        (["--output", box.path("x"), "--partitions", "2"], "--partitions"),
        (["--dry-run", "--data", box.path("y")], "--data"),
        (["--output", "-", "--kafka-property", "a=b"], "--kafka-property"),
        (["--export-catalogue", box.path("x"), "--truth", box.path("t")], "--truth"),
        (["--export-catalogue", box.path("x"), "--late-fraction", "0.1"], "--late-fraction"),
      ] {
        try box.fail(week + flags, 64, saying: [flag, "no effect"])
      }
    }
  }

  @Test func aTruthThatCannotBeWrittenIsSaidBeforeTheRun() throws {
    try withSandbox { box in
      let outcome = try box.fail(
        week + ["--users", "40", "--output", "-", "--truth", box.directory], 73,
        saying: ["--truth", box.directory])
      #expect(outcome.output.isEmpty)
    }
  }

  /// The truth is written into a pipe, and no file takes the pipe's place.
  @Test func aPipeTakesTheTruth() throws {
    try withSandbox { box in
      let pipe = box.path("pipe")
      try #require(mkfifo(pipe, 0o600) == 0)
      let reader = open(pipe, O_RDONLY | O_NONBLOCK)
      defer { close(reader) }
      try box.succeed(week + ["--users", "1", "--seed", "1", "--dry-run", "--truth", pipe])
      var bytes = [UInt8](repeating: 0, count: 10)
      #expect(read(reader, &bytes, 10) == 10 && bytes.starts(with: Array("{\n  \"lines".utf8)))
    }
  }
}
