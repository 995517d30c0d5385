/// The events of one topic and partition in offset order, each identity once.
struct PartitionTrail {
  var stream: PlainEvent.Stream
  var events: [PlainEvent] = []
}

/// Between which times the watermark of a topic's partition must be, whatever the rule by which it follows
/// the crowd: not beyond the greatest time seen, and not behind what three quarters of the last records
/// have passed.
struct WatermarkRange {
  enum Standing {
    case inside, outside
    /// It depends on how fast the watermark follows.
    case unclear
  }

  private(set) var standings: [Standing] = []
  /// Where it is after the last record.
  private(set) var end: ClosedRange<Int64> = Int64.min / 2...Int64.min / 2

  /// Records that surely are a crowd.
  private static let crowd = 64
  private static let dayMs: Int64 = 86_400_000

  init(_ events: [PlainEvent], latenessMs: Int64) {
    var greatest = Int64.min / 2
    var least = Int64.min / 2
    var last: [Int64] = []
    standings.reserveCapacity(events.count)
    for (index, event) in events.enumerated() {
      let ts = event.identity.ts
      // Before there is a crowd nobody knows who is ahead of it.
      let isAhead = index > 0 && ts > greatest + Self.dayMs
      if isAhead {
        standings.append(.unclear)
      } else if ts >= greatest - latenessMs {
        standings.append(.inside)
      } else {
        standings.append(ts < least - latenessMs ? .outside : .unclear)
      }
      last.append(ts)
      if last.count > Self.crowd { last.removeFirst() }
      if !isAhead { greatest = max(greatest, ts) }
      guard last.count == Self.crowd, index % 4 == 0 else { continue }
      let sorted = last.sorted()
      least = max(least, sorted[Self.crowd / 4])
      // A site that was off for a while.
      greatest = max(greatest, sorted[Self.crowd / 4])
    }
    end = min(least, greatest) - latenessMs...greatest - latenessMs
  }
}
