/// The rows that the merged views must show for a log, by brute force over all of its records at once: each
/// identity counts once, plays and credits are those of docs/metrics.md, and nothing is incremental.
///
/// A cell is a range where the definition depends on how far a watermark has come and the oracle does not
/// know that exactly; everywhere else it is one number.
public struct Recount {
  /// The counters of a view's row: the least and the most that each may be.
  struct Cell {
    var low = SIMD16<Int64>(repeating: 0)
    var high = SIMD16<Int64>(repeating: 0)

    mutating func add(_ counts: SIMD16<Int64>) {
      low &+= counts
      high &+= counts
    }
  }

  struct CellKey: Hashable {
    var view: View
    var minute: Int64
    var key: Int32
  }

  private let latenessMs: Int64
  private(set) var cells: [CellKey: Cell] = [:]

  /// - Parameter partitions: the events of each topic and partition in offset order, redeliveries left
  ///   out.
  init(_ partitions: [PartitionTrail], latenessMs: Int64) {
    self.latenessMs = latenessMs
    var sessions: [Session: SessionPlays] = [:]
    for trail in partitions {
      for event in trail.events { count(event) }
      guard trail.stream == .listen else { continue }
      let marks = WatermarkRange(trail.events, latenessMs: latenessMs)
      for (event, standing) in zip(trail.events, marks.standings) {
        switch standing {
        case .outside: closeAtOnce(event)
        case .inside, .unclear:
          sessions[Session(event), default: SessionPlays(end: marks.end)]
            .add(event, isClear: standing == .inside)
        }
      }
    }
    for plays in sessions.values { close(plays) }
    for trail in partitions where trail.stream == .pageView {
      let marks = WatermarkRange(trail.events, latenessMs: latenessMs)
      for (event, standing) in zip(trail.events, marks.standings) {
        credit(event, standing, sessions[Session(event)])
      }
    }
  }

  private struct Session: Hashable {
    var user: Int64?
    var session: Int64

    init(_ event: PlainEvent) {
      user = event.identity.user
      session = event.identity.session
    }
  }

  /// The listens of one session that are, or may be, in the window of the watermark.
  private struct SessionPlays {
    /// The range of the final watermark of the listens in the session's partition.
    var end: ClosedRange<Int64>
    var plays: [PlainEvent] = []
    var isClear = true

    init(end: ClosedRange<Int64>) { self.end = end }

    mutating func add(_ event: PlainEvent, isClear: Bool) {
      plays.append(event)
      if !isClear { self.isClear = false }
    }
  }

  // MARK: Counting

  private mutating func change(
    _ event: PlainEvent, _ views: [View] = View.allCases, _ body: (inout Cell) -> Void
  ) {
    for view in views {
      guard let key = event.keys[view.rawValue] else { continue }
      body(&cells[CellKey(view: view, minute: event.minute, key: key), default: Cell()])
    }
  }

  private mutating func count(_ event: PlainEvent) {
    let views: [View]
    switch event.identity.stream {
    case .listen: views = View.allCases.filter { $0 != .page }
    case .auth: views = [.totals, .user, .location, .device, .audience]
    case .pageView: views = [.totals, .user, .location, .device, .audience]
    }
    change(event, views) { $0.add(event.counts) }
    guard event.identity.stream == .pageView else { return }
    change(event, [.page]) { cell in
      for index in View.page.counters {
        cell.low[index] += event.counts[index]
        cell.high[index] += event.counts[index]
      }
    }
  }

  // MARK: Plays

  private enum Outcome: Int {
    case completed = 2
    case skipped = 3
    case partial = 4
  }

  private mutating func book(_ event: PlainEvent, _ outcome: Outcome, _ listened: Int64) {
    change(event, View.allCases.filter { $0 != .page }) { cell in
      cell.low[outcome.rawValue] += 1
      cell.high[outcome.rawValue] += 1
      cell.low[1] += listened
      cell.high[1] += listened
    }
  }

  /// Books a play whose outcome is not certain: each outcome may count once, and the listened time may be
  /// anything up to the song's length.
  private mutating func bookUnclear(_ event: PlainEvent) {
    change(event, View.allCases.filter { $0 != .page }) { cell in
      for index in 2...4 { cell.high[index] += 1 }
      cell.high[1] += event.durationMs ?? Self.unknownDurationMs
    }
  }

  private static let unknownDurationMs: Int64 = 3_600_000

  private mutating func closeAtOnce(_ event: PlainEvent) {
    if let duration = event.durationMs {
      book(event, .completed, duration)
    } else {
      book(event, .partial, 0)
    }
  }

  private mutating func close(_ session: SessionPlays) {
    guard session.isClear else {
      for play in session.plays { bookUnclear(play) }
      return
    }
    let plays = session.plays.sorted {
      ($0.identity.ts, $0.identity.item) < ($1.identity.ts, $1.identity.item)
    }
    for (index, play) in plays.enumerated() {
      let next = index + 1 < plays.count ? plays[index + 1].identity.ts : nil
      close(play, next: next, end: session.end)
    }
  }

  private mutating func close(_ play: PlainEvent, next: Int64?, end: ClosedRange<Int64>) {
    let start = play.identity.ts
    let limit = start + (play.durationMs ?? Self.unknownDurationMs)
    guard let next else {
      // No later play ends this one, so that only the watermark can say that it is over.
      if end.lowerBound >= limit {
        closeAtOnce(play)
      } else if end.upperBound >= limit {
        bookUnclear(play)
      }
      return
    }
    guard let duration = play.durationMs else {
      return next < limit
        ? book(play, next - start < 30_000 ? .skipped : .partial, next - start)
        : book(play, .partial, 0)
    }
    let listened = min(duration, next - start)
    if listened * 10 >= duration * 9 {
      book(play, .completed, listened)
    } else {
      book(play, listened < 30_000 ? .skipped : .partial, listened)
    }
  }

  // MARK: Credits

  private mutating func credit(
    _ event: PlainEvent, _ standing: WatermarkRange.Standing, _ session: SessionPlays?
  ) {
    guard let counter = event.engagement else { return }
    if event.songIsNamed {
      return change(event, [.song]) {
        $0.low[counter] += 1
        $0.high[counter] += 1
      }
    }
    guard standing != .outside, let session else { return }
    let before = session.plays.filter {
      (event.identity.ts - Self.creditMs...event.identity.ts).contains($0.identity.ts)
        && $0.songIsNamed
    }
    if standing == .inside && session.isClear {
      let last = session.plays.filter { $0.identity.ts <= event.identity.ts }.max {
        ($0.identity.ts, $0.identity.item) < ($1.identity.ts, $1.identity.item)
      }
      guard let last, last.songIsNamed, event.identity.ts - last.identity.ts <= Self.creditMs else {
        return
      }
      give(event, counter, to: last, isClear: true)
    } else {
      var given: Set<Int32?> = []
      for play in before where given.insert(play.keys[View.song.rawValue]).inserted {
        give(event, counter, to: play, isClear: false)
      }
    }
  }

  private static let creditMs: Int64 = 3_600_000

  private mutating func give(
    _ event: PlainEvent, _ counter: Int, to play: PlainEvent, isClear: Bool
  ) {
    guard let key = play.keys[View.song.rawValue] else { return }
    let cell = CellKey(view: .song, minute: event.minute, key: key)
    if isClear { cells[cell, default: Cell()].low[counter] += 1 }
    cells[cell, default: Cell()].high[counter] += 1
  }
}
