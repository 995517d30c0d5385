import Glibc
import Support

/// Where a running private cluster is reached.
public struct ClusterInfo: Sendable, CustomStringConvertible {
  /// For the owner, over the socket; only the server's own user (and root) can use it.
  public var url: String
  /// For whatever only reads: role `polyrhythm_read`, over the same socket. Has no rights to write,
  /// and none to get any.
  public var readerURL: String
  /// For BI tools: role `analyst`, read-only, TCP on 127.0.0.1. Holds the password.
  public var analystURL: String
  /// The TCP port on 127.0.0.1, and the number in the socket's name.
  public var port: UInt16
  /// Where the server's socket is; the owner connects there.
  public var socketDirectory: String
  /// PostgreSQL's data directory.
  public var dataDirectory: String
  /// What the server says; one file, kept as `.old` when it has grown.
  public var logFile: String
  /// Holds the password of `analyst`; mode 0600.
  public var passwordFile: String
  /// PostgreSQL's major version.
  public var major: Int
  /// True where the server ran already.
  public var wasRunning: Bool

  public var description: String {
    "PostgreSQL \(major) on 127.0.0.1:\(port), socket in \(socketDirectory)"
  }
}

/// A PostgreSQL server of our own in one directory: made when first needed, started when it is not
/// running, shared by all commands that name the directory.
///
/// In the directory: `data`, `socket`, `server.log`, `analyst.password`, `port`. Settings are in
/// `data/polyrhythm.conf` (ours) and `data/local.conf` (the operator's).
public struct PrivateCluster: Sendable {
  /// The directory, absolute; may be a link.
  public let directory: String
  private let isDurable: Bool

  /// How long a start may take, crash recovery included. Seconds.
  private static let startSecondsMax = 600
  /// How long backends may outlive a postmaster that was killed, before they are killed too. Seconds.
  private static let orphanSecondsMax = 3.0
  /// After how long a start fails because some still do: in another container, say. Seconds.
  private static let memorySecondsMax = 60.0
  /// A log larger than this is put aside at the next start, over the one put aside before. Bytes.
  private static let logBytesMax = 64 << 20
  /// Ports tried for one start.
  private static let portTriesMax = 200
  private static let role = "polyrhythm"
  static let reader = "polyrhythm_read"
  static let database = "polyrhythm"

  /// - Parameters:
  ///   - directory: the cluster's own directory (`DIR/postgres`); made by `start`.
  ///   - isDurable: false gives up durability for speed. For tests.
  public init(directory: String, isDurable: Bool = true) {
    self.directory = FileSystem.absolute(directory)
    self.isDurable = isDurable
  }

  /// Returns when the server accepts connections and has the database `polyrhythm` with the
  /// extension hll. Starts it, and makes it, where need be. Any number of processes may call this
  /// at once.
  /// - Throws: `.cluster`, with the telling line of the server's log where the server failed.
  public func start() throws(WarehouseError) -> ClusterInfo {
    let user = try ServerUser.forThisProcess()
    let place = try ClusterPlace.prepare(directory, for: user)
    let lock = try FileLock(place.lockFile, waitingAtMost: Double(Self.startSecondsMax))
    defer { withExtendedLifetime(lock) {} }
    let binaries = try ServerBinaries.find(
      major: try version(of: place), for: place.dataDirectory)
    if !FileSystem.exists(place.dataDirectory) { try initialise(place, binaries, user) }

    let running = try connectToRunning(place)
    let port: UInt16
    let server: Connection
    if let running {
      (port, server) = running
    } else {
      port = try launch(place, binaries, user)
      server = try connect(place, port, "postgres")
    }
    let password = try ensureContents(server, place, port, binaries, user)
    return ClusterInfo(
      url: url(place, port, Self.database),
      readerURL: url(place, port, Self.database, role: Self.reader),
      analystURL: "postgresql://analyst:\(password)@127.0.0.1:\(port)/\(Self.database)",
      port: port, socketDirectory: place.socketDirectory, dataDirectory: place.dataDirectory,
      logFile: place.logFile, passwordFile: place.passwordFile, major: binaries.major,
      wasRunning: running != nil)
  }

