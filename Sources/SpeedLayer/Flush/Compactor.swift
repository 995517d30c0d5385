import Metrics
import StarSchema
import Support
import Warehouse

/// Folds what flushes append. Each flush appends one row for each minute and key that it has met, and readers add them up;
/// folding makes them one row, and adds them to the row of their hour.
///
/// A statement takes rows away and adds their sums, so that no reader sees a difference: at every instant the hours, and the rows
/// that are not folded, say what all minutes say. Flushes, cuts and publications need not know of the compactor: it never
/// conflicts with the rows that they append or the epochs that they close, and when a table has been dropped it ends its turn.
///
/// A turn ends after some time even where there is more to do, and the next one goes on there: in a backlog, flushes come first.
struct Compactor {
  /// Pages of a table whose rows are folded in one transaction: 8 MB.
  static let stretch: Int64 = 1024
  /// Of the time between turns, what a turn may take: one part in so many.
  private static let share = 10.0
  /// A turn that did not come to its end is followed by a rest of so many times as long as it took.
  private static let rest = 4.0

  let databaseURL: String
  let library: SQLLibrary
  /// Adds the worker to the name of a session, so that burying the worker ends the compactor's session too.
  var sessionName: @Sendable (String) -> String = { $0 }

  /// A compactor on a thread of its own; it ends when its present turn is over.
  /// - Parameter interval: seconds between turns.
  func start(interval: Double) -> BackgroundWork {
    BackgroundWork("speed-compact") { [self] stop in
      var turn = Turn()
      var pause = interval
      while true {
        stop.wait(seconds: pause)
        if stop.isRequested { return }
        let begin = ContinuousClock.now
        // A turn that fails costs nothing: a later turn folds the same rows.
        let isDone = (try? run(&turn, within: interval / Self.share, stop)) ?? true
        let took = (ContinuousClock.now - begin) / .seconds(1)
        pause = isDone ? interval : took * Self.rest
      }
    }
  }

  /// Where the next turn goes on.
  struct Turn {
    /// The latest epoch that was met.
    fileprivate var epoch: Int64 = 0
    /// The first page not looked at yet, by table.
    fileprivate var pages: [String: Int64] = [:]
    /// Tables of closed epochs, which are looked at once more from their first page on.
    fileprivate var closed: Set<String> = []
    /// Those of which that is done: nobody appends to them any more.
    fileprivate var folded: Set<String> = []
    /// Which table comes first.
    fileprivate var first = 0
    /// The pages that a table had when its statistics were taken.
    fileprivate var analyzed: [String: Int64] = [:]
  }

  /// The rows of one rollup and epoch.
  private struct Place {
    var epoch: Int64
    var isClosed: Bool
    var rollup: Rollup

    var table: String { SpeedTable.minutes(rollup).partition(epoch: epoch) }
    var hours: String { SpeedTable.hours(rollup).partition(epoch: epoch) }
  }

  /// One turn over all rollups of the epochs that count.
  /// - Parameter seconds: after which no further transaction begins.
  /// - Returns: whether all rows were looked at.
  @discardableResult
  func run(
    _ turn: inout Turn, within seconds: Double = .infinity, _ stop: StopToken = StopToken()
  ) throws(WarehouseError) -> Bool {
    let begin = ContinuousClock.now
    let connection = try Connection(
      url: databaseURL, applicationName: sessionName("polyrhythm speed compact"),
      idleTransactionSeconds: 10)
    try connection.script(library.sql("speed/fold_by_sorting"))
    let epochs = try connection.run(library.sql("speed/counted_epochs"))
    var places: [Place] = []
    for row in 0..<epochs.count {
      let (epoch, isOpen) = (try epochs.int(row, 0), try epochs.bool(row, 1))
      // An epoch before one that was there already: another database has taken the place of the one that the turn was about.
      if isOpen, epoch < turn.epoch { turn = Turn() }
      turn.epoch = max(turn.epoch, epoch)
      places += Rollup.allCases.map { Place(epoch: epoch, isClosed: !isOpen, rollup: $0) }
    }
    places.removeAll { turn.folded.contains($0.table) }
    for index in places.indices {
      let number = (turn.first + index) % places.count
      while true {
        guard !stop.isRequested, (ContinuousClock.now - begin) / .seconds(1) < seconds else {
          turn.first = number
          return false
        }
        if try fold(places[number], &turn, connection) { break }
      }
    }
    turn.first = 0
    return true
  }

  /// Folds the next stretch of a table.
  /// - Returns: whether the table has no further one.
  private func fold(
    _ place: Place, _ turn: inout Turn, _ connection: Connection
  ) throws(WarehouseError) -> Bool {
    let table = place.table
    if place.isClosed, turn.closed.insert(table).inserted { turn.pages[table] = 0 }
    let blocks = try connection.run(library.sql("speed/table_blocks"), [.text(table + "_new")])
    // A version before this one has made the table, which is as it always was then.
    guard let pages = try blocks.intOrNull(0, 0) else { return true }
    let first = turn.pages[table] ?? 0
    let last = min(first + Self.stretch, pages)
    if first < last {
      let isMine = try connection.transaction { () throws(WarehouseError) in
        // Two compactors could take the same rows, and then one would wait for the other.
        guard try connection.run(library.sql("speed/claim_compaction")).bool(0, 0) else {
          return false
        }
        var lists = RollupRows.lists(place.rollup.table(.minute))
        lists["hour_keys"] = place.rollup.table(.hour).keyColumns
        _ = try connection.run(
          library.sql("rollup/fold", ["table": table, "hours": place.hours], lists: lists),
          [.text("(\(first),0)"), .text("(\(last),0)")])
        return true
      }
      guard isMine else { return true }
      try analyze(place, &turn, connection)
    }
    turn.pages[table] = last < pages ? last : 0
    if last >= pages, place.isClosed { turn.folded.insert(table) }
    return last >= pages
  }

  /// Takes the statistics of what has grown twofold. PostgreSQL takes them as well, but up to a minute later: until then it believes that a
  /// new epoch's rows are few, and looks up the name of each song of a list by itself.
  private func analyze(
    _ place: Place, _ turn: inout Turn, _ connection: Connection
  ) throws(WarehouseError) {
    let keys = [
      (place.table + "_folded", place.rollup.table(.minute).keyColumns),
      (place.hours, place.rollup.table(.hour).keyColumns),
    ]
    for (table, columns) in keys {
      let blocks = try connection.run(library.sql("speed/table_blocks"), [.text(table)])
      guard let pages = try blocks.intOrNull(0, 0), pages > 0,
        pages >= 2 * (turn.analyzed[table] ?? 0)
      else { continue }
      turn.analyzed[table] = pages
      _ = try connection.run(
        library.sql("rollup/analyze", ["table": table], lists: ["columns": columns]))
    }
  }
}
