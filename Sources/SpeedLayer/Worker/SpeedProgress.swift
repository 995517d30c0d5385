import EventLog
import EventModel
import Feed
import Metrics
import Warehouse

/// How far the speed layer has committed: `speed.progress`.
struct SpeedProgress {
  let connection: Connection
  let library: SQLLibrary
  let log: any EventLog

  /// Where the worker begins to read each topic of the partition numbers. A partition that nobody has read
  /// yet begins at the log's first record.
  func starts(of partitions: [Int32]) throws -> [KernelFeed.Start] {
    try ensure(partitions)
    let rows = try connection.run(
      library.sql("speed/read_progress"), [.intArray(partitions.map { Int64($0) })])
    return try (0..<rows.count).map { row in
      let stored = try rows.text(row, 4)
      guard let watermark = Watermark(stored: stored) else {
        throw WarehouseError(
          .decoding, "speed.progress.replay_watermark is not a watermark: \(stored)")
      }
      let source = TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))
      let (next, replay) = (try rows.int(row, 2), try rows.int(row, 3))
      guard replay <= next else {
        throw WarehouseError(
          .decoding,
          "speed.progress of \(source): replay_from \(replay) is after next_offset \(next)")
      }
      return KernelFeed.Start(
        source: source, replay: ReplayPoint(offset: replay, watermark: watermark), from: next,
        logEpoch: LogEpoch(rawValue: try rows.intOrNull(row, 5) ?? 0))
    }
  }

  private func ensure(_ partitions: [Int32]) throws {
    let sql = try library.sql("speed/ensure_progress")
    for topic in Topic.allCases {
      let count = try log.partitionCount(of: topic.name)
      for partition in partitions where Int(partition) < count {
        let source = TopicPartition(topic.name, partition)
        _ = try connection.run(
          sql,
          [
            .text(topic.name), .int(Int64(partition)), .int(try log.firstOffset(of: source)),
            .text(Watermark().stored),
          ])
      }
    }
  }

  /// Where each partition of the log ends at this moment.
  func logEnds() throws -> [TopicPartition: Int64] {
    var ends: [TopicPartition: Int64] = [:]
    for topic in Topic.allCases {
      for partition in 0..<Int32(try log.partitionCount(of: topic.name)) {
        let source = TopicPartition(topic.name, partition)
        ends[source] = try log.endOffset(of: source)
      }
    }
    return ends
  }

  /// Whether all records below these offsets are committed, by any worker or load.
  /// - Throws: `EventLogError.diverged` where the records that were committed are not those of the log.
  func hasReached(_ ends: [TopicPartition: Int64]) throws -> Bool {
    let rows = try connection.run(
      library.sql("speed/read_progress"),
      [.intArray(Set(ends.keys.map(\.partition)).map { Int64($0) })])
    var committed: [TopicPartition: Int64] = [:]
    for row in 0..<rows.count {
      let source = TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))
      committed[source] = try rows.int(row, 2)
      guard ends[source] != nil else { continue }
      try log.verify(
        source, committed: try rows.int(row, 2),
        epoch: LogEpoch(rawValue: try rows.intOrNull(row, 5) ?? 0))
    }
    return try ends.allSatisfy { source, end in
      // A partition without a committed offset is done where the log holds no record of it, even if it
      // begins above offset 0.
      if let next = committed[source] { return next >= end }
      return try log.startOffset(of: source) >= end
    }
  }
}
