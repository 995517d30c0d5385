import Metrics

/// The part of a statement that reads what the speed layer has of the range: by the hour what is folded, as far as hours answer,
/// else by the minute. All of it is in the statement's snapshot, in which hours, and rows that are not folded, are all minutes.
extension QuerySQL {
  /// Some rows of the speed layer.
  struct RecentPart {
    var view: String
    /// The width of its rows.
    var rung: Rung
    var condition: String
    /// Whether its rows of some keys are found by an index.
    var hasIndex = true
  }

  /// Stretches up to which each is a condition of its own, for which there is an index.
  private static let fewStretches = 4

  /// The parts that together have each row of the range once.
  mutating func recentParts(of rollup: Rollup) -> [RecentPart] {
    let minutes = "layers.recent_\(rollup.name)"
    let all = isWithin(plan.query.from, plan.readTo, "minute")
    guard let hours = plan.recent.hours else {
      return [RecentPart(view: minutes, rung: .minute, condition: all)]
    }
    var isOfHours = isWithin(hours.from, hours.to, "hour") + isNoHole("hour")
    var parts: [RecentPart] = []
    if let open = plan.recent.open {
      isOfHours += " and (hour < \(bind(open.from.iso8601))::timestamptz or not \(Self.hasLater))"
      parts.append(
        RecentPart(
          view: minutes, rung: .minute,
          condition: "is_folded and \(isWithin(open.from, open.to, "minute")) and \(Self.hasLater)")
      )
    }
    parts.append(
      RecentPart(view: "layers.recent_hour_\(rollup.name)", rung: .hour, condition: isOfHours))
    if !plan.recent.minutes.isEmpty {
      parts.append(
        RecentPart(view: minutes, rung: .minute, condition: "is_folded and \(isOfMinutes(all))"))
    }
    parts.append(
      RecentPart(
        view: minutes, rung: .minute, condition: "not is_folded and \(all)", hasIndex: false))
    return parts
  }

  /// Selects of the speed layer's rows of all of the range.
  /// - Parameter isWanted: a further condition.
  mutating func recentRows(
    of rollup: Rollup, where isWanted: String? = nil
  ) -> [String] {
    let rows = recentParts(of: rollup).map { part in
      // How many rows without an index there are changes all the time, so that the planner may take them for a few and join each of them
      // with all keys: as a value of its own, the condition looks keys up in a hash table.
      let isWanted = isWanted.map { part.hasIndex ? " and \($0)" : " and (\($0)) is true" } ?? ""
      // An hour counts as settled where some of it is: what is not is taken out of it.
      return
        "select \(asBucket(at(part.rung)))\(source(by: part.rung.column, .minute))false as is_loaded"
        + " from \(part.view) where \(part.condition)\(isWanted)"
    }
    guard readsSettled, let hours = plan.recent.hours else { return rows }
    let isWanted = isWanted.map { " and \($0)" } ?? ""
    return rows + (unsettled(of: rollup, hours, where: isWanted).map { [$0] } ?? [])
  }

