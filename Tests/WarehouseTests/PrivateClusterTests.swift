import Foundation
import TestKit
import Testing
import Warehouse

/// A private cluster in a directory of its own, stopped and removed with the value.
final class ClusterFixture: Sendable {
  let directory: TemporaryDirectory
  let cluster: PrivateCluster

  /// A stopped cluster to copy from, which is quicker than making one. It lies beside the cluster of the test
  /// server and is removed with it.
  private static let pristine = Result {
    let path = try TestDatabase.directory() + "/pristine"
    let cluster = PrivateCluster(directory: path, isDurable: false)
    _ = try cluster.start()
    try cluster.stop()
    return path
  }

  /// - Parameter isNew: true to begin without a cluster; otherwise a stopped one is there.
  init(below name: String = "postgres", isNew: Bool = false, isDurable: Bool = false) throws {
    directory = try TemporaryDirectory()
    let path = directory.path + "/" + name
    cluster = PrivateCluster(directory: path, isDurable: isDurable)
    if !isNew {
      let copy = Process()
      copy.executableURL = URL(fileURLWithPath: "/bin/cp")
      copy.arguments = ["-a", try Self.pristine.get(), path]
      try copy.run()
      copy.waitUntilExit()
      try #require(copy.terminationStatus == 0)
    }
  }

  deinit { try? cluster.stop(.immediate) }
}

func postmaster(of info: ClusterInfo) throws -> pid_t {
  let text = try String(contentsOfFile: info.dataDirectory + "/postmaster.pid", encoding: .utf8)
  return try #require(pid_t(text.prefix { $0.isNumber }))
}

@Suite(.serialized) struct PrivateClusterTests {
  @Test func aClusterIsMadeOnceSharedStoppedAndStartedAgain() throws {
    let fixture = try ClusterFixture(isNew: true)
    let first = try fixture.cluster.start()
    #expect(!first.wasRunning)
    try Connection(url: first.url).script(
      "create table kept (s hll); insert into kept values (null)")
    let second = try PrivateCluster(directory: fixture.cluster.directory).start()
    #expect(second.wasRunning)
    #expect(second.url == first.url)
    try fixture.cluster.stop()
    #expect(throws: WarehouseError.self) { try Connection(url: first.url) }
    try fixture.cluster.stop()
    let third = try fixture.cluster.start()
    #expect(!third.wasRunning)
    #expect(third.port == first.port)
    #expect(try Connection(url: third.url).run("select count(*) from kept").int(0, 0) == 1)
  }

  @Test func manyStartsAtOnceMakeOneServer() throws {
    let fixture = try ClusterFixture(isNew: true)
    let infos = Outcomes<ClusterInfo>()
    let errors = Threads.run(4) { _ in infos.add(try fixture.cluster.start()) }
    #expect(errors.isEmpty, "\(errors)")
    #expect(Set(infos.all.map(\.url)).count == 1)
    #expect(infos.all.count { !$0.wasRunning } == 1)
  }

