import Warehouse

/// Reads the merged views as any client would, and compares them with the log.
public struct MergedViews {
  private let connection: Connection

  /// - Parameter connection: to the database with the views; used by one thread at a time.
  public init(_ connection: Connection) { self.connection = connection }

  /// The sums of all seven views at one instant, minute by minute.
  public struct Look: Sendable {
    /// By `View.rawValue`, then minute since 1970; a counter that a view does not have is 0.
    public var views: [[Int64: SIMD16<Int64>]]
    /// The sums over all hours and over all days: by `View.wholeHours` or `wholeDays`, then `View.rawValue`.
    var rungs: [Int64: [Int: SIMD16<Int64>]] = [:]

    /// Views without any row.
    public static let none = Look(views: View.allCases.map { _ in [:] })

    /// Checks this look by itself, against an earlier one, and against the log. Counts must agree between
    /// the views, must not fall, and must not exceed those of the log.
    /// - Parameters:
    ///   - earlier: a look before this one.
    ///   - log: the log's sums by minute, read after this look.
    /// - Returns: one sentence for each violation; empty where all is right.
    public func violations(after earlier: Look, log: [Int64: SIMD16<Int64>]) -> [String] {
      let none = SIMD16<Int64>(repeating: 0)
      var found: [String] = []
      for view in View.allCases {
        let (now, before) = (views[view.rawValue], earlier.views[view.rawValue])
        for minute in Set(now.keys).union(before.keys).union(views[0].keys) {
          note(
            view, minute, now[minute] ?? none, before: before[minute] ?? none,
            totals: views[0][minute] ?? none, log: log[minute] ?? none, &found)
        }
      }
      for (rung, sums) in rungs.sorted(by: { $0.key > $1.key }) {
        for (view, sum) in sums.sorted(by: { $0.key < $1.key }) {
          let minutes = views[view].values.reduce(into: none) { $0 &+= $1 }
          for index in View.allCases[view].counters where sum[index] != minutes[index] {
            found.append(
              "\(View.allCases[view]): \(View.counters[index]) is \(sum[index]) over all "
                + "\(rung == View.wholeHours ? "hours" : "days"), but \(minutes[index]) over all minutes"
            )
          }
        }
      }
      return found
    }

    private func note(
      _ view: View, _ minute: Int64, _ now: SIMD16<Int64>, before: SIMD16<Int64>,
      totals: SIMD16<Int64>, log: SIMD16<Int64>, _ found: inout [String]
    ) {
      func say(_ index: Int, _ text: String) {
        found.append(
          "\(view.name) minute \(minute) (\(MergedViews.time(minute))): \(View.counters[index]) is "
            + "\(now[index]), \(text)")
      }
      for index in view.counters {
        let isCredit = view == .song && View.engagements.contains(index)
        if !isCredit && now[index] != totals[index] {
          say(index, "but \(totals[index]) in minute_totals at the same instant")
        }
        if isCredit && now[index] > totals[index] {
          say(index, "more than the \(totals[index]) of minute_totals")
        }
        guard view.settled.contains(index) else { continue }
        if now[index] < before[index] { say(index, "after \(before[index])") }
        if now[index] > log[index] { say(index, "but the log has \(log[index])") }
      }
      if view == .totals, totals[2] + totals[3] + totals[4] > totals[0] {
        say(0, "but \(totals[2] + totals[3] + totals[4]) plays have ended")
      }
    }
  }

  /// Takes a look by one statement over all views.
  /// - Throws: what the server had against it.
  public func look() throws(WarehouseError) -> Look {
    let rows = try connection.run(View.lookQuery)
    var look = Look.none
    for row in 0..<rows.count {
      var counters = SIMD16<Int64>(repeating: 0)
      for index in View.counters.indices {
        counters[index] = try rows.intOrNull(row, index + 2) ?? 0
      }
      let (view, minute) = (Int(try rows.int(row, 0)), try rows.int(row, 1))
      if minute < 0 {
        look.rungs[minute, default: [:]][view] = counters
      } else {
        look.views[view][minute] = counters
      }
    }
    return look
  }

