import EventLog

/// Compares the offsets that the speed layer has committed with a lake, before a cut is made of them.
struct CommittedLog {
  struct Progress {
    var offset: Int64
    var logEpoch: LogEpoch?
  }

  let lake: any EventLog
  /// The end of each partition of the lake.
  let ends: [TopicPartition: Int64]

  /// Whether the lake is the log itself. An archive's copy of a log may be behind it, and records that the
  /// copy lacks may still come; records that the log itself lacks never come. The log epochs of the records
  /// tell which of the two the lake is; a lake without log epochs is taken for a copy.
  func isLog() throws(EventLogError) -> Bool {
    for (source, end) in ends where end > 0 {
      if let logEpoch = try lake.epoch(of: source, before: end) { return !logEpoch.isCopy }
    }
    return false
  }

  /// The partitions whose committed records are not those of the lake; always empty for an archive's copy.
  /// - Parameter tolerates: whether such partitions are returned, to be counted anew from the records that
  ///   the lake has; false makes them an error.
  /// - Throws: `EventLogError.diverged` for such a partition unless `tolerates`, and always for a partition
  ///   that the lake does not have at all.
  func lost(_ committed: [TopicPartition: Progress], tolerates: Bool) throws(EventLogError)
    -> Set<TopicPartition>
  {
    guard try isLog() else { return [] }
    var lost: Set<TopicPartition> = []
    for (source, progress) in committed.sorted(by: { $0.key < $1.key }) where progress.offset > 0 {
      guard ends[source] != nil else {
        throw EventLogError(
          .diverged,
          "\(lake.url) has no partition \(source), of which the database has counted "
            + "\(progress.offset) records: restore it, or use the database that belongs to this log"
        )
      }
      do throws(EventLogError) {
        try lake.verify(source, committed: progress.offset, epoch: progress.logEpoch)
      } catch {
        guard tolerates, error.code == .diverged else { throw error }
        lost.insert(source)
      }
    }
    return lost
  }
}

extension Cut {
  /// Returns when all records below the cut are on the lake's storage device.
  /// - Returns: the log epoch of the last record below the cut in each partition, where the lake knows one.
  func secure(in lake: any EventLog) throws(EventLogError) -> [TopicPartition: LogEpoch] {
    var logEpochs: [TopicPartition: LogEpoch] = [:]
    for (source, end) in ends where end > 0 {
      try lake.sync(source, upTo: end)
      logEpochs[source] = try lake.epoch(of: source, before: end)
    }
    return logEpochs
  }
}
