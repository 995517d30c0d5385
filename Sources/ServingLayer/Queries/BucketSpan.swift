import Support

/// A stretch of a query's range that lies within one bucket, by the clocks of the query's time zone.
///
/// The database puts rows into buckets by its own knowledge of the zones, and the two may differ in age: an answer therefore says
/// whether the database agrees about every span, and one with which it does not is asked for again by the minute.
struct BucketSpan: Equatable, Sendable {
  /// Inclusive.
  var from: Instant
  /// Exclusive.
  var to: Instant

  /// The spans of a query, in order of time; what lies between them is to be answered by the minute.
  ///
  /// - Days and longer buckets: all of the range, cut where a bucket begins and where the clocks change.
  /// - Hours: the stretches in which the clocks are whole hours off UTC. Each hour of UTC is one bucket there.
  /// - None for minutes, hours and days of UTC, which rows are themselves, for a zone that is not known here, and without buckets.
  static func all(of query: Query) -> [BucketSpan] {
    switch query.granularity {
    case .none, .second, .minute: return []
    case .hour, .day: if query.timeZone == "UTC" { return [] }
    case .week, .month, .quarter, .year: break
    }
    guard let stretches = ClockStretch.all(of: query) else { return [] }
    if query.granularity == .hour {
      return stretches.filter { $0.offset % 3_600_000 == 0 }.map { $0.span }
    }
    return stretches.flatMap { stretch in
      var spans: [BucketSpan] = []
      var from = stretch.span.from
      while from < stretch.span.to {
        let local = Instant(milliseconds: from.milliseconds + stretch.offset)
        let next = query.granularity.next(after: local).milliseconds - stretch.offset
        let to = min(Instant(milliseconds: next), stretch.span.to)
        spans.append(BucketSpan(from: from, to: to))
        from = to
      }
      return spans
    }
  }

  /// The same spans, cut at a time where one of them has it within.
  static func cut(_ spans: [BucketSpan], at time: Instant) -> [BucketSpan] {
    spans.flatMap { span in
      span.from < time && time < span.to
        ? [BucketSpan(from: span.from, to: time), BucketSpan(from: time, to: span.to)] : [span]
    }
  }

  /// Spans of one bucket each that suffice to tell whether the database agrees: the hours at both ends of a
  /// stretch of hours.
  static func checked(_ spans: [BucketSpan], _ granularity: Granularity) -> [BucketSpan] {
    guard granularity == .hour else { return spans }
    return spans.flatMap { span -> [BucketSpan] in
      let (first, last) = (span.from.ceiled(to: .hour), span.to.floored(to: .hour))
      guard first < last else { return [] }
      let hour = 60 * Instant.minute
      return [
        BucketSpan(from: first, to: Instant(milliseconds: first.milliseconds + hour)),
        BucketSpan(from: Instant(milliseconds: last.milliseconds - hour), to: last),
      ]
    }
  }
}

/// A stretch of time in which the clocks of a zone are off UTC by the same time.
private struct ClockStretch {
  var span: BucketSpan
  /// What local clocks are ahead of UTC, in milliseconds.
  var offset: Int64

  /// The stretches of a query's range in its zone; nil where the zone is not known here, or is off by part of a minute.
  static func all(of query: Query) -> [ClockStretch]? {
    if query.timeZone == "UTC" {
      return [ClockStretch(span: BucketSpan(from: query.from, to: query.to), offset: 0)]
    }
    guard let clock = LocalClock(query.timeZone) else { return nil }
    let offset = clock.offset(at:)
    var stretches: [ClockStretch] = []
    var from = query.from
    var last = from
    while last < query.to {
      // No zone has ever changed its clocks twice within a day.
      let next = min(Instant(milliseconds: last.milliseconds + 1440 * Instant.minute), query.to)
      let (before, after) = (offset(last), offset(next))
      guard before % Instant.minute == 0, after % Instant.minute == 0 else { return nil }
      if before != after {
        let change = firstMinute(after: last, to: next) { offset($0) != before }
        stretches.append(ClockStretch(span: BucketSpan(from: from, to: change), offset: before))
        from = change
      }
      last = next
    }
    if from < query.to {
      stretches.append(
        ClockStretch(span: BucketSpan(from: from, to: query.to), offset: offset(from)))
    }
    return stretches
  }

  /// The first minute for which the condition holds, which does not hold at `from` and does at `to`.
  private static func firstMinute(
    after from: Instant, to: Instant, where condition: (Instant) -> Bool
  ) -> Instant {
    var low = from.milliseconds / Instant.minute
    var high = to.milliseconds / Instant.minute
    while high - low > 1 {
      let middle = (low + high) / 2
      if condition(Instant(milliseconds: middle * Instant.minute)) {
        high = middle
      } else {
        low = middle
      }
    }
    return Instant(milliseconds: high * Instant.minute)
  }
}

extension Granularity {
  /// When the bucket of a day or longer that a time is in ends, both as local clocks show them.
  func next(after local: Instant) -> Instant {
    let day = CivilDate.floorDivide(local.milliseconds, 1440 * Instant.minute)
    let date = CivilDate(daysSince1970: day)
    func first(of month: Int64) -> Int64 {
      let year = date.year + (month - 1) / 12
      return CivilDate(year: year, month: (month - 1) % 12 + 1, day: 1).daysSince1970
    }
    let next =
      switch self {
      // 1970-01-01 was a Thursday, and weeks begin on Mondays.
      case .week: day + 7 - (day + 3 - CivilDate.floorDivide(day + 3, 7) * 7)
      case .month: first(of: date.month + 1)
      case .quarter: first(of: (date.month - 1) / 3 * 3 + 4)
      case .year: first(of: 13)
      case .second, .minute, .hour, .day, .none: day + 1
      }
    return Instant(milliseconds: next * 1440 * Instant.minute)
  }
}
