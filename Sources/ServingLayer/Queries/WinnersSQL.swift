import Metrics

/// The part of a statement that finds the lines of the page by what lists are ordered by, and works out all else for these alone: to
/// unite the sketches of all members costs several times as much as to add up their counters, and the rates of all lines half of that.
extension QuerySQL {
  /// What is read of rows.
  enum Part {
    case everything
    /// What the page's lines are told by.
    case lines
    /// All else, of these lines.
    case rest
  }

  /// The measures that are read at present.
  var measures: [Measure] {
    let all = plan.query.measuresRead
    switch part {
    case .everything: return all
    case .lines: return all.filter(isOfLines)
    case .rest: return all.filter { !isOfLines($0) }
    }
  }

  /// Whether a rate over what is settled is read at present.
  var readsSettled: Bool { measures.contains(where: \.isOfEndedPlays) }

  /// Whether a measure is read with what the lines are told by. Rows are read a second time for what is dear of each of them:
  /// sketches, and what is settled of hours, which takes rows of minutes.
  func isOfLines(_ measure: Measure) -> Bool {
    if Self.isSketch(measure) { return false }
    return !measure.isOfEndedPlays || plan.recent.hours == nil
      || deciding.contains { $0.name == measure.name }
  }

  /// What says which lines the page has, and in which order.
  private var deciding: [Measure] {
    plan.query.having.map(\.measure)
      + ordering.compactMap {
        if case .measure(let measure) = fields[$0.field].role { measure } else { nil }
      }
  }

  /// A measure of a line of the page that `rest` has.
  func ofRest(_ measure: Measure) -> String {
    // A rate may be unknown; what is counted is none where there are no rows.
    let value = "max(rest.\(measure.name))"
    if case .ratio = measure.rule { return value }
    return "coalesce(\(value), 0)"
  }

  /// Longer pages have most of the members, whose rows would be read twice.
  private static let mostWinners = 1000

  /// Whether the page's lines can be told without a sketch, and what is in a line by the keys of its rows.
  var readsWinners: Bool {
    let query = plan.query
    guard plan.mayReadWinners, isAddedUp, plan.ranking == nil, plan.compared == nil,
      query.top == nil, !query.by.isEmpty, query.limit + query.offset <= Self.mostWinners,
      !(query.by + query.filters.map(\.dimension)).contains(.layer)
    else { return false }
    return !deciding.contains(where: Self.isSketch)
  }

  private static func isSketch(_ measure: Measure) -> Bool {
    if case .cardinality = measure.rule { true } else { false }
  }

  /// The tables `counted`, `labelled`, its rows with their names, and `line`, each line with what the list is ordered by.
  mutating func lineTables() -> [String] {
    part = .lines
    defer { part = .everything }
    let counted = addedUp(rows())
    let dimensions = zip(labelColumns, nameFields).map { "\($0) as c\($1)" }
    let measures = ordering.compactMap { ordered -> String? in
      guard case .measure(let measure) = fields[ordered.field].role else { return nil }
      return "\(aggregate(measure)) as c\(ordered.field)"
    }
    let columns = (dimensions + measures).joined(separator: ", ")
    let names = labelColumns.joined(separator: ", ")
    return [
      "counted as (\n  \(counted)\n)",
      "labelled as materialized (\n  select counted.*, \(labels) from \(named("counted"))\n)",
      "line as materialized (\n  select \(columns) from labelled as counted group by \(names)\(having())\n)",
    ]
  }

  /// The tables `place`, the page's lines, `winner`, the keys of their rows, `rest`, what else is asked of these, and `page`.
  ///
  /// - Parameter placed: a select of the page's lines with their position.
  mutating func pageTables(_ placed: String) -> [String] {
    let key = keyColumns
    let rest = rest(key)
    part = .lines
    defer { part = .everything }
    // Joined by hash, which `is not distinct from` is not.
    let isOfLine = zip(labelColumns, nameFields).map { own, field in
      "coalesce(\(own)::text, '') = coalesce(place.c\(field)::text, '')"
        + " and (\(own) is null) = (place.c\(field) is null)"
    }.joined(separator: " and ")
    let columns = selected().enumerated().map { "\($1) as c\($0)" }.joined(separator: ", ")
    let group = (["winner.position"] + labelColumns).joined(separator: ", ")
    var tables = [
      "place as materialized (\n  \(placed)\n)",
      """
      winner as materialized (
        select distinct \(key), place.position from labelled as counted join place on \(isOfLine)
      )
      """,
    ]
    var from = "winner join labelled as counted using (\(key))"
    if let rest {
      tables.append(rest)
      from += " left join rest using (position)"
    }
    tables.append(
      "page as (\n  select winner.position, \(columns)\n  from \(from)\n  group by \(group)\n)")
    return tables
  }

  /// The table `rest`; nil where the lines have all that is asked for.
  private mutating func rest(_ key: String) -> String? {
    part = .rest
    defer { part = .everything }
    guard !measures.isEmpty else { return nil }
    let values = measures.map { "\(aggregate($0)) as \($0.name)" }.joined(separator: ", ")
    let rows = Self.union(rows(where: "\(key) in (select \(key) from winner)"))
    return """
      rest as (
        select winner.position, \(values)
        from (
          \(rows)
        ) as counted join winner using (\(key))
        group by winner.position
      )
      """
  }

  private var nameFields: [Int] {
    fields.indices.filter {
      if case .dimension = fields[$0].role { true } else { false }
    }
  }

  private var labelColumns: [String] { nameFields.indices.map { "counted.d\($0)" } }
}