  @Test func afterAKillOfThePostmasterTheNextStartRecovers() throws {
    let fixture = try ClusterFixture(isDurable: true)
    let info = try fixture.cluster.start()
    let connection = try Connection(url: info.url)
    try connection.script("create table kept as select generate_series(1, 1000) a")
    // A backend that is computing notices only late that its postmaster is gone, and holds the shared memory.
    let busy = Thread {
      try? Connection(url: info.url).script(
        "do $$ declare n bigint := 0; began timestamptz := clock_timestamp(); begin "
          + "while clock_timestamp() < began + interval '1.5 s' loop n := n + 1; end loop; end $$")
    }
    busy.start()
    #expect(
      try eventually(within: 60) {
        try !connection.run(
          "select from pg_stat_activity where query like 'do %' and state = 'active'"
        ).isEmpty
      })
    kill(try postmaster(of: info), SIGKILL)
    let again = try fixture.cluster.start()
    #expect(!again.wasRunning)
    #expect(try Connection(url: again.url).run("select count(*) from kept").int(0, 0) == 1000)
  }

  /// A kill takes effect some time after it was sent: until then the server looks alive.
  @Test func aServerThatDiesWhileItIsAskedIsStartedAgain() throws {
    let fixture = try ClusterFixture()
    let first = try postmaster(of: try fixture.cluster.start())
    kill(first, SIGSTOP)
    let killer = Thread {
      usleep(500_000)
      kill(first, SIGKILL)
    }
    killer.start()
    let again = try fixture.cluster.start()
    #expect(!again.wasRunning)
    #expect(try postmaster(of: again) != first)
  }

  @Test func aStalePidFileThatNamesAnotherProcessIsSeenThrough() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    let file = info.dataDirectory + "/postmaster.pid"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try fixture.cluster.stop()
    // Process 1 always runs, and is no server of this directory.
    let stale = "1" + text.drop { $0.isNumber }
    try stale.write(toFile: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes(
      FileManager.default.attributesOfItem(atPath: info.dataDirectory)
        .filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }, ofItemAtPath: file)
    #expect(try !fixture.cluster.start().wasRunning)
  }

  @Test func aTakenPortIsMovedOnFrom() throws {
    let fixture = try ClusterFixture()
    let first = try fixture.cluster.start()
    try fixture.cluster.stop()
    let listener = try Listener(port: first.port)
    let second = try fixture.cluster.start()
    withExtendedLifetime(listener) {}
    #expect(second.port != first.port)
    #expect(try Connection(url: second.analystURL).run("select 1").int(0, 0) == 1)
  }

  @Test func theServerHasASessionOfItsOwnAndNoneOfOurFiles() throws {
    let fixture = try ClusterFixture()
    let path = fixture.directory.path + "/lock"
    let ours = open(path, O_RDWR | O_CREAT, 0o600)
    #expect(ours >= 0)
    defer { close(ours) }
    let server = try postmaster(of: fixture.cluster.start())
    #expect(getsid(server) != getsid(0))
    #expect(getpgid(server) != getpgid(0))
    let files = ServerProcesses.openFiles(of: server)
    #expect(!files.isEmpty)
    #expect(!files.contains(path))
  }

  @Test func aLongPathGetsAShortProtectedSocketDirectory() throws {
    let fixture = try ClusterFixture(below: String(repeating: "long", count: 30))
    let info = try fixture.cluster.start()
    #expect(info.socketDirectory.utf8.count < 86)
    let mode = try FileManager.default
      .attributesOfItem(atPath: info.socketDirectory)[.posixPermissions]
    #expect((mode as? Int) == 0o700)
    #expect(try Connection(url: info.url).run("select 1").int(0, 0) == 1)
    try fixture.cluster.stop()
    try FileManager.default.removeItem(atPath: info.socketDirectory)
  }

  @Test func aDirectoryOfAnotherMajorVersionIsRefusedNamingBoth() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    try fixture.cluster.stop()
    try "12\n".write(
      toFile: info.dataDirectory + "/PG_VERSION", atomically: false, encoding: .utf8)
    let error = #expect(throws: WarehouseError.self) { try fixture.cluster.start() }
    #expect(error?.code == .cluster)
    #expect(error?.message.contains("PostgreSQL 12") == true)
    #expect(error?.message.contains("\(info.major)") == true)
  }

  @Test func aFailedStartSaysWhatTheLogSays() throws {
    let fixture = try ClusterFixture()
    let info = try fixture.cluster.start()
    try fixture.cluster.stop()
    let file = info.dataDirectory + "/local.conf"
    try "work_mem = nonsense\n".write(toFile: file, atomically: false, encoding: .utf8)
    let error = #expect(throws: WarehouseError.self) { try fixture.cluster.start() }
    #expect(error?.message.contains("work_mem") == true)
    #expect(error?.message.contains(info.logFile) == true)
    #expect(error?.message.contains("\n") == false)
  }

  @Test func aPathThatTheToolsCannotTakeIsRefused() {
    let error = #expect(throws: WarehouseError.self) {
      try PrivateCluster(directory: "/tmp/it's $HOME").start()
    }
    #expect(error?.code == .cluster)
  }

  @Test func aDirectoryThatTheServersUserCannotReachBecomesALink() throws {
    let directory = try TemporaryDirectory(mode: 0o700)
    let cluster = PrivateCluster(directory: directory.path + "/postgres", isDurable: false)
    let info = try cluster.start()
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: cluster.directory)
    if geteuid() == 0 {
      #expect(target?.hasPrefix("/var/lib/polyrhythm/") == true)
    } else {
      // An ordinary user's server runs as that user, who has made the directory.
      #expect(target == nil)
    }
    #expect(try Connection(url: info.url).run("select 1").int(0, 0) == 1)
    #expect(try cluster.start().wasRunning)
    try cluster.stop()
    if let target { try FileManager.default.removeItem(atPath: target) }
  }
}

