import Foundation
import Metrics
import StarSchema
import Warehouse

/// Drops what no reader needs any more: the speed layer's partitions of epochs that are loaded, and the tables of builds
/// that were replaced. Best effort: no reader counts what stays, and the next load tries again.
struct Cleaner {
  let library: SQLLibrary

  /// Seconds to wait for readers whose snapshot is from before the publication.
  private static let patience = 2.0

  /// Waits until no statement is left that is older than this call, but for 2 s at most.
  func letOlderStatementsEnd(_ connection: Connection) {
    _ = try? waitForOlderReaders(connection)
  }

  /// Detaches and drops partitions of loaded epochs and of replaced builds, and forgets the late events and marks that
  /// facts have replaced.
  /// - Parameter connection: the one that has published the load.
  func clean(_ connection: Connection) {
    do {
      try connection.script("set lock_timeout = '5s'")
      // A transaction with an older snapshot still counts these epochs, and reads these builds. Even if it has not read
      // them yet, it would find them gone.
      guard try waitForOlderReaders(connection) else { return }
      try dropLoadedEpochs(connection)
      try dropForgottenBuilds(connection)
    } catch {
      // The next load tries again.
    }
    _ = try? connection.script("reset lock_timeout")
  }

  private func dropLoadedEpochs(_ connection: Connection) throws {
    let attached = try connection.run(library.sql("batch/loaded_epoch_tables"))
    for row in 0..<attached.count {
      try detach(
        try attached.text(row, 1), from: try attached.text(row, 0),
        isPending: try attached.bool(row, 2), connection)
    }
    _ = try connection.run(library.sql("batch/forget_late_events"))
    _ = try connection.run(library.sql("batch/forget_marks"))
    let orphans = try connection.run(library.sql("batch/orphan_epoch_tables"))
    for row in 0..<orphans.count { try drop(try orphans.text(row, 0), connection) }
  }

  private func dropForgottenBuilds(_ connection: Connection) throws {
    // That of a load which died before it moved the pointer, for one.
    _ = try connection.run(library.sql("batch/forget_builds"))
    let tables = try connection.run(library.sql("batch/forgotten_build_tables"))
    for row in 0..<tables.count {
      let table = try tables.text(row, 1)
      if let parent = tables.textOrNull(row, 0) {
        let isPending = try tables.bool(row, 2)
        if !isPending, Self.facts.contains(parent) {
          guard try detachFacts(table, from: parent, connection) else { continue }
        } else {
          try detach(table, from: parent, isPending: isPending, connection)
        }
      }
      try drop(table, connection)
    }
    _ = try connection.run(library.sql("batch/forget_fact_partitions"))
  }

  /// The tables of which a build's facts are a partition.
  private static let facts = Set(FactTable.allCases.map { "builds.\($0.name)" })
  /// How often to wait for a moment in which nobody reads facts.
  private static let attempts = 10

  /// Takes a build's facts away in a moment in which nobody plans or runs a statement with facts.
  /// - Returns: false where there was none, and the table stays.
  private func detachFacts(
    _ table: String, from parent: String, _ connection: Connection
  ) throws(WarehouseError) -> Bool {
    for _ in 0..<Self.attempts {
      do {
        try connection.transaction { () throws(WarehouseError) in
          try LockWaits.limit(connection, library, seconds: LockWaits.forNoReaders)
          try connection.script(
            library.sql("batch/detach_fact", ["parent": parent, "table": table]))
        }
        return true
      } catch  where LockWaits.isLockFailure(error) {
        Thread.sleep(forTimeInterval: LockWaits.pause)
      }
    }
    return false
  }

  private func detach(
    _ table: String, from parent: String, isPending: Bool, _ connection: Connection
  ) throws(WarehouseError) {
    try connection.script(
      library.sql(
        isPending ? "batch/detach_partition_finalize" : "batch/detach_partition",
        ["parent": parent, "table": table]))
  }

  private func drop(_ table: String, _ connection: Connection) throws(WarehouseError) {
    try connection.script(library.sql("batch/drop_table", ["table": table]))
  }

  /// - Returns: whether none is left.
  private func waitForOlderReaders(_ connection: Connection) throws -> Bool {
    let now = try connection.run(library.sql("batch/current_transaction"))
    let moment = [SQLValue.text(try now.text(0, 0)), .text(try now.text(0, 1))]
    let sql = try library.sql("batch/older_readers")
    let deadline = ContinuousClock.now + .seconds(Self.patience)
    while try connection.run(sql, moment).int(0, 0) > 0 {
      guard ContinuousClock.now < deadline else { return false }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return true
  }
}
