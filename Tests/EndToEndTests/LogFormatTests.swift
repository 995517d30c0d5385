import Foundation
import Glibc
import TestKit
import Testing

/// `--log-format json`: each line on stderr is an object with the same members, whatever the command.
@Suite struct LogFormatTests {
  /// The lines of a run's stderr as objects; each is held against what all of them have in common.
  private func objects(
    _ errors: String, of command: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [[String: Any]] {
    var found: [[String: Any]] = []
    for line in errors.split(separator: "\n", omittingEmptySubsequences: true) {
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)",
        sourceLocation: sourceLocation)
      let time = try #require(object["time"] as? String)
      #expect(
        time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line)",
        sourceLocation: sourceLocation)
      #expect(["info", "warning", "error"].contains(object["level"] as? String ?? ""), "\(line)")
      #expect(object["command"] as? String == command, "\(line)", sourceLocation: sourceLocation)
      #expect((object["component"] as? String)?.isEmpty == false, "\(line)")
      #expect((object["message"] as? String)?.isEmpty == false, "\(line)")
      found.append(object)
    }
    #expect(!found.isEmpty, sourceLocation: sourceLocation)
    return found
  }

  @Test func everyCommandThatLogsSpeaksJSON() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      box.environment["POLYRHYTHM_LOG_FORMAT"] = "json"
      let place = ["--database", database.url]
      let log = ["--log", "dir:\(box.log)"]
      let site = [
        "--users", "50", "--from", "2026-03-01", "--to", "2026-03-02", "--late-fraction", "0.1",
      ]
      let generated = try box.succeed(["generate"] + site + log)
      let events = try #require(
        objects(generated.errors, of: "generate").first { $0["records"] != nil })
      #expect(events["component"] as? String == "generate")
      #expect((events["message"] as? String)?.hasPrefix("generated ") == true)
      _ = try box.succeed(["generate"] + site + ["--seed", "8", "--output", box.path("files")])
      let imported = try box.succeed(["import", box.path("files")] + log)
      #expect(
        try objects(imported.errors, of: "import").contains { ($0["rows"] as? Int ?? 0) > 100 })

      let speed = try box.succeed(["speed", "--until-caught-up"] + log + place)
      let said = try objects(speed.errors, of: "speed")
      #expect(said.first?["partitions"] as? [Int] == [0, 1, 2, 3], "\(speed)")
      #expect((said.last?["records"] as? Int ?? 0) > 100, "\(speed)")
      let load = try box.succeed(["load", "full", "--lake", box.log] + place)
      #expect(try objects(load.errors, of: "load").first?["load_run"] as? Int == 1, "\(load)")

      let schedule = try box.start(
        ["schedule", "--load-every", "1", "--lake", box.log] + place)
      #expect(eventually(within: 30) { schedule.errorsSoFar.contains("\"load_run\":2") })
      schedule.send(SIGTERM)
      let ended = try schedule.wait(atMost: 30)
      #expect(ended.status == 0, "\(ended)")
      #expect(
        try objects(ended.errors, of: "schedule").allSatisfy {
          $0["component"] as? String == "schedule"
        })

      let serve = try box.start(["serve", "--listen", "127.0.0.1:0"] + place)
      #expect(eventually(within: 30) { serve.errorsSoFar.hasSuffix("\n") })
      serve.send(SIGTERM)
      let served = try serve.wait(atMost: 30)
      #expect(
        try objects(served.errors, of: "serve").contains {
          ($0["message"] as? String)?.hasPrefix("serving http://127.0.0.1:") == true
        })
    }
  }

  @Test func archiveSpeaksJSON() throws {
    try withSandbox { box in
      let kafka = try TestKafka()
      defer { kafka.stop() }
      for topic in ["listen_events", "auth_events", "page_view_events", "songs", "users"] {
        try kafka.createTopic(topic, partitions: 1)
      }
      let archived = try box.succeed(
        [
          "archive", "--log-format", "json", "--lake", box.path("lake"), "--until-caught-up",
        ] + kafka.flags)
      let last = try #require(objects(archived.errors, of: "archive").last)
      #expect(last["records"] as? Int == 0, "\(archived)")
      #expect(last["seconds"] as? Double != nil, "\(archived)")
    }
  }

  @Test func runSaysWhichPartSpeaks() throws {
    try withSandbox { box in
      let run = try box.run([
        "run", "--data", box.data, "--users", "100", "--history-days", "1", "--listen",
        "127.0.0.1:0", "--for", "5", "--log-format=json",
      ])
      #expect(run.status == 0, "\(run)")
      let parts = Set(try objects(run.errors, of: "run").compactMap { $0["component"] as? String })
      #expect(
        parts.isSuperset(of: ["postgres", "site", "warehouse", "speed", "schedule", "serving"]),
        "\(parts)")
    }
  }

  @Test func errorThatEndsACommandIsOneObject() throws {
    try withSandbox { box in
      for (words, code) in [
        (["speed", "--flush", "1"], 64), (["nothing"], 64),
        (
          ["load", "full", "--lake", box.path("a\"b"), "--database", "postgresql:///x?host=/no"], 69
        ),
      ] {
        let failed = try box.run(words + ["--log-format", "json"])
        #expect(failed.status == Int32(code), "\(failed)")
        let said = try objects(failed.errors, of: words[0])
        #expect(said.count == 1, "\(failed)")
        #expect(said[0]["level"] as? String == "error", "\(failed)")
        #expect(said[0]["exit_code"] as? Int == code, "\(failed)")
      }
      try box.fail(["speed", "--log-format", "xml"], 64, saying: ["--log-format", "xml", "json"])
      try box.fail(
        ["status"], 64, saying: ["--log-format", "yaml"],
        environment: ["POLYRHYTHM_LOG_FORMAT": "yaml"])
    }
  }
}
