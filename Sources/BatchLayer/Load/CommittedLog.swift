import EventLog

/// Holds what the speed layer has committed against a lake, before a cut is made of it.
struct CommittedLog {
  struct Progress {
    var offset: Int64
    var epoch: LogEpoch?
  }

  let lake: any EventLog
  /// Of all partitions of the lake.
  let ends: [TopicPartition: Int64]

  /// Whether the lake is the log itself, and no archive's copy of one, which may be behind it: what it lacks
  /// does not come. Told by its epochs; of a lake without any it is not known.
  func isLog() throws(EventLogError) -> Bool {
    for (source, end) in ends where end > 0 {
      if let epoch = try lake.epoch(of: source, before: end) { return !epoch.isCopy }
    }
    return false
  }

  /// The partitions of which other records were committed than the lake has. What a copy lacks may come.
  /// - Parameter tolerates: what was lost is to be counted anew, from what there is.
  /// - Throws: `EventLogError.diverged` where that is not so.
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
        try lake.verify(source, committed: progress.offset, epoch: progress.epoch)
      } catch {
        guard tolerates, error.code == .diverged else { throw error }
        lost.insert(source)
      }
    }
    return lost
  }
}

extension Cut {
  /// Returns when all records below the cut are on the lake's storage device, with the epoch of the last
  /// one of each partition.
  func secure(in lake: any EventLog) throws(EventLogError) -> [TopicPartition: LogEpoch] {
    var epochs: [TopicPartition: LogEpoch] = [:]
    for (source, end) in ends where end > 0 {
      try lake.sync(source, upTo: end)
      epochs[source] = try lake.epoch(of: source, before: end)
    }
    return epochs
  }
}
