import Metrics

/// What a plan may cost, told from the plan alone: the rows that it reads at most, as sites of tens of thousands of songs and
/// users have them. It decides who waits for whom, and refuses what no database answers in time.
struct QueryCost: Equatable, Sendable {
  /// An estimate from above.
  var rows: Int
  /// Whether they are of songs or users, of which a site with much traffic has more than one would think in each minute.
  private var isOfMany: Bool

  /// From so many rows on, about a second's work, a question waits with others like it, so that small questions do not.
  static let heavy = 1_000_000
  /// From so many rows on a question takes tens of milliseconds.
  private static let long = 50_000
  /// More than a query may take of time.
  static let limit = 200_000_000
  /// Events of a minute, where each of them is read.
  private static let eventsOfMinute = 4_000

  /// - Parameter dataBegins: when the first data is; nil where that is not known.
  init(_ plan: QueryPlan, dataBegins: Instant? = nil) {
    func minutes(_ from: Instant, _ to: Instant) -> Int {
      let begin = max(from, dataBegins ?? from)
      return Int(max(0, to.milliseconds - begin.milliseconds) / Instant.minute)
    }
    isOfMany = false
    switch plan.source {
    case .facts:
      rows = (minutes(plan.query.from, plan.query.to) + 1) * Self.eventsOfMinute
    case .rollup(let rollup):
      isOfMany = Self.members(of: rollup) >= Self.members(of: .song)
      // A ranking reads the rows of its own members.
      let rung = plan.pieces.map { piece in
        minutes(piece.from, piece.to) / Int(piece.rung.minutes)
          * min(Self.members(of: rollup), Self.members(in: piece.rung))
      }
      rows = plan.ranking == nil ? rung.reduce(0, +) : min(rung.reduce(0, +), Self.heavy / 2)
    }
  }

  var isHeavy: Bool { rows >= Self.heavy }

  /// Where the question waits: small ones for small ones alone.
  var lane: Lane { isHeavy ? .heavy : isOfMany || rows >= Self.long ? .list : .question }

  /// Members of a rollup's keys that have rows at all.
  private static func members(of rollup: Rollup) -> Int {
    switch rollup {
    case .totals: 1
    case .audience: 8
    case .page, .device: 200
    case .location: 2_000
    case .song, .user: 10_000
    }
  }

  /// Members of large rollups that have a row in the width of a rung.
  private static func members(in rung: Rung) -> Int {
    switch rung {
    case .minute: 300
    case .hour: 3_000
    case .day: 10_000
    }
  }

  func refusal(_ query: Query) -> RequestError {
    let days = Double(query.to.milliseconds - query.from.milliseconds) / 86_400_000
    return RequestError(
      "too_costly",
      "from and to: found \(Int(days.rounded(.up))) days by granularity=\(query.granularity.rawValue), about "
        + "\(rows / 1_000_000) million rows to read, accepted: at most \(Self.limit / 1_000_000) million; narrow from and "
        + "to, ask for a coarser granularity, or leave out dimensions of many members")
  }
}
