import Metrics

/// The rows of a plan's statement, ready to be written down.
struct QueryAnswer: Sendable {
  var plan: QueryPlan
  /// ISO 8601; nil before anything was loaded or streamed.
  var asOf: String?
  var finalBefore: String?
  var loadedEpoch: Int
  /// Whether the database agrees about where the buckets of `plan.checkedSpans` begin. If not, the rows are not to be shown.
  var agrees: Bool
  /// Whether `plan.ranking` has found the members of the list. If not, the rows are not to be shown.
  var isDecided: Bool
  /// Where facts answer: every event before this that either layer has counted is in the answer, and it is final; what
  /// comes after is there as far as the last load went. nil where nothing is certain, and where both layers answer.
  var coversUntil: String?
  /// ISO 8601; the outcome of plays that began earlier is settled, and rates are taken over these. nil before any is, and where no
  /// such rate is asked for.
  var settledBefore: String?
  /// One text for each of the plan's columns; nil is null.
  var rows: [[String?]]
  /// A row of the period that is compared with.
  struct ComparedRow: Sendable {
    /// When the bucket begins that the row stands beside, ISO 8601; nil without buckets.
    var besides: String?
    var texts: [String?]
  }

  /// Of the rows' buckets and members those that the other period has.
  var compared: [ComparedRow]
  /// True where the limit cut rows off.
  var isTruncated: Bool
  /// The rows that the limit cut off; nil where a ranking did not count them.
  var leftOut: Int?

  /// - Parameter result: the rows of `QuerySQL.statement(for: plan)`.
  init(_ plan: QueryPlan, _ result: [[String?]]) {
    self.plan = plan
    asOf = result.first?[0]
    finalBefore = result.first?[1]
    loadedEpoch = result.first?[2].flatMap { Int($0) } ?? 0
    agrees = result.first?[3] != "false"
    let coversUntil = result.first?[4]
    self.coversUntil = coversUntil
    isDecided = result.first?[5] != "false"
    settledBefore = result.first?[6]
    let found = result.filter { $0[8] != nil && !Self.isTrue($0[9]) }
    isTruncated = found.count > plan.query.limit
    let shown = min(found.count, plan.query.limit)
    leftOut =
      isTruncated
      ? result.first?[7].flatMap { Int($0) }.map { $0 - plan.query.offset - shown } : 0
    rows = found.prefix(plan.query.limit).map { Self.texts($0, plan, coversUntil) }
    compared = result.filter { Self.isTrue($0[9]) }.map {
      ComparedRow(besides: $0[10], texts: Self.texts($0, plan, coversUntil))
    }
  }

  private static func isTrue(_ text: String?) -> Bool { text == "t" || text == "true" }

  /// A row of the result, with one text for each of the plan's columns.
  private static func texts(
    _ row: [String?], _ plan: QueryPlan, _ coversUntil: String?
  ) -> [String?] {
    var texts = row.dropFirst(QuerySQL.leading).makeIterator()
    var last: String?
    return plan.columns.map { column in
      switch column.role {
      case .low: return last.flatMap { Int($0) }.map { "\(SketchAccuracy.interval($0).low)" }
      case .high: return last.flatMap { Int($0) }.map { "\(SketchAccuracy.interval($0).high)" }
      case .isFinal, .isPartial, .isOther:
        return texts.next().flatMap { $0 }.map { isTrue($0) ? "true" : "false" }
      case .coversUntil: return coversUntil
      default:
        last = texts.next() ?? nil
        return last
      }
    }
  }

  func writeRow(_ row: [String?], to json: inout JSONWriter) {
    json.object { writeMembers(row, to: &$0) }
  }

  /// Writes a member for each column.
  func writeMembers(_ row: [String?], to json: inout JSONWriter) {
    for (column, text) in zip(plan.columns, row) {
      switch column.kind {
      case .time, .string: json.member(column.name, text)
      case .integer, .number, .boolean: json.member(column.name, raw: text ?? "null")
      }
    }
  }

  var json: String {
    var json = JSONWriter()
    json.object { json in
      json.member("query") { writeQuery(to: &$0) }
      json.member("as_of", asOf)
      json.member("final_before", finalBefore)
      json.member("loaded_epoch", loadedEpoch)
      if plan.source == .facts { json.member("covers_until", coversUntil) }
      if plan.readsSettled { json.member("settled_before", settledBefore) }
      json.list("columns") { writeColumns(to: &$0) }
      json.member("truncated", isTruncated)
      json.member("left_out", raw: leftOut.map { "\($0)" } ?? "null")
      json.list("rows") { for row in rows { writeRow(row, to: &$0) } }
      if let period = plan.compared {
        json.member("previous") { json in
          json.member("from", period.from.iso8601)
          json.member("to", period.to.iso8601)
          json.list("rows") { json in
            for row in compared {
              json.object { json in
                if let besides = row.besides { json.member("compares_to", besides) }
                writeMembers(row.texts, to: &json)
              }
            }
          }
        }
      }
    }
    return json.text
  }

  private func writeQuery(to json: inout JSONWriter) {
    let query = plan.query
    json.member("metrics", query.metrics.map(\.name))
    json.member("by", query.by.map(\.rawValue))
    json.member("granularity", query.granularity.rawValue)
    json.member("from", query.from.iso8601)
    json.member("to", query.to.iso8601)
    json.member("tz", query.timeZone)
    if query.isWhole { json.member("limit", "all") } else { json.member("limit", query.limit) }
    json.member("offset", query.offset)
    json.list("filters") { json in
      for filter in query.filters {
        json.object {
          $0.member("dimension", filter.dimension.rawValue)
          $0.member("values", filter.values)
        }
      }
    }
    json.list("having") { json in
      for minimum in query.having {
        json.object {
          $0.member("metric", minimum.measure.name)
          $0.member("least", raw: minimum.least)
        }
      }
    }
    json.member("order", query.order.map { "\($0.name):\($0.isDescending ? "desc" : "asc")" })
    json.member("top", raw: query.top.map { "\($0)" } ?? "null")
    json.member("compare", query.comparison?.rawValue)
    json.member("exact", query.isExact)
    switch plan.source {
    case .rollup(let rollup): json.member("rollup", rollup.table(.minute).name)
    case .facts: json.member("rollup", raw: "null")
    }
  }

  private func writeColumns(to json: inout JSONWriter) {
    for column in plan.columns {
      json.object { json in
        json.member("name", column.name)
        json.member("type", column.kind.rawValue)
        json.member("unit", column.unit)
        if case .measure(let measure) = column.role, measure.isOfEndedPlays {
          json.member("settled_plays_only", true)
        }
        if case .measure(let measure) = column.role, case .cardinality = measure.rule,
          !plan.query.isExact
        {
          json.member("error") {
            $0.member("kind", "relative_standard_error")
            $0.key("value")
            $0.number(DistinctSketch.relativeError)
            $0.list("ranges") { json in
              for accuracy in SketchAccuracy.all {
                json.object { json in
                  json.member("from", accuracy.from)
                  for (name, value) in [
                    ("value", accuracy.standardError), ("low", accuracy.low),
                    ("high", accuracy.high),
                  ] {
                    json.key(name)
                    json.number(value)
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
