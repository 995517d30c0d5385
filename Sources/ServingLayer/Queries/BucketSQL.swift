import Metrics

/// The part of a statement that says of buckets where they end, and what is known of them.
extension QuerySQL {
  /// When the bucket of `counted.at` begins. `date_trunc` says the second midnight where local clocks show it twice.
  var bucketStart: String {
    hasLocalDays ? firstShowing("counted.at at time zone \(zone)") : "counted.at"
  }

  /// Whether buckets begin when local clocks show midnight. Those of UTC show it once, which saves a calculation for each.
  private var hasLocalDays: Bool {
    switch plan.query.granularity {
    case .none, .second, .minute, .hour: false
    case .day, .week, .month, .quarter, .year: plan.query.timeZone != "UTC"
    }
  }

  /// When local clocks show a time first, as `LocalClock` says it.
  private func firstShowing(_ local: String) -> String {
    "layers.first_showing(\(local), \(zone))"
  }

  /// When the bucket that begins at `counted.at` ends; nil where the range is the bucket. Hours and less are as long by any clock, also
  /// where local clocks show an hour twice.
  var bucketEnd: String? {
    guard let interval = plan.query.granularity.interval else { return nil }
    switch plan.query.granularity {
    case .second, .minute, .hour: return "counted.at + interval '\(interval)'"
    default:
      let end = "(counted.at at time zone \(zone)) + interval '\(interval)'"
      return hasLocalDays ? firstShowing(end) : "(\(end)) at time zone \(zone)"
    }
  }

  /// Whether `from`, `to` or what is known yet cuts a bucket.
  mutating func isPartial(to: String) -> String {
    let isUnknown = "coalesce(\(bucketEnd ?? to) > (select known_until from state), false)"
    guard let bucketEnd else { return isUnknown }
    let from = bind(plan.query.from.iso8601)
    return "(\(bucketStart) < \(from)::timestamptz or \(bucketEnd) > \(to) or \(isUnknown))"
  }

  /// Whether the outcome of all, part or none of a bucket's plays is settled.
  mutating func settled(to: String) -> String {
    let from = "\(bind(plan.query.from.iso8601))::timestamptz"
    let end = bucketEnd.map { "least(\($0), \(to))" } ?? to
    let start = bucketEnd == nil ? from : "greatest(\(bucketStart), \(from))"
    return "case when \(end) <= (select settled_before from state) then 'all'"
      + " when \(start) >= (select settled_before from state) then 'none' else 'part' end"
  }

  mutating func settledBefore() -> String {
    guard plan.readsSettled else { return "null::timestamptz" }
    // Facts have the outcomes that the last load knew.
    if plan.source == .facts { return "date_trunc('minute', final_before, 'UTC')" }
    return plan.settledBefore.map { "\(bind($0.iso8601))::timestamptz" }
      ?? "(select settled_before from layers.event_time)"
  }

  /// Until when what has happened is known, by the clock of who asks and by how far the events go that were counted: a whole range is
  /// asked for by the minute.
  mutating func knownUntil() -> String {
    let isRange = plan.query.granularity == .none
    let reached =
      "(select known_until from layers.known)" + (isRange ? " + interval '1 minute'" : "")
    guard let askedAt = plan.query.askedAt else { return reached }
    let now = bind((isRange ? askedAt.ceiled(to: .minute) : askedAt).iso8601)
    return "least(\(reached), \(now)::timestamptz)"
  }

  /// When the bucket begins that one of the other period stands beside; null where there is none, as for the last days of a longer
  /// month.
  func aligned(_ bucket: String?, by shift: Query.Shift) -> String {
    guard let bucket else { return "null::timestamptz" }
    guard shift.isLocal else { return "\(bucket) + interval '\(shift.interval)'" }
    func moved(_ time: String, _ sign: String) -> String {
      firstShowing("(\(time) at time zone \(zone)) \(sign) interval '\(shift.interval)'")
    }
    let later = moved(bucket, "+")
    return "case when \(moved(later, "-")) = \(bucket) then \(later) end"
  }

  /// Up to when the facts have everything: no later than the last load was complete, and no later than the first
  /// event in the range that only the speed layer has counted. With events that are not loaded: no later than event time has come, and
  /// no later than the first minute of which the speed layer has counted more than it has rows of, as it may have done before an
  /// upgrade, or of a backlog.
  mutating func coverage() -> String {
    guard plan.source == .facts else { return "null::timestamptz" }
    let end = bind(plan.query.to.iso8601) + "::timestamptz"
    let first = min(plan.query.from, plan.compared?.from ?? plan.query.from)
    let from = bind(first.floored(to: .minute).iso8601)
    let recent = "not is_loaded and minute >= \(from)::timestamptz and minute < \(end)"
    guard let view = plan.liveView else {
      return """
        case when facts_know_credits and isfinite(final_before) then least(\(end), final_before, (
          select min(minute) from layers.minute_totals where \(recent)
        )) end
        """
    }
    let counters = plan.liveEvents.flatMap(\.counters).map(\.column)
    let sums = counters.map { "coalesce(sum(\($0)), 0) as \($0)" }.joined(separator: ", ")
    let differ = counters.map { "counted.\($0) <> coalesce(known.\($0), 0)" }
      .joined(separator: " or ")
    let reached = plan.liveEvents.map(\.reached).joined(separator: ", ")
    let known = "greatest(final_before, least(\(reached)))"
    return """
      case when facts_know_credits and isfinite(\(known)) then least(\(end), \(known), (
        select min(minute)
        from (
          select minute, \(sums) from layers.minute_totals where \(recent) group by minute
        ) as counted
        left join (
          select date_bin('1 minute', ts, 'epoch') as minute, \(sums)
          from \(view) where ts >= \(from)::timestamptz and ts < \(end) group by 1
        ) as known using (minute)
        where \(differ)
      )) end
      """
  }
}
