import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// A command that cannot be carried out says so on one line, with an exit code of sysexits.h, before it has
/// changed anything.
@Suite struct BadInputTests {
  private static let usage: Int32 = 64
  private static let dataError: Int32 = 65
  private static let noInput: Int32 = 66
  private static let unavailable: Int32 = 69
  private static let ioError: Int32 = 74
  private static let cannotCreate: Int32 = 73
  private static let configuration: Int32 = 78

  /// An address without a server: port 1 is reserved, and no test opens it.
  private static let nowhere = "postgresql://127.0.0.1:1/polyrhythm"

  @Test func aCommandLineThatIsNotUnderstoodIsRefused() throws {
    try withSandbox { box in
      try box.fail(["frobnicate"], Self.usage, saying: ["frobnicate", "--help"])
      try box.fail(
        ["generate", "--usres", "3"], Self.usage, saying: ["--usres", "did you mean --users?"])
      try box.fail(["generate", "--users", "many"], Self.usage, saying: ["--users", "\"many\""])
      try box.fail(
        ["generate", "--users", "0"], Self.usage,
        saying: ["--users", "0 is out of range", "from 1"])
      try box.fail(["generate", "--users"], Self.usage, saying: ["--users needs a value"])
      try box.fail(["generate", "--continuous=yes"], Self.usage, saying: ["takes no value"])
      try box.fail(["load"], Self.usage, saying: ["full | incremental"])
      try box.fail(["load", "some"], Self.usage, saying: ["some"])
      try box.fail(["load", "full", "twice"], Self.usage, saying: ["\"twice\""])
      try box.fail(["speed", "--flush-seconds", "nan"], Self.usage, saying: ["--flush-seconds"])
      try box.fail(["run", "--for", "soon"], Self.usage, saying: ["--for", "\"soon\""])
      try box.fail(["run", "--listen", "nonsense"], Self.usage, saying: ["--listen"])
      try box.fail(["sql", " "], Self.usage, saying: ["empty"])
      // Without ./data and without a flag that says where the data is, no command guesses.
      for words in [
        ["speed"], ["load", "full"], ["serve"], ["check"], ["status"], ["sql", "table x"],
      ] {
        try box.fail(words, Self.usage, saying: ["--data DIR"])
      }
      #expect(try box.files() == [], "something was made")
    }
  }

