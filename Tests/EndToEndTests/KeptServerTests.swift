import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// The embedded PostgreSQL under commands that live long: they find it without any capability, and start it
/// again when it is gone.
@Suite(.serialized) struct KeptServerTests {
  /// The number of events that the speed layer has committed, by a reader that waits where the server is down.
  private func committed(_ box: Sandbox) throws -> Int64 {
    let outcome = try box.run([
      "sql", "--csv", "select coalesce(sum(next_offset), 0)::bigint from speed.progress", "--data",
      box.data,
    ])
    return outcome.output.split(separator: "\n").last.flatMap { Int64($0) } ?? 0
  }

  private func waits(for count: Int64, _ box: Sandbox) throws -> Bool {
    try eventually(within: 60) { try committed(box) >= count }
  }

  /// Waits until the page is served from another PostgreSQL process than the old one.
  private func waits(forPage page: String, _ box: Sandbox, after old: pid_t) throws -> Bool {
    try eventually(within: 60) {
      let status = try get(page, "/readyz").status
      let now = postmaster(box)
      return status == 200 && now != nil && now != old
    }
  }

  /// nil where no server has written its file yet, or a starting one has made it and not written it.
  private func postmaster(_ box: Sandbox) -> pid_t? {
    let path = "\(box.data)/postgres/data/postmaster.pid"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return pid_t(text.prefix { $0.isNumber })
  }

  private func address(of program: Program, after word: String) throws -> String {
    var found: Substring?
    try #require(
      eventually(within: 60) {
        found = program.errorsSoFar.split(whereSeparator: \.isWhitespace)
          .first { $0.hasPrefix(word) }
        return found != nil || !program.isRunning
      })
    return String(try #require(found, "\(program.errorsSoFar)"))
  }

  @Test func runGoesOnAfterItsServerWasKilledOrStopped() throws {
    try withSandbox { box in
      let run = try box.start([
        "run", "--data", box.data, "--users", "20000", "--history-days", "0", "--listen",
        "127.0.0.1:0",
      ])
      let page = try address(of: run, after: "http://127.0.0.1:")
      let isUp = try waits(for: 1, box)
      try #require(isUp, "\(run.errorsSoFar)")
      let cluster = PrivateCluster(directory: "\(box.data)/postgres")
      for isKilled in [true, false] {
        let before = try committed(box)
        let servers = try #require(postmaster(box))
        if isKilled { kill(servers, SIGKILL) } else { try cluster.stop(.immediate) }
        // No other command starts the server: only the page is asked for. This takes ten seconds on a machine
        // that is not busy.
        let begin = ContinuousClock.now
        let isServed = try waits(forPage: page, box, after: servers)
        try #require(isServed, "\(run.errorsSoFar)")
        #expect(run.errorsSoFar.contains("is gone; starting it again"))
        let isBack = try waits(for: before + 1, box)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        #expect(isBack, "after \(seconds) s: \(run.errorsSoFar)")
        #expect(run.isRunning)
      }
      run.send(SIGTERM)
      let ended = try run.wait(atMost: 60)
      #expect(ended.status == 0, "\(ended)")
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")
      let written = try box.distinctLines(of: box.log)
      try box.succeed(["speed", "--until-caught-up", "--data", box.data])
      #expect(try box.sums(["--data", box.data]) == written)
    }
  }

  @Test func serveAndSpeedStartOneServerBetweenThem() throws {
    try withSandbox { box in
      let files = try box.generate("files", users: 60, from: "2026-01-01", to: "2026-01-03")
      try box.succeed(["import", files, "--data", box.data])
      let speed = try box.start(["speed", "--data", box.data])
      let serve = try box.start(["serve", "--data", box.data, "--listen", "127.0.0.1:0"])
      let page = try address(of: serve, after: "http://127.0.0.1:")
      let expected = try LogFiles(files).count()
      let hasAll = try waits(for: expected.total, box)
      try #require(hasAll, "\(speed.errorsSoFar)")
      let first = try #require(postmaster(box))
      kill(first, SIGKILL)
      let isServed = try waits(forPage: page, box, after: first)
      try #require(isServed, "\(serve.errorsSoFar)")
      let isSaid = eventually(within: 30) {
        (speed.errorsSoFar + serve.errorsSoFar).contains("PostgreSQL runs again")
      }
      #expect(isSaid, "\(speed.errorsSoFar)\(serve.errorsSoFar)")
      let more = try box.generate(
        "more", users: 60, from: "2026-01-03", to: "2026-01-04", firstUser: 5000)
      try box.succeed(["import", more, "--data", box.data])
      let all = expected + (try LogFiles(more).count())
      let hasMore = try waits(for: all.total, box)
      #expect(hasMore, "\(speed.errorsSoFar)")
      for program in [speed, serve] {
        program.send(SIGTERM)
        let ended = try program.wait(atMost: 60)
        #expect(ended.status == 0, "\(ended)")
      }
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")
    }
  }

  /// Root keeps only the capabilities that Docker gives in a container; an ordinary user has none anyway.
  @Test func aServerThatRunsIsFoundWithoutTheCapabilitiesOfRoot() throws {
    try withSandbox { box in
      let capabilities =
        "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,"
        + "+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap"
      let wrapper =
        geteuid() == 0
        ? ["setpriv", "--inh-caps=-all", "--bounding-set=\(capabilities)", "--"] : []
      let serve = try box.start(
        ["serve", "--data", box.data, "--listen", "127.0.0.1:0"], wrapper: wrapper)
      _ = try address(of: serve, after: "http://127.0.0.1:")
      let server = try #require(postmaster(box))
      let begin = ContinuousClock.now
      let outcome = try box.run(
        ["sql", "--csv", "select 1 as one", "--data", box.data], wrapper: wrapper)
      #expect(outcome.status == 0 && outcome.output == "one\n1\n", "\(outcome)")
      // A defect once made this take 57 s.
      #expect(ContinuousClock.now - begin < .seconds(20))
      #expect(postmaster(box) == server)
      // A server that was killed is noticed and started again.
      serve.kill()
      kill(server, SIGKILL)
      let again = try box.run(
        ["sql", "--csv", "select 1 as one", "--data", box.data], wrapper: wrapper)
      #expect(again.status == 0, "\(again)")
    }
  }
}
