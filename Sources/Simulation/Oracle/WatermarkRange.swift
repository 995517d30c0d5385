/// The events of one topic and partition in offset order, each identity once.
struct PartitionTrail {
  var stream: PlainEvent.Stream
  var events: [PlainEvent] = []
}

/// Which events of a topic's partition come within the window of its watermark, and a range for the final
/// watermark.
///
/// Event time follows the median of the last records, and is ahead of the median only as far as the pace of
/// the records explains. The lower bound moves by half of that pace, which is certain. The upper bound moves
/// by twice that pace, and follows five eighths of the records instead of the median, which is possible. In
/// steady traffic both bounds are the greatest time that does not come from a wild clock.
struct WatermarkRange {
  enum Standing {
    case inside, outside
    /// Inside or outside, depending on how fast the watermark follows the records.
    case unclear
  }

  private(set) var standings: [Standing] = []
  /// The range of the watermark after the last record.
  private(set) var end: ClosedRange<Int64>

  /// The number of last records whose median event time follows.
  private static let crowd = 64
  /// The number of records after which their pace is known.
  private static let paced = 32
  /// The number of records after which there is a watermark in any case.
  private static let lone = 8
  private static let dayMs: Int64 = 86_400_000
  private static let leastMs: Int64 = 300_000
  private static let never = Int64.min / 2

  /// The bounds of event time.
  private var least = Self.never
  private var most = Self.never
  private var last: [Int64] = []
  /// For each of the last records: how far event time may be allowed to go at that record.
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

  /// Widens the bounds to all records so far, as long as the partition may have no watermark yet.
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
    // The kernel works out anew how far event time may go at least every 32 records, so that its present limit
    // is no older than the records kept here.
    if allowed.count > Self.crowd { allowed.removeFirst() }
    if ts <= sure { least = max(least, ts) }
    let bound = allowed.max() ?? possible
    for ts in last where ts <= bound { most = max(most, ts) }
  }
}
