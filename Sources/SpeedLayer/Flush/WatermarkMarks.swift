import EventLog
import Feed

/// Notes now and then how far event time had come at an offset (`speed.watermark_mark`). The marks are an
/// index by time of the records that the kernels counted as in time, for logs of any kind.
struct WatermarkMarks {
  struct Mark: Sendable {
    var source: TopicPartition
    /// One past the last record that was read.
    var nextOffset: Int64
    /// How far event time had come, milliseconds since 1970.
    var greatest: Int64
    /// The greatest time of a record that was in time, milliseconds since 1970.
    var farthest: Int64
  }

  /// Milliseconds of event time between two marks of a partition. Fewer marks make the stretches longer in
  /// which an event is looked for.
  private static let interval: Int64 = 600_000

  private var last: [TopicPartition: Int64] = [:]

  /// The marks to write with the next flush.
  mutating func due(_ feed: KernelFeeds) -> [Mark] {
    var marks: [Mark] = []
    let positions = feed.positions
    for (source, watermark) in feed.watermarks {
      guard let greatest = watermark.greatest, let next = positions[source] else { continue }
      if let last = last[source] {
        assert(greatest >= last, "\(source): event time fell from \(last) to \(greatest)")
        if greatest < last + Self.interval { continue }
      }
      marks.append(
        Mark(
          source: source, nextOffset: next, greatest: greatest, farthest: watermark.farthest))
      last[source] = greatest
    }
    // Always in one order, so that two workers' transactions cannot wait for each other in a circle.
    return marks.sorted { $0.source < $1.source }
  }
}
