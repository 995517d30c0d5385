/// Where to begin reading one topic and partition again, and the watermark as it was there.
public struct ReplayPoint: Equatable, Sendable {
  public var offset: Int64
  public var watermark: Watermark

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
  var hasSeenAny = false
  /// What is no later than this can be a redelivery of a record before the one that reading began with:
  /// there, no record in the window had been later. What has not come to rest since is later.
  var settledThrough = Int64.min

  @inline(__always)
  mutating func note(timestamp: Int64, offset: Int64, mark: UnsafePointer<Watermark>) {
    let minute = timestamp / 60_000
    if minute == lastMinute { return }
    lastMinute = minute
    if minutes[minute] == nil {
      minutes[minute] = Noted(ReplayPoint(offset: offset, watermark: mark.pointee))
    }
  }

  /// The first record at or after `horizon` (milliseconds); what lies before is forgotten.
  mutating func point(horizon: Int64, next: Int64, mark: Watermark) -> ReplayPoint {
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
