/// One row of a rollup in the making: additive counters and sketches.
public struct RollupCell {
  /// Minutes since 1970, UTC.
  public var minute: Int32
  public var key: Int64
  /// Everything but `listenedMs`, by `Counter.rawValue`.
  var counts: CounterTuple = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
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

  /// True where the row would add nothing.
  public var isZero: Bool {
    listenedMs == 0
      && withUnsafeBytes(of: counts) { $0.allSatisfy { $0 == 0 } }
      && listeners.isEmpty && activeUsers.isEmpty && sessions.isEmpty && songs.isEmpty
  }
}

/// What the keys of `minute_audience` and `minute_page` stand for.
public enum RollupTexts: Sendable {
  case audience(gender: String, level: String)
  case page(page: String, method: String, status: Int32, auth: String, level: String)
}

/// The rows of all rollups since they were last drained. Additive: two sets over disjoint stretches
/// of the log, added up row by row, are the set over both.
public final class RollupSet {
  /// Rows of one rollup, in the order in which they were made.
  private struct Rows {
    var table = FlatTable()
    var cells = UnsafeMutablePointer<RollupCell>.allocate(capacity: 1024)
    var capacity = 1024
    var count = 0
  }

  /// By `Rollup.rawValue`. Memory of our own instead of an array: nothing to retain and no access to
  /// check, ten times an event.
  private let rows: UnsafeMutablePointer<Rows>
  /// Texts of the hashed keys of `minute_audience` and `minute_page`: few, as a rule, as both are made of
  /// small vocabularies.
  private var texts: [Int64: RollupTexts] = [:]

  public init() {
    rows = .allocate(capacity: Rollup.allCases.count)
    for r in 0..<Rollup.allCases.count { (rows + r).initialize(to: Rows()) }
  }

  deinit {
    for r in 0..<Rollup.allCases.count {
      rows[r].cells.deinitialize(count: rows[r].count)
      rows[r].cells.deallocate()
      rows[r].table.free()
    }
    rows.deallocate()
  }

  /// Rows waiting, over all rollups.
  public var count: Int { Rollup.allCases.reduce(0) { $0 + count(of: $1) } }

  public func count(of rollup: Rollup) -> Int { rows[rollup.rawValue].count }

  /// The row of (minute, key), made where it is missing. Valid until the next call for this rollup.
  @inline(__always)
  func cell(_ rollup: Rollup, _ minute: Int32, _ key: Int64) -> UnsafeMutablePointer<RollupCell> {
    let rows = rows + rollup.rawValue
    let next = Int32(truncatingIfNeeded: rows.pointee.count)
    let index = rows.pointee.table.findOrInsert(minute, key, new: next)
    if index == next { append(rows, minute, key) }
    return rows.pointee.cells + Int(index)
  }

  private func append(_ rows: UnsafeMutablePointer<Rows>, _ minute: Int32, _ key: Int64) {
    let count = rows.pointee.count
    if count == rows.pointee.capacity {
      let larger = UnsafeMutablePointer<RollupCell>.allocate(capacity: count * 2)
      larger.moveInitialize(from: rows.pointee.cells, count: count)
      rows.pointee.cells.deallocate()
      rows.pointee.cells = larger
      rows.pointee.capacity = count * 2
    }
    (rows.pointee.cells + count).initialize(to: RollupCell(minute: minute, key: key))
    rows.pointee.count = count + 1
  }

  func name(_ key: Int64, _ value: RollupTexts) { texts[key] = value }

  var textCount: Int { texts.count }

  func forgetTexts(except keys: Set<Int64>) { texts = texts.filter { keys.contains($0.key) } }

  /// What a key of `minute_audience` or `minute_page` stands for.
  public func texts(_ key: Int64) -> RollupTexts? { texts[key] }

  /// Hands out the rows of minutes before `bound` (all, without one) that are not zero, and forgets
  /// them.
  public func drain(
    _ rollup: Rollup, before bound: Int32? = nil,
    _ body: (UnsafePointer<RollupCell>) throws -> Void
  ) rethrows {
    let rows = rows + rollup.rawValue
    let start = rows.pointee.cells
    let total = rows.pointee.count
    for i in 0..<total where bound == nil || start[i].minute < bound! {
      if !start[i].isZero { try body(UnsafePointer(start + i)) }
    }
    rows.pointee.table.removeAll()
    var kept = 0
    for i in 0..<total {
      if let bound, start[i].minute >= bound {
        if kept != i { (start + kept).moveInitialize(from: start + i, count: 1) }
        _ = rows.pointee.table.findOrInsert(
          start[kept].minute, start[kept].key, new: Int32(kept))
        kept += 1
      } else {
        (start + i).deinitialize(count: 1)
      }
    }
    rows.pointee.count = kept
  }
}
