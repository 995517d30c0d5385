import Metrics

/// The part of a statement that reads the sketches of the page's lines alone. Uniting those of all members costs several times as much
/// as adding up all else, and most lists are ordered by what is added up.
extension QuerySQL {
  /// What is read of rows.
  enum Part {
    case everything
    /// All but sketches, of all lines.
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
      query.top == nil, !query.by.isEmpty,
      query.limit + query.offset <= Self.mostWinners,
      !(query.by + query.filters.map(\.dimension)).contains(.layer),
      query.metrics.contains(where: Self.isSketch)
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

  /// Whether a measure is not in `answer`, but in `sketch`.
  func isReadLater(_ measure: Measure) -> Bool { part == .counters && Self.isSketch(measure) }

  /// A measure that is read later, as text.
  static func shownSketch(of measure: Measure) -> String {
    guard case .cardinality(let distinct) = measure.rule else { return "null" }
    return estimate("sketch.\(distinct.column)") + "::text"
  }

  static let besideSketches = " left join sketch on sketch.position = answer.position"

  /// The tables `winner`, the keys of the page's lines, and `sketch`, their sketches.
  mutating func winners() -> [String] {
    part = .sketches
    defer { part = .counters }
    let columns = sourceColumns
    let key = columns.filter { $0.role == .key }.map(\.name).joined(separator: ", ")
    let unions = columns.filter { $0.role == .sketch }
      .map { "hll_union_agg(\($0.name)) as \($0.name)" }.joined(separator: ", ")
    // Joined by hash, which `is not distinct from` is not.
    let names = fields.indices.filter {
      if case .dimension = fields[$0].role { true } else { false }
    }.enumerated().map { dimension, field in
      let (own, shown) = ("labelled.d\(dimension)", "page.c\(field)")
      return "coalesce(\(own)::text, '') = coalesce(\(shown)::text, '')"
        + " and (\(own) is null) = (\(shown) is null)"
    }.joined(separator: " and ")
    return [
      """
      winner as materialized (
        select distinct \(key), page.position from labelled join page on \(names)
      )
      """,
      """
      sketch as (
        select winner.position, \(unions)
        from (
          \(Self.union(rows()))
        ) as part join winner using (\(key))
        group by winner.position
      )
      """,
    ]
  }
}
