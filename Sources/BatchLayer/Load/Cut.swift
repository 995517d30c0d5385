import EventLog
import EventModel
import Foundation
import Metrics
import StarSchema
import Support
import Warehouse

/// Where one load ends and the speed layer's next epoch begins.
struct Cut: Sendable {
  /// The epoch that the cut closed. Its rows, and those of all earlier epochs, come from records below `ends`.
  var closedEpoch: Int32
  /// One past the last offset that the load covers, for each partition.
  var ends: [TopicPartition: Int64]
  /// How many partitions are reserved to the load, because it counts other records than the speed layer has
  /// committed: more of them, or those of a log that lost its end.
  var reserved = 0
  /// Partitions whose committed records are not those of the lake. They are counted anew up to the lake's end.
  var lost: Set<TopicPartition> = []
  /// Records that an earlier load was to count next and that the lake has dropped since; the load begins behind them.
  var passed: [LostRange] = []
  /// The log epoch of the last record below each end; filled once these records are on the storage device.
  var logEpochs: [TopicPartition: LogEpoch] = [:]

  /// `{"listen_events/0": 123, …}`, sorted.
  var json: String {
    let pairs = ends.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    return "{\(pairs.joined(separator: ", "))}"
  }
}

/// Makes cuts (docs/architecture.md, "The handoff").
///
/// A cut moves no offset. Where a speed worker keeps up, the load covers the records that it has committed.
/// Where there is no worker, or it is far behind, the load covers the records up to the lake's end. The
/// stretch between the committed offset and that end is reserved (`speed.reservation`): no worker commits
/// records of it while the load lives, and `speed.progress` moves to its end in the transaction that
/// publishes the rows. So a load that dies has moved nothing.
struct CutMaker {
  /// Seconds to wait for a flush to end before frozen workers are looked for.
  private static let lockPatience = 2.0
  /// Attempts at a cut: together they take longer than the lease of a worker that froze in a flush.
  private static let triesMax = 8

  let connection: Connection
  let library: SQLLibrary
  let lake: any EventLog
  let run: Int64
  /// Whether records may be counted anew of which the log has lost some: somebody asked for a full load.
  let toleratesLoss: Bool
  /// How many records of a partition a live speed worker may be behind the lake before the load counts these
  /// records in the worker's place.
  let farBehind: Int64
  /// Whether the load may count records in place of speed workers. One whose build waits for its publication may not, as
  /// nothing can be reserved for so long.
  let reserves: Bool
  let stop: StopToken

  /// Closes the current epoch and opens the next one, in one short transaction.
  /// - Throws: `LoadError.locked` where a session kept the epoch at every attempt, `LoadError.stopped`,
  ///   `EventLogError.diverged` where the committed records are not those of the lake.
  func make() throws -> Cut {
    var tries = 1
    while true {
      do {
        return try makeOnce()
      } catch let error as WarehouseError where LockWaits.isLockFailure(error) {
        if stop.isRequested { throw LoadError.stopped }
        // A worker that froze half way through a flush may hold the epoch. Once its lease has run out, burying
        // it ends its session.
        _ = try connection.run(library.sql("speed/bury_workers"))
        guard tries < Self.triesMax else {
          throw LoadError(
            .locked,
            "The load did not begin: the speed layer's epoch was in use for "
              + "\(Int(Self.lockPatience * Double(tries))) s\(try LockWaits.holders(connection, library)); "
              + "end that session, then load again")
        }
        tries += 1
      }
    }
  }

  /// The cut that a load would make now. Nothing is changed.
  func preview() throws -> Cut {
    var cut: Cut?
    struct Enough: Error {}
    do {
      try connection.transaction {
        cut = try cutWithinTransaction()
        throw Enough()
      }
    } catch is Enough {}
    guard let cut else { throw LoadError.stopped }
    return cut
  }

  private func makeOnce() throws -> Cut {
    try connection.transaction { try cutWithinTransaction() }
  }