/// The contents of every private cluster, checked on the one that this test process uses anyway.
@Suite struct PrivateClusterContentsTests {
  @Test func theServerHasItsSettings() throws {
    let connection = try Connection(url: TestDatabase.server().url)
    for (name, value) in [
      ("listen_addresses", "127.0.0.1"), ("wal_level", "minimal"), ("max_wal_senders", "0"),
      ("jit", "off"), ("work_mem", "64MB"), ("TimeZone", "UTC"), ("random_page_cost", "1.1"),
      ("server_encoding", "UTF8"), ("checkpoint_timeout", "15min"),
    ] {
      #expect(try connection.run("select current_setting($1)", [.text(name)]).text(0, 0) == value)
    }
  }

  @Test func theAnalystReadsAndNothingMore() throws {
    let info = try TestDatabase.server()
    let owner = try Connection(url: info.url)
    try owner.script("create table public.readable (a int); insert into readable values (5)")
    let analyst = try Connection(url: info.analystURL)
    #expect(try analyst.run("select a from readable").int(0, 0) == 5)
    try analyst.script("set default_transaction_read_only = off")
    for sql in [
      "insert into readable values (1)", "create table u (a int)", "create temp table u (a int)",
      "create schema s", "drop table readable",
    ] {
      let error = #expect(throws: WarehouseError.self) { try analyst.run(sql) }
      #expect(error?.sqlState == "42501")
    }
    // In other databases nothing would keep the reader from making large objects and temporary tables.
    for other in ["postgres", "template1"] {
      let elsewhere = info.analystURL.replacing("/polyrhythm", with: "/\(other)")
      #expect(elsewhere != info.analystURL)
      #expect(throws: WarehouseError.self) { try Connection(url: elsewhere) }
    }
    let wrong = "postgresql://analyst:sekret@127.0.0.1:\(info.port)/polyrhythm"
    let refused = #expect(throws: WarehouseError.self) { try Connection(url: wrong) }
    #expect(refused?.message.contains("check the user and the password") == true)
    #expect(refused?.message.contains("sekret") == false)
    // The owner has no way in over TCP.
    let remote = "postgresql://polyrhythm:x@127.0.0.1:\(info.port)/polyrhythm"
    #expect(throws: WarehouseError.self) { try Connection(url: remote) }
  }

