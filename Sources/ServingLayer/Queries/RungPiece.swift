import Metrics
import Support

/// A stretch of time, and the rung whose rows answer for it.
struct RungPiece: Equatable, Sendable {
  var rung: Rung
  /// Inclusive, at the start of a row's width.
  var from: Instant
  /// Exclusive, likewise.
  var to: Instant

  /// The fewest rows that answer a query exactly: each of them lies within one bucket, or in the range where there are
  /// no buckets. In order of time; together they are the range.
  ///
  /// - Parameters:
  ///   - spans: `BucketSpan.all(of: query)`.
  ///   - cut: at a minute; no row lies on both sides of it.
  static func pieces(
    of query: Query, within spans: [BucketSpan], cutAt cut: Instant? = nil
  ) -> [RungPiece] {
    let isDays = query.granularity != .minute && query.granularity != .hour
    let cut = cut.map { min(max($0, query.from), query.to) } ?? query.to
    var result: [RungPiece] = []
    if spans.isEmpty, query.timeZone == "UTC" || query.granularity == .none {
      let coarsest: Rung = isDays ? .day : query.granularity == .hour ? .hour : .minute
      append(pieces(from: query.from, to: cut, coarsest: coarsest), to: &result)
      append(pieces(from: cut, to: query.to, coarsest: coarsest), to: &result)
      return result
    }
    var end = query.from
    for span in BucketSpan.cut(spans, at: cut) {
      append(pieces(from: end, to: span.from, coarsest: .minute), to: &result)
      append(pieces(from: span.from, to: span.to, coarsest: isDays ? .day : .hour), to: &result)
      end = span.to
    }
    append(pieces(from: end, to: query.to, coarsest: .minute), to: &result)
    return result
  }

  /// Joins minutes that touch, so that the hour in which a bucket begins is looked for once. Hours and days stay apart by bucket,
  /// whose start is then worked out once for all of their rows.
  private static func append(_ pieces: [RungPiece], to result: inout [RungPiece]) {
    for piece in pieces {
      if let last = result.last, last.rung == .minute, piece.rung == .minute,
        last.to == piece.from
      {
        result[result.count - 1].to = piece.to
      } else {
        result.append(piece)
      }
    }
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
  func floored(to rung: Rung) -> Instant { floored(to: Int64(rung.minutes) * Instant.minute) }

  /// The start of the first minute, hour or day (UTC) that does not begin before this.
  func ceiled(to rung: Rung) -> Instant { ceiled(to: Int64(rung.minutes) * Instant.minute) }

  /// The last multiple of a width in milliseconds that is not after this.
  func floored(to width: Int64) -> Instant {
    Instant(milliseconds: CivilDate.floorDivide(milliseconds, width) * width)
  }

  /// The first multiple of a width in milliseconds that is not before this.
  func ceiled(to width: Int64) -> Instant {
    let floor = floored(to: width)
    return floor == self ? self : Instant(milliseconds: floor.milliseconds + width)
  }
}
