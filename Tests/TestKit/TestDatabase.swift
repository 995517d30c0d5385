import Foundation
import Synchronization
import Warehouse

/// A fresh database for one test, in a throw-away PostgreSQL that the test process has to itself.
/// The server starts with the first database and stops when the process exits; the server of a process that
/// was killed is stopped by the next run.
///
/// Tests never skip for want of a server: `make` throws, naming the package to install.
public final class TestDatabase: Sendable {
  /// Connects as the database's owner, who is a superuser, over the socket.
  public let url: String
  public let name: String

  private init(url: String, name: String) {
    self.url = url
    self.name = name
  }

  deinit {
    // Best effort: a database that is left goes away with the server.
    if let server = try? TestServer.shared.get() {
      try? server.administer("drop database if exists \(name) with (force)")
    }
  }

  /// Makes an empty database with the extension hll.
  /// - Parameter migrated: with the repository's migrations applied.
  public static func make(migrated: Bool = true) throws -> TestDatabase {
    let server = try TestServer.shared.get()
    let name = try server.makeDatabase(migrated: migrated)
    return TestDatabase(url: server.url(of: name), name: name)
  }

  /// A directory of this test process. Whatever is in it when the process exits goes away, servers of
  /// private clusters first.
  public static func directory() throws -> String {
    _ = try TestServer.shared.get()
    return TestServer.directory
  }

  /// The server of this test process, with the URL of its read-only role.
  public static func server() throws -> ClusterInfo { try TestServer.shared.get().info }

  public func connect() throws(WarehouseError) -> Connection { try Connection(url: url) }
}

/// The server of this test process.
private final class TestServer: Sendable {
  /// Started for the first test that asks; where the start fails, it fails for all tests of the process.
  static let shared = Result { try TestServer() }

  private struct State {
    var databases = 0
    var hasTemplate = false
  }

  let info: ClusterInfo
  private let state = Mutex(State())

  private static let prefix = "polyrhythm-tests-"
  /// In memory, where there is enough: a disk's file system spends a quarter of the tests' time on making
  /// and removing databases of hundreds of small files. Chaos has its data on the disk.
  private static let root = hasRoom("/dev/shm") ? "/dev/shm" : "/tmp"
  static let directory = "\(root)/\(prefix)\(getpid())"

  private static func hasRoom(_ path: String) -> Bool {
    let neededBytes: UInt64 = 4 << 30
    var space = statvfs()
    return statvfs(path, &space) == 0 && access(path, W_OK | X_OK) == 0
      && UInt64(space.f_bavail) * UInt64(space.f_frsize) > neededBytes
  }

  private init() throws {
    try Self.removeLeftovers()
    let cluster = PrivateCluster(directory: Self.directory + "/postgres", isDurable: false)
    info = try cluster.start()
    // A template may have no sessions while it is copied, and the database `polyrhythm` may have some.
    try administer("create database empty template polyrhythm")
    atexit {
      TestServer.remove(TestServer.directory)
    }
  }

  func url(of database: String) -> String {
    info.url.replacingOccurrences(of: "@/polyrhythm?", with: "@/\(database)?")
  }

  func administer(_ sql: String) throws(WarehouseError) {
    try Connection(url: url(of: "postgres")).script(sql)
  }

  func makeDatabase(migrated: Bool) throws -> String {
    // One at a time: a template may have no other sessions while it is copied.
    try state.withLock { state in
      if migrated && !state.hasTemplate {
        // A migration that failed for an earlier test has left a half made template.
        try administer("drop database if exists migrated with (force)")
        try administer("create database migrated template empty")
        let connection = try Connection(url: url(of: "migrated"))
        try Migrator(library: SQLLibrary(directory: Self.sqlDirectory)).migrate(connection)
        state.hasTemplate = true
      }
      state.databases += 1
      let name = "test_\(state.databases)"
      // Without fsync copying files is three times as fast as PostgreSQL's default here.
      try administer(
        "create database \(name) template \(migrated ? "migrated" : "empty") "
          + "strategy file_copy")
      return name
    }
  }

  /// `warehouse-sql` of the repository that this file is in.
  private static var sqlDirectory: String {
    var path = #filePath.split(separator: "/")
    path.removeLast(3)
    return "/" + path.joined(separator: "/") + "/warehouse-sql"
  }

  /// Stops every server whose data is below the directory, then removes it.
  private static func remove(_ directory: String) {
    let below = FileManager.default.enumerator(atPath: directory)
    while let path = below?.nextObject() as? String {
      guard path.hasSuffix("/data") else { continue }
      below?.skipDescendants()
      let cluster = PrivateCluster(directory: "\(directory)/\(path.dropLast(5))", isDurable: false)
      try? cluster.stop(.immediate)
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Stops the servers of test processes that died without doing so.
  private static func removeLeftovers() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: root)
    where name.hasPrefix(prefix) {
      guard let process = pid_t(name.dropFirst(prefix.count)) else { continue }
      if kill(process, 0) != 0 && errno == ESRCH {
        remove("\(root)/\(name)")
      }
    }
  }
}