  @Test func whatIsNotThereIsNamed() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      try box.fail(["import", "absent.ndjson"] + place, Self.noInput, saying: ["absent.ndjson"])
      try FileManager.default.createDirectory(
        atPath: box.path("empty"), withIntermediateDirectories: false)
      // A directory that is there and has nothing is no failure.
      try box.succeed(["import", "empty"] + place)
      for words in [["status"], ["check"], ["sql", "select 1"]] {
        try box.fail(words + place, Self.noInput, saying: [box.data])
      }
      try box.fail(
        [
          "speed", "--until-caught-up", "--log", "dir:absent", "--database",
          try box.makeDatabase().url,
        ],
        Self.unavailable, saying: ["dir:absent", "polyrhythm generate or import"])
      try box.fail(
        ["serve", "--token-file", "absent", "--database", Self.nowhere], Self.noInput,
        saying: ["--token-file", "absent"])
      try box.fail(
        ["generate", "--config", "absent.json", "--output", "out"], Self.noInput,
        saying: ["absent.json"])
      #expect(try box.files() == ["empty"], "something was made")
    }
  }

  @Test func badValuesInsideFilesAndTimesAreRefused() throws {
    try withSandbox { box in
      let config = try box.write("config.json", "{\"seed\": ")
      try box.fail(
        ["generate", "--config", config, "--output", "out"], Self.dataError,
        saying: ["config.json", "not JSON"])
      try box.fail(
        ["generate", "--from", "2026-02-01", "--to", "2026-01-01", "--output", "out"], Self.usage,
        saying: ["2026-02-01", "2026-01-01", "--from"])
      try box.fail(
        ["generate", "--from", "yesterday", "--output", "out"], Self.usage,
        saying: ["--from", "\"yesterday\""])
      try box.fail(
        ["generate", "--to", "2026-02-30", "--output", "out"], Self.usage, saying: ["--to"])
      let token = try box.write("token", " \n")
      try box.fail(
        ["serve", "--token-file", token, "--database", Self.nowhere], Self.dataError,
        saying: ["chmod 600"])
      chmod(token, 0o600)
      try box.fail(
        ["serve", "--token-file", token, "--database", Self.nowhere], Self.dataError,
        saying: ["empty"])
      #expect(try box.files() == ["config.json", "token"], "something was made")
    }
  }

  @Test func aLogThatCannotBeReachedIsNamed() throws {
    try withSandbox { box in
      let file = try box.write("x.ndjson", "{}\n")
      for words in [
        ["import", file], ["speed", "--database", Self.nowhere], ["generate", "--users", "1"],
      ] {
        try box.fail(
          words + ["--log", "ftp:there"], Self.usage, saying: ["ftp:there", "dir:PATH"])
      }
      try box.fail(
        ["archive", "--log", "kafka:127.0.0.1:1", "--lake", "lake", "--until-caught-up"],
        Self.unavailable, saying: ["127.0.0.1:1"])
      try box.fail(
        ["archive", "--log", "dir:x", "--lake", "lake"], Self.usage, saying: ["kafka:HOST:PORT"])
      #expect(FileManager.default.contents(atPath: file) == Data("{}\n".utf8))
    }
  }

  @Test func aDatabaseThatRefusesIsNamedWithoutItsPassword() throws {
    try withSandbox { box in
      let info = try TestDatabase.server()
      let wrong = "postgresql://analyst:wr0ng-secret@127.0.0.1:\(info.port)/polyrhythm"
      for words in [
        ["speed", "--log", "dir:x"], ["load", "full", "--lake", "x"], ["serve"], ["check"],
        ["status"], ["sql", "select 1"],
      ] {
        try box.fail(
          words + ["--database", Self.nowhere], Self.unavailable,
          saying: ["127.0.0.1", "port 1", "refused"])
      }
      let refused = try box.fail(
        ["sql", "select 1", "--database", wrong], Self.unavailable, saying: ["password"])
      #expect(!refused.errors.contains("wr0ng-secret"))
      try box.fail(["sql", "select 1", "--database", "not a url"], Self.unavailable)
      try box.fail(
        ["sql", "selec 1", "--database", info.url], Self.dataError, saying: ["syntax", "selec"])
      let empty = try box.makeDatabase()
      for words in [["status"], ["check"]] {
        try box.fail(
          words + ["--database", empty.url], Self.configuration, saying: ["no Polyrhythm schema"])
      }
      let older = try box.makeDatabase(migrated: true)
      try older.connect().script(
        """
        drop view warehouse.load_state;
        delete from warehouse.schema_migration where number = (select max(number) from warehouse.schema_migration)
        """)
      for words in [["status"], ["check", "--quick"]] {
        try box.fail(
          words + ["--database", older.url], Self.configuration,
          saying: ["has the schema of migration 00", "polyrhythm load, speed or serve migrates it"])
      }
    }
  }

  @Test func anAddressThatIsTakenOrUnsafeIsRefused() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let first = try box.start(["serve", "--listen", "127.0.0.1:0", "--database", database.url])
      try #require(
        eventually(within: 60) { first.errorsSoFar.contains("serving http://") },
        "\(first.errorsSoFar)")
      let taken = String(
        first.errorsSoFar.split(separator: "\n")[0].dropFirst("serving http://".count))
      try box.fail(
        ["serve", "--listen", taken, "--database", database.url], Self.unavailable,
        saying: [taken, "--listen"])
      try box.fail(
        ["serve", "--listen", "0.0.0.0:0", "--database", database.url], Self.configuration,
        saying: ["0.0.0.0", "--token-file"])
      // `run` says so before it simulates anything.
      try box.fail(
        ["run", "--data", box.data, "--listen", taken], Self.unavailable, saying: [taken])
      #expect(!FileManager.default.fileExists(atPath: box.log))
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")
      first.send(SIGTERM)
      let ended = try first.wait(atMost: 15)
      #expect(ended.status == 0, "\(ended)")
    }
  }

  @Test func aDataDirectoryThatCannotBeUsedStaysAsItIs() throws {
    try withSandbox { box in
      let file = try box.write("file", "mine")
      let events = try box.write("listen_events.ndjson", "{}\n")
      for words in [["import", events], ["load", "full"], ["run"]] {
        try box.fail(words + ["--data", file], Self.cannotCreate, saying: [file, "--data DIR"])
        try box.fail(
          words + ["--data", "/proc/polyrhythm"], Self.cannotCreate, saying: ["/proc/polyrhythm"])
      }
      #expect(FileManager.default.contents(atPath: file) == Data("mine".utf8))

      // The data directory is made to look like one of a PostgreSQL version that is not installed here.
      try box.succeed(["load", "full", "--data", box.data])
      let version = "\(box.data)/postgres/data/PG_VERSION"
      let actual = try #require(FileManager.default.contents(atPath: version))
      try Data("9\n".utf8).write(to: URL(fileURLWithPath: version))
      for words in [["load", "full"], ["status"], ["run", "--listen", "127.0.0.1:0"]] {
        try box.fail(words + ["--data", box.data], Self.unavailable, saying: ["PostgreSQL 9"])
      }
      try actual.write(to: URL(fileURLWithPath: version))
      try box.succeed(["status", "--data", box.data])
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")
    }
  }
}

extension Sandbox {
  /// The names in the directory, without the files of what the runs printed.
  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory)
      .filter { name in ![".stdin", ".stdout", ".stderr"].contains { name.hasSuffix($0) } }
      .sorted()
  }
}
