import Dispatch
import Glibc
import Support
import Synchronization
import Warehouse

/// How `HTTPServer` serves.
public struct HTTPServerConfiguration: Sendable {
  /// `HOST:PORT`. Port 0 lets the system choose one.
  public var listen: String
  /// A token that requests must carry; nil or empty where everybody may read. `HTTPServer.start` refuses
  /// addresses that other machines can reach without one.
  public var token: String?
  /// Path of a file of tokens, in place of `token`.
  public var tokenFile: String?
  /// Origins of pages elsewhere that may read the API with a token: `https://example.org`.
  public var crossOrigins: Set<String> = []
  /// Starts loads for tokens of scope `operate`; nil where that is not to be had.
  public var operations: LoadOperations?
  /// Path of the certificate chain in PEM; goes together with `tlsKey`. nil for plain HTTP.
  public var tlsCertificate: String?
  /// Path of the private key in PEM; goes together with `tlsCertificate`.
  public var tlsKey: String?
  /// Connections to the database at a time for questions, and so questions at a time; at least 3. A quarter of them is for
  /// lists, and one for those that read much, which get no others. Probes and live streams have three more, answers in pieces two,
  /// answers that are made again two.
  public var databaseConnections = 8
  /// Questions at a time.
  fileprivate var questions: Int { max(3, databaseConnections) }
  /// Whole seconds after which PostgreSQL gives up a query.
  public var queryTimeout = 30
  /// Seconds between two looks for new minutes, while a live stream is open. After one that has found some it is 1.5 times as long, as
  /// what a page that is left open costs follows how often something is told.
  public var pollInterval = 2.2
  /// Seconds that the speed layer may be behind the log while the server calls itself ready; 0 for any.
  public var readyLag = 300.0
  /// Gets what an operator should know, a line at a time. Called from any thread. Default: stderr.
  public var log: @Sendable (String) -> Void = { line in
    StandardError.write("polyrhythm: \(line)\n")
  }

  /// Nothing is checked here: `HTTPServer` does that.
  public init(
    listen: String = "127.0.0.1:8080", token: String? = nil, tlsCertificate: String? = nil,
    tlsKey: String? = nil
  ) {
    self.listen = listen
    self.token = token
    self.tlsCertificate = tlsCertificate
    self.tlsKey = tlsKey
  }
}

/// Serves the query API, the live stream and the page over HTTP. While the database does not answer, the server
/// answers 503; it recovers by itself.
public final class HTTPServer: Sendable {
  private struct Running: Sendable {
    var daemon: HTTPDaemon
    var poller: Poller
  }

  private let configuration: HTTPServerConfiguration
  private let address: ListenAddress
  private let tls: HTTPDaemon.TLS?
  private let tokens: TokenList?
  private let database: any Database
  private let probes: any Database
  private let watch = CommitWatch()
  private let queries: ServingQueries
  private let clock: @Sendable () -> Instant
  private let running = Mutex<Running?>(nil)

  /// Checks the configuration and reads the files; connects to nothing yet.
  ///
  /// - Throws: `ServingError`; `WarehouseError` where the SQL files are not found.
  public convenience init(_ configuration: HTTPServerConfiguration, databaseURL: String) throws {
    try self.init(configuration, databaseURL: databaseURL) { Instant.now }
  }

  /// - Parameter clock: what relative times and minutes are of.
  convenience init(
    _ configuration: HTTPServerConfiguration, databaseURL: String,
    clock: @escaping @Sendable () -> Instant
  ) throws {
    let database = WarehouseDatabase(
      url: databaseURL,
      connections: configuration.questions + Self.renewals + Self.streams,
      timeout: configuration.queryTimeout)
    let probes = WarehouseDatabase(
      url: databaseURL, connections: Self.probeConnections,
      timeout: min(Self.probeTimeout, configuration.queryTimeout))
    try self.init(
      configuration, database: database, probes: probes, queries: ServingQueries(SQLLibrary()),
      clock: clock)
  }

  /// Answers that are sent in pieces at a time, each with a connection of its own.
  private static let streams = 2
  private static let renewals = 2
  /// For two threads of the lane, and for the live streams.
  private static let probeConnections = 3
  /// Whole seconds after which PostgreSQL gives up what a probe asks.
  private static let probeTimeout = 5

  /// - Parameter probes: for probes and live streams; nil where `database` is for them too.
  init(
    _ configuration: HTTPServerConfiguration, database: any Database,
    probes: (any Database)? = nil, queries: ServingQueries,
    clock: @escaping @Sendable () -> Instant = { Instant.now }
  ) throws(ServingError) {
    var configuration = configuration
    if configuration.token?.isEmpty == true { configuration.token = nil }
    tokens =
      if let file = configuration.tokenFile {
        try TokenList(file: file, log: configuration.log)
      } else {
        configuration.token.map {
          TokenList([AccessToken(name: "token", scope: .read, secret: $0)])
        }
      }
    address = try ListenAddress(configuration.listen)
    tls = try Self.readTLS(configuration)
    self.configuration = configuration
    self.database = WatchedDatabase(database, watch: watch, committed: queries.committed)
    self.probes = WatchedDatabase(probes ?? database, watch: watch, committed: queries.committed)
    self.queries = queries
    self.clock = clock
  }

