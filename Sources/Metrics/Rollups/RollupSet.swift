/// One row of a rollup in the making: additive counters and sketches.
///
/// The order of the fields is what `CellLayout` says.
public struct RollupCell {
  /// All counters but `listenedMs`, by `Counter.rawValue`.
  var counts: CounterTuple = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  /// When the row's minute, hour or day begins, in minutes since 1970, UTC.
  public var minute: Int32
  /// The dimension member's key, the hash of the row's texts, or 0 in `minute_totals`.
  public var key: Int64
  var listenedMs: Int64 = 0
  var listeners = DistinctSketch()
  var activeUsers = DistinctSketch()
  var sessions = DistinctSketch()
  var songs = DistinctSketch()

  typealias CounterTuple = (
    Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32,
    Int32, Int32
  )

  init(minute: Int32, key: Int64) {
    self.minute = minute
    self.key = key
  }

  @inline(__always)
  mutating func add(_ counter: Counter, _ amount: Int32) {
    withUnsafeMutableBytes(of: &counts) {
      $0.assumingMemoryBound(to: Int32.self)[counter.rawValue] &+= amount
    }
  }

  /// Adds the counters of another row, and all that its sketches have seen.
  mutating func add(_ other: UnsafePointer<RollupCell>) {
    let theirs = UnsafeRawPointer(other).assumingMemoryBound(to: Int32.self)
    withUnsafeMutableBytes(of: &counts) {
      let mine = $0.assumingMemoryBound(to: Int32.self)
      // The place of `listenedMs` among them is 0 in every cell.
      for index in 0..<CellLayout.countersCount { mine[index] &+= theirs[index] }
    }
    listenedMs += other.value(.listenedMs)
    listeners.formUnion(other.sketch(.listeners))
    activeUsers.formUnion(other.sketch(.activeUsers))
    sessions.formUnion(other.sketch(.sessions))
    songs.formUnion(other.sketch(.songs))
  }

  /// True where no sketch has a block on the heap, so that the cell may be forgotten without being taken apart.
  fileprivate var isPlain: Bool {
    listeners.isPlain && activeUsers.isPlain && sessions.isPlain && songs.isPlain
  }

  /// True where the row would add nothing to the sums that readers make.
  public var isZero: Bool {
    listenedMs == 0
      && withUnsafeBytes(of: counts) { $0.allSatisfy { $0 == 0 } }
      && listeners.isEmpty && activeUsers.isEmpty && sessions.isEmpty && songs.isEmpty
  }
}

/// What the keys of `minute_audience` and `minute_page` stand for: the key columns, in the table's order.
public enum RollupTexts: Sendable {
  /// A row of `minute_audience`; `unknown` where an event does not say.
  case audience(gender: String, level: String)
  /// A row of `minute_page`; empty, and status 0, where an event does not say.
  case page(page: String, method: String, status: Int32, auth: String, level: String)
}

/// The rows of all rollups since they were last drained. Additive: two sets over disjoint stretches
/// of the log, added up row by row, are the set over both.
public final class RollupSet {
  /// By `Rollup.rawValue`.
  private let rows = FixedArray(count: Rollup.allCases.count) { RollupCells() }
  private let visits = FixedArray(count: 1) { VisitMemory() }
  /// Texts of the hashed keys of `minute_audience` and `minute_page`: few, as a rule, as both are made of
  /// small vocabularies.
  private var texts: [Int64: RollupTexts] = [:]

  /// Rows of minutes before this one (minutes since 1970, the start of an hour) are made by the hour at once, but
  /// for rollups that keep all minutes.
  public var hoursBefore = Int32.min {
    willSet {
      precondition(
        newValue == Int32.min || newValue == Rung.hour.start(of: newValue),
        "minutes are kept from \(newValue) on, which is no hour's start")
    }
  }

  /// A set without rows.
  public init() {}

  /// Rows waiting, over all rollups.
  public var count: Int { Rollup.allCases.reduce(0) { $0 + count(of: $1) } }

  /// Rows of one rollup waiting.
  public func count(of rollup: Rollup) -> Int { rows[rollup.rawValue].count }

  /// The row of (minute, key), made where it is missing. Valid until the next call for this rollup.
  @inline(__always)
  func cell(_ rollup: Rollup, _ minute: Int32, _ key: Int64) -> UnsafeMutablePointer<RollupCell> {
    guard minute >= hoursBefore || rollup.keepsAllMinutes else {
      return rows[rollup.rawValue].cell(Rung.hour.start(of: minute), key)
    }
    return rows[rollup.rawValue].cell(minute, key)
  }

