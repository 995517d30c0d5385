import EventLog
import EventModel
import Foundation
import Metrics
import Warehouse

/// Where one load ends and the speed layer's next epoch begins.
struct Cut: Sendable {
  /// The epoch that the cut closed: its rows, and those of all before it, lie below `ends`.
  var closedEpoch: Int32
  /// Exclusive end of each topic and partition.
  var ends: [TopicPartition: Int64]

  /// `{"listen_events/0": 123, …}`, sorted.
  var json: String {
    let pairs = ends.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    return "{\(pairs.joined(separator: ", "))}"
  }
}

extension Cut {
  /// Records that a live speed worker may be behind the lake before the load stops waiting for it and
  /// takes its share.
  static let farBehind: Int64 = 5_000_000

  /// Closes the current epoch (DESIGN section 7): one short transaction.
  ///
  /// Where a speed worker keeps up, the cut is what it has committed. Where none is there, or it is
  /// far behind, the cut is the lake's end, and the committed offsets move there.
  static func make(
    _ connection: Connection, library: SQLLibrary, lake: any EventLog, run: Int64
  ) throws -> Cut {
    let sources = try partitions(of: lake)
    var lakeEnds: [TopicPartition: Int64] = [:]
    return try connection.transaction {
      let epoch = try connection.run(library.sql("batch/lock_epoch")).int(0, 0)
      let committed = try readCommitted(connection, library)
      var absent: [Int32: Bool] = [:]
      var ends = committed
      for source in Set(sources).union(committed.keys).sorted() {
        let isAbsent: Bool
        if let known = absent[source.partition] {
          isAbsent = known
        } else {
          isAbsent = try connection.run(
            library.sql("batch/claim_absent_worker"), [.int(Int64(source.partition))]
          ).bool(0, 0)
          absent[source.partition] = isAbsent
        }
        let isThere = sources.contains(source)
        lakeEnds[source] = isThere ? try lake.endOffset(of: source) : 0
        let offset = committed[source] ?? 0
        guard let lakeEnd = lakeEnds[source],
          committed[source] == nil || (isAbsent && lakeEnd > offset)
            || lakeEnd > offset + farBehind
        else { continue }
        ends[source] = lakeEnd
        _ = try connection.run(
          library.sql("batch/move_speed_progress"),
          [
            .text(source.topic), .int(Int64(source.partition)), .int(lakeEnd),
            .int(isThere ? try lake.startOffset(of: source) : 0), .text(Watermark().stored),
          ])
      }
      for rollup in Rollup.allCases {
        try connection.script(
          library.sql("batch/open_epoch", ["table": rollup.table, "epoch": "\(epoch + 1)"]))
      }
      _ = try connection.run(library.sql("batch/advance_epoch"), [.int(epoch + 1)])
      let cut = Cut(closedEpoch: Int32(epoch), ends: ends)
      _ = try connection.run(
        library.sql("batch/record_cut"), [.int(run), .int(epoch), .text(cut.json)])
      return cut
    }
  }

  private static func readCommitted(_ connection: Connection, _ library: SQLLibrary)
    throws(WarehouseError) -> [TopicPartition: Int64]
  {
    let rows = try connection.run(library.sql("batch/read_speed_progress"))
    var offsets: [TopicPartition: Int64] = [:]
    for row in 0..<rows.count {
      let source = TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))
      offsets[source] = try rows.int(row, 2)
    }
    return offsets
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
