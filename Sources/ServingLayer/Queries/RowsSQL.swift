import Metrics

/// The part of a statement that reads the rows of the plan's pieces, or the facts.
extension QuerySQL {
  /// A select of rows that are counted, all of one layer.
  struct CountedRows {
    var sql: String
    var isLoaded: Bool
  }

  /// Selects of members, the unknown one among them, which the table does not have and whose attributes are null.
  /// - Parameter dimension: the table, as `layers` has it.
  static func members(
    _ columns: String, of dimension: String, by key: String, where condition: String
  ) -> String {
    "select \(columns) from \(dimension) where \(condition)"
      + " union all select \(columns) from (values (0::bigint)) as unknown (\(key))"
      + " left join \(dimension) using (\(key)) where \(condition)"
  }

  static func union(_ rows: [CountedRows]) -> String {
    rows.map(\.sql).joined(separator: "\n  union all\n  ")
  }

  /// Selects of the rows that are counted, with the start of their bucket as `at`, and `is_loaded`.
  /// - Parameter isWanted: a further condition for rows of the speed layer, which are many and small.
  mutating func rows(where isWanted: String? = nil) -> [CountedRows] {
    switch plan.source {
    case .rollup(let rollup):
      let loaded = Rung.allCases.flatMap { rung in
        loadedRows(of: rollup, rung, plan.pieces.filter { $0.rung == rung })
      }
      return loaded.map { CountedRows(sql: $0, isLoaded: true) }
        + recentRows(of: rollup, where: isWanted).map { CountedRows(sql: $0, isLoaded: false) }
    case .facts:
      let (from, to) = (bind(plan.query.from.iso8601), bind(plan.readTo.iso8601))
      let counted = homes.compactMap(\.factColumn).map { " and \($0) is not null" }.joined()
      let at = plan.query.granularity == .none ? "ts" : bucket("ts")
      let days = isOfDays([(plan.query.from, plan.readTo)])
      let views =
        [("layers.event", true)] + (plan.liveView.map { [($0, false)] } ?? [])
      return views.map { view, isLoaded in
        CountedRows(
          sql: "select \(at) as at, \(source(by: "ts"))\(isLoaded) as is_loaded from \(view)"
            + " where ts >= \(from)::timestamptz and ts < \(to)::timestamptz\(counted)"
            + (isLoaded ? days : ""),
          isLoaded: isLoaded)
      }
    }
  }

  /// The loaded rows of the pieces on one rung, with the start of their bucket as `at`. Minutes that are given up come from
  /// the facts.
  private mutating func loadedRows(
    of rollup: Rollup, _ rung: Rung, _ pieces: [RungPiece]
  ) -> [String] {
    let name = "layers.\(rollup.table(rung).name)"
    var view = View(name: name, filtered: rung.column, rung: rung)
    if rung == .day, let groups = plan.groups { view.name = Self.rows(of: groups) }
    let past = View(name: "layers.past_\(rollup.table(rung).name)", filtered: "ts")
    return [(view, pieces), (past, pieces.filter(plan.isOfFacts))].flatMap { view, pieces in
      pieces.count > Self.fewPieces
        ? [loadedRows(of: view, rung, pieces)] : pieces.map { loadedRows(of: view, $0) }
    }
  }

  /// What the loaded rows of one rung are read from.
  private struct View {
    var name: String
    /// The column with the time.
    var filtered: String
    /// What its values are the starts of; nil where they are any points in time.
    var rung: Rung?
  }

  /// The loaded rows of groups, in place of those of a view of `layers`.
  static func rows(of groups: GroupedDays) -> String {
    "(select *, true as is_loaded from batch.\(groups.name)) as sums"
  }

  /// Pieces of a rung up to which each is read on its own, because the planner then knows its range.
  private static let fewPieces = 2

  private mutating func loadedRows(of view: View, _ piece: RungPiece) -> String {
    let type = Self.type(piece.rung)
    let (from, to) = (
      bind(Self.text(piece.from, piece.rung)), bind(Self.text(piece.to, piece.rung))
    )
    let at =
      isWithinBucket(piece.rung)
      ? "(select \(bucket(Self.start(of: "\(from)::\(type)", piece.rung))))" : at(piece.rung)
    let days = view.rung == nil ? isOfDays([(piece.from, piece.to)]) : ""
    return
      "select \(asBucket(at))\(source(by: view.filtered, view.rung))is_loaded from \(view.name)"
      + " where is_loaded and \(view.filtered) >= \(from)::\(type) and \(view.filtered) < \(to)::\(type)\(days)"
  }

