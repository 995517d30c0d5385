import Metrics

/// A statement and what is bound to its `$1`, `$2`, …, as text.
struct Statement: Equatable, Sendable {
  var sql: String
  var parameters: [String?]
}

/// Renders a plan as one statement. One statement sees one snapshot, and a load publishes in one transaction, so the
/// rows, `as_of` and finality in an answer always belong together.
///
/// The statement reads the views of `layers`, which have the rows of both layers that count now. It does not read those
/// of `serving`, because these sum by time and key, and this statement would sum their sums once more. A test
/// compares its results with those of `serving`.
///
/// `state` uses the time zone even where there are no rows to put into buckets, so that a name that does not exist is
/// always an error.
///
/// The answer has `QuerySQL.leading` columns about the state of the warehouse, then those of the
/// plan without the interval ends, all as text. With no rows there is one row without a position.
struct QuerySQL {
  /// The number of columns before those of the plan: as_of, final_before, loaded_epoch, position.
  static let leading = 4

  private let plan: QueryPlan
  private var parameters: [String?] = []

  static func statement(for plan: QueryPlan) -> Statement {
    var renderer = QuerySQL(plan: plan)
    let sql = renderer.render()
    return Statement(sql: sql, parameters: renderer.parameters)
  }

  private init(plan: QueryPlan) { self.plan = plan }

