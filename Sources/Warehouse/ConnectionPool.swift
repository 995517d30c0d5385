import Dispatch
import Synchronization

/// A bounded set of connections that threads borrow one at a time. A connection is made when it is first
/// needed, kept while it works, and replaced when it is lost.
public final class ConnectionPool: Sendable {
  /// A connection in the idle list. It may pass from one thread to the next, because it is either in that list
  /// or with exactly one borrower.
  private struct Idle: @unchecked Sendable {
    let connection: Connection
  }

  private let url: String
  private let applicationName: String
  private let prepare: @Sendable (Connection) throws(WarehouseError) -> Void
  /// The most connections at a time, at least 1.
  public let limit: Int
  private let free: DispatchSemaphore
  private let idle = Mutex<[Idle]>([])

  /// What a pool's connections are at.
  public struct Usage: Sendable, Equatable {
    /// Connections that are lent.
    public var inUse = 0
    /// Connections that are open and not lent.
    public var idle = 0
    /// Threads that wait for a connection.
    public var waiting = 0
  }

  private let usageCounts = Mutex(Usage())

  /// What the connections are at now.
  public var usage: Usage {
    var usage = usageCounts.withLock { $0 }
    usage.idle = idle.withLock { $0.count }
    return usage
  }

  /// A pool without connections; the first borrower connects.
  /// - Parameters:
  ///   - limit: the most connections at a time, at least 1.
  ///   - prepare: runs on every new connection, before its first use (`set statement_timeout …`).
  public init(
    url: String, limit: Int, applicationName: String = "polyrhythm",
    prepare: @escaping @Sendable (Connection) throws(WarehouseError) -> Void = { _ in }
  ) {
    self.url = url
    self.limit = max(1, limit)
    self.applicationName = applicationName
    self.prepare = prepare
    free = DispatchSemaphore(value: 0)
    // A semaphore that is made with a value above 0 stops the program when it is freed at a lower value.
    for _ in 0..<self.limit { free.signal() }
  }

  /// Lends a connection to `body`, which must not keep it, nor ask this pool for another one: where all are
  /// lent to such bodies, each waits for the others.
  ///
  /// The next borrower gets neither a lost connection nor one with a transaction left open. What else belongs to
  /// a session stays: settings, temporary tables, advisory locks.
  ///
  /// ```
  /// let minutes = try pool.withConnection { connection in
  ///   try connection.run("select count(*) from serving.minute_totals").int(0, 0)
  /// }
  /// ```
  /// - Parameter seconds: how long to wait for a connection to come free.
  /// - Throws: `.connection`, retriable when all connections stay taken; whatever `prepare` or `body` throws.
  public func withConnection<T>(
    waitingAtMost seconds: Double = 5, _ body: (Connection) throws(WarehouseError) -> T
  ) throws(WarehouseError) -> T {
    try waitForRoom(seconds)
    defer { leaveRoom() }
    let connection = try take()
    defer { giveBack(connection) }
    return try body(connection)
  }

  /// `withConnection` for a body that also throws errors of other kinds.
  public func withConnection<T>(
    waitingAtMost seconds: Double = 5, _ body: (Connection) throws -> T
  ) throws -> T {
    try waitForRoom(seconds)
    defer { leaveRoom() }
    let connection = try take()
    defer { giveBack(connection) }
    return try body(connection)
  }

  /// Opens connections ahead of need, one after the other, until so many are open.
  ///
  /// - Parameters:
  ///   - count: connections, those that are lent among them; no more than `limit` are opened.
  ///   - body: runs on each new connection once it is prepared.
  /// - Throws: `.connection`; whatever `prepare` or `body` throws. What is open by then stays open.
  public func open(
    _ count: Int, _ body: (Connection) throws(WarehouseError) -> Void
  ) throws(WarehouseError) {
    while usage.inUse + usage.idle < min(count, limit) {
      try waitForRoom(5)
      defer { leaveRoom() }
      let fresh = try connect()
      defer { giveBack(fresh) }
      try body(fresh)
    }
  }

  /// Closes the connections that nobody uses at present. Those in use stay open and come back to the pool.
  public func closeIdle() { idle.withLock { $0.removeAll() } }

  private func waitForRoom(_ seconds: Double) throws(WarehouseError) {
    usageCounts.withLock { $0.waiting += 1 }
    let isFree = free.wait(timeout: .now() + seconds) == .success
    usageCounts.withLock {
      $0.waiting -= 1
      if isFree { $0.inUse += 1 }
    }
    guard isFree else {
      throw WarehouseError(
        .connection,
        "All \(limit) database connections were busy for \(seconds) s; try again, or raise the limit",
        isRetriable: true)
    }
  }

  private func leaveRoom() {
    usageCounts.withLock { $0.inUse -= 1 }
    free.signal()
  }

  private func take() throws(WarehouseError) -> Connection {
    while let candidate = idle.withLock({ $0.popLast() }) {
      if candidate.connection.isIdle { return candidate.connection }
    }
    return try connect()
  }

  private func connect() throws(WarehouseError) -> Connection {
    let fresh = try Connection(url: url, applicationName: applicationName)
    try prepare(fresh)
    return fresh
  }

  private func giveBack(_ connection: Connection) {
    if connection.isInTransaction { _ = try? connection.run("rollback") }
    guard connection.isIdle else { return }
    connection.noticeHandler = nil
    let returned = Idle(connection: connection)
    idle.withLock { $0.append(returned) }
  }
}
