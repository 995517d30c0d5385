import EventLog
import Metrics
import Warehouse

/// How far the lake is loaded, as the rows of `batch.progress`.
struct LoadProgress {
  private var topics: [String] = []
  private var partitions: [Int64] = []
  private var nextOffsets: [Int64] = []
  private var replayOffsets: [Int64] = []
  private var replayWatermarks: [String] = []
  private var logEpochs: [Int64] = []

  /// Nothing of the lake is loaded.
  init() {}

  /// The rows of `shadow/read_progress`.
  init(_ rows: Rows) throws(WarehouseError) {
    for row in 0..<rows.count {
      topics.append(try rows.text(row, 0))
      partitions.append(try rows.int(row, 1))
      nextOffsets.append(try rows.int(row, 2))
      replayOffsets.append(try rows.int(row, 3))
      replayWatermarks.append(try rows.text(row, 4))
      logEpochs.append(try rows.int(row, 5))
    }
  }

  mutating func add(
    _ source: TopicPartition, next: Int64, replay: ReplayPoint?, logEpoch: LogEpoch?
  ) {
    topics.append(source.topic)
    partitions.append(Int64(source.partition))
    nextOffsets.append(next)
    replayOffsets.append(replay?.offset ?? 0)
    replayWatermarks.append((replay?.watermark ?? Watermark()).stored)
    logEpochs.append(logEpoch?.rawValue ?? 0)
  }

  /// The columns, in the order of the table.
  var columns: [SQLValue] { places + [.intArray(logEpochs)] }

  /// The same for `speed.progress`: the log epochs of an archive's copy are not those of the log that the speed layer
  /// reads.
  var columnsOfLog: [SQLValue] {
    places + [.intArray(logEpochs.map { LogEpoch(rawValue: $0)?.isCopy == true ? 0 : $0 })]
  }

  private var places: [SQLValue] {
    [
      .textArray(topics), .intArray(partitions), .intArray(nextOffsets), .intArray(replayOffsets),
      .textArray(replayWatermarks),
    ]
  }
}