  private mutating func bind(_ value: String) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }

  private mutating func render() -> String {
    let query = plan.query
    let rollup = plan.rollup
    let to = bind(query.to.iso8601) + "::timestamptz"
    let zone = bind(query.timeZone)
    let bucket = "date_trunc('\(query.granularity.rawValue)', counted.at, \(zone))"

    var selected: [String] = []
    var shown: [String] = []
    var keys: [Int] = []
    var order: [String] = []
    var firstMeasure: String?
    for column in plan.columns {
      let name = "c\(selected.count)"
      var text = "answer.\(name)::text"
      switch column.role {
      case .bucket:
        selected.append("\(bucket) as \(name)")
        keys.append(selected.count)
        order.append(name)
        text = SQLText.iso("answer.\(name)", milliseconds: false)
      case .dimension(let expression):
        selected.append("\(expression) as \(name)")
        keys.append(selected.count)
      case .measure(let measure):
        selected.append("\(Self.aggregate(measure.rule)) as \(name)")
        if firstMeasure == nil { firstMeasure = name }
      case .source:
        selected.append(
          "case when bool_and(counted.is_loaded) then 'batch'"
            + " when bool_or(counted.is_loaded) then 'both'"
            + " when count(*) > 0 then 'speed' end as \(name)")
      case .isFinal:
        let end = query.granularity.interval.map {
          "least(((\(bucket) at time zone \(zone)) + interval '\($0)') at time zone \(zone), \(to))"
        }
        selected.append(
          "coalesce(bool_and(counted.is_loaded), true) and \(end ?? to)"
            + " <= (select final_before from batch.published) as \(name)")
      case .low, .high: continue
      }
      shown.append(text)
    }
    if let firstMeasure { order.append("\(firstMeasure) desc nulls last") }
    order += keys.map { "c\($0 - 1)" }.filter { !order.contains($0) }

    let join = rollup.dimensionTable.map { " left join \($0.table) as dim using (\($0.key))" } ?? ""
    let filters = query.filters.compactMap { condition($0) }
    let filter = filters.isEmpty ? "" : "\n  where " + filters.joined(separator: " and ")
    let group =
      keys.isEmpty ? "" : "\n  group by " + keys.map(String.init).joined(separator: ", ")
    let limit = bind(String(query.limit + 1))
    let counted = plan.pieces.flatMap { rows(of: $0) }.joined(separator: "\n  union all\n  ")
    return """
      with state as (
        select
          \(SQLText.asOf) as as_of,
          case when isfinite(final_before) then \(SQLText.iso("final_before", milliseconds: false)) end as final_before,
          loaded_epoch
        from batch.published
        where now() at time zone \(zone) is not null
      ),
      counted as (
        \(counted)
      ),
      answer as (
        select \(selected.joined(separator: ", "))
        from counted\(join)\(filter)\(group)
      ),
      page as (
        select row_number() over (order by \(order.joined(separator: ", "))) as position, *
        from answer
        order by position
        limit \(limit)::bigint
      )
      select state.as_of, state.final_before, state.loaded_epoch::text, answer.position::text, \(shown.joined(separator: ", "))
      from state left join page as answer on true
      order by answer.position
      """
  }

  /// The rows of one piece, with the time at which each begins as `at`. Minutes that are given up come from the facts.
  private mutating func rows(of piece: RungPiece) -> [String] {
    let time = piece.rung.column
    let table = plan.rollup.table(piece.rung).name
    switch piece.rung {
    case .minute, .hour:
      let (from, to) = (bind(piece.from.iso8601), bind(piece.to.iso8601))
      let isPieced = piece.rung == .minute && !plan.rollup.keepsAllMinutes
      let views = [(table, time)] + (isPieced ? [("past_\(table)", "ts")] : [])
      return views.map { view, filtered in
        "select \(time) as at, \(source)is_loaded from layers.\(view)"
          + " where \(filtered) >= \(from)::timestamptz and \(filtered) < \(to)::timestamptz"
      }
    case .day:
      let (from, to) = (bind(piece.from.isoDate), bind(piece.to.isoDate))
      return [
        "select \(time)::timestamp at time zone 'UTC' as at, \(source)is_loaded"
          + " from layers.\(table) where \(time) >= \(from)::date and \(time) < \(to)::date"
      ]
    }
  }

  /// The columns of the rollup that the plan reads beside the time, each with a comma after it.
  private var source: String {
    var columns = plan.rollup.keyColumns
    for measure in plan.query.metrics {
      let read: [String] =
        switch measure.rule {
        case .sum(let counter): [counter.column]
        case .cardinality(let distinct): [distinct.column]
        case .ratio(let counter, let over): [counter.column] + over.map(\.column)
        }
      for column in read where !columns.contains(column) { columns.append(column) }
    }
    return columns.map { "\($0), " }.joined()
  }

  private mutating func condition(_ filter: Query.Filter) -> String? {
    guard let column = filter.dimension.columns(in: plan.rollup)?.first else { return nil }
    var alternatives: [String] = []
    let values = filter.values.filter { !$0.isEmpty }.map { bind($0) }
    if !values.isEmpty {
      alternatives.append(
        "\(column.expression)::text in (\(values.joined(separator: ", ")))")
    }
    if filter.values.contains("") { alternatives.append("\(column.expression) is null") }
    return "(\(alternatives.joined(separator: " or ")))"
  }

  /// A measure's rule over the rows of both layers.
  static func aggregate(_ rule: Measure.Rule) -> String {
    func sum(_ counter: Counter) -> String { "coalesce(sum(counted.\(counter.column)), 0)" }
    switch rule {
    case .sum(let counter):
      return sum(counter)
    case .cardinality(let distinct):
      return
        "round(coalesce(hll_cardinality(hll_union_agg(counted.\(distinct.column))), 0))::bigint"
    case .ratio(let counter, let over):
      let denominator = over.map(sum).joined(separator: " + ")
      return "\(sum(counter))::double precision / nullif(\(denominator), 0)::double precision"
    }
  }
}

/// Pieces of SQL that several statements have in common.
enum SQLText {
  /// A timestamptz as ISO 8601 in UTC.
  static func iso(_ expression: String, milliseconds: Bool) -> String {
    let fraction = milliseconds ? ".MS" : ""
    return
      "to_char((\(expression)) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\(fraction)\"Z\"')"
  }

  /// When either layer last wrote what can be read now.
  static let asOf = iso(
    "select greatest((select max(updated_at) from speed.progress), published_at) "
      + "from batch.published", milliseconds: true)
}
