import Foundation
import Metrics
import Support

/// A stretch of time, and the rung whose rows answer for it.
struct RungPiece: Equatable, Sendable {
  var rung: Rung
  /// Inclusive, at the start of a row's width.
  var from: Instant
  /// Exclusive, likewise.
  var to: Instant

  /// The fewest rows that answer a query exactly: the coarsest rung whose rows lie within one bucket each, pieced out
  /// by finer rungs at the ends of the range, in order of time.
  static func pieces(of query: Query) -> [RungPiece] {
    pieces(from: query.from, to: query.to, coarsest: coarsest(for: query))
  }

  /// The coarsest rung whose rows lie within one bucket each. Days are those of UTC, and a zone that is half an hour
  /// off begins its hours in the middle of ours.
  static func coarsest(for query: Query) -> Rung {
    switch query.granularity {
    case .minute: .minute
    case .none: .day
    case .hour: hasWholeHours(query) ? .hour : .minute
    case .day, .week, .month, .quarter, .year:
      query.timeZone == "UTC" ? .day : hasWholeHours(query) ? .hour : .minute
    }
  }

  /// Whether the zone is whole hours off UTC all through the buckets of the query.
  private static func hasWholeHours(_ query: Query) -> Bool {
    if query.timeZone == "UTC" { return true }
    guard let zone = TimeZone(identifier: query.timeZone) else { return false }
    var date = Date(timeIntervalSince1970: Double(query.from.milliseconds) / 1000)
    let end = Date(timeIntervalSince1970: Double(query.to.milliseconds) / 1000)
    while date < end {
      guard zone.secondsFromGMT(for: date) % 3600 == 0 else { return false }
      guard let next = zone.nextDaylightSavingTimeTransition(after: date), next > date else {
        break
      }
      date = next
    }
    return true
  }

  private static func pieces(from: Instant, to: Instant, coarsest rung: Rung) -> [RungPiece] {
    guard from < to else { return [] }
    let first = from.ceiled(to: rung)
    let last = to.floored(to: rung)
    let finer: Rung
    switch rung {
    case .minute: return [RungPiece(rung: .minute, from: from, to: to)]
    case .hour: finer = .minute
    case .day: finer = .hour
    }
    guard first < last else { return pieces(from: from, to: to, coarsest: finer) }
    return pieces(from: from, to: first, coarsest: finer)
      + [RungPiece(rung: rung, from: first, to: last)]
      + pieces(from: last, to: to, coarsest: finer)
  }
}

extension Instant {
  /// The start of the minute, hour or day (UTC) that this is in.
  func floored(to rung: Rung) -> Instant {
    let width = Int64(rung.minutes) * Instant.minute
    return Instant(milliseconds: CivilDate.floorDivide(milliseconds, width) * width)
  }

  /// The start of the first minute, hour or day (UTC) that does not begin before this.
  func ceiled(to rung: Rung) -> Instant {
    let floor = floored(to: rung)
    return floor == self
      ? self : Instant(milliseconds: floor.milliseconds + Int64(rung.minutes) * Instant.minute)
  }
}
