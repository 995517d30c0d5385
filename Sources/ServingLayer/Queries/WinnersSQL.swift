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
    let value = "rest.\(measure.name)"
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

  /// The tables `counted` and `line`, each line with all that the sums by key say of it, and the first and the last of its keys.
  mutating func lineTables() -> [String] {
    part = .lines
    defer { part = .everything }
    let counted = addedUp(rows())
    let columns = fields.enumerated().compactMap { field, column -> String? in
      switch column.role {
      case .dimension(let expression): "\(expression) as c\(field)"
      case .measure(let measure) where isOfLines(measure): "\(aggregate(measure)) as c\(field)"
      default: nil
      }
    }
    let key = keyColumns
    let names = names.map(\.expression).joined(separator: ", ")
    return [
      "counted as (\n  \(counted)\n)",
      """
      line as materialized (
        select
          \(columns.joined(separator: ", ")),
          bool_and(counted.is_loaded) as is_all_loaded, bool_or(counted.is_loaded) as is_any_loaded,
          min(counted.\(key)) as first_key, max(counted.\(key)) as last_key
        from \(named("counted"))
        group by \(names)\(having())
      )
      """,
    ]
  }

  /// The tables `place`, the page's lines, `winner`, the keys of their rows, `rest`, what else is asked of these, and `page`.
  ///
  /// - Parameter placed: a select of the page's lines with their position.
  mutating func pageTables(_ placed: String) -> [String] {
    let rest = rest()
    part = .lines
    defer { part = .everything }
    let columns = selected().enumerated().map { "\($1) as c\($0)" }.joined(separator: ", ")
    let from = rest == nil ? "place" : "place left join rest using (position)"
    return ["place as materialized (\n  \(placed)\n)"] + (rest.map { [winner(), $0] } ?? [])
      + ["page as (\n  select place.position, \(columns)\n  from \(from)\n)"]
  }

  /// The table `winner`. Most lines of songs and users have one key, which they say; those of all others are looked up by their
  /// names, and with them the unknown member's, which the dimension table does not have and whose names are null.
  private mutating func winner() -> String {
    let key = keyColumns
    let dimension = homes.compactMap(\.dimensionTable).first.map { "layers.\($0.table)" } ?? ""
    let own = names.enumerated().map { "\($1.expression) as d\($0)" }.joined(separator: ", ")
    // Joined by hash, which `is not distinct from` is not.
    let isOfLine = names.enumerated().map { number, name in
      "coalesce(member.d\(number)::text, '') = coalesce(place.c\(name.field)::text, '')"
        + " and (member.d\(number) is null) = (place.c\(name.field) is null)"
    }.joined(separator: " and ")
    let filters = plan.query.filters.compactMap { condition($0) }.joined(separator: " and ")
    let members = Self.members(
      "\(key), \(own)", of: dimension, by: key, where: filters.isEmpty ? "true" : filters)
    return """
      winner as materialized (
        select first_key as \(key), position from place where first_key = last_key
        union all
        select member.\(key), place.position
          from (\(members)) as member
          join place on \(isOfLine)
          where place.first_key < place.last_key
      )
      """
  }

  /// The table `rest`; nil where the lines have all that is asked for.
  private mutating func rest() -> String? {
    part = .rest
    defer { part = .everything }
    guard !measures.isEmpty else { return nil }
    let key = keyColumns
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

  /// What tells lines apart: the fields of the names, and what they are of a row that has its key's names.
  private var names: [(field: Int, expression: String)] {
    fields.enumerated().compactMap { field, column in
      if case .dimension(let expression) = column.role { (field, expression) } else { nil }
    }
  }
}
