import Foundation
import LayerTestKit
import Metrics
import TestKit
import Warehouse

/// The product's SQL in a directory of its own, as a test wants it.
/// - Parameter change: gets the directory.
func changedSQL(_ change: (_ directory: String) throws -> Void) throws -> SQLLibrary {
  let directory = try TestDatabase.directory() + "/sql-\(UUID().uuidString)"
  try FileManager.default.copyItem(atPath: SQLLibrary().directory, toPath: directory)
  try change(directory)
  return try SQLLibrary(directory: directory)
}

/// How rows of a rollup are added up for a comparison.
struct AddedUp {
  /// Sums of the counters and unions of the sketches, under their own names. Null and 0 say the same.
  let columns: String
  /// True where they say something: a credit that moved to another song leaves a row in which all is 0.
  let isSomething: String

  init(_ rollup: Rollup) {
    let counters = rollup.counters.map(\.column)
    let sketches = rollup.distincts.map(\.column)
    columns =
      (counters.map { "nullif(sum(\($0)), 0)::bigint as \($0)" }
      + sketches.map { "hll_union_agg(\($0)) as \($0)" }).joined(separator: ", ")
    isSomething =
      (counters.map { "sum(\($0)) <> 0" }
      + sketches.map { "hll_union_agg(\($0)) is not null" }).joined(separator: " or ")
  }
}

extension Layers {
  /// The differences between the speed rows of this database, added up, and the batch rows of the other.
  func speedDifferences(fromBatchOf other: Layers) throws -> [String] {
    let mine = try connect()
    let theirs = try other.connect()
    return try Rollup.allCases.flatMap { rollup in
      let sums = AddedUp(rollup)
      let keys = (["minute"] + rollup.keyColumns).joined(separator: ", ")
      func rows(_ connection: Connection, _ schema: String) throws -> ComparableRows {
        try ComparableRows(
          connection, rollup.table(.minute).name,
          query: "select \(keys), \(sums.columns) "
            + "from \(schema).\(rollup.table(.minute).name) group by \(keys) "
            + "having \(sums.isSomething)")
      }
      return try rows(mine, "speed").differences(from: rows(theirs, "batch"), mine)
    }
  }
}

/// Ends sessions of the server, as a failing network or an administrator would.
func terminate(_ connection: Connection, where condition: String) throws(WarehouseError) -> Int {
  try connection.run(
    "select pg_terminate_backend(pid) from pg_stat_activity "
      + "where datname = current_database() and pid <> pg_backend_pid() and \(condition)"
  ).count
}