  /// Of the hour in which outcomes begin to be open, what is not settled yet: once as such, and once less from what is settled, where the
  /// whole hour is counted. Sketches say nothing of outcomes, and are left to the hour. nil where the range has nothing of it.
  private mutating func unsettled(
    of rollup: Rollup, _ hours: RecentStretches.Stretch, where isWanted: String
  ) -> String? {
    // Known before the statement is planned, mostly: without it the planner takes these for a few rows, and joins them one by one.
    let isUnsettled: String
    if let settled = plan.settledBefore {
      let begin = Instant(milliseconds: settled.milliseconds - 1).floored(to: .hour).milliseconds
      let end = Instant(milliseconds: begin + Int64(Rung.hour.minutes) * Instant.minute)
      let (from, to) = (max(settled, hours.from), min(end, hours.to))
      guard from < to else { return nil }
      isUnsettled = isWithin(from, to, "minute")
    } else {
      let settled = "(select settled_before from state)"
      isUnsettled =
        "minute >= \(settled)"
        + " and minute < date_trunc('hour', \(settled) - interval '1 microsecond', 'UTC') + interval '1 hour'"
        + " and \(isWithin(hours.from, hours.to, "minute"))"
    }
    let isOpen =
      plan.recent.open.map {
        " and (minute < \(bind($0.from.iso8601))::timestamptz or not \(Self.hasLater))"
      } ?? ""
    let keys = ["at"] + sourceColumns.filter { $0.role == .key }.map(\.name)
    let numbers = sourceColumns.filter { $0.role == .number }.map(\.name)
    let sums = numbers.map { name in
      let type = name == Counter.listenedMs.column ? "bigint" : "integer"
      return "sum(\(name))::\(type) as \(name)"
    }
    let read = asBucket(at(.minute)) + (keys.dropFirst() + numbers).joined(separator: ", ")
    let columns = sourceColumns.map { column in
      switch column.role {
      case .key: column.name
      case .number: "taken.sign * \(column.name) as \(column.name)"
      case .sketch: "null::hll as \(column.name)"
      }
    }
    return
      "select \((["at"] + columns).joined(separator: ", ")), taken.is_settled, false as is_loaded"
      + " from (select \((keys + sums).joined(separator: ", "))"
      + " from (select \(read) from layers.recent_\(rollup.name)"
      + " where is_folded and \(isUnsettled)\(isNoHole("layers.hour_of(minute)"))\(isOpen)\(isWanted)"
      + ") as minutes group by \(keys.joined(separator: ", "))) as open"
      + " cross join (values (1, false), (-1, true)) as taken (sign, is_settled)"
  }

  /// Whether the last hour has folded minutes that begin after the range, as the table `state` says.
  private static let hasLater = "(select has_later from state)"

  /// What the table `state` says of later minutes: those of the hours that the statement reads. The totals do not tell, as a credit that
  /// moves from one song to another has rows of these alone.
  mutating func later() -> String {
    guard let open = plan.recent.open, case .rollup(let rollup) = plan.source else {
      return "false"
    }
    let isLater = isWithin(open.to, open.to.ceiled(to: .hour), "minute")
    // The least of them, which is found by the index: to find any, the planner would read the table from its first minute on.
    return
      "(select min(minute) from layers.recent_\(rollup.name) where is_folded and \(isLater)) is not null"
  }

  private mutating func isWithin(_ from: Instant, _ to: Instant, _ column: String) -> String {
    if part == .rest, column == Rung.minute.column, let minutes = Self.minutes(from, to) {
      return "minute = any (\(bind(Self.array(minutes)))::timestamptz[])"
    }
    return
      "\(column) >= \(bind(from.iso8601))::timestamptz and \(column) < \(bind(to.iso8601))::timestamptz"
  }

  /// The minutes of a stretch, where they are no more than an hour has. The rows of some keys are found by the index on minute and key
  /// where both are said, while each key looks through all rows of a range of minutes.
  private static func minutes(_ from: Instant, _ to: Instant) -> [String]? {
    let minutes = stride(
      from: from.ceiled(to: .minute).milliseconds, to: to.milliseconds, by: Int(Instant.minute))
    guard (to.milliseconds - from.milliseconds) / Instant.minute <= Int64(Rung.hour.minutes) else {
      return nil
    }
    return minutes.map { Instant(milliseconds: $0).iso8601 }
  }

  /// That an hour is none of those that are read by the minute, after another condition.
  private mutating func isNoHole(_ hour: String) -> String {
    if plan.recent.holes.isEmpty { return "" }
    return " and \(hour) <> all (\(holes()))"
  }

  private mutating func holes() -> String {
    "\(bind(Self.array(plan.recent.holes.map(\.iso8601))))::timestamptz[]"
  }

  /// - Parameter all: that a minute is in the range.
  private mutating func isOfMinutes(_ all: String) -> String {
    let stretches = plan.recent.minutes
    if stretches.count <= Self.fewStretches {
      return "(\(stretches.map { isWithin($0.from, $0.to, "minute") }.joined(separator: " or ")))"
    }
    // Before the first of the hours, after the last one, or in a hole.
    let hours = plan.recent.hours.map { isWithin($0.from, $0.to, "minute") } ?? "true"
    return "\(all) and (not (\(hours)) or layers.hour_of(minute) = any (\(holes())))"
  }
}
