import EventLog
import Foundation
import Support
import Warehouse

/// Flags that say where the log, the lake and the database are, as many commands have them.
enum LocationFlags {
  static let data = Flag(
    "--data", "DIR", "embedded log and private PostgreSQL under DIR (default ./data)",
    environment: "POLYRHYTHM_DATA")
  static let log = Flag(
    "--log", "URL", "dir:PATH or kafka:HOST:PORT,…", environment: "POLYRHYTHM_LOG")
  static let lake = Flag(
    "--lake", "DIR", "the lake: a directory log", environment: "POLYRHYTHM_LAKE")
  static let database = Flag(
    "--database", "URL", "postgresql://…", environment: "POLYRHYTHM_DATABASE")
  static let kafka = Flag(
    "--kafka-property", "K=V,…", "librdkafka properties, passed through",
    environment: "POLYRHYTHM_KAFKA_PROPERTIES")
  static let partitions = Flag(
    "--partitions", "N", "partitions of topics that are made (default 4)")
}

/// Where one run of a command finds things. The private cluster is started when its URL is first
/// asked for, and stopped at the end by whoever uses it last.
final class Locations {
  static let defaultPartitions = 4

  private let arguments: Arguments
  let library: SQLLibrary
  private var clusterUse: ClusterUse?
  private(set) var cluster: ClusterInfo?

  private let makesData: Bool

  /// - Parameter makesData: whether ./data is made where there is none.
  init(_ arguments: Arguments, makesData: Bool = false) throws {
    self.arguments = arguments
    self.makesData = makesData
    library = try SQLLibrary()
  }

  var dataDirectory: String { arguments.string("--data") ?? "./data" }

  private var hasData: Bool {
    makesData || arguments.has("--data") || FileManager.default.fileExists(atPath: dataDirectory)
  }

  /// Whether a command without flags would work on ./data or, for want of it, on nothing.
  private func requireData(_ flag: String) throws {
    guard hasData else {
      throw UsageError("say where: \(flag), or --data DIR (there is no ./data here)")
    }
  }

  // MARK: Log and lake

  func logURL() throws -> String {
    if let url = arguments.string("--log") { return url }
    if let lake = arguments.string("--lake") { return Self.directoryURL(lake) }
    try requireData("--log URL")
    return "dir:\(dataDirectory)/log"
  }

  func log() throws -> any EventLog { try EventLogs.open(logURL(), properties: kafkaProperties()) }

  /// For commands that write to the log: makes the data directory where it is missing and the log
  /// is in it.
  func makeLogDirectory() throws {
    if !arguments.has("--log"), !arguments.has("--lake") { try DataDirectory.make(dataDirectory) }
  }

  /// A directory log; a plain path and a `dir:` URL both name one.
  func lake() throws -> DirectoryLog {
    if let lake = arguments.string("--lake") {
      return DirectoryLog(path: String(Self.directoryURL(lake).dropFirst(4)))
    }
    let url = try logURL()
    guard url.hasPrefix("dir:") else {
      throw UsageError(
        "the lake is a directory: say --lake DIR (polyrhythm archive fills it from Kafka)")
    }
    return DirectoryLog(path: String(url.dropFirst(4)))
  }

  private static func directoryURL(_ text: String) -> String {
    text.hasPrefix("dir:") ? text : "dir:\(text)"
  }

  private func kafkaProperties() throws -> [String: String] {
    guard let text = arguments.string("--kafka-property") else { return [:] }
    var result: [String: String] = [:]
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else {
        throw UsageError("--kafka-property: \"\(pair)\" is not of the form key=value")
      }
      result[String(parts[0])] = String(parts[1])
    }
    return result
  }

  func partitions() throws -> Int {
    try arguments.int("--partitions", in: 1...1024) ?? Self.defaultPartitions
  }

  // MARK: Database

  /// The database's URL; starts the private cluster where that is the one.
  func databaseURL() throws -> String {
    if let url = arguments.string("--database") { return url }
    try requireData("--database URL")
    if let cluster { return cluster.url }
    let use = try ClusterUse(directory: dataDirectory)
    clusterUse = use
    let info = try use.start()
    cluster = info
    return info.url
  }

  /// The database's URL for whatever only reads: in the private cluster that of a role that cannot
  /// write, elsewhere the one that was given.
  func readerURL() throws -> String {
    let url = try databaseURL()
    return cluster?.readerURL ?? url
  }

  /// For commands that only look: makes no cluster where there is none.
  /// - Throws: `.noInput` where the data directory has no database.
  func requireDatabase() throws {
    if !arguments.has("--database") {
      try requireData("--database URL")
      guard FileManager.default.fileExists(atPath: "\(dataDirectory)/postgres/data") else {
        throw CommandError(
          .noInput,
          "there is no database in \(dataDirectory); polyrhythm run, speed or load full makes it")
      }
    }
  }

  /// The database's URL, for commands that only look.
  func existingDatabaseURL() throws -> String {
    try requireDatabase()
    return try databaseURL()
  }

  /// A database with this program's schema.
  func migratedDatabaseURL() throws -> String {
    let url = try databaseURL()
    let connection = try Connection(url: url, applicationName: "polyrhythm migrate")
    _ = try Migrator(library: library).migrate(connection)
    return url
  }

  /// From now on, and until `close`, starts the private cluster again where it has gone. Does nothing
  /// for a database of somebody else's.
  /// - Parameter stop: requested where the cluster comes up again on another port, so that what is
  ///   connected by its URL cannot go on; `requireSameDatabase` then says so.
  func keepDatabase(stop: StopToken, say: @escaping @Sendable (String) -> Void) {
    guard let cluster else { return }
    clusterUse?.keep(cluster, stop: stop, say: say)
  }

  /// - Throws: `.temporaryFailure` where the cluster had to move.
  func requireSameDatabase() throws { try clusterUse?.requireUnmoved() }

  /// Lets go of the private cluster; the last one stops it.
  func close() {
    clusterUse?.release()
    clusterUse = nil
  }
}

/// Something that a command could not do.
struct CommandError: UserFacingError {
  var exitCode: ExitCode
  var message: String
  init(_ exitCode: ExitCode, _ message: String) {
    self.exitCode = exitCode
    self.message = message
  }
}
