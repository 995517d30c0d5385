import EventLog
import EventModel
import Foundation
import Support
import Warehouse

/// Where one run of a command finds the log, the lake and the database. The private cluster is started when its URL
/// is first asked for, and stopped by `close` where no other process uses it.
final class Locations {
  /// Partitions of topics that are made, unless `--partitions` says otherwise.
  static let defaultPartitions = 4

  private let arguments: Arguments
  let library: SQLLibrary
  private var clusterUse: ClusterUse?
  /// The private cluster; nil before it is started, and where `--database` names another server.
  private(set) var cluster: ClusterInfo?

  private let makesData: Bool

  /// - Parameter makesData: whether the default data directory, ./data, is made where there is none.
  /// - Throws: where the folder `warehouse-sql` is not found.
  init(_ arguments: Arguments, makesData: Bool = false) throws {
    self.arguments = arguments
    self.makesData = makesData
    library = try SQLLibrary()
  }

  /// The value of `--data`, or the default.
  var dataDirectory: String { arguments.string("--data") ?? "./data" }

  private var hasData: Bool {
    makesData || arguments.has("--data") || FileManager.default.fileExists(atPath: dataDirectory)
  }

  /// - Throws: `UsageError` naming the flag, where the command has neither `--data` nor a ./data to work on.
  private func requireData(_ flag: String) throws {
    guard hasData else {
      throw UsageError("say where: \(flag), or --data DIR (there is no ./data here)")
    }
  }

  // MARK: Log and lake

  /// `--log`, else the lake's directory, else the log in the data directory.
  /// - Throws: `UsageError` where there is none of these.
  func logURL() throws -> String {
    if let url = arguments.string("--log") { return url }
    if let lake = arguments.string("--lake") { return Self.directoryURL(lake) }
    try requireData("--log URL")
    return "dir:\(dataDirectory)/log"
  }

  /// The log, opened.
  func log() throws -> any EventLog {
    let url = try logURL()
    let properties = try KafkaFlags.properties(arguments, logURL: url)
    let log = try EventLogs.open(
      url, properties: properties, kinds: KafkaFlags.kinds(properties))
    try (log as? KafkaLog)?.requireOwnNames(of: KafkaFlags.allTopics)
    return log
  }

  /// Says how the settings of the log's topics can lose records before they are read.
  static func sayRisks(of log: any EventLog) {
    let risks = log.risks(
      of: Topic.allCases.map(\.name), compacted: CatalogueTopic.allCases.map(\.name))
    for risk in risks { Notices(prefix: "polyrhythm: warning: ").say(risk, .warning) }
  }

  /// For commands that write to the log: makes the data directory where the log is in it and it is missing.
  func makeLogDirectory() throws {
    if !arguments.has("--log"), !arguments.has("--lake") { try DataDirectory.make(dataDirectory) }
  }

  /// `--lake`, as a plain path or a `dir:` URL, else the log, which then has to be a directory.
  /// - Throws: `UsageError` where the log is not a directory.
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

  /// The log of `run` where that is in Kafka; nil where it is the one in the data directory.
  /// - Throws: `UsageError` where `--log` names a directory: the data directory has that.
  func runLog() throws -> (any EventLog)? {
    guard let url = arguments.string("--log"), url.hasPrefix("kafka:") else {
      guard !arguments.isGiven("--log") else {
        throw UsageError(
          "run: --log is kafka:HOST:PORT; a log on disk is in the directory of --data")
      }
      return nil
    }
    return try log()
  }

  /// The log in the data directory, which with Kafka is the copy that loads read.
  func runLake() -> DirectoryLog { DirectoryLog(path: "\(dataDirectory)/log") }

  private static func directoryURL(_ text: String) -> String {
    text.hasPrefix("dir:") ? text : "dir:\(text)"
  }

  /// Partitions of topics that are made, 1 to 1024.
  /// - Throws: `UsageError` naming the flag and its range.
  func partitions() throws -> Int {
    try arguments.int("--partitions", in: 1...1024) ?? Self.defaultPartitions
  }

  // MARK: Database

  /// `--database`, else the URL of the private cluster, which is started.
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

  /// The URL for commands that only read: in the private cluster that of a role that cannot write, elsewhere
  /// `--database` as it is.
  func readerURL() throws -> String {
    let url = try databaseURL()
    return cluster?.readerURL ?? url
  }

  /// For commands that only read, and so must not make a cluster where there is none.
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

  /// The database's URL, for commands that only read.
  /// - Throws: `.noInput` where the data directory has no database.
  func existingDatabaseURL() throws -> String {
    try requireDatabase()
    return try databaseURL()
  }

  /// The URL of a database with this program's schema, which is made or migrated where it is missing or older.
  func migratedDatabaseURL() throws -> String {
    let url = try databaseURL()
    let connection = try Connection(url: url, applicationName: "polyrhythm migrate")
    _ = try Migrator(library: library).migrate(connection)
    return url
  }

  /// From now on, and until `close`, starts the private cluster again whenever it is gone. Does nothing for the
  /// database of `--database`.
  /// - Parameters:
  ///   - stop: requested where the cluster comes up again on another port, because connections by the old
  ///     URL cannot be made again; `requireSameDatabase` then throws.
  ///   - prefix: of what is said of it in text.
  func keepDatabase(stop: StopToken, prefix: String) {
    guard let cluster else { return }
    clusterUse?.keep(cluster, stop: stop, Notices("postgres", prefix: prefix))
  }

  /// - Throws: `.temporaryFailure` where the private cluster came up again on another port.
  func requireSameDatabase() throws { try clusterUse?.requireUnmoved() }

  /// Ends the use of the private cluster; its last user stops it.
  func close() {
    clusterUse?.release()
    clusterUse = nil
  }
}
