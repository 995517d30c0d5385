import Metrics

/// What answers a query, on which rungs, and the columns of the answer in order.
struct QueryPlan: Sendable {
  struct Column: Sendable {
    enum Kind: String, Sendable { case time, string, integer, number, boolean }

    enum Role: Sendable {
      case bucket
      case dimension(expression: String)
      /// Whether the row is of all members that the series is not of.
      case isOther
      case measure(Measure)
      /// An end of the 95 % interval of the distinct count in the column before.
      case low, high
      case source, isFinal
      /// Whether the range, or what is known, cuts the bucket.
      case isPartial
      /// Whether the outcome of all, part or none of the plays is settled.
      case settled
      /// Up to when the facts answer for everything; the same in all rows.
      case coversUntil
    }

    var name: String
    var kind: Kind
    var role: Role
    var unit: String?
  }

  /// The period that is compared with.
  struct Period: Sendable {
    /// Inclusive.
    var from: Instant
    /// Exclusive.
    var to: Instant
    /// How much later the query's period is.
    var shift: Query.Shift
    var pieces: [RungPiece]
    var recent: RecentStretches
    var checkedSpans: [BucketSpan]
  }

  var query: Query
  /// Where what is read ends: with the query, or before it where that is compared up to there.
  var readTo: Instant
  var source: QuerySource
  /// The groups whose days answer in place of those of their members; nil where the query is of members.
  var groups: GroupedDays?
  /// Of loaded rows, in order of time; together they are the query's range. None for facts.
  var pieces: [RungPiece]
  /// Of the speed layer's rows.
  var recent: RecentStretches
  /// What the database must agree with for the pieces to be right.
  var checkedSpans: [BucketSpan]
  /// Where no row that is read may lie on both sides, so that rates of ended plays are taken before it: where outcomes were settled a
  /// moment ago. nil where that is not known, and rows that outcomes are settled of in part are left out of rates.
  var settledBefore: Instant?
  /// nil where there is nothing to compare with.
  var compared: Period?
  /// How the members are found whose rows are read; nil where all rows are.
  var ranking: Ranking?
  /// Whether the lines that are shown may be found before all of them is read; false reads all of all lines.
  var mayReadWinners = true
  /// When the minutes begin that rollups have, as it was known a moment ago: facts are not looked at for later ones. Where that is
  /// wrong by now, the answer says that it is not decided. nil where it is not known.
  var minutesFrom: Instant?
  var columns: [Column]

  /// - Parameter knownUntil: the end of the latest minute that has been counted; nil where the query's period has passed.
  /// - Throws: `RequestError` that says what does go together.
  init(
    _ query: Query, settledBefore: Instant? = nil, knownUntil: Instant? = nil
  ) throws(RequestError) {
    self.query = query
    self.settledBefore = settledBefore
    source = try QuerySource(for: query)
    let cut = query.cut(upTo: knownUntil)
    let period = try query.compared(upTo: cut)
    var read = query
    // Where a bucket begins with what is not over, as by the minute, that has a row of its own, which stands beside none.
    if period != nil, cut > query.from, try !query.beginsBucket(cut) { read.to = cut }
    readTo = read.to
    (pieces, recent, checkedSpans) = Self.pieces(of: read, source, settledBefore)
    if let (from, to, shift) = period {
      var other = query
      (other.from, other.to) = (from, to)
      let (pieces, recent, spans) = Self.pieces(of: other, source, settledBefore, isPast: true)
      compared = Period(
        from: from, to: to, shift: shift, pieces: pieces, recent: recent, checkedSpans: spans)
    }
    groups = source.groups(of: query)
    ranking = Ranking(read, source, groups)
    columns = []
    if query.granularity != .none {
      columns.append(Column(name: "time", kind: .time, role: .bucket))
    }
    for column in query.by.flatMap(source.columns(of:))
    where !columns.contains(where: { $0.name == column.name }) {
      columns.append(
        Column(
          name: column.name, kind: column.isInteger ? .integer : .string,
          role: .dimension(expression: column.expression)))
    }
    if query.top != nil {
      columns.append(Column(name: "is_other", kind: .boolean, role: .isOther))
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
      case .cardinality where query.isExact:
        columns.append(
          Column(name: measure.name, kind: .integer, role: .measure(measure), unit: unit))
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
      Column(name: "is_partial", kind: .boolean, role: .isPartial),
    ]
    if readsSettled { columns.append(Column(name: "settled", kind: .string, role: .settled)) }
    if source == .facts {
      columns.append(Column(name: "covers_until", kind: .time, role: .coversUntil))
    }
  }

  /// - Parameter isPast: whether there are later minutes in any case.
  private static func pieces(
    of query: Query, _ source: QuerySource, _ settledBefore: Instant?, isPast: Bool = false
  ) -> ([RungPiece], RecentStretches, [BucketSpan]) {
    if source == .facts { return ([], .byMinute, []) }
    var spans = BucketSpan.all(of: query)
    let pieces = RungPiece.pieces(of: query, within: spans, cutAt: settledBefore)
    var reached: [RungPiece]?
    var longer = query
    longer.to = query.to.ceiled(to: .hour)
    let uncut = RungPiece.pieces(of: query, within: spans)
    if !isPast, longer.to != query.to {
      let longerSpans = BucketSpan.all(of: longer)
      reached = RungPiece.pieces(of: longer, within: longerSpans)
      spans = longerSpans
    }
    return (
      pieces, RecentStretches(of: query, uncut, upToTheHour: reached),
      query.timeZone == "UTC" ? [] : BucketSpan.checked(spans, query.granularity)
    )
  }

  /// The plan for the rows of the period that is compared with.
  func over(_ period: Period) -> QueryPlan {
    var plan = self
    (plan.query.from, plan.query.to, plan.readTo) = (period.from, period.to, period.to)
    (plan.pieces, plan.recent) = (period.pieces, period.recent)
    return plan
  }

  /// Whether facts answer for a piece by the minute, or for a part of it.
  func isOfFacts(_ piece: RungPiece) -> Bool {
    guard case .rollup(let rollup) = source, piece.rung == .minute, !rollup.keepsAllMinutes else {
      return false
    }
    return minutesFrom.map { piece.from < $0 } ?? true
  }

  /// Whether a rate is asked for that settled plays alone make.
  var readsSettled: Bool { query.measuresRead.contains(where: \.isOfEndedPlays) }

  /// The same plan with minutes alone, which needs no knowledge of time zones.
  var byMinutes: QueryPlan {
    var plan = self
    plan.pieces = [RungPiece(rung: .minute, from: query.from, to: readTo)]
    plan.recent = .byMinute
    plan.checkedSpans = []
    if let period = compared {
      plan.compared?.pieces = [RungPiece(rung: .minute, from: period.from, to: period.to)]
      plan.compared?.recent = .byMinute
      plan.compared?.checkedSpans = []
    }
    return plan.overAllRows
  }

  /// The same plan without a ranking, and without what was known a moment ago.
  var overAllRows: QueryPlan {
    var plan = self
    plan.ranking = nil
    plan.minutesFrom = nil
    return plan
  }
}

extension Measure {
  /// Whether this is a rate over ended plays: while plays are open, those that have ended are no fair sample.
  var isOfEndedPlays: Bool {
    if case .ratio(_, over: Self.endedPlays) = rule { true } else { false }
  }
}
