import Support

/// Names the stretch of a partition that one writer appended, as Kafka's leader epochs do (KIP-101,
/// KIP-320). Two logs that had the same record at an offset have the same log epoch there; a log that lost
/// its end and was written again has another one. The speed layer's epochs, from one cut to the next, are
/// something else.
public struct LogEpoch: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// Random, never 0; odd where the writer copies another log.
  public let rawValue: Int64

  /// - Returns: nil for 0, which stands for no log epoch.
  public init?(rawValue: Int64) {
    guard rawValue != 0 else { return nil }
    self.rawValue = rawValue
  }

  /// True for what an archive copied: the log itself is elsewhere, and this may be behind it.
  public var isCopy: Bool { rawValue & 1 == 1 }

  static func random(isCopy: Bool) -> LogEpoch {
    while true {
      let value = Int64.random(in: Int64.min...Int64.max)
      if let epoch = LogEpoch(rawValue: isCopy ? value | 1 : value & ~1) { return epoch }
    }
  }

  /// 16 hexadecimal digits.
  public var description: String { UInt64(bitPattern: rawValue).padded(to: 16, radix: 16) }

  init?(digits: Substring) {
    guard digits.utf8.count == 16, let value = UInt64(digits, radix: 16) else { return nil }
    self.init(rawValue: Int64(bitPattern: value))
  }
}

extension EventLog {
  /// Holds what a database says that it has counted against what the log has.
  /// - Parameters:
  ///   - offset: all records below it were counted.
  ///   - epoch: the log epoch of the last record below `offset`, as `epoch(of:before:)` gave it then; nil
  ///     where not known.
  /// - Throws: `.diverged` where the log ends below `offset`, or has another record there.
  public func verify(_ partition: TopicPartition, committed offset: Int64, epoch: LogEpoch?)
    throws(EventLogError)
  {
    guard offset > 0 else { return }
    try verify(partition, committed: offset, epoch: epoch, end: try endOffset(of: partition))
  }

  /// The same, for whoever knows where the partition ends.
  public func verify(
    _ partition: TopicPartition, committed offset: Int64, epoch: LogEpoch?, end: Int64
  ) throws(EventLogError) {
    guard offset > 0 else { return }
    let fault: String
    if end < offset {
      fault = "ends at offset \(end), but the database has counted its records below \(offset)"
    } else if let epoch, let found = try self.epoch(of: partition, before: offset), found != epoch {
      fault =
        "has another record at offset \(offset - 1) (log epoch \(found)) than the one that the database "
        + "has counted (\(epoch))"
    } else {
      return
    }
    throw EventLogError(
      .diverged,
      "\(url): \(partition) \(fault): it lost its end (a disk that lied, a restored backup), or this is "
        + "another log than before; use the database that belongs to it, or count again what this log has: "
        + "polyrhythm load full")
  }
}
