import Metrics

/// The part of a statement that says what a measure is over the rows of a group.
extension QuerySQL {
  /// A measure's rule over the rows of both layers, or over facts one by one.
  func aggregate(_ measure: Measure) -> String {
    func sum(_ counter: Counter) -> String {
      guard measure.isOfEndedPlays else { return "coalesce(sum(counted.\(counter.column)), 0)" }
      return isAddedUp && part != .rest
        ? "coalesce(sum(counted.\(Self.settled(counter))), 0)"
        : "coalesce(sum(counted.\(counter.column)) filter (where counted.is_settled), 0)"
    }
    switch measure.rule {
    case .sum(let counter):
      return sum(counter)
    case .cardinality(let distinct) where plan.query.isExact:
      return "count(\(Self.counted(distinct)))"
    case .cardinality(let distinct) where hasBucketsOfFewRows:
      let column = "counted.\(distinct.column)"
      let sketches = "(array_agg(\(column)) filter (where \(column) is not null))"
      return Self.estimate(
        "case when cardinality(\(sketches)) = 1 then \(sketches)[1]"
          + " else (select hll_union_agg(part) from unnest(\(sketches)) as part) end")
    case .cardinality(let distinct):
      return Self.estimate("hll_union_agg(counted.\(distinct.column))")
    case .ratio(let counter, let over):
      let denominator = over.map(sum).joined(separator: " + ")
      return "\(sum(counter))::double precision / nullif(\(denominator), 0)::double precision"
    }
  }

  /// Whether most groups are of one row, as each hour of the totals is: the sketch of one row is read as it is, as to unite it with nothing
  /// takes twice as long as all else that is done for the row.
  private var hasBucketsOfFewRows: Bool {
    plan.source == .rollup(.totals) && plan.query.granularity != .none
  }

  /// How many are distinct, by a sketch.
  static func estimate(_ sketch: String) -> String {
    "round(coalesce(hll_cardinality(\(sketch)), 0))::bigint"
  }

  /// What facts are counted distinct by, one by one.
  private static func counted(_ distinct: Distinct) -> String {
    switch distinct {
    case .listeners: "distinct case when counted.listens = 1 then counted.user_id end"
    case .activeUsers: "distinct counted.user_id"
    case .sessions: "distinct counted.session_id"
    case .songs: "distinct case when counted.listens = 1 then nullif(counted.song_key, 0) end"
    }
  }

  /// The columns that `counted` needs.
  static func columns(_ distinct: Distinct) -> [String] {
    switch distinct {
    case .listeners: ["user_id", Counter.listens.column]
    case .activeUsers: ["user_id"]
    case .sessions: ["session_id"]
    case .songs: ["song_key", Counter.listens.column]
    }
  }
}
