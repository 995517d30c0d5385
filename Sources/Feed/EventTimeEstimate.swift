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
    let decoder = EventDecoder()
    let batch = RecordBatch()
    var earliest: Int64?
    for start in starts {
      guard let topic = Topic(name: start.source.topic) else { continue }
      let end = min(start.end ?? Int64.max, try log.endOffset(of: start.source), start.from + tail)
      guard start.from < end else { continue }
      let reader = try log.reader(of: start.source, from: start.from)
      while reader.position < end,
        try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0
      {
        for index in 0..<batch.count where batch.entries[index].offset < end {
          guard let event = try? decoder.decode(batch[index], as: topic) else { continue }
          earliest = min(earliest ?? event.ts, event.ts)
        }
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
    let decoder = EventDecoder()
    let batch = RecordBatch()
    var farthest: Int64?
    for start in starts {
      guard let topic = Topic(name: start.source.topic) else { continue }
      // An archive's copy may still be behind the cut; what is not there yet says nothing.
      let end = min(start.end ?? Int64.max, try log.endOffset(of: start.source))
      var mark = Watermark()
      let first = max(start.from, end - tail)
      guard first < end else { continue }
      let reader = try log.reader(of: start.source, from: first)
      while reader.position < end,
        try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0
      {
        for index in 0..<batch.count where batch.entries[index].offset < end {
          if let event = try? decoder.decode(batch[index], as: topic) { mark.observe(event.ts) }
        }
      }
      if let greatest = mark.greatest { farthest = max(farthest ?? greatest, greatest) }
    }
    return farthest
  }
}
