import Foundation
import Warehouse

/// Drops the speed layer's partitions of epochs that are loaded. Best effort: no reader counts the partitions
/// that stay, and the next load tries again.
struct EpochCleaner {
  let library: SQLLibrary

  /// Seconds to wait for readers whose snapshot is from before the publication.
  private static let patience = 2.0

  /// Waits until no statement is left that is older than this call, but for 2 s at most.
  func letOlderStatementsEnd(_ connection: Connection) {
    _ = try? waitForOlderReaders(
      connection, than: connection.run(library.sql("batch/current_transaction")).text(0, 0))
  }

  /// Detaches and drops the partitions of loaded epochs, and forgets the late events and marks that facts
  /// have replaced.
  /// - Parameter connection: the one that has published the load.
  func dropLoadedEpochs(_ connection: Connection) {
    do {
      try connection.script("set lock_timeout = '5s'")
      // A transaction with an older snapshot still counts these epochs. Even if it has not read them yet, it
      // would find them gone.
      let now = try connection.run(library.sql("batch/current_transaction")).text(0, 0)
      guard try waitForOlderReaders(connection, than: now) else { return }
      let attached = try connection.run(library.sql("batch/loaded_epoch_tables"))
      for row in 0..<attached.count {
        let query =
          try attached.bool(row, 2) ? "batch/detach_epoch_finalize" : "batch/detach_epoch"
        try connection.script(
          library.sql(
            query, ["parent": try attached.text(row, 0), "table": try attached.text(row, 1)]))
      }
      _ = try connection.run(library.sql("batch/forget_late_events"))
      _ = try connection.run(library.sql("batch/forget_marks"))
      let orphans = try connection.run(library.sql("batch/orphan_epoch_tables"))
      for row in 0..<orphans.count {
        try connection.script(library.sql("batch/drop_table", ["table": try orphans.text(row, 0)]))
      }
    } catch {
      // The next load tries again.
    }
    _ = try? connection.script("reset lock_timeout")
  }

  private func waitForOlderReaders(_ connection: Connection, than transaction: String) throws
    -> Bool
  {
    let sql = try library.sql("batch/older_readers")
    let deadline = ContinuousClock.now + .seconds(Self.patience)
    while try connection.run(sql, [.text(transaction)]).int(0, 0) > 0 {
      guard ContinuousClock.now < deadline else { return false }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return true
  }
}
