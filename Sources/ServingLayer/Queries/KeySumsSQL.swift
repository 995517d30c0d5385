import Metrics

/// The part of a statement that adds rows up by their keys, before anybody looks the names of the keys up.
extension QuerySQL {
  /// Rows by key instead of rows by key and time, where an answer has no time: the minutes of a song are many, and the speed layer has
  /// several rows of each, while a name that is looked up and compared for each of them costs ten times as much as adding one up.
  ///
  /// Sums of sums and unions of unions are those of all rows (I1), so that nothing else of the statement has to know.
  func addedUp(_ rows: String) -> String {
    guard plan.source != .facts, plan.query.granularity == .none,
      homes.contains(where: { $0.dimensionTable != nil })
    else { return rows }
    let columns = sourceColumns
    let keys =
      columns.filter { $0.role == .key }.map(\.name)
      + (plan.readsSettled ? ["is_settled", "is_loaded"] : ["is_loaded"])
    let sums = columns.filter { $0.role != .key }.map { column in
      let sum = column.role == .sketch ? "hll_union_agg" : "sum"
      let type = column.role == .sketch ? "" : "::bigint"
      return "\(sum)(\(column.name))\(type) as \(column.name)"
    }
    return """
      select \((keys + sums).joined(separator: ", ")) from (
        \(rows)
      ) as part group by \(keys.joined(separator: ", "))
      """
  }
}
