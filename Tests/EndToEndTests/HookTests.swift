import Foundation
import Glibc
import TestKit
import Testing

/// `schedule --hook`: a real listener is told of loads that failed or are late, and no load waits for it.
@Suite struct HookTests {
  /// A warehouse with one published load, and a lake.
  private func loaded(_ box: Sandbox) throws -> TestDatabase {
    let database = try box.makeDatabase(migrated: true)
    box.environment["no_proxy"] = "127.0.0.1"
    try generate(box, from: "2026-03-01", to: "2026-03-02")
    try box.succeed(["load", "full", "--lake", box.log, "--database", database.url])
    return database
  }

  private func generate(_ box: Sandbox, from: String, to: String) throws {
    try box.succeed([
      "generate", "--users", "30", "--from", from, "--to", to, "--log", "dir:\(box.log)",
    ])
  }

  private func schedule(_ box: Sandbox, _ database: TestDatabase, _ flags: [String]) throws
    -> Program
  {
    try box.start(
      ["schedule", "--load-every", "1", "--lake", box.log, "--database", database.url] + flags)
  }

  private func end(_ schedule: Program) throws -> Program.Outcome {
    schedule.send(SIGTERM)
    let ended = try schedule.wait(atMost: 40)
    #expect(ended.status == 0, "\(ended)")
    return ended
  }

  @Test func failedLoadIsPostedAndPostedAgainWhereTheListenerWasNotReady() throws {
    try withSandbox { box in
      let database = try loaded(box)
      let listener = try HookListener(in: box.directory, answering: [503, 200])
      try generate(box, from: "2026-03-02", to: "2026-03-03")
      // Every load of these fails from now on.
      try database.connect().script("alter table warehouse.dim_user rename to elsewhere")
      let schedule = try schedule(box, database, ["--hook", listener.url])
      #expect(eventually(within: 40) { listener.posted.count >= 2 }, "\(schedule.errorsSoFar)")
      let ended = try end(schedule)
      let first = try #require(listener.posted.first)
      #expect(first["event"] as? String == "load_failed", "\(first)")
      #expect((first["load_run"] as? Int ?? 0) > 1, "\(first)")
      #expect(first["attempts"] as? Int == 1, "\(first)")
      #expect((first["message"] as? String)?.isEmpty == false, "\(first)")
      #expect((first["text"] as? String)?.hasPrefix("polyrhythm: The load failed") == true)
      #expect((first["due"] as? String)?.hasSuffix("Z") == true, "\(first)")
      #expect(listener.posted[1]["time"] as? String == first["time"] as? String)
      #expect(!ended.errors.contains("web hook"), "\(ended)")
    }
  }

  @Test func loadThatIsLateIsPostedOnceAndLoadedAllTheSame() throws {
    try withSandbox { box in
      let database = try loaded(box)
      let listener = try HookListener(in: box.directory, answering: [200])
      try database.connect().script(
        "update warehouse.load_run set started_at = started_at - interval '1 hour'")
      let schedule = try schedule(
        box, database, ["--hook", listener.url, "--late-after", "10m"])
      #expect(
        eventually(within: 40) { schedule.errorsSoFar.contains("load incremental 3") },
        "\(schedule.errorsSoFar)")
      let ended = try end(schedule)
      #expect(ended.errors.contains("is late"), "\(ended)")
      #expect(listener.posted.map { $0["event"] as? String } == ["load_late"])
      #expect(listener.posted.first?["late_after_seconds"] as? Double == 600)
    }
  }

  @Test func listenerThatIsNotThereIsOneWarningAndStopsNothing() throws {
    try withSandbox { box in
      let database = try loaded(box)
      try database.connect().script(
        "update warehouse.load_run set started_at = started_at - interval '1 hour'")
      let schedule = try schedule(
        box, database, ["--hook", "http://127.0.0.1:9/secret", "--late-after", "1m"])
      #expect(
        eventually(within: 40) { schedule.errorsSoFar.contains("load incremental 3") },
        "\(schedule.errorsSoFar)")
      let ended = try end(schedule)
      let warnings = ended.errorLines.filter { $0.contains("web hook") }
      #expect(warnings.count == 1 && warnings[0].contains("http://127.0.0.1:9 "), "\(ended)")
      #expect(!ended.errors.contains("secret"), "\(ended)")
    }
  }

  @Test func addressAndBoundThatAreNoneAreRefusedFirst() throws {
    try withSandbox { box in
      let place = ["schedule", "--lake", box.log, "--database", "postgresql:///x?host=/nowhere"]
      try box.fail(
        place + ["--hook", "ftp://example.org/x"], 64, saying: ["--hook", "http://HOST"])
      try box.fail(place + ["--late-after", "soon"], 64, saying: ["--late-after", "soon"])
      try box.fail(place + ["--late-after", "1h..2h"], 64, saying: ["--late-after"])
    }
  }
}
