import Metrics
import StarSchema
import Support
import Warehouse

/// Folds closed minutes of the current epoch. Each flush appends one row for each key, and readers add them
/// up; once a minute is over, the rows of a key can become one row.
///
/// The compactor deletes the rows and inserts their sum in one statement, so that no reader sees a
/// difference. It looks at one stretch of a table at a time, so that the work of a turn is bounded whatever
/// the table's size. Flushes, cuts and publications need not know of the compactor: it never conflicts with
/// the rows that they append or the epochs that they close, and when a table has been dropped it ends its turn.
struct Compactor {
  /// Pages of a table looked at in one turn: 32 MB.
  static let stretch: Int64 = 4096

  let databaseURL: String
  let library: SQLLibrary
  /// Adds the worker to the name of a session, so that burying the worker ends the compactor's session too.
  var sessionName: @Sendable (String) -> String = { $0 }

  /// A compactor on a thread of its own; it ends when its present turn is over.
  /// - Parameter interval: seconds between turns.
  func start(interval: Double) -> BackgroundWork {
    BackgroundWork("speed-compact") { [self] stop in
      var turn = Turn()
      while true {
        stop.wait(seconds: interval)
        if stop.isRequested { return }
        // A turn that fails costs nothing: a later turn folds the same rows.
        _ = try? run(&turn, stop)
      }
    }
  }

  /// Where in each table the next turn begins.
  struct Turn {
    fileprivate var epoch: Int64?
    /// The first page not looked at yet, by `Rollup.rawValue`.
    fileprivate var pages = Rollup.allCases.map { _ in Int64(0) }
  }

  /// One turn over all rollups.
  func run(_ turn: inout Turn, _ stop: StopToken = StopToken()) throws(WarehouseError) {
    let connection = try Connection(
      url: databaseURL, applicationName: sessionName("polyrhythm speed compact"),
      idleTransactionSeconds: 10)
    let bound = try connection.run(library.sql("speed/compaction_bound"))
    guard let before = try bound.timestampMillisecondsOrNull(0, 1) else { return }
    let epoch = try bound.int(0, 0)
    if turn.epoch != epoch { turn = Turn(epoch: epoch) }
    for rollup in Rollup.allCases where !stop.isRequested {
      let table = SpeedTable.minutes(rollup).partition(epoch: epoch)
      let pages = try connection.run(library.sql("speed/table_blocks"), [.text(table)]).int(0, 0)
      let first = turn.pages[rollup.rawValue] < pages ? turn.pages[rollup.rawValue] : 0
      let last = min(first + Self.stretch, pages)
      assert(0 <= first && first <= last, "\(table): from page \(first) to \(last)")
      try connection.transaction { () throws(WarehouseError) in
        // Two compactors could take the same rows, and then one would wait for the other.
        guard try connection.run(library.sql("speed/claim_compaction")).bool(0, 0) else { return }
        _ = try connection.run(
          library.sql(
            "rollup/fold", ["table": table], lists: RollupRows.lists(rollup.table(.minute))),
          [.text("(\(first),0)"), .text("(\(last),0)"), .timestamp(milliseconds: before)])
      }
      turn.pages[rollup.rawValue] = last
    }
  }
}
