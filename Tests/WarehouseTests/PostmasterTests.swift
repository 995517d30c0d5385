import Foundation
import TestKit
import Testing

@testable import Warehouse

/// Whether a server runs must be told from facts that any process may see, and the lock of a server that may
/// be alive must not be touched.
@Suite(.serialized) struct PostmasterTests {
  /// Processes of the server's user, ended with the value.
  private final class Bystander {
    private let process = Process()
    let processID: pid_t

    /// - Parameter script: prints the id of the process that plays the bystander, and keeps running.
    init(_ script: String) throws {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["--chdir=/"] + ServerProcesses.asServerUser + ["sh", "-c", script]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      var text = ""
      while !text.contains("\n") {
        let bytes = pipe.fileHandleForReading.availableData
        try #require(!bytes.isEmpty)
        text += String(decoding: bytes, as: UTF8.self)
      }
      processID = try #require(pid_t(text.filter(\.isNumber)))
    }

    /// A process that is no server.
    static func sleeper() throws -> Bystander { try Bystander("echo $$; exec sleep 600") }

    /// A process that has ended, but whose parent does not wait for it.
    static func unburied() throws -> Bystander {
      try Bystander("sleep 0.2 & echo $!; exec sleep 600")
    }

    deinit {
      // SIGKILL, because a child of a thread that has SIGTERM blocked would not get SIGTERM.
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  private func lockFile(_ info: ClusterInfo) -> String { info.dataDirectory + "/postmaster.pid" }

  /// Puts the id of another process into a lock file, as happens when process ids are used again.
  private func renumber(_ file: String, _ text: String, to process: pid_t) throws {
    let bytes = Data("\(process)\(text.drop { $0.isNumber })".utf8)
    try bytes.write(to: URL(fileURLWithPath: file))
    if geteuid() == 0, let entry = getpwnam("postgres") {
      try #require(chown(file, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0)
      try #require(chmod(file, 0o600) == 0)
    }
  }

  @Test func aRunningServerIsRecognisedAndItsLocksStayAsTheyAre() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    let lock = lockFile(info)
    let socketLock = "\(info.socketDirectory)/.s.PGSQL.\(info.port).lock"
    let before = try [lock, socketLock].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    let postmaster = try #require(Postmaster(dataDirectory: info.dataDirectory))
    #expect(postmaster.identity(in: info.dataDirectory) == .theServer)
    #expect(fixture.cluster.isRunning)
    for file in [lock, socketLock] { Postmaster.correct(file, of: info.dataDirectory) }
    #expect(
      try [lock, socketLock].map { try Data(contentsOf: URL(fileURLWithPath: $0)) } == before)
    try fixture.cluster.stop()
    #expect(!fixture.cluster.isRunning)
  }

