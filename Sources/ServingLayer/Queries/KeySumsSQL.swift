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
  /// Sums of sums and unions of unions are those of all rows (I1).
  func addedUp(_ rows: [CountedRows]) -> String {
    let keys = sourceColumns.filter { $0.role == .key }.map(\.name).joined(separator: ", ")
    return [true, false].compactMap { isLoaded in
      let layer = rows.filter { $0.isLoaded == isLoaded }
      guard !layer.isEmpty else { return nil }
      return """
        select \(keys), \(sums.map { "\($0), " }.joined())\(isLoaded) as is_loaded from (
          \(Self.union(layer))
        ) as part group by \(keys)
        """
    }.joined(separator: "\n  union all\n  ")
  }

  /// The columns of a row by key beyond the key itself.
  private var sums: [String] {
    var sums: [String] = []
    func add(_ sum: String) {
      if !sums.contains(sum) { sums.append(sum) }
    }
    for measure in plan.query.measuresRead {
      switch measure.rule {
      case .cardinality(let distinct):
        if part == .everything {
          add("hll_union_agg(\(distinct.column)) as \(distinct.column)")
        }
      case .sum(let counter): add(Self.sum(of: counter))
      case .ratio(let counter, let over):
        for counter in [counter] + over {
          add(
            measure.isOfEndedPlays
              ? "(sum(\(counter.column)) filter (where is_settled))::bigint as \(Self.settled(counter))"
              : Self.sum(of: counter))
        }
      }
    }
    return sums
  }

  private static func sum(of counter: Counter) -> String {
    "sum(\(counter.column))::bigint as \(counter.column)"
  }

  /// The column with the sum of a counter over what is settled.
  static func settled(_ counter: Counter) -> String { "settled_\(counter.column)" }
}