  /// Begins to serve, on threads of its own.
  ///
  /// - Returns: the address it listens on, with the port that the system chose: `127.0.0.1:41234`.
  /// - Throws: `ServingError`: address in use, no token for a remote address, unusable TLS files.
  @discardableResult
  public func start() throws(ServingError) -> String {
    // A client that goes away while we write must not end the process.
    signal(SIGPIPE, SIG_IGN)
    let (socket, bound) = try address.open(allowsRemote: tokens != nil)
    let assets = PageAssets.installed
    for line in assets.missing { configuration.log(line) }
    if tokens != nil, tls == nil, !bound.isLoopback {
      configuration.log(
        "Listening on \(bound.text) without TLS: the token and the figures can be read on the way; "
          + "give --tls-cert and --tls-key, or put a proxy that speaks TLS in front")
    }
    let hub = LiveHub(
      database: probes, queries: queries, watch: watch,
      spacing: .seconds(configuration.pollInterval * 0.9), clock: clock)
    let router = Router(
      database: database, queries: queries, assets: assets,
      access: AccessControl(tokens: tokens, isSecure: tls != nil), hub: hub,
      statistics: RequestStatistics(), clock: clock, log: configuration.log, probes: probes,
      pools: [("questions", database), ("probes", probes)], cache: AnswerCache(watch: watch),
      readyLag: configuration.readyLag,
      operations: configuration.operations,
      crossOrigin: CrossOrigin(origins: configuration.crossOrigins))
    let questions = configuration.questions
    let quarter = max(1, questions / 4)
    let daemon = try HTTPDaemon(
      socket: socket, router: router, tls: tls,
      threads: [
        .probe: Self.probeConnections - 1, .question: questions - 2 * quarter, .list: quarter,
        .heavy: quarter, .renewal: Self.renewals, .stream: Self.streams,
      ],
      limits: HTTPDaemon.Limits(descriptors: raiseDescriptorLimit()))
    _ = Worker("page files") { router.prepare() }
    let poller = Poller(hub: hub, interval: configuration.pollInterval)
    running.withLock { $0 = Running(daemon: daemon, poller: poller) }
    return bound.text
  }

  /// Opens the connections to the database, which takes about a second, so that the first who ask do not wait for that. Where
  /// the database does not answer, they are opened as they are needed.
  public func prepare() {
    let preparation = Preparation(database: database, probes: probes, queries: queries)
    do {
      try preparation.run(
        connections: (configuration.questions + Self.renewals, Self.probeConnections), now: clock())
    } catch {
      let reason = (error as? WarehouseError)?.message ?? "\(error)"
      configuration.log("could not connect ahead of the first question: \(reason)")
    }
  }

  /// Ends the streams, finishes the answers under way, and closes the socket.
  ///
  /// - Parameter grace: seconds after which questions that are still under way are cancelled.
  public func stop(grace: Double = 5) {
    let stopped = running.withLock { running in
      defer { running = nil }
      return running
    }
    guard let stopped else { return }
    stopped.poller.stop()
    stopped.daemon.stop(grace: grace)
  }

  /// Every connection is a descriptor, and the system's usual soft limit of 1,024 is for programs that use `select`.
  ///
  /// - Returns: descriptors that the process may have open from now on.
  private func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    let before = limit.rlim_cur
    limit.rlim_cur = min(limit.rlim_max, 1 << 20)
    guard limit.rlim_cur > before,
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    else { return Int(clamping: before) }
    configuration.log(
      "raised the limit of open descriptors from \(before) to \(limit.rlim_cur), as each client is one"
    )
    return Int(clamping: limit.rlim_cur)
  }

  private static func readTLS(
    _ configuration: HTTPServerConfiguration
  ) throws(ServingError) -> HTTPDaemon.TLS? {
    switch (configuration.tlsCertificate, configuration.tlsKey) {
    case (nil, nil): return nil
    case (let certificate?, let key?):
      return HTTPDaemon.TLS(
        certificate: try pem(certificate, "--tls-cert"), key: try pem(key, "--tls-key"))
    default:
      throw ServingError(.tls, "TLS takes both --tls-cert and --tls-key; one is missing")
    }
  }

  private static func pem(_ path: String, _ option: String) throws(ServingError) -> [CChar] {
    switch FileBytes.read(path) {
    case .success(let bytes): return bytes.map(CChar.init(bitPattern:)) + [0]
    case .failure(let unreadable):
      throw ServingError(
        .tls, "Cannot read \(path): \(unreadable.reason); give a readable PEM file to \(option)")
    }
  }
}

/// The thread that looks for new minutes, for all live streams together, while any is open.
private final class Poller: Sendable {
  /// How much longer it waits after a look that has found something. A worker without records says every 5 s that it is there, and the
  /// page takes it for dead after 8 s: what finds nothing looks again soon.
  private static let ease = 1.5

  private let hub: LiveHub
  private let isStopped = StopToken()
  private let ended = DispatchSemaphore(value: 0)

  init(hub: LiveHub, interval: Double) {
    self.hub = hub
    DispatchQueue(label: "polyrhythm.live").async { [hub, isStopped, ended] in
      while !isStopped.isRequested {
        let hasFound = hub.subscribers > 0 && hub.poll()
        _ = hub.arrivals.wait(timeout: .now() + (hasFound ? Self.ease : 1) * interval)
        // One look is for all who have come by now.
        while hub.arrivals.wait(timeout: .now()) == .success {}
      }
      ended.signal()
    }
  }

  /// Ends all streams; returns when no look is under way.
  func stop() {
    isStopped.request()
    hub.arrivals.signal()
    hub.close()
    ended.wait()
  }
}

extension Instant {
  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

/// Writes whole lines to stderr by its descriptor, because C's `stderr` is a mutable global, which Swift 6 does not
/// let a concurrent program name.
private enum StandardError {
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
