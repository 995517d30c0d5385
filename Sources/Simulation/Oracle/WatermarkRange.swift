/// The events of one topic and partition in offset order, each identity once.
struct PartitionTrail {
  var stream: PlainEvent.Stream
  var events: [PlainEvent] = []
}

/// Which events of a topic's partition come in the window of its watermark, and how far that is in the end.
///
/// While hardly anybody is more than a day ahead, the watermark is the greatest time so far, less the allowed
/// lateness, whatever the rule by which it would follow a crowd. From the first moment at which there may be
/// such a crowd, only bounds are known: not beyond the greatest time seen, and not behind what three
/// quarters of the last records have passed.
struct WatermarkRange {
  enum Standing {
    case inside, outside
    /// It depends on how fast the watermark follows.
    case unclear
  }

  private(set) var standings: [Standing] = []
  /// Where it is after the last record.
  private(set) var end: ClosedRange<Int64>

  /// Records that surely are a crowd.
  private static let crowd = 64
  private static let dayMs: Int64 = 86_400_000
  private static let never = Int64.min / 2

  init(_ events: [PlainEvent], latenessMs: Int64) {
    var greatest = Self.never
    var seen = Self.never
    var least = Self.never
    var last: [Int64] = []
    // Of the last records, which were ahead.
    var ahead: [Bool] = []
    var isCertain = true
    standings.reserveCapacity(events.count)
    for (index, event) in events.enumerated() {
      let ts = event.identity.ts
      seen = max(seen, ts)
      let isAhead = index > 0 && ts > greatest + Self.dayMs
      ahead.append(isAhead)
      if ahead.count > Self.crowd { ahead.removeFirst() }
      // A quarter of them may be the beginning of a leap.
      if ahead.count(where: { $0 }) * 4 >= ahead.count { isCertain = false }
      if isAhead {
        standings.append(isCertain ? .outside : .unclear)
      } else if ts >= greatest - latenessMs {
        standings.append(isCertain ? .inside : .unclear)
      } else {
        standings.append(isCertain || ts < least - latenessMs ? .outside : .unclear)
      }
      if !isAhead { greatest = max(greatest, ts) }
      guard !isCertain else { continue }
      last.append(ts)
      if last.count > Self.crowd { last.removeFirst() }
      guard last.count == Self.crowd, index % 4 == 0 else { continue }
      let sorted = last.sorted()
      least = max(least, sorted[Self.crowd / 4])
      // A site that was off for a while.
      greatest = max(greatest, sorted[Self.crowd / 4])
    }
    let bounds = isCertain ? greatest...greatest : min(least, greatest)...seen
    end = bounds.lowerBound - latenessMs...bounds.upperBound - latenessMs
  }
}