  /// Compares every row of every view with the recount of the log: minute by minute, key by key, counter by
  /// counter.
  /// - Parameter limit: the most differences that are described.
  /// - Returns: one sentence for each of the first differences, and the number of the others; empty where all
  ///   is as it must be.
  public func differences(from log: LogRecount, atMost limit: Int = 6) throws(WarehouseError)
    -> [String]
  {
    let recount = log.recount()
    var expected = recount.cells
    var found: [String] = []
    var wrong = 0
    func note(_ view: View, _ minute: Int64, _ key: Int32, _ text: String) {
      wrong += 1
      if found.count < limit {
        found.append(
          "\(view.name) minute \(minute) (\(Self.time(minute))) [\(log.name(key))]: \(text)")
      }
    }
    for view in View.allCases {
      let rows = try connection.run(view.rowsQuery)
      for row in 0..<rows.count {
        let minute = try rows.int(row, 0)
        let key = log.key(try rows.text(row, 1))
        let cell =
          expected.removeValue(forKey: Recount.CellKey(view: view, minute: minute, key: key))
          ?? Recount.Cell()
        for (column, index) in view.counters.enumerated() {
          let value = try rows.int(row, column + 2)
          guard !(cell.low[index]...cell.high[index]).contains(value) else { continue }
          note(view, minute, key, Self.text(index, "\(value)", cell))
        }
      }
    }
    for (key, cell) in expected where cell.low != SIMD16(repeating: 0) {
      let index = View.counters.indices.first { cell.low[$0] != 0 } ?? 0
      note(key.view, key.minute, key.key, Self.text(index, "no row", cell))
    }
    if wrong > found.count { found.append("and \(wrong - found.count) more") }
    return found
  }

  private static func text(_ index: Int, _ value: String, _ cell: Recount.Cell) -> String {
    let range =
      cell.low[index] == cell.high[index]
      ? "\(cell.low[index])" : "\(cell.low[index]) to \(cell.high[index])"
    return "\(View.counters[index]) is \(value), the log says \(range)"
  }

  private static func time(_ minute: Int64) -> String {
    let day = minute / 1440
    let ofDay = minute % 1440
    return "day \(day), \(ofDay / 60):\(ofDay % 60 < 10 ? "0" : "")\(ofDay % 60)"
  }

  /// The number of the log's records that the speed layer has not committed; -1 where it has committed more
  /// than the log has.
  public func lag(of log: LogRecount) throws(WarehouseError) -> Int64 {
    var committed: [String: Int64] = [:]
    // Without the table nothing has been committed: the first worker died before it had made the tables.
    if try connection.run("select to_regclass('speed.progress') is not null").bool(0, 0) {
      let rows = try connection.run(
        "select topic || '/' || partition, next_offset from speed.progress")
      for row in 0..<rows.count { committed[try rows.text(row, 0)] = try rows.int(row, 1) }
    }
    var lag: Int64 = 0
    for (source, end) in log.ends {
      let next = committed[source] ?? 0
      if next > end { return -1 }
      lag += end - next
    }
    return lag
  }

  /// A hash of every row of every view, including the estimates of the sketches (FNV-1a, 64 bits, hexadecimal).
  public func fingerprint() throws(WarehouseError) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for view in View.allCases.flatMap(\.names) {
      let rows = try connection.run(
        "select (v #- '{source}' #- '{is_final}')::text from "
          + "(select to_jsonb(m) as v from serving.\(view) as m) as j order by 1")
      for row in 0..<rows.count {
        for byte in try rows.text(row, 0).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      }
    }
    return String(hash, radix: 16)
  }

  /// The number of records in quarantine.
  public func quarantined() throws(WarehouseError) -> Int64 {
    try connection.run("select count(*) from warehouse.quarantine").int(0, 0)
  }
}