  /// The times do not agree, as after the clock was set, but the server listens.
  @Test func aServerWhoseTimesDoNotAgreeIsRecognisedByItsSocket() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    var postmaster = try #require(Postmaster(dataDirectory: info.dataDirectory))
    postmaster.startedAt = try #require(postmaster.startedAt) - 7200
    #expect(postmaster.identity(in: info.dataDirectory) == .anotherProcess)
    #expect(postmaster.isRunning(in: info.dataDirectory))
  }

  /// The socket is removed as well, so that only the shared memory shows that the server runs.
  @Test func theLockOfAServerThatHoldsItsMemoryIsNotTouched() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    let text = try String(contentsOfFile: lockFile(info), encoding: .utf8)
    var lines = text.components(separatedBy: "\n")
    lines[2] = "1000000000"
    lines[4] = "/nowhere"
    let copy = fixture.directory.path + "/lock"
    try lines.joined(separator: "\n").write(toFile: copy, atomically: false, encoding: .utf8)
    Postmaster.correct(copy, of: info.dataDirectory)
    #expect(
      try String(contentsOfFile: copy, encoding: .utf8) == lines.joined(separator: "\n"))
  }

  @Test func aProcessOfTheServersUserThatGotItsNumberIsToldApart() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    let text = try String(contentsOfFile: lockFile(info), encoding: .utf8)
    try fixture.cluster.stop(.immediate)
    // Another process can get the server's id only after the server has ended, so it must be younger.
    usleep(2_500_000)
    let sleeper = try Bystander.sleeper()
    try renumber(lockFile(info), text, to: sleeper.processID)
    let postmaster = try #require(Postmaster(dataDirectory: info.dataDirectory))
    #expect(postmaster.identity(in: info.dataDirectory) == .anotherProcess)
    #expect(!fixture.cluster.isRunning)
    let begin = ContinuousClock.now
    let again = try fixture.cluster.start()
    #expect(ContinuousClock.now - begin < .seconds(30))
    #expect(!again.wasRunning)
    #expect(kill(sleeper.processID, 0) == 0)
    #expect(try Connection(url: again.url).run("select 1").int(0, 0) == 1)
  }

  @Test func aKilledServerThatNobodyBuriedIsToldApartButItsBackendsAreWaitedFor() throws {
    let fixture = try ClusterFixture(isDurable: true)
    let info = try fixture.cluster.start()
    let text = try String(contentsOfFile: lockFile(info), encoding: .utf8)
    let connection = try Connection(url: info.url)
    try connection.script("create table kept as select generate_series(1, 1000) a")
    let busySeconds = 2.5
    let busy = Thread {
      try? Connection(url: info.url).script(
        "do $$ declare n bigint := 0; began timestamptz := clock_timestamp(); begin while "
          + "clock_timestamp() < began + interval '\(busySeconds) s' loop n := n + 1; end loop; end $$"
      )
    }
    busy.start()
    #expect(
      try eventually(within: 60) {
        try !connection.run(
          "select from pg_stat_activity where query like 'do %' and state = 'active'"
        ).isEmpty
      })
    let unburied = try Bystander.unburied()
    kill(try postmaster(of: info), SIGKILL)
    #expect(
      eventually(within: 60) {
        (try? String(contentsOfFile: "/proc/\(unburied.processID)/stat", encoding: .utf8))?
          .contains(") Z ") == true
      })
    try renumber(lockFile(info), text, to: unburied.processID)
    #expect(!fixture.cluster.isRunning)
    let again = try fixture.cluster.start()
    #expect(!again.wasRunning)
    #expect(try Connection(url: again.url).run("select count(*) from kept").int(0, 0) == 1000)
    let log = try String(contentsOfFile: info.logFile, encoding: .utf8)
    #expect(log.contains("pre-existing shared memory block"), "nothing outlived the postmaster")
  }

  @Test func aBackendThatNeverNoticesThatItsPostmasterIsGoneIsEnded() throws {
    let fixture = try ClusterFixture(isDurable: true)
    let info = try fixture.cluster.start()
    let connection = try Connection(url: info.url)
    try connection.script("create table kept as select generate_series(1, 1000) a")
    // A stopped backend stands for one that waits for a lock of a process that was killed.
    let backend = connection.serverProcessID
    try #require(kill(backend, SIGSTOP) == 0)
    let server = try postmaster(of: info)
    kill(server, SIGKILL)
    let begin = ContinuousClock.now
    let again = try fixture.cluster.start()
    #expect(ContinuousClock.now - begin < .seconds(30))
    #expect(!again.wasRunning)
    #expect(try Connection(url: again.url).run("select count(*) from kept").int(0, 0) == 1000)
    #expect(!Orphans.processes(of: info.dataDirectory).contains(backend))
    #expect(!Orphans.processes(of: info.dataDirectory).isEmpty, "it knows its own by their titles")
  }

  @Test func aCopyOfARunningServersDirectoryIsNotRunning() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    let copy = fixture.directory.path + "/copy"
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
    try FileManager.default.copyItem(atPath: lockFile(info), toPath: copy + "/postmaster.pid")
    if geteuid() == 0, let entry = getpwnam("postgres") {
      try #require(chown(copy, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0)
    }
    let copied = try #require(Postmaster(dataDirectory: copy))
    #expect(!copied.isRunning(in: copy))
    // The copied lock file does not keep a server from starting on the copy.
    Postmaster.correct(copy + "/postmaster.pid", of: copy)
    #expect(Postmaster(dataDirectory: copy)?.processID != copied.processID)
    #expect(fixture.cluster.isRunning)
  }
}
