import Metrics
import StarSchema
import Support
import Warehouse

/// Folds closed minutes of the current epoch: flushes append a row a key each time, readers sum, and
/// once a minute is over its many rows can become one (DESIGN section 7).
///
/// Deletes the rows and inserts their sum in one statement, so that no reader sees a difference, a
/// stretch of a table at a time, so that the work of a turn is bounded whatever the table's size.
/// Flushes, cuts and publishing need not know: what they append, close or drop is never in its way,
/// and a table that is gone ends the turn.
struct Compactor {
  /// Pages of a table looked at in one turn: 32 MB.
  static let stretch: Int64 = 4096

  let databaseURL: String
  let library: SQLLibrary
  /// What its sessions are called, so that they end with the worker that they belong to.
  var sessionName: @Sendable (String) -> String = { $0 }

  /// A compactor on a thread of its own.
  struct Running {
    let stop: StopToken
    let worker: Worker<Void>

    /// Waits for the present turn.
    func end() {
      stop.request()
      _ = try? worker.wait()
    }
  }

  /// - Parameter interval: seconds between turns.
  func start(interval: Double) -> Running {
    let stop = StopToken()
    let worker = Worker("speed-compact") { [self] in
      var turn = Turn()
      while true {
        stop.wait(seconds: interval)
        if stop.isRequested { return }
        // Nothing depends on it: what a turn does not do is left to a later one.
        _ = try? run(&turn, stop)
      }
    }
    return Running(stop: stop, worker: worker)
  }

  /// Where the next turn goes on.
  struct Turn {
    fileprivate var epoch: Int64?
    /// The first page not looked at yet, by `Rollup.rawValue`.
    fileprivate var pages = Rollup.allCases.map { _ in Int64(0) }
  }

  /// One turn over all rollups.
  func run(_ turn: inout Turn, _ stop: StopToken = StopToken()) throws(WarehouseError) {
    let connection = try Connection(
      url: databaseURL, applicationName: sessionName("polyrhythm speed compact"),
      idleTransactionLimit: 10)
    let bound = try connection.run(library.sql("speed/compaction_bound"))
    guard let before = try bound.timestampMillisecondsOrNull(0, 1) else { return }
    let epoch = try bound.int(0, 0)
    if turn.epoch != epoch { turn = Turn(epoch: epoch) }
    for rollup in Rollup.allCases where !stop.isRequested {
      let table = "parts.speed_\(rollup.table)_e\(epoch)"
      let pages = try connection.run(library.sql("speed/table_blocks"), [.text(table)]).int(0, 0)
      let first = turn.pages[rollup.rawValue] < pages ? turn.pages[rollup.rawValue] : 0
      let last = min(first + Self.stretch, pages)
      assert(0 <= first && first <= last, "\(table): from page \(first) to \(last)")
      try connection.transaction { () throws(WarehouseError) in
        // Two of them could take the same rows, and one of them would wait for the other.
        guard try connection.run(library.sql("speed/claim_compaction")).bool(0, 0) else { return }
        _ = try connection.run(
          library.sql("rollup/fold", ["table": table], lists: RollupRows.lists(rollup)),
          [.text("(\(first),0)"), .text("(\(last),0)"), .timestamp(milliseconds: before)])
      }
      turn.pages[rollup.rawValue] = last
    }
  }
}
