import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// Commands that only look have no right to write, and files with data about people are readable for their
/// owner only.
@Suite struct ReaderTests {
  @Test func sqlReadsAndSaysThatWritingNeedsWrite() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      let files = try box.generate("files", users: 40, from: "2026-01-01", to: "2026-01-02")
      try box.succeed(["import", files] + place)
      try box.keepServer()
      try box.succeed(["load", "full"] + place)
      let facts = "select count(*) from fact_listen"
      let before = try box.succeed(["sql", "--csv", facts] + place).output
      let proof = box.path("proof")
      for sql in [
        "delete from warehouse.fact_listen", "create table public.mine (a int)",
        "copy (select 1) to program 'touch \(proof)'", "set role polyrhythm",
        "do $$ begin execute 'set default_transaction_read_only = off'; "
          + "execute 'delete from warehouse.fact_listen'; end $$",
      ] {
        try box.fail(["sql", sql] + place, 77, saying: ["this needs --write"])
      }
      #expect(!FileManager.default.fileExists(atPath: proof))
      #expect(try box.succeed(["sql", "--csv", facts] + place).output == before)
      // For a wrong statement the message does not suggest `--write`, as more rights would not help.
      let wrong = try box.fail(["sql", "select nothing from nowhere"] + place, 65)
      #expect(!wrong.errors.contains("--write"), "\(wrong)")
      try box.succeed(["sql", "--write", "create table public.mine as select 5 as a"] + place)
      #expect(
        try box.succeed(["sql", "--csv", "select a from public.mine"] + place).output == "a\n5\n")
    }
  }

  @Test func aDatabaseOfSomebodyElsesIsOnlyReadToo() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let place = ["--database", database.url]
      try box.succeed(["sql", "select count(*) from fact_listen"] + place)
      let proof = box.path("proof")
      for sql in [
        "insert into warehouse.quarantine default values",
        "copy (select 1) to program 'touch \(proof)'",
      ] {
        try box.fail(["sql", sql] + place, 77, saying: ["this needs --write"])
      }
      #expect(!FileManager.default.fileExists(atPath: proof))
      try box.succeed(["sql", "--write", "create table public.mine (a int)"] + place)
    }
  }

  @Test func serveAsksAsARoleThatCannotWrite() throws {
    try withSandbox { box in
      let serve = try box.start(["serve", "--data", box.data, "--listen", "127.0.0.1:0"])
      var page = ""
      try #require(
        eventually(within: 60) {
          page =
            serve.errorsSoFar.split(whereSeparator: \.isWhitespace)
            .first { $0.hasPrefix("http://127.0.0.1:") }.map(String.init) ?? ""
          return !page.isEmpty
        }, "\(serve.errorsSoFar)")
      for target in [
        "/readyz", "/metrics", "/api/v1/loads",
        "/api/v1/query?metrics=listens,skip_rate,listeners&granularity=hour&from=-1d&by=layer",
        "/api/v1/query?metrics=listens&granularity=day&from=-1d&by=song",
      ] {
        let answer = try get(page, target)
        #expect(answer.status == 200, "\(target): \(answer)")
      }
      let users = try box.succeed([
        "sql", "--csv",
        "select distinct usename from pg_stat_activity where application_name = 'polyrhythm serve'",
        "--data", box.data,
      ])
      #expect(users.output == "usename\npolyrhythm_read\n", "\(users)")
    }
  }

  @Test func theDataDirectoryIsClosedToOthers() throws {
    try withSandbox { box in
      let run = try box.run(
        [
          "run", "--data", box.data, "--users", "300", "--history-days", "1", "--listen",
          "127.0.0.1:0", "--for", "10", "--load-every", "3",
        ])
      #expect(run.status == 0, "\(run)")
      var status = stat()
      try #require(stat(box.data, &status) == 0)
      // As root, the group of the PostgreSQL user may pass through the directory.
      #expect(status.st_mode & 0o777 == (geteuid() == 0 ? 0o710 : 0o700))
      var count = 0
      for case let name as String in try #require(
        FileManager.default.enumerator(atPath: box.data))
      {
        // PostgreSQL's socket is in a directory of its own, and has its own rules for its data.
        if name.hasPrefix("postgres/data") || name.hasPrefix("postgres/socket/") { continue }
        try #require(lstat("\(box.data)/\(name)", &status) == 0)
        if status.st_mode & S_IFMT == S_IFLNK { continue }
        count += 1
        #expect(status.st_mode & 0o077 == 0, "\(name): \(String(status.st_mode, radix: 8))")
      }
      #expect(count > 10)
    }
  }

  @Test func aScheduleThatNeverComesIsRefusedBeforeAnythingIsMade() throws {
    try withSandbox { box in
      for command in [["schedule"], ["run", "--listen", "127.0.0.1:0"]] {
        for cron in ["0 0 31 2 *", "0 0 30 feb *", "5 4 31 4,6,9,11 *"] {
          try box.fail(
            command + ["--cron", cron, "--data", box.data], 64, saying: [cron, "never comes"])
        }
      }
      #expect(!FileManager.default.fileExists(atPath: box.data))
    }
  }

  @Test func speedThatIsStoppedBeforeItHasCaughtUpSaysWhatIsLeft() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      let files = try box.generate("files", users: 1000, from: "2026-01-01", to: "2026-01-08")
      try box.succeed(["import", files] + place)
      let speed = try box.start(["speed", "--until-caught-up"] + place)
      try #require(
        eventually(within: 60) {
          speed.errorsSoFar.contains("state rebuilt") || !speed.isRunning
        })
      speed.send(SIGTERM)
      let ended = try speed.wait()
      #expect(ended.status == 75, "\(ended)")
      #expect(ended.errorLines.last?.contains("left before it had caught up") == true, "\(ended)")
      try box.succeed(["speed", "--until-caught-up"] + place)
      let expected = try LogFiles(files).count()
      #expect(try box.sums(place) == expected)
    }
  }
}