  /// The rows that an event counts in, made where they are missing.
  @inline(__always)
  func cells(_ rows: EventRows) -> EventCells {
    let user = cell(.user, rows.minute, rows.user)
    let visit = visits[0].at(self.rows[Rollup.user.rawValue].place(user))
    return visit.pointee.isOf(rows) ? cells(visit, user) : findCells(rows, user)
  }

  /// The rows that an event counts in, made where they are missing, and the visit that the event belongs to.
  /// - Returns: `isFirst` is false where an event of this session has counted in all of the rows.
  @inline(__always)
  func visit(_ rows: EventRows, session: Int64) -> (
    cells: EventCells, visit: UnsafeMutablePointer<Visit>, isFirst: Bool
  ) {
    let user = cell(.user, rows.minute, rows.user)
    let visit = visits[0].at(self.rows[Rollup.user.rawValue].place(user))
    if visit.pointee.session == session, visit.pointee.isOf(rows) {
      return (cells(visit, user), visit, false)
    }
    let cells = findCells(rows, user)
    visit.initialize(
      to: Visit(
        minute: rows.minute, session: session, location: rows.location, device: rows.device,
        audience: rows.audience, totalsRow: place(.totals, cells.totals),
        locationRow: place(.location, cells.location), deviceRow: place(.device, cells.device),
        audienceRow: place(.audience, cells.audience)))
    return (cells, visit, true)
  }

  @inline(__always)
  private func cells(
    _ visit: UnsafeMutablePointer<Visit>, _ user: UnsafeMutablePointer<RollupCell>
  ) -> EventCells {
    EventCells(
      totals: rows[Rollup.totals.rawValue].cells + Int(visit.pointee.totalsRow), user: user,
      location: rows[Rollup.location.rawValue].cells + Int(visit.pointee.locationRow),
      device: rows[Rollup.device.rawValue].cells + Int(visit.pointee.deviceRow),
      audience: rows[Rollup.audience.rawValue].cells + Int(visit.pointee.audienceRow))
  }

  private func findCells(_ rows: EventRows, _ user: UnsafeMutablePointer<RollupCell>) -> EventCells
  {
    EventCells(
      totals: cell(.totals, rows.minute, 0), user: user,
      location: cell(.location, rows.minute, rows.location),
      device: cell(.device, rows.minute, rows.device),
      audience: cell(.audience, rows.minute, rows.audience))
  }

  private func place(_ rollup: Rollup, _ cell: UnsafeMutablePointer<RollupCell>) -> Int32 {
    Int32(truncatingIfNeeded: rows[rollup.rawValue].place(cell))
  }

  /// Adds a row of a finer set to the row of this set that its time is in.
  /// - Parameters:
  ///   - cell: a row of the same rollup.
  ///   - finer: the set that has the row, and what its key stands for.
  ///   - rung: the width of this set's rows.
  public func add(
    _ rollup: Rollup, _ cell: UnsafePointer<RollupCell>, of finer: RollupSet, rung: Rung
  ) {
    if let texts = finer.texts(of: cell, rollup) { name(cell.pointee.key, texts) }
    let minute = rung.start(of: cell.pointee.minute)
    rows[rollup.rawValue].cell(minute, cell.pointee.key).pointee.add(cell)
  }

  /// Says what a key of `minute_audience` or `minute_page` stands for.
  func name(_ key: Int64, _ value: RollupTexts) { texts[key] = value }

  var textCount: Int { texts.count }

  func forgetTexts(except keys: Set<Int64>) { texts = texts.filter { keys.contains($0.key) } }

  /// What the key of a row of `minute_audience` or `minute_page` stands for; nil for rows of other rollups.
  public func texts(of cell: UnsafePointer<RollupCell>, _ rollup: Rollup) -> RollupTexts? {
    rollup == .audience || rollup == .page ? texts[cell.pointee.key] : nil
  }

  /// Moves the rows to another set, which must have none, so that another thread can take them from there while this set
  /// gets new ones. It takes less than a millisecond, however many rows there are.
  /// - Parameter bound: rows of minutes from this one on (minutes since 1970) stay; none stay without it.
  public func move(to other: RollupSet, before bound: Int32?) {
    precondition(other.count == 0, "\(other.count) rows are where others would be moved to")
    other.hoursBefore = hoursBefore
    other.texts = texts
    for rollup in Rollup.allCases {
      swap(&rows[rollup.rawValue], &other.rows[rollup.rawValue])
      guard let bound else { continue }
      other.rows[rollup.rawValue].moveRows(from: bound, to: &rows[rollup.rawValue])
    }
    visits[0].forget()
  }

