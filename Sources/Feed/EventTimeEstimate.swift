import EventLog
import EventModel
import Metrics

/// How far event time has come at the end of some stretches of a log, told from their last records alone.
///
/// A watermark depends on all records before it, so this is an estimate: it may be ahead of the watermark where
/// the last records are odd ones. It serves to know beforehand about what a reading will find.
public enum EventTimeEstimate {
  /// Records of each partition that are read: some crowds of a watermark.
  private static let tail: Int64 = 4 * Int64(Watermark.window)

  /// - Returns: the earliest event time, in milliseconds since 1970, among the first records of all starts; nil where these
  ///   say nothing.
  /// - Throws: `EventLogError` where the log cannot be read.
  public static func earliest(
    in log: any EventLog, _ starts: [KernelFeed.Start]
  ) throws(EventLogError) -> Int64? {
    var earliest: Int64?
    for start in starts {
      let end = try end(of: start, in: log)
      try forEachEvent(in: log, start.source, start.from, min(end, start.from + tail)) { event in
        earliest = min(earliest ?? event.ts, event.ts)
      }
    }
    return earliest
  }

  /// - Returns: the farthest event time, in milliseconds since 1970, over the ends of all starts; nil where the
  ///   last records say nothing.
  /// - Throws: `EventLogError` where the log cannot be read.
  public static func farthest(
    in log: any EventLog, _ starts: [KernelFeed.Start]
  ) throws(EventLogError) -> Int64? {
    var farthest: Int64?
    for start in starts {
      let end = try end(of: start, in: log)
      var mark = Watermark()
      try forEachEvent(in: log, start.source, max(start.from, end - tail), end) { event in
        mark.observe(event.ts)
      }
      if let greatest = mark.greatest { farthest = max(farthest ?? greatest, greatest) }
    }
    return farthest
  }

  /// An archive's copy may still be behind the cut; what is not there yet says nothing. A source that is none of the
  /// three topics has no events.
  private static func end(
    of start: KernelFeed.Start, in log: any EventLog
  ) throws(EventLogError) -> Int64 {
    guard Topic(name: start.source.topic) != nil else { return start.from }
    return min(start.end ?? Int64.max, try log.endOffset(of: start.source))
  }

  private static func forEachEvent(
    in log: any EventLog, _ source: TopicPartition, _ first: Int64, _ end: Int64,
    _ body: (Event) -> Void
  ) throws(EventLogError) {
    guard let topic = Topic(name: source.topic), first < end else { return }
    let decoder = EventDecoder()
    let batch = RecordBatch()
    let reader = try log.reader(of: source, from: first)
    while reader.position < end,
      try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0
    {
      for index in 0..<batch.count where batch.entries[index].offset < end {
        if let event = try? decoder.decode(batch[index], as: topic) { body(event) }
      }
    }
  }
}
