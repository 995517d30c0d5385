import Metrics

/// Where the rows of an answer come from.
enum QuerySource: Equatable, Sendable {
  /// A rollup, of both layers.
  case rollup(Rollup)
  /// The view `layers.event`: one row for each event up to the last published load; of what is known of events as they come, with
  /// those behind it that are not loaded. It has what no rollup has: seconds, and any dimensions together.
  case facts

  /// The rollup with the fewest rows that has everything, or else the facts.
  ///
  /// - Throws: `RequestError` that says what does go together, or how to narrow what the facts would be asked for.
  init(for query: Query) throws(RequestError) {
    let dimensions = unique(query.by + query.filters.map(\.dimension))
    let candidates = Rollup.cheapestFirst.filter { rollup in
      dimensions.allSatisfy { $0.columns(in: rollup) != nil }
    }
    let isExact = query.isExact && query.measuresRead.contains(where: \.isDistinct)
    let needsFacts = candidates.isEmpty || query.granularity == .second || isExact
    let metrics = query.measuresRead
    if !needsFacts, let rollup = candidates.first(where: { metrics.allSatisfy($0.keeps) }) {
      self = .rollup(rollup)
      return
    }
    let asked = dimensions.map(\.rawValue).joined(separator: ", ")
    let kept =
      needsFacts
      ? [Measure.all.filter { measure in dimensions.allSatisfy { $0.goes(with: measure) } }]
      : candidates.map { Measure.all.filter($0.keeps) }
    guard needsFacts,
      metrics.allSatisfy({ metric in kept[0].contains { $0.name == metric.name } })
    else {
      let asking = metrics.map(\.name).joined(separator: ", ")
      let lists = unique(kept.map { "[" + $0.map(\.name).joined(separator: ", ") + "]" })
      throw RequestError(
        "no_such_combination",
        "metrics: found \(asking), which are not all kept by \(asked), accepted: those within one of "
          + lists.joined(separator: " "))
    }
    let days = Double(query.to.milliseconds - query.from.milliseconds) / 86_400_000
    guard days <= Double(Query.maximumFactDays) else {
      let what =
        query.granularity == .second
        ? "seconds" : isExact ? "exact distinct counts" : "\(asked) together"
      throw RequestError(
        "too_many_facts",
        "from and to: found \(Int(days.rounded(.up))) days, accepted: at most \(Query.maximumFactDays) "
          + "for \(what), which no rollup has, so that each event is read; narrow the range, or "
          + (query.granularity == .second
            ? "ask by the minute"
            : isExact
              ? "ask for estimates" : "ask for dimensions of one rollup: \(Self.rollupLists)"))
    }
    self = .facts
  }

  private static let rollupLists = Rollup.cheapestFirst.map { Dimension.all(in: $0) }
    .filter { $0.count > 1 }
    .map { "[" + $0.map(\.rawValue).joined(separator: ", ") + "]" }.joined(separator: " ")

  /// The rollup whose columns say what the dimension is in these rows.
  func home(of dimension: Dimension) -> Rollup? {
    switch self {
    case .rollup(let rollup): rollup
    case .facts: Rollup.cheapestFirst.first { dimension.columns(in: $0) != nil }
    }
  }

  /// What to select and group by for a dimension, its own column first.
  func columns(of dimension: Dimension) -> [Dimension.Column] {
    home(of: dimension).flatMap { dimension.columns(in: $0) } ?? []
  }

  /// The groups of members that all of a query's dimensions are attributes of; nil where there are none, or the query
  /// tells members apart.
  func groups(of query: Query) -> GroupedDays? {
    guard case .rollup(let rollup) = self else { return nil }
    let names = unique(query.by + query.filters.map(\.dimension)).filter { $0 != .layer }
    guard let name = names.first, names.count == 1 else { return nil }
    return GroupedDays.all.first { $0.rollup == rollup && $0.attribute == name.rawValue }
  }

  /// The rollups whose keys the rows have, or need for the dimensions.
  func homes(of dimensions: [Dimension]) -> [Rollup] {
    switch self {
    case .rollup(let rollup): [rollup]
    case .facts: unique(dimensions.filter { $0 != .layer }.compactMap { home(of: $0) })
    }
  }
}

extension Dimension {
  /// Whether some rollup by this dimension keeps the measure: page views, say, have no artist.
  fileprivate func goes(with measure: Measure) -> Bool {
    Rollup.allCases.contains { columns(in: $0) != nil && $0.keeps(measure) }
  }
}

extension Measure {
  fileprivate var isDistinct: Bool { if case .cardinality = rule { true } else { false } }
}

private func unique<T: Equatable>(_ values: [T]) -> [T] {
  values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
}
