import Metrics
import Support

/// Which of a query's range is read by the hour of what the speed layer has folded, and which by the minute.
///
/// Outcomes need no cut here as they do in the pieces of loaded rows: the statement takes what is not settled of an hour out of its
/// sum (`QuerySQL.unsettled`).
struct RecentStretches: Equatable, Sendable {
  /// A stretch of time.
  struct Stretch: Equatable, Sendable {
    /// Inclusive.
    var from: Instant
    /// Exclusive.
    var to: Instant
  }

  /// Whole hours (UTC), the first and the last of which are read as such; nil where none is.
  var hours: Stretch?
  /// The hours among these that are read by the minute, as a bucket begins in them.
  var holes: [Instant] = []
  /// What is read by the minute, in order of time, without what `open` has.
  var minutes: [Stretch] = []
  /// The part of the last of the hours before the range ends. It is read by the minute where the speed layer has later minutes of
  /// that hour; nil where the range ends with an hour, or its last hour is read by the minute in any case.
  var open: Stretch?

  /// All of a range by the minute.
  static let byMinute = RecentStretches()

  private init() {}

  /// - Parameters:
  ///   - pieces: of the range, cut at no time.
  ///   - reached: of the range up to the end of its last hour; nil where that is no further.
  init(of query: Query, _ pieces: [RungPiece], upToTheHour reached: [RungPiece]?) {
    var pieces = pieces
    let last = query.to.floored(to: .hour)
    if let reached, let piece = reached.last, piece.rung != .minute, piece.from <= last {
      pieces = reached
      open = Stretch(from: last, to: query.to)
    }
    let whole = pieces.filter { $0.rung != .minute }
    guard let first = whole.first, let end = whole.last else {
      self = .byMinute
      return
    }
    let hours = Stretch(from: first.from, to: end.to)
    self.hours = hours
    for piece in pieces where piece.rung == .minute {
      minutes.append(Stretch(from: piece.from, to: piece.to))
      var hole = max(piece.from.floored(to: .hour), hours.from)
      while hole < min(piece.to, hours.to) {
        holes.append(hole)
        hole = Instant(milliseconds: hole.milliseconds + 60 * Instant.minute)
      }
    }
  }
}