  /// A session with the server that runs; nil where none does. A server that was killed a moment ago can
  /// still look alive, so one that is gone after it refused the session did not run.
  private func connectToRunning(_ place: ClusterPlace) throws(WarehouseError)
    -> (port: UInt16, server: Connection)?
  {
    guard let postmaster = Postmaster(dataDirectory: place.dataDirectory),
      let port = postmaster.port, postmaster.isRunning(in: place.dataDirectory)
    else { return nil }
    do throws(WarehouseError) {
      return (port, try connect(place, port, "postgres"))
    } catch {
      if postmaster.isRunning(in: place.dataDirectory) { throw error }
      return nil
    }
  }

  /// How a server is stopped; the raw value is pg_ctl's word for it.
  public enum StopMode: String, Sendable {
    /// Ends the sessions, writes everything out.
    case fast
    /// Drops everything at once; the next start recovers.
    case immediate
  }

  /// Stops the server and returns when it is down; does nothing where none runs.
  public func stop(_ mode: StopMode = .fast) throws(WarehouseError) {
    guard let root = FileSystem.realPath(directory) else { return }
    let place = ClusterPlace(root: root)
    guard FileSystem.exists(place.dataDirectory) else { return }
    let user = try ServerUser.forThisProcess()
    let lock = try FileLock(place.lockFile, waitingAtMost: Double(Self.startSecondsMax))
    defer { withExtendedLifetime(lock) {} }
    guard let postmaster = Postmaster(dataDirectory: place.dataDirectory),
      postmaster.isRunning(in: place.dataDirectory)
    else { return }
    let binaries = try ServerBinaries.find(
      major: try version(of: place), for: place.dataDirectory)
    let outcome = try ChildProcess.run(
      [
        binaries.path("pg_ctl"), "stop", "-s", "-w", "-t", "\(Self.startSecondsMax)",
        "-m", mode.rawValue, "-D", place.dataDirectory,
      ], as: user)
    waitpid(postmaster.processID, nil, WNOHANG)
    guard outcome.status == 0 || !postmaster.isRunning(in: place.dataDirectory) else {
      throw WarehouseError(
        .cluster,
        "PostgreSQL in \(place.dataDirectory) does not stop: "
          + "\(ServerError.oneLine(outcome.output)); see \(place.logFile)")
    }
  }

  /// Whether the server lives, or may. Cheap: looks at some files.
  public var isRunning: Bool { runningServer != nil }

  /// The port of the server that runs; nil where none does, or it is just starting.
  public var runningPort: UInt16? { runningServer?.port }

  private var runningServer: Postmaster? {
    guard let root = FileSystem.realPath(directory) else { return nil }
    let data = ClusterPlace(root: root).dataDirectory
    guard let server = Postmaster(dataDirectory: data), server.isRunning(in: data) else {
      return nil
    }
    return server
  }

  // MARK: Making

  private func version(of place: ClusterPlace) throws(WarehouseError) -> Int? {
    guard FileSystem.exists(place.dataDirectory) else { return nil }
    guard let text = FileSystem.text(place.dataDirectory + "/PG_VERSION"),
      let major = Int(text.prefix { $0.isNumber })
    else {
      throw WarehouseError(
        .cluster,
        "\(place.dataDirectory) is not a PostgreSQL data directory (no PG_VERSION): "
          + "move it away, or use another data directory")
    }
    return major
  }

