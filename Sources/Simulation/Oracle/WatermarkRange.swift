/// The events of one topic and partition in offset order, each identity once.
struct PartitionTrail {
  var stream: PlainEvent.Stream
  var events: [PlainEvent] = []
}

/// Which events of a topic's partition come in the window of its watermark, and how far that is in the end.
///
/// Event time goes where the median of the last records is, and as far ahead of that as their pace explains.
/// What is surely so at half of that pace moves the lower bound, what may be so at twice the pace, or by a
/// crowd somewhat less than a half, the upper one. In steady traffic both are the greatest time that is not a
/// wild clock's.
struct WatermarkRange {
  enum Standing {
    case inside, outside
    /// It depends on how fast the watermark follows.
    case unclear
  }

  private(set) var standings: [Standing] = []
  /// Where it is after the last record.
  private(set) var end: ClosedRange<Int64>

  /// Records that are the crowd, and those after which its pace is known.
  private static let crowd = 64
  private static let paced = 32
  /// Records after which there is a watermark in any case.
  private static let lone = 8
  private static let dayMs: Int64 = 86_400_000
  private static let leastMs: Int64 = 300_000
  private static let never = Int64.min / 2

  /// Where event time is, at least and at most.
  private var least = Self.never
  private var most = Self.never
  private var last: [Int64] = []
  /// How far it may have been allowed to go, by each of the last records.
  private var allowed: [Int64] = []

  init(_ events: [PlainEvent], latenessMs: Int64) {
    end = Self.never...Self.never
    standings.reserveCapacity(events.count)
    for (index, event) in events.enumerated() {
      let ts = event.identity.ts
      if index < Self.lone { begin(ts, isFirst: index == 0) }
      standings.append(standing(ts, latenessMs, isBeginning: index < Self.lone))
      follow(ts)
    }
    end = least - latenessMs...most - latenessMs
  }

  /// As long as there may be no watermark, all that is known is what has come.
  private mutating func begin(_ ts: Int64, isFirst: Bool) {
    least = isFirst ? ts : min(least, ts)
    most = max(most, ts)
  }

  private func standing(_ ts: Int64, _ latenessMs: Int64, isBeginning: Bool) -> Standing {
    if ts >= most - latenessMs && ts <= least + Self.dayMs { return .inside }
    if isBeginning { return .unclear }
    return ts < least - latenessMs || ts > most + Self.dayMs ? .outside : .unclear
  }

  private mutating func follow(_ ts: Int64) {
    guard ts >= least - Self.dayMs else { return }
    last.append(ts)
    if last.count > Self.crowd { last.removeFirst() }
    let sorted = last.sorted()
    func rank(_ eighths: Int) -> Int64 { sorted[(last.count - 1) * eighths / 8] }

    var sure = max(least, rank(4)) + Self.dayMs
    var possible = max(most, rank(5)) + Self.dayMs
    if last.count >= Self.paced {
      sure = min(sure, rank(4) + max(Self.leastMs, 4 * (rank(4) - rank(1))))
      possible = min(possible, rank(5) + max(Self.leastMs, 16 * (rank(5) - rank(0))))
    }
    allowed.append(possible)
    // It may have been asked before as many records, and was not before twice as many.
    if allowed.count > Self.crowd { allowed.removeFirst() }
    if ts <= sure { least = max(least, ts) }
    let bound = allowed.max() ?? possible
    for ts in last where ts <= bound { most = max(most, ts) }
  }
}
