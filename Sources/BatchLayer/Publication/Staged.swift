import EventLog
import Metrics
import StarSchema

/// What a load has staged, ready to be published.
struct Staged {
  var numbers: LoadNumbers
  var cut: Cut
  var replays: [TopicPartition: ReplayPoint]
  /// Milliseconds since 1970: minutes that begin before this change only by late events. nil where nothing
  /// has come yet.
  var finalBefore: Int64?
  /// Days with a staged table of their own.
  var parts: [FactWriter.Part: StageTable]
  /// Days with few facts. Those of one fact share a staged table.
  var rare: Set<FactWriter.Part>
  /// Days that are there and get few facts more. Those of one fact share a staged table.
  var few: Set<FactWriter.Part>
  /// Outcomes and credits of facts that have changed since these were written.
  var changes: [FactChange]
  /// When each state of a user was first and last seen; nil where the load has no known user.
  var users: StageTable?
  /// Event times of the load's facts (milliseconds since 1970), ascending: a range for each run of days.
  var spans: [ClosedRange<Int64>]
  /// Stretches of time whose facts are new or have changed, ascending, milliseconds since 1970; nil where they are not
  /// known, and `spans` are audited as a whole.
  var touched: [ClosedRange<Int64>]?
  /// New facts by fact and day.
  var factCounts: [FactWriter.Part: Int]
  /// Rows of which each key has one.
  var rollups: [RollupTable: StageTable]
  /// Rows of times that had been written before; see `RollupWriter`.
  var lateRollups: [RollupTable: StageTable]
  /// Minutes since 1970: rollups but the totals have no minutes before this from the load on. nil where all are kept.
  var minutesFrom: Int32?
  /// The events that were counted ahead of the crowd.
  var ahead: [TopicPartition: [CountedAhead]] = [:]
  /// Rules that what is staged breaks, and that stop nothing.
  var warnings: [Checks.Finding] = []
  /// Places that the partitions can be read again from.
  var replayPoints: [TopicPartition: [ReplayPoint]] = [:]

  var run: Int64 { numbers.run }
  var build: Int64 { numbers.build }

  /// How far the lake is loaded once the load is published.
  var progress: LoadProgress {
    var progress = LoadProgress()
    for (source, end) in cut.ends.sorted(by: { $0.key < $1.key }) {
      precondition(
        end == 0 || replays[source] != nil,
        "\(source): the cut is at \(end), and nothing was read of it")
      progress.add(source, next: end, replay: replays[source], logEpoch: cut.logEpochs[source])
    }
    return progress
  }

  /// The days of facts that get new rows.
  var grownParts: Set<FactWriter.Part> { Set(parts.keys).union(rare).union(few) }

  /// The facts of which rows are new or have changed.
  var touchedFacts: Set<FactTable> { Set(grownParts.map(\.fact)).union(changes.map(\.fact)) }

  /// The staged tables of a rollup's rows.
  func tables(_ table: RollupTable) -> [StageTable] {
    [rollups[table], lateRollups[table]].compactMap { $0 }
  }
}
