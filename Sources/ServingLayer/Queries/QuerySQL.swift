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
  /// The number of columns before those of the plan: as_of, final_before, loaded_epoch, agrees, covers_until,
  /// is_decided, settled_before, total, position.
  static let leading = 9

  /// When the outcome of plays is settled, in epoch milliseconds: a plan that is cut there reads no row that is so in part.
  static let settledBefore = Statement(
    sql: """
      select (extract(epoch from settled_before) * 1000)::bigint::text
      from layers.event_time
      where isfinite(settled_before)
      """, parameters: [])

  let plan: QueryPlan
  private var parameters: [String?] = []
  /// The parameter that the time zone is bound to.
  private(set) var zone = ""

  static func statement(for plan: QueryPlan) -> Statement {
    var renderer = QuerySQL(plan: plan)
    let sql = renderer.render()
    return Statement(sql: sql, parameters: renderer.parameters)
  }

  private init(plan: QueryPlan) { self.plan = plan }

  mutating func bind(_ value: String) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }

  private mutating func render() -> String {
    let query = plan.query
    let to = bind(query.to.iso8601) + "::timestamptz"
    zone = bind(query.timeZone)

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
        selected.append("counted.at as \(name)")
        keys.append(selected.count)
        order.append(name)
        text = SQLText.iso("answer.\(name)", milliseconds: false)
      case .dimension(let expression):
        selected.append("\(expression) as \(name)")
        keys.append(selected.count)
      case .measure(let measure):
        selected.append("\(Self.aggregate(measure)) as \(name)")
        if firstMeasure == nil { firstMeasure = name }
      case .source:
        selected.append(
          "case when bool_and(counted.is_loaded) then 'batch'"
            + " when bool_or(counted.is_loaded) then 'both'"
            + " when count(*) > 0 then 'speed' end as \(name)")
      case .isFinal:
        selected.append(
          "coalesce(bool_and(counted.is_loaded), true) and \(bucketEnd.map { "least(\($0), \(to))" } ?? to) <= "
            + (plan.source == .facts
              ? "coalesce((select covers_until from state), '-infinity')"
              : "(select final_before from batch.published)") + " as \(name)")
      case .isPartial:
        selected.append("\(isPartial(to: to)) as \(name)")
      case .settled:
        selected.append("\(settled(to: to)) as \(name)")
      case .low, .high, .coversUntil: continue
      }
      shown.append(text)
    }
    if let firstMeasure { order.append("\(firstMeasure) desc nulls last") }
    order += keys.map { "c\($0 - 1)" }.filter { !order.contains($0) }

    let join = homes.compactMap(\.dimensionTable)
      .map { " left join layers.\($0.table) using (\($0.key))" }.joined()
    let filters = query.filters.compactMap { condition($0) }
    let filter = filters.isEmpty ? "" : "\n  where " + filters.joined(separator: " and ")
    let group =
      keys.isEmpty ? "" : "\n  group by " + keys.map(String.init).joined(separator: ", ")
    let limit = bind(String(query.limit + 1))
    let choice = plan.ranking.map { self.choice($0) + ",\n" } ?? ""
    let counted = (plan.ranking.map { chosenRows(of: $0) } ?? rows()).joined(
      separator: "\n  union all\n  ")
    let agrees = agreement()
    let isDecided = plan.ranking == nil ? "true" : "(select is_decided from verdict)"
    let coversUntil = coverage(to: to)
    let (settledBefore, knownUntil) = (settledBefore(), knownUntil())
    let offset = bind(String(query.offset))
    // A ranking's other lines are not known.
    let total = plan.ranking == nil ? "(select count(*) from answer)" : "null::bigint"
    return """
      with state as (
        select
          \(SQLText.asOf) as as_of,
          case when isfinite(final_before) then \(SQLText.iso("final_before", milliseconds: false)) end as final_before,
          loaded_epoch,
          \(agrees) as agrees,
          \(coversUntil) as covers_until,
          \(settledBefore) as settled_before,
          \(knownUntil) as known_until
        from batch.published
        where now() at time zone \(zone) is not null
      ),
      \(choice)counted as (
        \(counted)
      ),
      answer as (
        select \(selected.joined(separator: ", "))
        from counted\(join)\(filter)\(group)
      ),
      first as (
        select * from answer order by \(order.joined(separator: ", ")) limit \(limit)::bigint offset \(offset)::bigint
      ),
      page as (
        select row_number() over (order by \(order.joined(separator: ", "))) as position, * from first
      )
      select state.as_of, state.final_before, state.loaded_epoch::text, state.agrees::text,
        \(SQLText.iso("state.covers_until", milliseconds: false)), \(isDecided)::text,
        case when isfinite(state.settled_before) then \(SQLText.iso("state.settled_before", milliseconds: false)) end,
        \(total)::text, answer.position::text, \(shown.joined(separator: ", "))
      from state left join page as answer on true
      order by answer.position
      """
  }

  /// The rollups whose keys the statement reads.
  var homes: [Rollup] {
    plan.source.homes(of: plan.query.by + plan.query.filters.map(\.dimension))
  }

  // MARK: What buckets say of themselves

  /// When the bucket that begins at `counted.at` ends; nil where the range is the bucket. Hours and less are as long by any clock, also
  /// where local clocks show an hour twice.
  private var bucketEnd: String? {
    guard let interval = plan.query.granularity.interval else { return nil }
    switch plan.query.granularity {
    case .second, .minute, .hour: return "counted.at + interval '\(interval)'"
    default:
      return "((counted.at at time zone \(zone)) + interval '\(interval)') at time zone \(zone)"
    }
  }

  /// Whether `from`, `to` or what is known yet cuts a bucket.
  private mutating func isPartial(to: String) -> String {
    let isUnknown = "coalesce(\(bucketEnd ?? to) > (select known_until from state), false)"
    guard let bucketEnd else { return isUnknown }
    let from = bind(plan.query.from.iso8601)
    return "(counted.at < \(from)::timestamptz or \(bucketEnd) > \(to) or \(isUnknown))"
  }

  /// Whether the outcome of all, part or none of a bucket's plays is settled.
  private mutating func settled(to: String) -> String {
    let from = "\(bind(plan.query.from.iso8601))::timestamptz"
    let end = bucketEnd.map { "least(\($0), \(to))" } ?? to
    let start = bucketEnd == nil ? from : "greatest(counted.at, \(from))"
    return "case when \(end) <= (select settled_before from state) then 'all'"
      + " when \(start) >= (select settled_before from state) then 'none' else 'part' end"
  }

  private mutating func settledBefore() -> String {
    guard plan.readsSettled else { return "null::timestamptz" }
    // Facts have the outcomes that the last load knew.
    if plan.source == .facts { return "date_trunc('minute', final_before, 'UTC')" }
    let now = "(select settled_before from layers.event_time)"
    return plan.settledBefore.map { "least(\(now), \(bind($0.iso8601))::timestamptz)" } ?? now
  }

  /// Until when there can be events, by the clock of who asks and by event time: a whole range is asked for by the minute.
  private mutating func knownUntil() -> String {
    let isRange = plan.query.granularity == .none
    let reached =
      "(select reached_before from layers.event_time)" + (isRange ? " + interval '1 minute'" : "")
    guard let askedAt = plan.query.askedAt else { return reached }
    let now = bind((isRange ? askedAt.ceiled(to: .minute) : askedAt).iso8601)
    return "least(\(reached), \(now)::timestamptz)"
  }

  /// Up to when the facts have everything: no later than the last load was complete, and no later than the first
  /// event in the range that only the speed layer has counted.
  private mutating func coverage(to end: String) -> String {
    guard plan.source == .facts else { return "null::timestamptz" }
    let from = bind(plan.query.from.floored(to: .minute).iso8601)
    return """
      case when facts_know_credits and isfinite(final_before) then least(\(end), final_before, (
        select min(minute) from layers.minute_totals
        where not is_loaded and minute >= \(from)::timestamptz and minute < \(end)
      )) end
      """
  }

  /// Whether the database puts all of each span that the plan relies on into one bucket.
  private mutating func agreement() -> String {
    guard !plan.checkedSpans.isEmpty else { return "true" }
    let starts = bind(Self.array(plan.checkedSpans.map(\.from.iso8601)))
    let ends = bind(Self.array(plan.checkedSpans.map(\.to.iso8601)))
    return "(select bool_and(\(bucket("start")) = \(bucket("stop - interval '1 millisecond'")))"
      + " from unnest(\(starts)::timestamptz[], \(ends)::timestamptz[]) as span(start, stop))"
  }

  /// When the bucket that a time is in begins.
  func bucket(_ time: String) -> String {
    "date_trunc('\(plan.query.granularity.rawValue)', \(time), \(zone))"
  }

  static func array(_ values: [String]) -> String {
    "{\(values.joined(separator: ","))}"
  }

  mutating func condition(_ filter: Query.Filter) -> String? {
    guard let column = plan.source.columns(of: filter.dimension).first else { return nil }
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
  static func aggregate(_ measure: Measure) -> String {
    let rows = measure.isOfEndedPlays ? " filter (where counted.is_settled)" : ""
    func sum(_ counter: Counter) -> String {
      "coalesce(sum(counted.\(counter.column))\(rows), 0)"
    }
    switch measure.rule {
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
