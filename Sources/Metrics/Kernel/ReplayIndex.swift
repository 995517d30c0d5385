/// Where to begin reading one topic and partition again, and the watermark as it was there.
public struct ReplayPoint: Equatable, Sendable {
  /// The first record to read.
  public var offset: Int64
  /// The watermark before that record.
  public var watermark: Watermark

  /// A point to begin at: the first record's offset, and the watermark before that record.
  public init(offset: Int64, watermark: Watermark) {
    self.offset = offset
    self.watermark = watermark
  }
}

/// For each minute of event time that still matters: the offset of the first record in it, and the
/// watermark before that record.
struct ReplayIndex {
  /// A watermark is half a kilobyte: the dictionary moves only a reference to it.
  private final class Noted {
    let point: ReplayPoint

    init(_ point: ReplayPoint) { self.point = point }
  }

  private var minutes: [Int64: Noted] = [:]
  private var lastMinute = Int64.min
  /// Whether the topic has had a record, in this life or before the one that reading began with.
  var hasSeenAny = false
  /// Of the last record seen; `Int64.min` before there is one.
  private(set) var lastOffset = Int64.min
  /// While the state is rebuilt, a record of this event time or an earlier one may repeat a record that
  /// lies before the first one read, as no record in the window was later there. Everything that is not
  /// final yet is later than this. Milliseconds since 1970.
  var settledThrough = Int64.min

  /// Notes that the topic's next record has come. Positions never fall: a record outside the window
  /// that was seen twice would be counted twice.
  @inline(__always)
  mutating func see(_ offset: Int64) {
    assert(offset > lastOffset, "offset \(offset) came after offset \(lastOffset)")
    lastOffset = offset
    hasSeenAny = true
  }

  /// Whether a record of this event time is the first of its minute, so that `add` should be told of it.
  @inline(__always)
  mutating func wantsPoint(timestamp: Int64) -> Bool {
    let minute = timestamp / 60_000
    if minute == lastMinute { return false }
    lastMinute = minute
    return minutes[minute] == nil
  }

  /// Takes the point of the record that `wantsPoint` was last asked about.
  mutating func add(_ point: ReplayPoint) { minutes[lastMinute] = Noted(point) }

  /// The first record at or after `horizon` (milliseconds since 1970). What lies before is forgotten.
  /// - Parameters:
  ///   - next: one past the last record's offset.
  ///   - mark: the watermark at `next`.
  mutating func point(horizon: Int64, next: Int64, mark: Watermark) -> ReplayPoint {
    assert(next >= lastOffset, "next offset \(next) lies before the last record's, \(lastOffset)")
    let bound = horizon == Int64.min ? Int64.min : horizon / 60_000 - 1
    var best: Noted?
    var forgotten: [Int64] = []
    for (minute, noted) in minutes {
      if minute < bound {
        forgotten.append(minute)
      } else if noted.point.offset < best?.point.offset ?? next {
        best = noted
      }
    }
    for minute in forgotten { minutes.removeValue(forKey: minute) }
    lastMinute = Int64.min
    return best?.point ?? ReplayPoint(offset: next, watermark: mark)
  }
}