  /// Many pieces at once, whose number is not in the statement's length: one after the other by an index.
  private mutating func loadedRows(
    of view: View, _ rung: Rung, _ pieces: [RungPiece]
  ) -> String {
    let filtered = view.filtered
    let type = Self.type(rung)
    let starts = bind(Self.array(pieces.map { Self.text($0.from, rung) }))
    let ends = bind(Self.array(pieces.map { Self.text($0.to, rung) }))
    let columns = "\(source(by: filtered, view.rung))is_loaded"
    let isWithin = isWithinBucket(rung)
    let days = view.rung == nil ? isOfDays(pieces.map { ($0.from, $0.to) }) : ""
    // `offset 0` keeps the planner from taking the ranges for a join of two tables, whose size it can only guess.
    return
      "select part.* from (select start, stop\(isWithin ? ", \(bucket(Self.start(of: "start", rung))) as at" : "")"
      + " from unnest(\(starts)::\(type)[], \(ends)::\(type)[]) as span(start, stop) offset 0) as piece"
      + " cross join lateral (select \(asBucket(isWithin ? "piece.at" : at(rung)))\(columns)"
      + " from \(view.name) where is_loaded"
      + " and \(filtered) >= piece.start and \(filtered) < piece.stop\(days) offset 0) as part"
  }

  /// A further condition for facts of some stretches of time: their days, by which PostgreSQL leaves the partitions of all
  /// others out. By `ts` alone it opens each day of a month to see its constraint (docs/decisions/0040).
  mutating func isOfDays(_ stretches: [(from: Instant, to: Instant)]) -> String {
    var keys: [String] = []
    for (from, to) in stretches {
      var day = from.floored(to: .day)
      while day < to {
        let key = day.isoDate.filter { $0 != "-" }
        if keys.last != key { keys.append(key) }
        day = Instant(milliseconds: day.milliseconds + Int64(Rung.day.minutes) * Instant.minute)
      }
    }
    return " and date_key = any (\(bind(Self.array(keys)))::integer[])"
  }

  /// The type of the column that says when a row's width begins.
  static func type(_ rung: Rung) -> String { rung == .day ? "date" : "timestamptz" }

  static func text(_ time: Instant, _ rung: Rung) -> String {
    rung == .day ? time.isoDate : time.iso8601
  }

  /// The column with the start of a row's bucket; where an answer has no time all rows are of one.
  func asBucket(_ start: String) -> String { isAddedUp ? Self.oneBucket : "\(start) as at, " }

  /// The same column of rows that are added up.
  static let oneBucket = "0 as at, "

  /// Whether each piece on this rung lies within one bucket, whose start is then worked out once for all of its rows.
  private func isWithinBucket(_ rung: Rung) -> Bool {
    switch plan.query.granularity {
    case .none, .second, .minute, .hour: false
    case .day: rung != .minute && plan.query.timeZone != "UTC"
    case .week, .month, .quarter, .year: rung != .minute
    }
  }

  /// When the bucket of a row begins. Rows of UTC are often buckets themselves, which saves a calculation for each.
  func at(_ rung: Rung) -> String {
    let start = Self.start(of: rung.column, rung)
    let granularity = plan.query.granularity
    let isBucket = granularity.rawValue == rung.rawValue && plan.query.timeZone == "UTC"
    return isBucket || granularity == .none ? start : bucket(start)
  }

  /// The value of a rung's column as a point in time.
  private static func start(of value: String, _ rung: Rung) -> String {
    rung == .day ? "\(value)::timestamp at time zone 'UTC'" : value
  }

  /// A column that is read of each row, beyond its time.
  struct SourceColumn {
    enum Role { case key, number, sketch }

    var name: String
    var role: Role
  }

  /// The columns that are read of rows: their keys, and what the plan's measures are made of.
  var sourceColumns: [SourceColumn] {
    var columns: [SourceColumn] = []
    func read(_ names: [String], _ role: SourceColumn.Role) {
      for name in names where !columns.contains(where: { $0.name == name }) {
        columns.append(SourceColumn(name: name, role: role))
      }
    }
    read(homes.flatMap(\.keyColumns), .key)
    for measure in measures {
      switch measure.rule {
      case .sum(let counter): read([counter.column], .number)
      case .cardinality(let distinct) where plan.query.isExact:
        read(Self.columns(distinct), .number)
      case .cardinality(let distinct): read([distinct.column], .sketch)
      case .ratio(let counter, let over): read(([counter] + over).map(\.column), .number)
      }
    }
    return columns
  }

  /// The columns that the plan reads of rows whose time is in a column of this name, each with a comma after it.
  /// - Parameter rung: nil where the column has points in time.
  func source(by time: String, _ rung: Rung? = nil) -> String {
    var columns = sourceColumns.map(\.name)
    if readsSettled {
      columns.append("\(Self.isSettled(time, rung)) as is_settled")
    }
    return columns.map { "\($0), " }.joined()
  }

  /// Whether all of a row lies before `settled_before`.
  private static func isSettled(_ time: String, _ rung: Rung?) -> String {
    let settled =
      switch rung {
      case .minute, nil: "settled_before"
      case .hour: "date_trunc('hour', settled_before, 'UTC')"
      case .day: "(settled_before at time zone 'UTC')::date"
      }
    return "\(time) < (select \(settled) from state)"
  }
}
