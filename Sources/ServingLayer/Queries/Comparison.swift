import Support

/// The earlier period that an answer's is compared with.
enum Comparison: String, CaseIterable, Sendable {
  /// Just before, and as long: as many buckets earlier as the range takes.
  case previous
  /// The same, seven days, a month or a year earlier by the clocks of the query's time zone.
  case lastWeek = "last_week"
  case lastMonth = "last_month"
  case lastYear = "last_year"
}

extension Query {
  /// By how much two periods lie apart.
  struct Shift: Equatable, Sendable {
    /// As PostgreSQL writes intervals.
    var interval: String
    /// Whether local clocks are moved by it, and not time itself.
    var isLocal: Bool
  }

  /// Where both periods of a comparison are cut: with the last minute that is over, so that both have the same part of a bucket that is
  /// not. Minutes are not told apart any further, but by the second; the one that is not over would stand beside a whole one.
  ///
  /// - Parameter known: the end of the latest minute that has been counted; nil where the query's period has passed.
  func cut(upTo known: Instant?) -> Instant {
    guard let known, from < known else { return to }
    let isUnfinished = granularity != .second && askedAt.map { $0 < known } ?? true
    let end = isUnfinished ? Instant(milliseconds: known.milliseconds - Instant.minute) : known
    return max(from, min(end, to))
  }

  /// Whether a bucket begins then, at a whole minute, by local clocks.
  func beginsBucket(_ time: Instant) throws(RequestError) -> Bool {
    guard let clock = LocalClock(timeZone) else { throw .unknownTimeZone(timeZone) }
    let shown = clock.shown(at: time)
    return switch granularity {
    case .none: false
    case .second, .minute: true
    case .hour: shown.floored(to: .hour) == shown
    case .day, .week, .month, .quarter, .year:
      granularity.next(after: Instant(milliseconds: shown.milliseconds - 1)) == shown
    }
  }

  /// From when to when the period lasts that the query's is compared with, and how much later the query's is; nil without one.
  ///
  /// - Parameter end: as `cut` gives it.
  /// - Throws: `RequestError` where the time zone is not known on this machine.
  func compared(upTo end: Instant) throws(RequestError) -> (Instant, Instant, Shift)? {
    guard let comparison else { return nil }
    guard let clock = LocalClock(timeZone) else { throw .unknownTimeZone(timeZone) }
    func local(_ interval: String, _ move: (Instant) -> Instant) -> (Instant, Instant, Shift) {
      (
        clock.instant(showing: move(clock.shown(at: from))),
        clock.instant(showing: move(clock.shown(at: end))),
        Shift(interval: interval, isLocal: true)
      )
    }
    func moved(by length: Int64) -> (Instant, Instant, Shift) {
      (
        Instant(milliseconds: from.milliseconds - length),
        Instant(milliseconds: end.milliseconds - length),
        Shift(interval: "\(length) milliseconds", isLocal: false)
      )
    }
    switch comparison {
    case .previous:
      switch granularity {
      case .none, .second, .minute:
        return moved(by: to.milliseconds - from.milliseconds)
      case .hour:
        let hour = 60 * Instant.minute
        return moved(by: hour * buckets(in: to.milliseconds - from.milliseconds, of: hour))
      case .day, .week:
        let days: Int64 = granularity == .day ? 1 : 7
        let length = clock.shown(at: to).milliseconds - clock.shown(at: from).milliseconds
        let count = days * buckets(in: length, of: days * ISOTime.millisecondsPerDay)
        return local("\(count) days") {
          Instant(milliseconds: $0.milliseconds - count * ISOTime.millisecondsPerDay)
        }
      case .month, .quarter, .year:
        let months: Int64 = granularity == .month ? 1 : granularity == .quarter ? 3 : 12
        let begin = clock.shown(at: from)
        let last = Instant(milliseconds: clock.shown(at: to).milliseconds - Instant.minute)
        var count = months
        while last.monthsEarlier(count) > begin { count += months }
        return local("\(count) months") { $0.monthsEarlier(count) }
      }
    case .lastWeek:
      return local("7 days") {
        Instant(milliseconds: $0.milliseconds - 7 * ISOTime.millisecondsPerDay)
      }
    case .lastMonth: return local("1 month") { $0.monthsEarlier(1) }
    case .lastYear: return local("1 year") { $0.monthsEarlier(12) }
    }
  }
}

/// How many buckets as wide as that a range takes, both in milliseconds, so that the first bucket of one stands beside the first of the
/// other. A minute more is what a relative range has been widened by: a day by the hour is 24 of them.
private func buckets(in length: Int64, of width: Int64) -> Int64 {
  max(1, (length - Instant.minute + width - 1) / width)
}

extension Instant {
  /// The same day of an earlier month, or its last day where it has fewer.
  fileprivate func monthsEarlier(_ count: Int64) -> Instant {
    let day = CivilDate.floorDivide(milliseconds, ISOTime.millisecondsPerDay)
    let date = CivilDate(daysSince1970: day)
    let month = date.year * 12 + date.month - 1 - count
    let year = CivilDate.floorDivide(month, 12)
    var earlier = CivilDate(year: year, month: month - year * 12 + 1, day: date.day)
    while !earlier.isValid {
      earlier = CivilDate(year: earlier.year, month: earlier.month, day: earlier.day - 1)
    }
    return Instant(
      milliseconds: earlier.daysSince1970 * ISOTime.millisecondsPerDay
        + milliseconds - day * ISOTime.millisecondsPerDay)
  }
}
