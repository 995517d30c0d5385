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
  /// is_decided, position.
  static let leading = 7

  let plan: QueryPlan
  private var parameters: [String?] = []
  /// The parameter that the time zone is bound to.
  private var zone = ""

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
        selected.append("\(Self.aggregate(measure.rule)) as \(name)")
        if firstMeasure == nil { firstMeasure = name }
      case .source:
        selected.append(
          "case when bool_and(counted.is_loaded) then 'batch'"
            + " when bool_or(counted.is_loaded) then 'both'"
            + " when count(*) > 0 then 'speed' end as \(name)")
      case .isFinal:
        let end = query.granularity.interval.map {
          "least(((counted.at at time zone \(zone)) + interval '\($0)') at time zone \(zone), \(to))"
        }
        selected.append(
          "coalesce(bool_and(counted.is_loaded), true) and \(end ?? to) <= "
            + (plan.source == .facts
              ? "coalesce((select covers_until from state), '-infinity')"
              : "(select final_before from batch.published)") + " as \(name)")
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
    return """
      with state as (
        select
          \(SQLText.asOf) as as_of,
          case when isfinite(final_before) then \(SQLText.iso("final_before", milliseconds: false)) end as final_before,
          loaded_epoch,
          \(agrees) as agrees,
          \(coversUntil) as covers_until
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
        select * from answer order by \(order.joined(separator: ", ")) limit \(limit)::bigint
      ),
      page as (
        select row_number() over (order by \(order.joined(separator: ", "))) as position, * from first
      )
      select state.as_of, state.final_before, state.loaded_epoch::text, state.agrees::text,
        \(SQLText.iso("state.covers_until", milliseconds: false)), \(isDecided)::text, answer.position::text, \(shown.joined(separator: ", "))
      from state left join page as answer on true
      order by answer.position
      """
  }

  /// The rollups whose keys the statement reads.
  private var homes: [Rollup] {
    plan.source.homes(of: plan.query.by + plan.query.filters.map(\.dimension))
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

  /// Selects of the rows that are counted, with the start of their bucket as `at`, and `is_loaded`.
  private mutating func rows() -> [String] {
    switch plan.source {
    case .rollup(let rollup):
      return Rung.allCases.flatMap { rung in
        rows(of: rollup, rung, plan.pieces.filter { $0.rung == rung })
      }
    case .facts:
      let (from, to) = (bind(plan.query.from.iso8601), bind(plan.query.to.iso8601))
      let counted = homes.compactMap(\.factColumn).map { " and \($0) is not null" }.joined()
      let at = plan.query.granularity == .none ? "ts" : bucket("ts")
      return [
        "select \(at) as at, \(source)true as is_loaded from layers.event"
          + " where ts >= \(from)::timestamptz and ts < \(to)::timestamptz\(counted)"
      ]
    }
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
  private func bucket(_ time: String) -> String {
    "date_trunc('\(plan.query.granularity.rawValue)', \(time), \(zone))"
  }

  private static func array(_ values: [String]) -> String {
    "{\(values.joined(separator: ","))}"
  }

  /// The rows of the pieces on one rung, with the start of their bucket as `at`. Minutes that are given up come
  /// from the facts.
  private mutating func rows(
    of rollup: Rollup, _ rung: Rung, _ pieces: [RungPiece]
  ) -> [String] {
    let name = "layers.\(rollup.table(rung).name)"
    var views = [View(loaded: name, recent: name, filtered: rung.column)]
    if rung == .day, let groups = plan.groups { views[0].loaded = Self.rows(of: groups) }
    if rung == .minute, !rollup.keepsAllMinutes {
      let past = "layers.past_\(rollup.table(rung).name)"
      views.append(View(loaded: past, recent: past, filtered: "ts"))
    }
    return views.flatMap { view in
      pieces.count > Self.fewPieces
        ? rows(of: view, rung, pieces) : pieces.flatMap { rows(of: view, $0) }
    }
  }

  /// What the rows of one rung are read from.
  private struct View {
    /// What has the loaded rows.
    var loaded: String
    /// What has those of the speed layer; may be the same.
    var recent: String
    /// The column with the time.
    var filtered: String
  }

  /// The loaded rows of groups, in place of those of a view of `layers`.
  static func rows(of groups: GroupedDays) -> String {
    "(select *, true as is_loaded from batch.\(groups.name)) as sums"
  }

  /// Pieces of a rung up to which each is read on its own, because the planner then knows its range.
  private static let fewPieces = 2

  private mutating func rows(of view: View, _ piece: RungPiece) -> [String] {
    let type = Self.type(piece.rung)
    let (from, to) = (
      bind(Self.text(piece.from, piece.rung)), bind(Self.text(piece.to, piece.rung))
    )
    let at =
      isWithinBucket(piece.rung)
      ? "(select \(bucket(Self.start(of: "\(from)::\(type)", piece.rung))))" : at(piece.rung)
    let range =
      "\(view.filtered) >= \(from)::\(type) and \(view.filtered) < \(to)::\(type)"
    func select(_ from: String, _ rows: String) -> String {
      "select \(at) as at, \(source)is_loaded from \(from) where \(rows)\(range)"
    }
    return view.loaded == view.recent
      ? [select(view.loaded, "")]
      : [select(view.loaded, "is_loaded and "), select(view.recent, "not is_loaded and ")]
  }

  /// Many pieces at once, whose number is not in the statement's length: the loaded rows of one after the other by an index, and
  /// those of the speed layer, which has none, in one go.
  private mutating func rows(
    of view: View, _ rung: Rung, _ pieces: [RungPiece]
  ) -> [String] {
    let filtered = view.filtered
    let type = Self.type(rung)
    let starts = pieces.map { Self.text($0.from, rung) }
    let ends = pieces.map { Self.text($0.to, rung) }
    let ranges = zip(starts, ends).map { "[\($0),\($1))" }
    let columns = "\(source)is_loaded"
    let isWithin = isWithinBucket(rung)
    // `offset 0` keeps the planner from taking the ranges for a join of two tables, whose size it can only guess.
    return [
      "select part.* from (select start, stop\(isWithin ? ", \(bucket(Self.start(of: "start", rung))) as at" : "")"
        + " from unnest(\(bind(Self.array(starts)))::\(type)[],"
        + " \(bind(Self.array(ends)))::\(type)[]) as span(start, stop) offset 0) as piece"
        + " cross join lateral (select \(isWithin ? "piece.at" : at(rung)) as at, \(columns)"
        + " from \(view.loaded) where is_loaded"
        + " and \(filtered) >= piece.start and \(filtered) < piece.stop offset 0) as part",
      "select \(at(rung)) as at, \(columns) from \(view.recent) where not is_loaded"
        + " and \(filtered) <@ \(bind(Self.array(ranges)))::\(Self.multirange(rung))",
    ]
  }

  /// The type of the column that says when a row's width begins.
  static func type(_ rung: Rung) -> String { rung == .day ? "date" : "timestamptz" }

  private static func multirange(_ rung: Rung) -> String {
    rung == .day ? "datemultirange" : "tstzmultirange"
  }

  static func text(_ time: Instant, _ rung: Rung) -> String {
    rung == .day ? time.isoDate : time.iso8601
  }

  /// Whether each piece on this rung lies within one bucket, whose start is then worked out once for all of its rows.
  private func isWithinBucket(_ rung: Rung) -> Bool {
    switch plan.query.granularity {
    case .none, .second, .minute, .hour: false
    case .day: rung != .minute && plan.query.timeZone != "UTC"
    case .week, .month, .quarter, .year: rung != .minute
    }
  }

  /// When the bucket of a row begins. Rows of UTC are often buckets themselves, which saves a calculation for each.
  private func at(_ rung: Rung) -> String {
    let start = Self.start(of: rung.column, rung)
    let granularity = plan.query.granularity
    let isBucket = granularity.rawValue == rung.rawValue && plan.query.timeZone == "UTC"
    return isBucket || granularity == .none ? start : bucket(start)
  }

  /// The value of a rung's column as a point in time.
  private static func start(of value: String, _ rung: Rung) -> String {
    rung == .day ? "\(value)::timestamp at time zone 'UTC'" : value
  }

  /// The columns that the plan reads beside the time, each with a comma after it.
  var source: String {
    var columns: [String] = []
    for column in homes.flatMap(\.keyColumns) where !columns.contains(column) {
      columns.append(column)
    }
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
