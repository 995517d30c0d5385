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
    var keys: [String] = []
    for column in homes.flatMap(\.keyColumns) where !keys.contains(column) { keys.append(column) }
    if plan.readsSettled { keys.append("is_settled") }
    keys.append("is_loaded")
    let sums = sourceColumns.filter { !keys.contains($0.name) }.map {
      $0.isSketch
        ? "hll_union_agg(\($0.name)) as \($0.name)" : "sum(\($0.name))::bigint as \($0.name)"
    }
    return """
      select \((keys + sums).joined(separator: ", ")) from (
        \(rows)
      ) as part group by \(keys.joined(separator: ", "))
      """
  }

  /// The columns of rollups that the measures of the plan are made of.
  private var sourceColumns: [(name: String, isSketch: Bool)] {
    var columns: [(name: String, isSketch: Bool)] = []
    for measure in plan.query.measuresRead {
      let read: [(String, Bool)] =
        switch measure.rule {
        case .sum(let counter): [(counter.column, false)]
        case .cardinality(let distinct): [(distinct.column, true)]
        case .ratio(let counter, let over): ([counter] + over).map { ($0.column, false) }
        }
      for column in read where !columns.contains(where: { $0.name == column.0 }) {
        columns.append((name: column.0, isSketch: column.1))
      }
    }
    return columns
  }
}
