import Metrics

/// The part of a statement that adds rows up by their keys, before anybody looks the names of the keys up.
extension QuerySQL {
  /// Whether there are rows by key instead of rows by key and time, as where an answer has no time: the minutes of a song are many, and
  /// the speed layer has several rows of each, while a name that is looked up and compared for each of them costs ten times as much as
  /// adding one up.
  var isAddedUp: Bool {
    plan.source != .facts && plan.query.granularity == .none
      && homes.contains { $0.dimensionTable != nil }
  }

  /// One row for each key and layer: that of a key alone is found in half the time in which one of a key and a yes or no is, so that
  /// what is settled has sums of its own.
  ///
  /// Sums of sums and unions of unions are those of all rows (I1). All rows have one `at`, and are grouped by it for the planner alone: of
  /// a key of rows of several tables it takes two hundred values for granted, and of two columns as many as there are rows; else it looks
  /// up the name of each key by itself, and sorts all of them.
  func addedUp(_ rows: [CountedRows]) -> String {
    let keys = keyColumns
    let sums = sums.map { "\($0.value) as \($0.name), " }.joined()
    return [true, false].compactMap { isLoaded in
      let layer = rows.filter { $0.isLoaded == isLoaded }
      guard !layer.isEmpty else { return nil }
      return """
        select \(keys), \(sums)\(isLoaded) as is_loaded from (
          \(Self.union(layer))
        ) as part group by \(keys), at
        """
    }.joined(separator: "\n  union all\n  ")
  }

  var keyColumns: String {
    sourceColumns.filter { $0.role == .key }.map(\.name).joined(separator: ", ")
  }

  /// A column of a row by key beyond the key itself.
  struct Sum: Equatable {
    var name: String
    /// Over the rows that are added up.
    var value: String
  }

  var sums: [Sum] {
    var sums: [Sum] = []
    func add(_ sum: Sum) {
      if !sums.contains(sum) { sums.append(sum) }
    }
    func add(_ counter: Counter, isOfSettled: Bool) {
      let column = counter.column
      add(
        isOfSettled
          ? Sum(
            name: Self.settled(counter),
            value: "(sum(\(column)) filter (where is_settled))::bigint")
          : Sum(name: column, value: "sum(\(column))::bigint"))
    }
    for measure in measures {
      switch measure.rule {
      case .cardinality(let distinct):
        let column = distinct.column
        add(Sum(name: column, value: "hll_union_agg(\(column))"))
      case .sum(let counter): add(counter, isOfSettled: false)
      case .ratio(let counter, let over):
        for counter in [counter] + over { add(counter, isOfSettled: measure.isOfEndedPlays) }
      }
    }
    return sums
  }

  /// The column with the sum of a counter over what is settled.
  static func settled(_ counter: Counter) -> String { "settled_\(counter.column)" }
}
