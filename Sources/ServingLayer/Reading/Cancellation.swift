import Synchronization
import Warehouse

/// Stops the work for an answer that nobody waits for any more, from another thread: statements that are running, and those
/// that would come.
final class Cancellation: Sendable {
  private struct State {
    var isRequested = false
    /// Of the connection that is at work.
    var canceller: Canceller?
  }

  private let state = Mutex(State())

  /// PostgreSQL's code for a statement that was cancelled.
  static let sqlState = "57014"

  var isRequested: Bool { state.withLock { $0.isRequested } }

  /// Asks PostgreSQL to stop the statement, and waits until PostgreSQL has been asked. The connection stays with its
  /// statement meanwhile, so that the request cannot meet the next borrower's.
  func request() {
    state.withLock {
      $0.isRequested = true
      try? $0.canceller?.cancel()
    }
  }

  /// Runs `body`, whose statements on the connection `request` can stop.
  ///
  /// - Throws: what `body` throws; 57014 without running it where the stop was asked for before.
  func during<T>(
    _ connection: Connection, _ body: () throws(WarehouseError) -> T
  ) throws(WarehouseError) -> T {
    let canceller = try connection.canceller()
    let isRequested = state.withLock {
      $0.canceller = canceller
      return $0.isRequested
    }
    defer { state.withLock { $0.canceller = nil } }
    guard !isRequested else {
      throw WarehouseError(.statement, "Nobody waits for the answer", sqlState: Self.sqlState)
    }
    return try body()
  }
}
