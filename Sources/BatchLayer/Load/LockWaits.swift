import Warehouse

/// Bounds waits for locks, and tells who holds them.
enum LockWaits {
  /// Seconds to wait for a moment in which nobody reads a table: readers wait behind this.
  static let forNoReaders = 0.04
  /// Seconds between two such waits.
  static let pause = 0.1

  /// Bounds each wait for a lock in the connection's present transaction.
  static func limit(_ connection: Connection, _ library: SQLLibrary, seconds: Double)
    throws(WarehouseError)
  {
    let milliseconds = max(1, Int(seconds * 1000))
    try connection.script(
      library.sql("batch/set_lock_timeout", ["milliseconds": "\(milliseconds)"]))
  }

  /// Whether a lock was not free in time: lock_not_available (55P03) or deadlock_detected (40P01).
  static func isLockFailure(_ error: WarehouseError) -> Bool {
    error.sqlState == "55P03" || error.sqlState == "40P01"
  }

  /// For an error message, the session that has been in a transaction with our tables for the longest time:
  /// ` by session 4711 (name, in a transaction for 12 s)`; empty where there is none.
  static func holders(_ connection: Connection, _ library: SQLLibrary) throws(WarehouseError)
    -> String
  {
    let rows = try connection.run(library.sql("batch/lock_holders"))
    guard rows.count > 0 else { return "" }
    return " by session \(try rows.int(0, 0)) (\(try rows.text(0, 1)), in a transaction for "
      + "\(try rows.int(0, 2)) s)"
  }
}
