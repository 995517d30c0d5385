import LayerTestKit
import Metrics
import TestKit
import Warehouse

extension Layers {
  /// The differences between the speed rows of this database, added up, and the batch rows of the other.
  func speedDifferences(fromBatchOf other: Layers) throws -> [String] {
    let mine = try connect()
    let theirs = try other.connect()
    return try Rollup.allCases.flatMap { rollup in
      let counters = rollup.counters.map(\.column)
      let sketches = rollup.distincts.map(\.column)
      let keys = (["minute"] + rollup.keyColumns).joined(separator: ", ")
      let columns =
        // Null and 0 say the same; a speed row that was corrected adds up to 0.
        counters.map { "nullif(sum(\($0)), 0)::bigint as \($0)" }
        + sketches.map { "hll_union_agg(\($0)) as \($0)" }
      // A credit that moved to another song leaves a row in which everything is 0.
      let isSomething =
        counters.map { "sum(\($0)) <> 0" }
        + sketches.map { "hll_union_agg(\($0)) is not null" }
      func rows(_ connection: Connection, _ schema: String) throws -> ComparableRows {
        try ComparableRows(
          connection, rollup.table(.minute).name,
          query: "select \(keys), \(columns.joined(separator: ", ")) "
            + "from \(schema).\(rollup.table(.minute).name) group by \(keys) "
            + "having \(isSomething.joined(separator: " or "))")
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
