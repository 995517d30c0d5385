import Metrics
import Warehouse

/// Makes the tables of an epoch before anybody writes to them.
///
/// A statement sees the partitions that there were when it was planned. So those of the next epoch are
/// there a whole load before the cut that opens it: whoever was planned without them has long ended.
struct EpochPartitions {
  let connection: Connection
  let library: SQLLibrary

  /// The current epoch's successor has its tables when this returns.
  /// - Returns: whether they had to be made.
  @discardableResult
  func prepareNext() throws(WarehouseError) -> Bool {
    let next = try connection.run(library.sql("batch/current_epoch")).int(0, 0) + 1
    var hasMade = false
    for rollup in Rollup.allCases {
      let table = "parts.speed_\(rollup.table)_e\(next)"
      guard try !connection.run(library.sql("batch/has_table"), [.text(table)]).bool(0, 0) else {
        continue
      }
      try connection.script(
        library.sql("batch/open_epoch", ["table": rollup.table, "epoch": "\(next)"]))
      hasMade = true
    }
    return hasMade
  }
}
