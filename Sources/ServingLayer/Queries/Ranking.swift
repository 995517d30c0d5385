import Metrics
import Support

/// How the members that a top list is about are found before their rows are read: by running totals of listens, which
/// give each line of the list a least and a most that it can have. Days that the range has part of count for the
/// most only. Lines whose most is below the least of the last line that is wanted cannot be in the list (docs/decisions/0017).
struct Ranking: Equatable, Sendable {
  var table: RunningTable
  /// The whole days within the range.
  var within: RungPiece
  /// The days that the range has any of.
  var around: RungPiece
  /// The columns of the dimension table that a line stands for, one or two.
  var lines: [String]
  /// Whether these are the names of a member, and nothing is filtered, so that the label in the running totals is that of
  /// the line.
  var isByName: Bool
  /// Lines whose totals the list needs: as many as it may have, and one more to tell whether it is cut off.
  var wanted: Int
  /// Rows of members that may be looked up one by one. Where the members have more, their rows are read as for any question.
  static let maximumLookups = 400_000

  /// The members that may be looked up. Where groups have days of their own, members are looked up by the hour alone.
  var maximumMembers: Int {
    table.groups == nil
      ? maximumMembersByDay : max(1, Self.maximumLookups / 48)
  }

  /// The members that may be looked up by the day: all of them, or of groups those that are groups by themselves.
  var maximumMembersByDay: Int {
    let days = (within.to.milliseconds - within.from.milliseconds) / Self.day
    return max(1, Self.maximumLookups / max(1, Int(days)))
  }

  private static let day = 1440 * Instant.minute
  /// Longer lists want so many members that reading all rows is as fast.
  static let maximumLimit = 100
  /// Days from which on it is worth while.
  private static let fewestDays: Int64 = 3

  /// nil where the query is no top list by listens, or one over few days, or a file, which says how many lines it leaves out.
  /// - Parameter groups: the groups that answer for days.
  init?(_ query: Query, _ source: QuerySource, _ groups: GroupedDays?) {
    guard case .rollup(let rollup) = source,
      let table = groups.map(RunningTable.of) ?? RunningTable.of(rollup),
      query.granularity == .none, query.limit + query.offset <= Self.maximumLimit,
      query.format == .json,
      case .sum(.listens)? = query.metrics.first?.rule,
      query.order.isEmpty, query.having.isEmpty, query.top == nil,
      !(query.by + query.filters.map(\.dimension)).contains(.layer)
    else { return nil }
    // Pieces may be cut where outcomes are settled, which listens do not ask for.
    let days = RungPiece(
      rung: .day, from: query.from.ceiled(to: .day), to: query.to.floored(to: .day))
    guard days.to.milliseconds - days.from.milliseconds >= Self.fewestDays * Self.day else {
      return nil
    }
    var lines: [String] = []
    for column in query.by.flatMap(source.columns(of:)) where !lines.contains(column.expression) {
      lines.append(column.expression)
    }
    guard (1...2).contains(lines.count), let dimension = rollup.dimensionTable else { return nil }
    self.table = table
    within = days
    around = RungPiece(
      rung: .day, from: query.from.floored(to: .day), to: query.to.ceiled(to: .day))
    self.lines = lines
    isByName =
      query.filters.isEmpty && lines == table.names.map { "\(dimension.table).\($0)" }
    wanted = query.limit + query.offset + 1
  }

  // MARK: Quarters

  /// A stretch of quarters of which the same elements are read.
  struct Quarters: Equatable, Sendable {
    /// The first day of the first quarter.
    var first: Instant
    /// The first day of the last quarter.
    var last: Instant
  }

  /// The quarters that the days around the range are in: those where they begin and end, and what lies between.
  var quarters: [Quarters] {
    let first = Self.quarter(of: around.from)
    let last = Self.quarter(of: Instant(milliseconds: around.to.milliseconds - Self.day))
    guard first < last else { return [Quarters(first: first, last: first)] }
    let second = Self.next(first)
    let between =
      second < last
      ? [
        Quarters(
          first: second,
          last: Self.quarter(of: Instant(milliseconds: last.milliseconds - Self.day)))
      ] : []
    return [Quarters(first: first, last: first)] + between + [Quarters(first: last, last: last)]
  }

  /// Where in these quarters a stretch of days begins and ends: the number of days of the quarter before each, nil where that is
  /// all of them.
  static func places(of days: RungPiece, in quarters: Quarters) -> (from: Int64?, to: Int64?) {
    func place(_ time: Instant) -> Int64? {
      if time >= next(quarters.last) { return nil }
      return max(0, (time.milliseconds - quarters.first.milliseconds) / day)
    }
    return (place(days.from), place(days.to))
  }

  private static func quarter(of time: Instant) -> Instant {
    let date = CivilDate(daysSince1970: CivilDate.floorDivide(time.milliseconds, day))
    let first = CivilDate(year: date.year, month: (date.month - 1) / 3 * 3 + 1, day: 1)
    return Instant(milliseconds: first.daysSince1970 * day)
  }

  /// The first day of the quarter that follows.
  static func next(_ quarter: Instant) -> Instant {
    self.quarter(of: Instant(milliseconds: quarter.milliseconds + 93 * day))
  }
}