  /// Forgets all rows.
  public func removeAll() {
    for rollup in Rollup.allCases { rows[rollup.rawValue].forget(before: nil) }
    visits[0].forget()
  }

  /// Hands out the rows that are not zero, each valid during its call, and forgets them.
  /// - Parameters:
  ///   - bound: only rows of minutes before this one (minutes since 1970); all rows without it.
  ///   - sorted: by minute and key, which is how an index of them is made in a third of the time; else as they were made.
  ///   - body: takes a row; where it throws, all rows stay.
  public func drain(
    _ rollup: Rollup, before bound: Int32? = nil, sorted: Bool = false,
    _ body: (UnsafePointer<RollupCell>) throws -> Void
  ) rethrows {
    let start = rows[rollup.rawValue].cells
    func take(_ i: Int) throws {
      assert(
        rows[rollup.rawValue].index(start[i].minute, start[i].key) == Int32(i),
        "\(rollup): row \(i) of minute \(start[i].minute) is found as row "
          + "\(rows[rollup.rawValue].index(start[i].minute, start[i].key) ?? -1)")
      if !start[i].isZero { try body(UnsafePointer(start + i)) }
    }
    let due = (0..<rows[rollup.rawValue].count).lazy
      .filter { bound == nil || start[$0].minute < bound! }
    if sorted {
      let order = due.sorted {
        (start[$0].minute, start[$0].key) < (start[$1].minute, start[$1].key)
      }
      for i in order { try take(i) }
    } else {
      for i in due { try take(i) }
    }
    rows[rollup.rawValue].forget(before: bound)
    visits[0].forget()
  }
}

/// Rows of one rollup, in the order in which they were made.
private struct RollupCells: ~Copyable {
  /// From (minute, key) to the row's index.
  private var table = FlatTable()
  private(set) var cells = UnsafeMutablePointer<RollupCell>.allocate(capacity: 1024)
  private var capacity = 1024
  private(set) var count = 0

  deinit { cells.deinitialize(count: count).deallocate() }

  /// The place of a row in `cells`.
  @inline(__always)
  func place(_ cell: UnsafeMutablePointer<RollupCell>) -> Int { cell - cells }

  /// Where the row of (minute, key) is; nil where there is none.
  func index(_ minute: Int32, _ key: Int64) -> Int32? { table.find(minute, key) }

  /// The row of (minute, key), made where it is missing. Valid until the next call.
  @inline(__always)
  mutating func cell(_ minute: Int32, _ key: Int64) -> UnsafeMutablePointer<RollupCell> {
    let next = Int32(truncatingIfNeeded: count)
    let index = table.findOrInsert(minute, key, new: next)
    if index == next { append(minute, key) }
    assert(
      cells[Int(index)].minute == minute && cells[Int(index)].key == key,
      "minute \(minute), key \(key) would be counted in the row of minute "
        + "\(cells[Int(index)].minute), key \(cells[Int(index)].key)")
    return cells + Int(index)
  }

  private mutating func append(_ minute: Int32, _ key: Int64) {
    if count == capacity {
      let larger = UnsafeMutablePointer<RollupCell>.allocate(capacity: count * 2)
      larger.moveInitialize(from: cells, count: count)
      cells.deallocate()
      cells = larger
      capacity = count * 2
    }
    (cells + count).initialize(to: RollupCell(minute: minute, key: key))
    count += 1
  }

  /// Moves the rows of minutes from `bound` on to another table, which must not have them. Rows that are zero stay in their
  /// places.
  mutating func moveRows(from bound: Int32, to other: inout RollupCells) {
    for i in 0..<count where cells[i].minute >= bound {
      swap(&other.cell(cells[i].minute, cells[i].key).pointee, &cells[i])
    }
  }

  /// Drops the rows of minutes before `bound`, or all.
  mutating func forget(before bound: Int32?) {
    table.removeAll()
    var kept = 0
    for i in 0..<count {
      if let bound, cells[i].minute >= bound {
        if kept != i { (cells + kept).moveInitialize(from: cells + i, count: 1) }
        _ = table.findOrInsert(cells[kept].minute, cells[kept].key, new: Int32(kept))
        kept += 1
      } else {
        if !cells[i].isPlain { (cells + i).deinitialize(count: 1) }
      }
    }
    count = kept
  }
}
