import Foundation
import Glibc
import TestKit
import Testing
import Warehouse

/// The procedure of docs/operations.md, Backup and restore, by the commands that stand there: taken while events stream
/// in, are counted and loaded, and restored in both ways.
@Suite struct BackupTests {
  private let seed = Int.random(in: 1...1_000_000)

  @Test func copiesTakenWhileEventsStreamGiveEveryEventOnceAfterTheyAreRestored() throws {
    print("seed \(seed)")
    try withSandbox { box in
      let url = try startServer(box)
      let place = ["--log", "dir:\(box.log)", "--database", url]
      let lake = ["--lake", box.log, "--database", url]
      let site = try box.startLiveSite(users: 300, seed: seed, speedup: 2000, log: box.log)
      try #require(try eventually(within: 60) { try LogFiles(box.log).count().total > 300 })
      try box.succeed(["load", "full"] + lake)
      let speed = try box.start(["speed", "--flush-seconds", "0.05"] + place)
      try waitForMore(url)

      let session = try Shell(box, database: url)
      try session.run(beginningWith: "mkdir -p BACKUP")
      try session.run(beginningWith: "pg_basebackup ")
      try session.run(beginningWith: "pg_dump ")
      try waitForMore(url)
      try session.run(beginningWith: "copy() {", "copy --include", "copy --delete-after")
      try waitForMore(url)
      for program in [speed, site] {
        try #require(program.isRunning, "\(program): \(program.errorsSoFar)")
        program.send(SIGTERM)
        #expect(try program.wait().status == 0)
      }

      let truth = try LogFiles(box.path("backup/log")).count()
      let whole = try LogFiles(box.log).count().total
      #expect(truth.total > 500 && truth.total < whole, "\(truth)")
      let files = try restoreFiles(box)
      defer { try? files.stop(.immediate) }
      let dump = try box.makeDatabase()
      try Shell(box, database: dump.url).run(beginningWith: "pg_restore ")
      for (name, url) in [("files", try files.start().url), ("dump", dump.url)] {
        let log = box.path("restored-\(name)")
        try Shell.run("cp -a backup/log '\(log)'", in: box)
        let connection = try Connection(url: url)
        let behind = try MergedViewWatch.read(connection)
        #expect(behind.total > 0 && behind.total < truth.total, "\(name): \(behind)")
        try box.succeed(["speed", "--until-caught-up", "--log", "dir:\(log)", "--database", url])
        #expect(try MergedViewWatch.read(connection) == truth, "\(name)")
      }
      let restored = ["--lake", box.path("restored-dump"), "--database", dump.url]
      try box.succeed(["load", "incremental"] + restored)
      #expect(try MergedViewWatch.read(dump.connect()) == truth, "loaded")
      // Page views of the last moment may lack their listen, as topics are copied one after the other: that is a warning.
      let check = try box.succeed(["check"] + restored)
      #expect(check.output.contains(" checks, "), "\(check)")
    }
  }

  /// A private cluster of the sandbox with the settings that the page names for pg_basebackup.
  private func startServer(_ box: Sandbox) throws -> String {
    let cluster = PrivateCluster(directory: "\(box.data)/postgres", isDurable: false)
    let data = try cluster.start().dataDirectory
    try cluster.stop()
    try Shell.run(
      """
      printf 'wal_level = replica\\nmax_wal_senders = 4\\n' > '\(data)/local.conf'
      chmod a+r '\(data)/local.conf'
      echo 'local replication all trust' >> '\(data)/pg_hba.conf'
      """, in: box)
    return try cluster.start().url
  }

  /// The server of the copied files, which is yet to be started.
  private func restoreFiles(_ box: Sandbox) throws -> PrivateCluster {
    let place = box.path("files/postgres")
    try Shell.run(
      """
      mkdir -p '\(place)'
      cp -a backup/postgres '\(place)/data'
      if [ "$(id -u)" = 0 ]; then chown -R postgres '\(place)'; fi
      """, in: box)
    return PrivateCluster(directory: place, isDurable: false)
  }

  /// Waits until the speed layer has counted more records.
  private func waitForMore(_ url: String) throws {
    let connection = try Connection(url: url)
    func counted() throws -> Int64 {
      try connection.run("select coalesce(sum(next_offset), 0)::bigint from speed.progress").int(
        0, 0)
    }
    let before = try counted()
    try #require(try eventually(within: 30) { try counted() > before + 50 })
  }

  /// Commands of the page, typed into one shell after the other; functions are kept.
  private final class Shell {
    private let box: Sandbox
    private let database: String
    private var functions = ""

    init(_ box: Sandbox, database: String) throws {
      self.box = box
      self.database = database
    }

    /// Runs the page's commands that begin so, in order.
    func run(beginningWith beginnings: String...) throws {
      for beginning in beginnings {
        let command = try #require(
          DocumentedCommand.all().first {
            $0.page == "docs/operations.md" && $0.text.hasPrefix(beginning)
          }, "docs/operations.md has no command that begins with \(beginning)")
        let text = command.text.replacingOccurrences(of: "DIR/log", with: "data/log")
          .replacingOccurrences(of: "BACKUP", with: "backup")
          .replacingOccurrences(of: "postgresql://…", with: "'\(database)'")
        if beginning.contains("()") {
          functions += text + "\n"
        } else {
          try Self.run(functions + text, in: box)
        }
      }
    }

    static func run(_ text: String, in box: Sandbox) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-ec", text]
      process.currentDirectoryURL = URL(fileURLWithPath: box.directory)
      let errors = Pipe()
      process.standardError = errors
      try process.run()
      let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      // rsync says by 24 that a file was gone before it was copied: a segment was compressed meanwhile.
      let isDone = process.terminationStatus == 0 || process.terminationStatus == 24
      try #require(isDone, "\(text): \(said)")
    }
  }
}
