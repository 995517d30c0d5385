import Metrics

/// Which rollup answers a query, on which rungs, and the columns of the answer in order.
struct QueryPlan: Sendable {
  struct Column: Sendable {
    enum Kind: String, Sendable { case time, string, integer, number, boolean }

    enum Role: Sendable {
      case bucket
      case dimension(expression: String)
      case measure(Measure)
      /// An end of the 95 % interval of the distinct count in the column before.
      case low, high
      case source, isFinal
    }

    var name: String
    var kind: Kind
    var role: Role
    var unit: String?
  }

  var query: Query
  var rollup: Rollup
  /// In order of time; together they are the query's range.
  var pieces: [RungPiece]
  /// What the database must agree with for the pieces to be right.
  var checkedSpans: [BucketSpan]
  var columns: [Column]

  /// Picks the rollup with the fewest rows that has everything.
  ///
  /// - Throws: `RequestError` that says what does go together.
  init(_ query: Query) throws(RequestError) {
    self.query = query
    rollup = try Self.rollup(for: query)
    let spans = BucketSpan.all(of: query)
    pieces = RungPiece.pieces(of: query, within: spans)
    checkedSpans = BucketSpan.checked(spans, query.granularity)
    columns = []
    if query.granularity != .none {
      columns.append(Column(name: "time", kind: .time, role: .bucket))
    }
    for column in query.by.flatMap({ $0.columns(in: rollup) ?? [] })
    where !columns.contains(where: { $0.name == column.name }) {
      columns.append(
        Column(
          name: column.name, kind: column.isInteger ? .integer : .string,
          role: .dimension(expression: column.expression)))
    }
    for measure in query.metrics {
      let unit = measure.unit.rawValue
      switch measure.rule {
      case .sum:
        columns.append(
          Column(name: measure.name, kind: .integer, role: .measure(measure), unit: unit))
      case .ratio:
        columns.append(
          Column(name: measure.name, kind: .number, role: .measure(measure), unit: unit))
      case .cardinality:
        columns += [
          Column(name: measure.name, kind: .integer, role: .measure(measure), unit: unit),
          Column(name: measure.name + "_low", kind: .integer, role: .low, unit: unit),
          Column(name: measure.name + "_high", kind: .integer, role: .high, unit: unit),
        ]
      }
    }
    columns += [
      Column(name: "source", kind: .string, role: .source),
      Column(name: "is_final", kind: .boolean, role: .isFinal),
    ]
  }

  /// The same plan with minutes alone, which needs no knowledge of time zones.
  var byMinutes: QueryPlan {
    var plan = self
    plan.pieces = [RungPiece(rung: .minute, from: query.from, to: query.to)]
    plan.checkedSpans = []
    return plan
  }

  private static func rollup(for query: Query) throws(RequestError) -> Rollup {
    let dimensions = query.by + query.filters.map(\.dimension)
    let candidates = Rollup.cheapestFirst.filter { rollup in
      dimensions.allSatisfy { $0.columns(in: rollup) != nil }
    }
    if let rollup = candidates.first(where: { query.metrics.allSatisfy($0.keeps) }) {
      return rollup
    }
    let asked = unique(dimensions).map(\.rawValue).joined(separator: ", ")
    if candidates.isEmpty {
      let groups = Rollup.cheapestFirst.map { Dimension.all(in: $0) }.filter { $0.count > 1 }
      throw RequestError(
        "no_such_combination",
        "by and filter: found \(asked), which no rollup has together, accepted: those within one of "
          + groups.map { "[" + $0.map(\.rawValue).joined(separator: ", ") + "]" }
          .joined(separator: " "))
    }
    let kept = candidates.map { rollup in
      "[" + Measure.all.filter(rollup.keeps).map(\.name).joined(separator: ", ") + "]"
    }
    let metrics = query.metrics.map(\.name).joined(separator: ", ")
    throw RequestError(
      "no_such_combination",
      "metrics: found \(metrics), which are not all kept by \(asked), accepted: those within one of "
        + unique(kept).joined(separator: " "))
  }
}

private func unique<T: Equatable>(_ values: [T]) -> [T] {
  values.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
}
