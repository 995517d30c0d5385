import EventLog
import EventModel
import Feed
import Metrics
import StarSchema
import Warehouse

/// How far the speed layer has committed: `speed.progress`.
struct SpeedProgress {
  let connection: Connection
  let library: SQLLibrary
  let log: any EventLog

  /// Where the worker begins to read each topic of the partition numbers. A partition that nobody has read
  /// yet begins where the log's settings say, which is its first record unless they say otherwise.
  func starts(of partitions: [Int32]) throws -> [KernelFeed.Start] {
    let ids = try log.topicIDs(of: Topic.allCases.map(\.name))
    try ensure(partitions, ids)
    let rows = try connection.run(
      library.sql("speed/read_progress"), [.intArray(partitions.map { Int64($0) })])
    try requireSameTopics(rows, ids)
    return try (0..<rows.count).map { row in
      let stored = try rows.text(row, 4)
      guard let watermark = Watermark(stored: stored) else {
        throw WarehouseError(
          .decoding, "speed.progress.replay_watermark is not a watermark: \(stored)")
      }
      let source = try rows.source(row)
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

  /// - Parameters:
  ///   - rows: of `speed/read_progress`.
  ///   - ids: those that the topics have now.
  private func requireSameTopics(_ rows: Rows, _ ids: [String: TopicID]) throws {
    for row in 0..<rows.count {
      guard let id = rows.textOrNull(row, 7).flatMap(TopicID.init(rawValue:)) else { continue }
      try log.requireSameTopics([rows.text(row, 0): id], ids, that: "the database has counted")
    }
  }

  private func ensure(_ partitions: [Int32], _ ids: [String: TopicID]) throws {
    let sql = try library.sql("speed/ensure_progress")
    let wanted = Set(partitions)
    let sources = try log.partitions(of: Topic.allCases.map(\.name))
      .filter { wanted.contains($0.partition) }
    let rows = try connection.run(
      library.sql("speed/read_progress"), [.intArray(partitions.map { Int64($0) })])
    let known = try rows.offsets()
    let new = try sources.filter { known[$0] == nil }.map { ($0, try log.firstOffset(of: $0)) }
    try connection.transaction {
      for (source, first) in new {
        _ = try connection.run(
          sql,
          [
            .text(source.topic), .int(Int64(source.partition)), .int(first),
            .text(Watermark().stored),
          ])
      }
      _ = try connection.run(
        library.sql("speed/note_topic_ids"),
        [
          .textArray(ids.keys.sorted()),
          .textArray(ids.sorted { $0.key < $1.key }.map(\.value.rawValue)),
          .intArray(partitions.map { Int64($0) }),
        ])
    }
  }

  /// Goes on behind records that the log has dropped, and notes that they are lost. Nothing happens where the offset
  /// is another one by now, or a load has reserved the partition.
  /// - Returns: whether it happened.
  func pass(_ lost: LostRange) throws(WarehouseError) -> Bool {
    try connection.transaction { () throws(WarehouseError) in
      _ = try connection.run(library.sql("speed/lock_epoch"))
      return try connection.run(
        library.sql("speed/pass_lost"),
        [
          .text(lost.partition.topic), .int(Int64(lost.partition.partition)),
          .int(lost.offsets.lowerBound), .int(lost.offsets.upperBound),
        ]
      ).affected == 1
    }
  }

  /// Where each partition of the log ends at this moment.
  func logEnds() throws -> [TopicPartition: Int64] {
    try log.bounds(of: log.partitions(of: Topic.allCases.map(\.name))).mapValues(\.end)
  }

  /// Whether all records below these offsets are committed, by any worker or load.
  /// - Throws: `EventLogError.diverged` where the records that were committed are not those of the log.
  func hasReached(_ ends: [TopicPartition: Int64]) throws -> Bool {
    let rows = try connection.run(
      library.sql("speed/read_progress"),
      [.intArray(Set(ends.keys.map(\.partition)).map { Int64($0) })])
    try requireSameTopics(rows, log.topicIDs(of: Set(ends.keys.map(\.topic)).sorted()))
    let bounds = try log.bounds(of: Array(ends.keys))
    var committed: [TopicPartition: Int64] = [:]
    for row in 0..<rows.count {
      let source = try rows.source(row)
      committed[source] = try rows.int(row, 2)
      guard let end = bounds[source]?.end else { continue }
      try log.verify(
        source, committed: try rows.int(row, 2),
        epoch: LogEpoch(rawValue: try rows.intOrNull(row, 5) ?? 0), end: end)
    }
    return ends.allSatisfy { source, end in
      if let next = committed[source] { return next >= end }
      // A partition without a committed offset is done where the log holds no record of it, even if somebody has
      // moved its beginning; records that went by themselves are missing.
      return (log.dropsRecords ? 0 : bounds[source]?.start ?? 0) >= end
    }
  }
}