  /// Makes the data directory beside its place and moves it there when whole: an interrupted
  /// initdb leaves nothing that looks like a cluster.
  private func initialise(_ place: ClusterPlace, _ binaries: ServerBinaries, _ user: ServerUser)
    throws(WarehouseError)
  {
    let unfinished = place.dataDirectory + ".new"
    _ = try ChildProcess.run(["/bin/rm", "-rf", unfinished], as: user)
    // Collation C sorts by code point, at memcmp's speed; the character type knows all letters.
    let command =
      [
        binaries.path("initdb"), "-D", unfinished, "-U", Self.role, "--encoding=UTF8",
        "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-instructions",
      ] + (isDurable ? [] : ["--no-sync"])
    var outcome = try ChildProcess.run(command + ["--lc-ctype=C.UTF-8"], as: user)
    if outcome.output.contains("invalid locale") {
      _ = try ChildProcess.run(["/bin/rm", "-rf", unfinished], as: user)
      outcome = try ChildProcess.run(command, as: user)
    }
    guard outcome.status == 0 else {
      throw WarehouseError(
        .cluster,
        "initdb cannot make \(place.dataDirectory): "
          + Self.tellingLine(outcome.output, otherwise: "exit status \(outcome.status)"))
    }
    guard let settings = FileSystem.text(unfinished + "/postgresql.conf") else {
      throw ClusterFiles.failure("read", unfinished + "/postgresql.conf")
    }
    try ClusterFiles.write(
      settings + ClusterSettings.includes, to: unfinished + "/postgresql.conf", mode: 0o600,
      owner: user)
    try ClusterFiles.write(
      ClusterSettings.hostBasedAuthentication, to: unfinished + "/pg_hba.conf", mode: 0o600,
      owner: user)
    guard rename(unfinished, place.dataDirectory) == 0 else {
      throw ClusterFiles.failure("move into place", place.dataDirectory)
    }
  }

  /// - Returns: the password of `analyst`.
  private func ensureContents(
    _ server: Connection, _ place: ClusterPlace, _ port: UInt16, _ binaries: ServerBinaries,
    _ user: ServerUser
  ) throws(WarehouseError) -> String {
    let available = try server.run("select from pg_available_extensions where name = 'hll'")
    guard available.count > 0 else {
      throw WarehouseError(
        .cluster,
        "PostgreSQL \(binaries.major) lacks the extension hll: "
          + "apt-get install postgresql-\(binaries.major)-hll")
    }
    let databases = try server.run(
      "select from pg_database where datname = $1", [.text(Self.database)])
    if databases.isEmpty {
      try server.script("create database \(Identifier.quoted(Self.database))")
    }
    // Who only reads has no business in them, where nothing keeps him from writing.
    try server.script("revoke connect on database postgres, template1 from public")
    let password = try ensureAnalyst(server, place, user)
    let database = try connect(place, port, Self.database)
    try database.script("create extension if not exists hll")
    try ClusterRoles(database: database).ensure()
    return password
  }

  private func ensureAnalyst(_ server: Connection, _ place: ClusterPlace, _ user: ServerUser)
    throws(WarehouseError) -> String
  {
    let isThere = try !server.run("select from pg_roles where rolname = 'analyst'").isEmpty
    if isThere, let password = FileSystem.text(place.passwordFile)?.split(separator: "\n").first {
      return String(password)
    }
    let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")
    let password = String((0..<32).map { _ in alphabet.randomElement()! })
    try ClusterFiles.write(password + "\n", to: place.passwordFile, mode: 0o600, owner: user)
    try server.transaction { () throws(WarehouseError) in
      // The password must not reach the server's log, whatever happens here.
      try server.script(
        "set local log_statement = 'none'; set local log_min_duration_statement = -1")
      try server.script("set local log_min_error_statement = 'panic'")
      if !isThere { try server.script("create role analyst login") }
      // Bound, and put into its statement by the server: an error quotes statements.
      try server.run("select set_config('polyrhythm.password', $1, true)", [.text(password)])
      try server.script(
        """
        do $$ begin execute
          format('alter role analyst password %L', current_setting('polyrhythm.password'));
        end $$;
        alter role analyst set default_transaction_read_only = on
        """)
    }
    return password
  }

  // MARK: Starting

