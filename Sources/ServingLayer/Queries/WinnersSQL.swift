import Metrics

/// The part of a statement that finds the lines of the page by what lists are ordered by, and works out all else for these alone: to
/// unite the sketches of all members costs several times as much as to add up their counters, and the rates of all lines half of that.
extension QuerySQL {
  /// What is read of rows.
  enum Part {
    case everything
    /// All but sketches.
    case counters
    /// Sketches, of the page's lines.
    case sketches
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
    return !query.having.contains { Self.isSketch($0.measure) }
      && !ordering.contains {
        if case .measure(let measure) = fields[$0.field].role {
          Self.isSketch(measure)
        } else {
          false
        }
      }
  }

  private static func isSketch(_ measure: Measure) -> Bool {
    if case .cardinality = measure.rule { true } else { false }
  }

  /// The tables `counted`, `labelled`, its rows with their names, and `line`, each line with what the list is ordered by.
  mutating func lineTables() -> [String] {
    part = .counters
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

  /// The tables `place`, the page's lines, `winner`, the keys of their rows, `sketch`, what is united of these, and `page`.
  ///
  /// - Parameter placed: a select of the page's lines with their position.
  mutating func pageTables(_ placed: String) -> [String] {
    let key = keyColumns
    let sketches = sums.filter(\.isSketch)
    part = .sketches
    let rows = sketches.isEmpty ? "" : Self.union(rows())
    part = .counters
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
    if !sketches.isEmpty {
      let unions = sketches.map { "\(Self.estimate($0.value)) as \($0.name)" }
        .joined(separator: ", ")
      tables.append(
        """
        sketch as (
          select winner.position, \(unions)
          from (
            \(rows)
          ) as part join winner using (\(key))
          group by winner.position
        )
        """)
      from += " left join sketch using (position)"
    }
    tables.append(
      "page as (\n  select winner.position, \(columns)\n  from \(from)\n  group by \(group)\n)")
    return tables
  }

  private var nameFields: [Int] {
    fields.indices.filter {
      if case .dimension = fields[$0].role { true } else { false }
    }
  }

  private var labelColumns: [String] { nameFields.indices.map { "counted.d\($0)" } }
}
