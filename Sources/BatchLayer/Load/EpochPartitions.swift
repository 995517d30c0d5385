import StarSchema
import Warehouse

/// Makes the tables of an epoch before anybody writes to them.
///
/// A statement sees the partitions that existed when it was planned. So the partitions of an epoch are made a
/// whole load before the cut that opens it: every statement that was planned without them has ended by then.
struct EpochPartitions {
  let connection: Connection
  let library: SQLLibrary

  /// Makes the tables of the epoch after the current one, where they are missing.
  /// - Returns: whether any was missing.
  @discardableResult
  func prepareNext() throws(WarehouseError) -> Bool {
    let next = try connection.run(library.sql("batch/current_epoch")).int(0, 0) + 1
    var hasMade = false
    for parent in SpeedTable.all {
      let table = parent.partition(epoch: next)
      guard try !connection.run(library.sql("batch/has_table"), [.text(table)]).bool(0, 0) else {
        continue
      }
      try connection.script(open(parent, epoch: next))
      hasMade = true
    }
    return hasMade
  }

  private func open(_ table: SpeedTable, epoch: Int64) throws(WarehouseError) -> String {
    let values = ["table": table.name, "epoch": "\(epoch)"]
    return switch table {
    case .minutes(let rollup):
      try library.sql(
        "batch/open_epoch_minutes", values, lists: ["keys": rollup.table(.minute).keyColumns])
    case .hours(let rollup):
      try library.sql(
        "batch/open_epoch_hours", values, lists: ["keys": rollup.table(.hour).keyColumns])
    case .plays, .actions: try library.sql("batch/open_epoch", values)
    }
  }
}
