import Dispatch
import Synchronization

/// A bounded set of connections that threads borrow one at a time. Connections are made when first
/// needed, kept while they work and replaced when they do not.
public final class ConnectionPool: Sendable {
  /// Hands a connection from one thread to the next: it is in the idle list, or with one borrower.
  private struct Idle: @unchecked Sendable {
    let connection: Connection
  }

  private let url: String
  private let applicationName: String
  private let prepare: @Sendable (Connection) throws(WarehouseError) -> Void
  /// The most connections there ever are.
  public let limit: Int
  private let free: DispatchSemaphore
  private let idle = Mutex<[Idle]>([])

  /// Connects to nothing yet.
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
    // A semaphore that starts at its limit stops the program when it is freed below it.
    for _ in 0..<self.limit { free.signal() }
  }

  /// Lends a connection to `body`. A transaction left open, or a lost connection, does not reach
  /// the next borrower.
  /// - Parameter seconds: how long to wait for a connection to come free.
  /// - Throws: retriable `.connection` when all stay taken; otherwise what `body` threw.
  public func withConnection<T>(
    waitingAtMost seconds: Double = 5, _ body: (Connection) throws(WarehouseError) -> T
  ) throws(WarehouseError) -> T {
    try waitForRoom(seconds)
    defer { free.signal() }
    let connection = try take()
    defer { giveBack(connection) }
    return try body(connection)
  }

  /// `withConnection` for a body that also throws errors of other kinds.
  public func withConnection<T>(
    waitingAtMost seconds: Double = 5, _ body: (Connection) throws -> T
  ) throws -> T {
    try waitForRoom(seconds)
    defer { free.signal() }
    let connection = try take()
    defer { giveBack(connection) }
    return try body(connection)
  }

  /// Closes the connections that nobody uses; the others close as they come back only if lost.
  public func closeIdle() { idle.withLock { $0.removeAll() } }

  private func waitForRoom(_ seconds: Double) throws(WarehouseError) {
    guard free.wait(timeout: .now() + seconds) == .success else {
      throw WarehouseError(
        .connection,
        "All \(limit) database connections were busy for \(seconds) s; try again, or raise the limit",
        isRetriable: true)
    }
  }

  private func take() throws(WarehouseError) -> Connection {
    while let candidate = idle.withLock({ $0.popLast() }) {
      if candidate.connection.isIdle { return candidate.connection }
    }
    let fresh = try Connection(url: url, applicationName: applicationName)
    try prepare(fresh)
    return fresh
  }

  private func giveBack(_ connection: Connection) {
    if connection.isInTransaction { _ = try? connection.run("rollback") }
    guard connection.isIdle else { return }
    let returned = Idle(connection: connection)
    idle.withLock { $0.append(returned) }
  }
}