  private func cutWithinTransaction() throws -> Cut {
    let sources = try Self.partitions(of: lake)
    var lakeEnds: [TopicPartition: Int64] = [:]
    var lakeStarts: [TopicPartition: Int64] = [:]
    for source in sources {
      lakeEnds[source] = try lake.endOffset(of: source)
      lakeStarts[source] = try lake.startOffset(of: source)
    }
    do {
      try LockWaits.limit(connection, library, seconds: Self.lockPatience)
      let epoch = try connection.run(library.sql("batch/lock_epoch")).int(0, 0)
      let progress = try committedOffsets(sources)
      let committed = progress.mapValues(\.offset)
      let attended = try attendedPartitions()
      var cut = Cut(closedEpoch: Int32(epoch), ends: committed)
      cut.lost = try CommittedLog(lake: lake, ends: lakeEnds).lost(
        progress, tolerates: toleratesLoss)
      for (source, offset) in committed.sorted(by: { $0.key < $1.key }) {
        let isLost = cut.lost.contains(source)
        // No worker can commit records that the lake has dropped: it leaves the partition to a load.
        let isDropped = lakeStarts[source, default: 0] > offset
        let isAttended = attended.contains(source.partition) && !isDropped
        guard let end = lakeEnds[source], isLost || end > offset,
          isLost || !isAttended || end > offset + farBehind
        else { continue }
        guard reserves else {
          if isLost { throw LoadError.cannotWait(source) }
          continue
        }
        _ = try connection.run(
          library.sql("batch/reserve"),
          [
            .text(source.topic), .int(Int64(source.partition)), .int(offset), .int(end), .int(run),
          ])
        cut.ends[source] = end
        cut.reserved += 1
      }
      for (source, end) in cut.ends {
        let offset = committed[source] ?? 0
        precondition(
          end >= offset || cut.lost.contains(source),
          "\(source): a cut at \(end), before \(offset) that is committed")
      }
      if cut.reserved > 0 {
        _ = try connection.run(
          library.sql(
            "batch/note_speed_progress", ["table": UndoLog.progressTable(run)]))
      }
      _ = try connection.run(library.sql("batch/advance_epoch"), [.int(epoch + 1)])
      _ = try connection.run(
        library.sql("batch/record_cut"), [.int(run), .int(epoch), .text(cut.json)])
      return cut
    }
  }

  /// What the speed layer has committed of each partition. A partition that it has never read is added, with
  /// the lake's first record as its offset.
  private func committedOffsets(_ sources: [TopicPartition]) throws
    -> [TopicPartition: CommittedLog.Progress]
  {
    let known = try readCommitted()
    for source in sources where known[source] == nil {
      _ = try connection.run(
        library.sql("speed/ensure_progress"),
        [
          .text(source.topic), .int(Int64(source.partition)),
          .int(try lake.startOffset(of: source)), .text(Watermark().stored),
        ])
    }
    return known.count == sources.count ? known : try readCommitted()
  }

  private func readCommitted() throws(WarehouseError) -> [TopicPartition: CommittedLog.Progress] {
    let rows = try connection.run(library.sql("batch/read_speed_progress"))
    var offsets: [TopicPartition: CommittedLog.Progress] = [:]
    for row in 0..<rows.count {
      let source = try rows.source(row)
      offsets[source] = CommittedLog.Progress(
        offset: try rows.int(row, 2),
        logEpoch: LogEpoch(rawValue: try rows.intOrNull(row, 3) ?? 0))
    }
    return offsets
  }

  private func attendedPartitions() throws(WarehouseError) -> Set<Int32> {
    let rows = try connection.run(library.sql("batch/attended_partitions"))
    var partitions = Set<Int32>()
    for row in 0..<rows.count { partitions.insert(Int32(try rows.int(row, 0))) }
    return partitions
  }

  /// All partitions of the three topics that the lake has.
  static func partitions(of lake: any EventLog) throws(EventLogError) -> [TopicPartition] {
    var result: [TopicPartition] = []
    for topic in Topic.allCases {
      for partition in 0..<Int32(try lake.partitionCount(of: topic.name)) {
        result.append(TopicPartition(topic.name, partition))
      }
    }
    return result
  }
}
