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

  /// The counter's sum so far; may be negative, as a delta that corrects an earlier one.
  public func value(_ counter: Counter) -> Int64 {
    if counter == .listenedMs { return listenedMs }
    return withUnsafeBytes(of: counts) {
      Int64($0.assumingMemoryBound(to: Int32.self)[counter.rawValue])
    }
  }

  public func sketch(_ distinct: Distinct) -> DistinctSketch {
    switch distinct {
    case .listeners: listeners
    case .activeUsers: activeUsers
    case .sessions: sessions
    case .songs: songs
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
  private var tables: [FlatTable] = Rollup.allCases.map { _ in FlatTable() }
  private var cells: [UnsafeMutablePointer<RollupCell>]
  private var counts: [Int]
  private var capacities: [Int]
  /// Texts of the hashed keys of `minute_audience` and `minute_page`, for as long as the process lives:
  /// few, as both are made of small vocabularies.
  private var texts: [Int64: RollupTexts] = [:]

  public init() {
    let n = Rollup.allCases.count
    capacities = Array(repeating: 1024, count: n)
    counts = Array(repeating: 0, count: n)
    cells = (0..<n).map { _ in .allocate(capacity: 1024) }
  }

  deinit {
    for i in 0..<cells.count {
      cells[i].deinitialize(count: counts[i])
      cells[i].deallocate()
      tables[i].free()
    }
  }

  /// Rows waiting, over all rollups.
  public var count: Int { counts.reduce(0, +) }

  public func count(of rollup: Rollup) -> Int { counts[rollup.rawValue] }

  /// The row of (minute, key), made where it is missing. Valid until the next call for this rollup.
  @inline(__always)
  func cell(_ rollup: Rollup, _ minute: Int32, _ key: Int64) -> UnsafeMutablePointer<RollupCell> {
    let r = rollup.rawValue
    let next = Int32(truncatingIfNeeded: counts[r])
    let index = tables[r].findOrInsert(minute, key, new: next)
    if index == next { append(r, minute, key) }
    return cells[r] + Int(index)
  }

  private func append(_ r: Int, _ minute: Int32, _ key: Int64) {
    if counts[r] == capacities[r] {
      let larger = UnsafeMutablePointer<RollupCell>.allocate(capacity: capacities[r] * 2)
      larger.moveInitialize(from: cells[r], count: counts[r])
      cells[r].deallocate()
      cells[r] = larger
      capacities[r] *= 2
    }
    (cells[r] + counts[r]).initialize(to: RollupCell(minute: minute, key: key))
    counts[r] += 1
  }

  func hasTexts(_ key: Int64) -> Bool { texts[key] != nil }
  func name(_ key: Int64, _ value: RollupTexts) { texts[key] = value }

  /// What a key of `minute_audience` or `minute_page` stands for.
  public func texts(_ key: Int64) -> RollupTexts? { texts[key] }

  /// Hands out the rows of minutes before `bound` (all, without one) that are not zero, and forgets
  /// them.
  public func drain(
    _ rollup: Rollup, before bound: Int32? = nil,
    _ body: (UnsafePointer<RollupCell>) throws -> Void
  ) rethrows {
    let r = rollup.rawValue
    let start = cells[r]
    let total = counts[r]
    for i in 0..<total where bound == nil || start[i].minute < bound! {
      if !start[i].isZero { try body(UnsafePointer(start + i)) }
    }
    tables[r].removeAll()
    var kept = 0
    for i in 0..<total {
      if let bound, start[i].minute >= bound {
        if kept != i { (start + kept).moveInitialize(from: start + i, count: 1) }
        _ = tables[r].findOrInsert(start[kept].minute, start[kept].key, new: Int32(kept))
        kept += 1
      } else {
        (start + i).deinitialize(count: 1)
      }
    }
    counts[r] = kept
  }
}
