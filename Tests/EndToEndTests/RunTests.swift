import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// `polyrhythm run`: everything in one process.
@Suite(.serialized) struct RunTests {
  private func arguments(_ box: Sandbox, _ more: String...) -> [String] {
    [
      "run", "--data", box.data, "--users", "3000", "--history-days", "1", "--listen",
      "127.0.0.1:0",
    ] + more
  }

  /// Waits until all stages are up, and returns the page's address.
  private func address(of run: Program) throws -> String {
    var found: String?
    let isUp = eventually(within: 60) {
      // The address has a line of its own once all stages are up.
      found = run.errorsSoFar.split(separator: "\n").map { $0.drop { $0 == " " } }
        .first { $0.hasPrefix("http://127.0.0.1:") }.map(String.init)
      return found != nil || !run.isRunning
    }
    try #require(isUp && found != nil, "\(run): \(run.errorsSoFar)")
    return found ?? ""
  }

  @Test func runComesUpFromNothingGoesOnAndSurvivesTheKillingOfEverything() throws {
    try withSandbox { box in
      // The first run begins with an empty directory and ends on SIGINT: a lifetime would be over on a slow machine before all is
      // asked.
      let first = try box.start(arguments(box, "--load-every", "3"))
      let page = try address(of: first)
      #expect(try get(page, "/").body.contains("<title>"))
      #expect(try get(page, "/healthz").status == 200)
      // A worker that has just begun may be behind for a moment.
      #expect(try eventually(within: 60) { try get(page, "/readyz").status == 200 })
      let history = try get(
        page, "/api/v1/query?metrics=listens&granularity=hour&from=-1d&by=layer")
      #expect(history.status == 200 && history.body.contains("batch"), "\(history)")
      #expect(
        try eventually(within: 60) {
          try get(page, "/api/v1/query?metrics=page_views,listens&by=layer&from=-10m").body
            .contains("\"speed\"")
        }, "no live minute came: \(first.errorsSoFar)")
      try #require(
        eventually(within: 60) { first.errorsSoFar.contains("load incremental") },
        "\(first.errorsSoFar)")
      first.send(SIGINT)
      let ended = try first.wait(atMost: 60)
      #expect(ended.status == 0, "\(ended)")
      for stage in ["postgres", "site", "warehouse", "speed", "schedule", "serving"] {
        #expect(ended.errors.contains(" s  \(stage) "), "stage \(stage): \(ended)")
      }
      #expect(ended.errors.contains("history in"), "\(ended)")
      #expect(ended.errorLines.last?.hasPrefix("ran ") == true, "\(ended)")
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")

      // The second run goes on until the program and its PostgreSQL are killed at once.
      let second = try box.start(arguments(box, "--load-every", "1"))
      _ = try address(of: second)
      let cluster = try PrivateCluster(directory: "\(box.data)/postgres").start()
      #expect(cluster.wasRunning)
      let watch = MergedViewWatch(url: cluster.url, log: box.log)
      try #require(
        eventually(within: 60) {
          second.errorsSoFar.contains("load incremental") && watch.looks > 5
        },
        "\(second.errorsSoFar)")
      #expect(second.errorsSoFar.contains("since the last run"))
      let findings = try watch.finish()
      #expect(findings.violations.isEmpty, "\(findings.violations.prefix(5))")
      #expect(findings.looks > 5)
      let servers = box.serverProcesses()
      #expect(!servers.isEmpty)
      second.kill()
      for process in servers { Glibc.kill(process, SIGKILL) }
      #expect(eventually(within: 60) { box.serverProcesses().isEmpty })

      // The third run comes up again, and ends by itself.
      let third = try box.start(arguments(box, "--load-every", "2", "--for", "1"))
      _ = try address(of: third)
      let over = try third.wait(atMost: 60)
      #expect(over.status == 0, "\(over)")
      #expect(over.errorLines.last?.hasPrefix("ran ") == true, "\(over)")
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")

      // No event is lost, and none counts twice.
      let written = try box.distinctLines(of: box.log)
      let place = ["--data", box.data]
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.sums(place) == written, "both layers")
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.sums(place) == written, "all loaded")
      #expect(try box.succeed(["check"] + place).output.contains(" 0 broken"))
      #expect(written.total > 10_000, "\(written)")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalEndsRunCleanlyHoweverFarItIs(_ signal: Int32) throws {
    try withSandbox { box in
      let delays = signal == SIGINT ? [0.3, 2.0, 4.0] : [1.0, 3.0, 7.0]
      for seconds in delays {
        let run = try box.start(arguments(box, "--load-every", "1"))
        #expect(eventually(within: 60) { run.handles(signal) })
        usleep(UInt32(seconds * 1_000_000))
        run.send(signal)
        let ended = try run.wait(atMost: 60)
        #expect(ended.status == 0, "after \(seconds) s: \(ended)")
        #expect(!ended.errors.contains("polyrhythm: "), "after \(seconds) s: \(ended)")
        #expect(box.serverProcesses().isEmpty, "after \(seconds) s a PostgreSQL is left running")
      }
      // The interrupted run goes on, and its counts are exact.
      let last = try box.run(arguments(box, "--for", "3"))
      #expect(last.status == 0, "\(last)")
      let written = try box.distinctLines(of: box.log)
      let place = ["--data", box.data]
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.sums(place) == written)
      #expect(written.total > 10_000, "\(written)")
    }
  }
}