  @Test func whoReadsDoesNotReadHashesOfPasswords() throws {
    let info = try TestDatabase.server()
    for url in [info.analystURL, info.readerURL] {
      let error = #expect(throws: WarehouseError.self) {
        try Connection(url: url).run("select rolpassword from pg_authid")
      }
      #expect(error?.sqlState == "42501")
    }
  }

  @Test func theAnalystHasALimitOfTimeAndOfConnections() throws {
    let analyst = try Connection(url: TestDatabase.server().analystURL)
    for setting in [
      "statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
    ] {
      #expect(try analyst.run("select current_setting($1)", [.text(setting)]).text(0, 0) != "0")
    }
    #expect(try analyst.run("show temp_file_limit").text(0, 0) == "10GB")
    try analyst.script("set default_transaction_read_only = off")
    let error = #expect(throws: WarehouseError.self) {
      try analyst.run("alter role analyst set temp_file_limit = -1")
    }
    #expect(error?.sqlState == "42501")
    let limit = try analyst.run("select rolconnlimit from pg_roles where rolname = 'analyst'")
    #expect(try (1...50).contains(limit.int(0, 0)))
  }

  @Test func rolesOfAClusterOfAnEarlierVersionGetTheirPresentRights() throws {
    let fixture = try ClusterFixture()
    let before = try Connection(url: fixture.cluster.start().url)
    try before.script(
      "revoke analyst from polyrhythm_read; grant pg_read_all_data to analyst, polyrhythm_read")
    try fixture.cluster.stop()
    let second = try Connection(url: fixture.cluster.start().url)
    try second.script(
      "grant execute on function pg_try_advisory_lock(integer, integer), pg_advisory_lock(bigint) to public"
    )
    try fixture.cluster.stop()
    let third = try Connection(url: fixture.cluster.start().url)
    try third.script("alter role analyst reset temp_file_limit")
    try fixture.cluster.stop()
    let owner = try Connection(url: fixture.cluster.start().url)
    let files = try owner.run(
      "select array_to_string(rolconfig, ' ') like '%temp_file_limit=10GB%' from pg_roles where rolname = 'analyst'"
    )
    #expect(try files.bool(0, 0))
    let mayLock = try owner.run(
      "select has_function_privilege('analyst', 'pg_try_advisory_lock(integer, integer)', 'execute')"
    )
    #expect(try !mayLock.bool(0, 0))
    let members = try owner.run(
      """
      select count(*)
      from unnest(array['analyst', 'polyrhythm_read']) as r (role)
      where pg_has_role(r.role::name, 'pg_read_all_data', 'member')
      """)
    #expect(try members.int(0, 0) == 0)
  }

  @Test func theReaderReadsAndHasNoWayToWrite() throws {
    let info = try TestDatabase.server()
    let owner = try Connection(url: info.url)
    try owner.script("create table public.legible (a int); insert into legible values (6)")
    let reader = try Connection(url: info.readerURL)
    #expect(try reader.run("select a from legible").int(0, 0) == 6)
    let first = #expect(throws: WarehouseError.self) { try reader.run("delete from legible") }
    #expect(first?.sqlState == "25006")
    // The reader's rights still protect where it lifts the read-only setting, which any session may do.
    try reader.script("set default_transaction_read_only = off; reset role")
    for sql in [
      "delete from legible", "create table v (a int)", "create temp table v (a int)",
      "create schema v", "copy (select 1) to program 'true'", "copy legible from program 'echo 1'",
      "set role polyrhythm", "set session authorization polyrhythm", "select lo_create(0)",
      "select pg_read_file('/etc/passwd')", "create extension pg_trgm",
      // The lock of loads, of folding, of migrations.
      "select pg_try_advisory_lock(1886350458, 0)",
      "select pg_advisory_xact_lock_shared(1886350457, -1)",
      "select pg_advisory_lock(123621213108840)",
      "do $$ begin execute 'set role polyrhythm'; execute 'delete from legible'; end $$",
    ] {
      let error = #expect(throws: WarehouseError.self, "\(sql)") { try reader.run(sql) }
      #expect(error?.sqlState == "42501", "\(sql): \(error?.message ?? "")")
    }
    #expect(try owner.run("select a from legible").int(0, 0) == 6)
  }

  @Test func thePasswordIsInOneProtectedFileOnly() throws {
    let info = try TestDatabase.server()
    let password = try String(contentsOfFile: info.passwordFile, encoding: .utf8)
      .trimmingCharacters(in: .newlines)
    let mode = try FileManager.default.attributesOfItem(atPath: info.passwordFile)[
      .posixPermissions]
    #expect((mode as? Int) == 0o600)
    #expect(info.analystURL.contains(password))
    #expect(!"\(info)".contains(password))
    #expect(try !String(contentsOfFile: info.logFile, encoding: .utf8).contains(password))
  }
}

/// Holds a TCP port of 127.0.0.1.
final class Listener {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // The server of another test may try this port at this moment.
    let isBound = eventually(within: 60) { [descriptor] in
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
    }
    try #require(isBound && listen(descriptor, 1) == 0)
  }

  deinit { close(descriptor) }
}