  private func launch(_ place: ClusterPlace, _ binaries: ServerBinaries, _ user: ServerUser)
    throws(WarehouseError) -> UInt16
  {
    let begin = ContinuousClock.now
    if FileSystem.size(place.logFile) > Self.logBytesMax {
      rename(place.logFile, place.logFile + ".old")
    }
    var ports = PortChoice(place)
    var port = try ports.next(triesMax: Self.portTriesMax)
    while true {
      Postmaster.correctMisleadingLocks(of: place, port: port)
      let settings = ClusterSettings(
        port: port, socketDirectory: place.socketDirectory,
        clusterName: Orphans.clusterName(of: place.dataDirectory),
        memory: ClusterSettings.memoryOfThisMachine(),
        diskFree: ClusterSettings.diskFree(at: place.dataDirectory), isDurable: isDurable)
      try ClusterFiles.write(
        settings.text, to: "\(place.dataDirectory)/\(ClusterSettings.fileName)", mode: 0o600,
        owner: user)
      let logStart = FileSystem.size(place.logFile)
      let outcome = try ChildProcess.run(
        [
          binaries.path("pg_ctl"), "start", "-s", "-w", "-t", "\(Self.startSecondsMax)",
          "-D", place.dataDirectory, "-l", place.logFile,
        ], as: user)
      if outcome.status == 0 {
        try ClusterFiles.write("\(port)\n", to: place.portFile, mode: 0o600, owner: user)
        return port
      }
      let log = FileSystem.text(place.logFile, from: logStart) ?? ""
      if log.contains("could not create any TCP/IP sockets") {
        port = try ports.next(triesMax: Self.portTriesMax)
      } else if outlivedByBackends(log, place)
        && ContinuousClock.now - begin < .seconds(Self.memorySecondsMax)
      {
        if ContinuousClock.now - begin > .seconds(Self.orphanSecondsMax) {
          try Orphans.end(place.dataDirectory, binaries, user)
        }
        usleep(100_000)
      } else {
        throw WarehouseError(
          .cluster,
          "PostgreSQL in \(place.dataDirectory) does not start: "
            + Self.tellingLine(log, otherwise: ServerError.oneLine(outcome.output))
            + "; see \(place.logFile)")
      }
    }
  }

  /// True where the server would start but for what a killed one left: backends that have not
  /// noticed yet and hold its memory, or its process not yet buried by its parent.
  private func outlivedByBackends(_ log: String, _ place: ClusterPlace) -> Bool {
    if log.contains("pre-existing shared memory block") { return true }
    guard log.contains("lock file") && log.contains("already exists") else { return false }
    return Postmaster(dataDirectory: place.dataDirectory)?
      .isRunning(in: place.dataDirectory) != true
  }

  private func connect(_ place: ClusterPlace, _ port: UInt16, _ database: String)
    throws(WarehouseError) -> Connection
  {
    let deadline = ContinuousClock.now + .seconds(Self.startSecondsMax)
    while true {
      do throws(WarehouseError) {
        return try Connection(url: url(place, port, database))
      } catch {
        // Another process may have it starting up or recovering right now.
        let isComing = Postmaster(dataDirectory: place.dataDirectory)?
          .isRunning(in: place.dataDirectory)
        guard error.isRetriable, isComing == true, ContinuousClock.now < deadline else {
          throw error
        }
        usleep(50_000)
      }
    }
  }

  private func url(
    _ place: ClusterPlace, _ port: UInt16, _ database: String, role: String = Self.role
  ) -> String {
    let host = Self.percentEncoded(place.socketDirectory)
    return "postgresql://\(role)@/\(database)?host=\(host)&port=\(port)"
  }

  private static func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      let character = Character(UnicodeScalar(byte))
      if byte < 0x80 && (character.isLetter || character.isNumber || "-_.".contains(character)) {
        return String(character)
      }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  /// The last line that says why, else the last line, else `otherwise`. A FATAL that only says that
  /// a file has errors is led by the line about the error itself.
  static func tellingLine(_ log: String, otherwise: String) -> String {
    let lines = log.split(separator: "\n").map { ServerError.oneLine(String($0)) }
    let telling = ["FATAL:", "PANIC:", "ERROR:", "error:"]
    guard let index = lines.lastIndex(where: { line in telling.contains { line.contains($0) } })
    else { return lines.last ?? otherwise }
    if index > 0 && lines[index].contains("contains errors") {
      return "\(lines[index - 1]); \(lines[index])"
    }
    return lines[index]
  }
}
