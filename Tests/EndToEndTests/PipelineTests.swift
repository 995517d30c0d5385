import Foundation
import TestKit
import Testing

/// `polyrhythm pipeline`: its steps, their exit codes, and what is left after a step that was not run.
@Suite struct PipelineTests {
  private static let steps = ["check", "fetch", "merge", "compute", "load", "archive", "end"]
  private static let nothingNew: Int32 = 99

  private func listens(_ database: TestDatabase) throws -> Int {
    Int(try MergedViewWatch.read(database.connect()).listens)
  }

  @Test func theStepsOneByOneAreTheWhole() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let words = ["pipeline", box.path("in"), "--archive", box.path("done")]
      let place = ["--log", "dir:\(box.log)", "--database", database.url]
      try FileManager.default.createDirectory(
        atPath: box.path("in"), withIntermediateDirectories: false)
      for step in [["--step", "check"], []] {
        let empty = try box.run(words + step + place)
        #expect(empty.status == Self.nothingNew, "\(empty)")
      }
      _ = try box.generate("in", users: 10, from: "2026-01-01", to: "2026-01-02")
      for step in Self.steps {
        let outcome = try box.run(words + ["--step", step] + place)
        #expect(outcome.status == 0, "\(step): \(outcome)")
        // Once more: what is done stays done.
        let again = try box.run(words + ["--step", step] + place)
        #expect(again.status == (step == "check" ? 0 : outcome.status), "\(step): \(again)")
      }
      let first = try listens(database)
      #expect(first > 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.path("in")) == ["truth.json"])
      let loads = "select count(*) from warehouse.load_run"
      #expect(try database.connect().run(loads).int(0, 0) == 1, "a repeated step loads again")
      for step in [["--step", "check"], []] {
        #expect(try box.run(words + step + place).status == Self.nothingNew)
      }
      // Killed between the publication and the move: the check finds that there is something left.
      try FileManager.default.removeItem(atPath: box.path("in/truth.json"))
      _ = try box.generate("in", users: 10, from: "2026-01-02", to: "2026-01-03")
      for step in ["fetch", "load", "check"] {
        try box.succeed(words + ["--step", step] + place)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.path("in")).count == 6)
      try box.succeed(words + place)
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.path("in")) == ["truth.json"])
      #expect(try listens(database) > first)
    }
  }

  @Test func tablesThatStayInTheirPlaceAreNothingNewTheSecondTime() throws {
    try withSandbox { box in
      let source = try box.makeDatabase()
      try source.connect().script(
        "create table streams (user_id int, track_id text, listen_time timestamp);"
          + "insert into streams values (1, 't1', '2026-01-01 10:00:00')")
      let words =
        ["pipeline", source.url, "--log", "dir:\(box.log)", "--database"]
        + [try box.makeDatabase().url]
      try box.succeed(words)
      #expect(try box.run(words).status == Self.nothingNew)
      try source.connect().script("insert into streams values (1, 't1', '2026-01-02 10:00:00')")
      try box.succeed(words)
    }
  }

  @Test func exitCodesSayWhetherToTryAgain() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      _ = try box.write("in/broken.csv", "no,such,header\n1,2,3\n")
      let words = ["pipeline", box.path("in"), "--log", "dir:\(box.log)", "--database"]
      for step in [["--step", "check"], ["--step", "fetch"], []] {
        try box.fail(words + [database.url] + step, 65, saying: ["broken.csv"])
      }
      try box.fail(words + ["postgresql://127.0.0.1:1/x"], 69)
      try box.fail(
        words + [database.url, "--step", "transform"], 64, saying: ["check|fetch|merge"])
      try box.fail(["pipeline", "absent"] + words.dropFirst(2) + [database.url], 66)
    }
  }
}
