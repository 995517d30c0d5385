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
  /// is_decided, settled_before, total, position, and of rows of the period compared with, that they are and the bucket that they
  /// stand beside.
  static let leading = 11

  /// When the outcome of plays is settled, in epoch milliseconds: a plan that is cut there reads no row that is so in part.
  static let settledBefore = """
    select (extract(epoch from settled_before) * 1000)::bigint::text
    from layers.event_time
    where isfinite(settled_before)
    """

  private(set) var plan: QueryPlan
  /// What is read of rows at present: everything, unless the page's lines are found before all of them is read.
  var part = Part.everything
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
    zone = bind(plan.query.timeZone)
    if plan.query.isWhole { return renderWhole() }
    let order = order().joined(separator: ", ")
    let (limit, offset) = (bind(String(plan.query.limit)), bind(String(plan.query.offset)))
    let hasWinners = readsWinners
    var tables = [state()]
    if let ranking = plan.ranking { tables.append(choice(ranking)) }
    let lines = hasWinners ? "line" : "answer"
    tables += hasWinners ? lineTables() : answer("")
    tables.append(
      "first as (select * from \(lines) order by \(order) limit \(limit)::bigint + 1 offset \(offset)::bigint)"
    )
    let placed = "select row_number() over (order by \(order)) as position, * from first"
    tables += hasWinners ? pageTables(placed) : ["page as (\(placed))"]
    // A ranking's other lines are not known.
    let total = plan.ranking == nil ? "(select count(*) from \(lines))" : "null::bigint"
    var isDecided: [String] = []
    if plan.ranking != nil { isDecided.append("(select is_decided from verdict)") }
    if let known = plan.minutesFrom {
      isDecided.append(
        "(select minutes_from <= \(bind(known.iso8601))::timestamptz from batch.published)")
    }
    let shown = shown().joined(separator: ", ")
    var parts = [
      """
      select \(stateShown(isDecided: isDecided, total: total)), answer.position, false, null::text, \(shown)
      from state left join page as answer on true
      """
    ]
    // A day that the earlier month does not have, as 30 March, has no numbers to stand beside, and not 0.
    if let period = plan.compared, period.from < period.to {
      let own = plan
      plan = own.over(period)
      tables += answer("_before")
      plan = own
      tables.append(before(period, limit: limit))
      parts.append(
        """
        select null, null, null, null, null, null, null, null, answer.position, true,
          \(SQLText.iso("answer.aligned", milliseconds: false)), \(shown)
        from before as answer
        """)
    }
    return "with " + tables.joined(separator: ",\n") + "\n"
      + parts.joined(separator: "\nunion all\n") + "\norder by 10, 9"
  }

  /// All rows, in the order in which they are sent: nothing is counted, numbered or kept for that.
  private mutating func renderWhole() -> String {
    // The columns themselves, and not those of the same names that are text.
    let order = order().map { "answer.\($0)" }.joined(separator: ", ")
    let offset =
      plan.query.offset > 0
      ? " order by \(order) offset \(bind("\(plan.query.offset)"))::bigint" : ""
    let tables = [state()] + answer("")
    return """
      with \(tables.joined(separator: ",\n"))
      select \(stateShown(isDecided: [], total: "null")), answer.position, false, null::text, \(shown().joined(separator: ", "))
      from state left join (select 1::bigint as position, answer.* from answer\(offset)) as answer on true
      order by \(order)
      """
  }

  /// The first columns of each row.
  ///
  /// - Parameter isDecided: conditions that all have to be true.
  private func stateShown(isDecided: [String], total: String) -> String {
    """
    state.as_of, state.final_before, state.loaded_epoch::text, state.agrees::text,
      \(SQLText.iso("state.covers_until", milliseconds: false)), \(isDecided.isEmpty ? "true" : "(\(isDecided.joined(separator: " and ")))")::text,
      case when isfinite(state.settled_before) then \(SQLText.iso("state.settled_before", milliseconds: false)) end,
      \(total)::text
    """
  }

  /// The table `state`, of one row.
  private mutating func state() -> String {
    """
    state as (
      select
        \(SQLText.asOf) as as_of,
        case when isfinite(final_before) then \(SQLText.iso("final_before", milliseconds: false)) end as final_before,
        loaded_epoch,
        \(agreement()) as agrees,
        \(coverage()) as covers_until,
        \(settledBefore()) as settled_before,
        \(knownUntil()) as known_until,
        \(later()) as has_later
      from batch.published
      where now() at time zone \(zone) is not null
    )
    """
  }

  // MARK: Answers

  /// The columns of the plan that the statement answers with, as `c0`, `c1`, ….
  var fields: [QueryPlan.Column] {
    plan.columns.filter {
      switch $0.role {
      case .low, .high, .coversUntil: false
      default: true
      }
    }
  }

  /// The tables `counted` and `answer`, and `member` where a series is of the greatest members.
  /// - Parameter suffix: of the names of the tables, but for `member`, which one period has for both.
  private mutating func answer(_ suffix: String) -> [String] {
    let counted =
      if let ranking = plan.ranking {
        chosenSums(of: ranking, isOwn: suffix.isEmpty)
      } else if isAddedUp {
        addedUp(rows())
      } else {
        Self.union(rows())
      }
    var tables = ["counted\(suffix) as (\n  \(counted)\n)"]
    var from = named("counted\(suffix)")
    if plan.query.top != nil {
      tables.append("labelled\(suffix) as (\n  select counted.*, \(labels) from \(from)\n)")
      if suffix.isEmpty { tables.append(members()) }
      from = "labelled\(suffix) as counted left join member on member.key = \(memberKey)"
    }
    let columns = selected().enumerated().map { "\($1) as c\($0)" }.joined(separator: ", ")
    let grouped = keys.map {
      if case .bucket = fields[$0].role { "counted.at" } else { "\($0 + 1)" }
    }
    let group = grouped.isEmpty ? "" : "\n  group by " + grouped.joined(separator: ", ")
    // What a row of the answer has at least, the one that it is compared with may lack.
    let having = suffix.isEmpty ? having() : ""
    tables.append("answer\(suffix) as (\n  select \(columns)\n  from \(from)\(group)\(having)\n)")
    return tables
  }

  /// Rows of a table, with the tables of the names of their keys, that pass the filters.
  mutating func named(_ table: String) -> String {
    let join = homes.compactMap(\.dimensionTable)
      .map { " left join layers.\($0.table) using (\($0.key))" }.joined()
    let filters = plan.query.filters.compactMap { condition($0) }
    return "\(table) as counted\(join)"
      + (filters.isEmpty ? "" : "\n  where " + filters.joined(separator: " and "))
  }

  /// What the rows of an answer have at least.
  mutating func having() -> String {
    let minima = plan.query.having.map {
      "\(aggregate($0.measure)) >= \(bind($0.least))::double precision"
    }
    return minima.isEmpty ? "" : "\n  having " + minima.joined(separator: " and ")
  }

  /// The dimensions as columns `d0`, `d1`, ….
  var labels: String {
    dimensions.enumerated().map { "\($1) as d\($0)" }.joined(separator: ", ")
  }

  /// The expressions of the plan's dimensions.
  private var dimensions: [String] {
    plan.columns.compactMap {
      if case .dimension(let expression) = $0.role { expression } else { nil }
    }
  }

  private var memberKey: String {
    "row(\(dimensions.indices.map { "counted.d\($0)" }.joined(separator: ", ")))::text"
  }

  /// The members with the most of the first metric over all of the range.
  private mutating func members() -> String {
    let names = dimensions.indices.map { "counted.d\($0)" }.joined(separator: ", ")
    let top = bind(String(plan.query.top ?? 0))
    return "member as materialized (\n  select \(memberKey) as key from labelled as counted"
      + "\n  group by \(names) order by \(aggregate(plan.query.metrics[0])) desc nulls last, \(names)"
      + "\n  limit \(top)::bigint\n)"
  }

  /// The places of the fields that tell the rows of an answer apart.
  private var keys: [Int] {
    fields.indices.filter {
      switch fields[$0].role {
      case .bucket, .dimension, .isOther: true
      default: false
      }
    }
  }

  /// The expressions of the fields.
  mutating func selected() -> [String] {
    let to = bind(plan.query.to.iso8601) + "::timestamptz"
    var dimension = -1
    let hasLines = part == .lines
    let isAllLoaded = hasLines ? "place.is_all_loaded" : "bool_and(counted.is_loaded)"
    let isAnyLoaded = hasLines ? "place.is_any_loaded" : "bool_or(counted.is_loaded)"
    return fields.enumerated().map { field, column in
      switch column.role {
      case .bucket: return bucketStart
      case .dimension(let expression):
        dimension += 1
        if plan.query.top != nil {
          return "case when member.key is not null then counted.d\(dimension) end"
        }
        return hasLines ? "place.c\(field)" : expression
      case .isOther: return "member.key is null"
      case .measure(let measure):
        guard hasLines else { return aggregate(measure) }
        return isOfLines(measure) ? "place.c\(field)" : ofRest(measure)
      case .source:
        return "case when \(isAllLoaded) then 'batch' when \(isAnyLoaded) then 'both'"
          + " when \(hasLines ? "true" : "count(*) > 0") then 'speed' end"
      case .isFinal:
        return "coalesce(\(isAllLoaded), true)"
          + " and \(bucketEnd.map { "least(\($0), \(to))" } ?? to) <= "
          + (plan.source == .facts
            ? "least(coalesce((select covers_until from state), '-infinity'), (select final_before from batch.published))"
            : "(select final_before from batch.published)")
      case .isPartial: return isPartial(to: to)
      case .settled: return settled(to: to)
      case .low, .high, .coversUntil: return "null"
      }
    }
  }

  /// The fields of a row of `answer` as text.
  private func shown() -> [String] {
    fields.indices.map {
      if case .bucket = fields[$0].role { return SQLText.iso("answer.c\($0)", milliseconds: false) }
      return "answer.c\($0)::text"
    }
  }

  /// What the rows of an answer are ordered by: with the keys behind all else, no two are alike.
  private func order() -> [String] {
    ordering.map { "c\($0.field)\($0.direction)" }
  }

  /// The fields that the rows of an answer are ordered by.
  var ordering: [(field: Int, direction: String)] {
    var order: [(field: Int, direction: String)] = []
    for wanted in plan.query.order {
      guard let field = fields.firstIndex(where: { $0.name == wanted.name }) else { continue }
      order.append((field, wanted.isDescending ? " desc nulls last" : ""))
    }
    if plan.query.order.isEmpty {
      for (field, column) in fields.enumerated() {
        switch column.role {
        case .bucket, .isOther: order.append((field, ""))
        default: continue
        }
      }
      let measure = fields.firstIndex { if case .measure = $0.role { true } else { false } }
      if let measure { order.append((measure, " desc nulls last")) }
    }
    for key in keys where !order.contains(where: { $0.field == key }) { order.append((key, "")) }
    return order
  }

  /// The table `before`: of the period that is compared with, the rows that stand beside those of the page.
  private func before(_ period: QueryPlan.Period, limit: String) -> String {
    let bucket = fields.firstIndex { if case .bucket = $0.role { true } else { false } }
    let members = keys.filter { $0 != bucket }.map { "c\($0)" }
    let page = "from page where position <= \(limit)::bigint"
    let isBeside: String
    switch (bucket, members.isEmpty) {
    case (nil, true): isBeside = "true"
    case (let bucket?, true):
      isBeside =
        "aligned >= (select min(c\(bucket)) \(page)) and aligned <= (select max(c\(bucket)) \(page))"
    case (let bucket, false):
      let time = bucket == nil ? "" : "aligned, "
      let names = members.joined(separator: ", ")
      isBeside =
        "row(\(time)\(names))::text in (select row(\(bucket.map { "c\($0), " } ?? "")\(names))::text \(page))"
    }
    let names = keys.map { "c\($0)" }.joined(separator: ", ")
    return """
      before as (
        select row_number() over (\(keys.isEmpty ? "" : "order by \(names)")) as position, *
        from (select *, \(aligned(bucket.map { "c\($0)" }, by: period.shift)) as aligned from answer_before) as answer
        where \(isBeside)
        order by position
        limit \(limit)::bigint
      )
      """
  }

  /// The rollups whose keys the statement reads.
  var homes: [Rollup] {
    plan.source.homes(of: plan.query.by + plan.query.filters.map(\.dimension))
  }

  /// Whether the database puts all of each span that the plan relies on into one bucket.
  private mutating func agreement() -> String {
    let spans = plan.checkedSpans + (plan.compared?.checkedSpans ?? [])
    guard !spans.isEmpty else { return "true" }
    let starts = bind(Self.array(spans.map(\.from.iso8601)))
    let ends = bind(Self.array(spans.map(\.to.iso8601)))
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
    "select greatest((select max(moved_at) from speed.progress), published_at) "
      + "from batch.published", milliseconds: true)
}
