import StarSchema
import TestKit
import Testing
import Warehouse

@testable import Metrics

/// Rollup cells as rows: what is written to the tables of either layer comes back equal.
@Suite struct RollupRowTests {
  private static let schemas = ["batch", "speed"]
  private static let database = Result { try TestDatabase.make() }

  /// The columns are those of the tables, in whatever order: a migration that adds one is not forgotten here.
  @Test(arguments: RollupTable.all, schemas)
  func theColumnsAreThoseOfTheTables(_ table: RollupTable, _ schema: String) throws {
    guard schema == "batch" || table.rung != .day else { return }
    let connection = try Self.database.get().connect()
    let columns = try connection.columns(of: "\(schema).\(table.name)").map(\.name)
    // Which epoch a row belongs to, which load wrote it, and whether it is folded, is said by the table that it is written to.
    #expect(
      columns.filter { !["epoch", "load_run_id", "is_folded"].contains($0) }.sorted()
        == RollupRows.columns(table).sorted())
    #expect(columns.contains("load_run_id") == (schema == "batch"))
    #expect(columns.contains("epoch") == (schema == "speed"))
    #expect(columns.contains("is_folded") == (schema == "speed" && table.rung == .minute))
  }

  @Test(arguments: RollupTable.all)
  func everyColumnIsOneOfItsLists(_ table: RollupTable) {
    let lists = RollupRows.lists(table)
    #expect(
      ["keys", "counters", "sketches"].flatMap { lists[$0] ?? [] } == RollupRows.columns(table))
  }

  // MARK: Round trips

  private struct Written: Equatable {
    var minute: Int64
    var key: [String?]
    var counts: [Int64?]
    var sketches: [[UInt8]?]
  }

  /// Texts with what COPY and SQL treat apart.
  private static let texts = ["", "F", "\t\\N\n\"'", "añ🎵", String(repeating: "x", count: 256)]
  private static let counts: [Int32] = [0, 1, -1, .max, .min, 0, 7]
  private static let sizes = [0, 1, 2, 100, 5000]

  private static func name(_ rollup: Rollup, _ number: Int) -> (RollupTexts?, [String?]) {
    let (a, b) = (texts[number % 5], texts[(number + 1) % 5])
    switch rollup {
    case .totals: return (nil, [])
    case .audience: return (.audience(gender: a, level: b), [a, b])
    case .page:
      let status = [Int32(0), 200, 404, 999, -1][number % 5]
      return (
        .page(page: a, method: b, status: status, auth: b, level: a), [a, b, "\(status)", b, a]
      )
    default: return (nil, ["\(keys[number % 5])"])
    }
  }

  private static let keys: [Int64] = [0, 1, -1, .max, .min]
  /// 2000-01-01, 2099-12-31 23:59, and the minutes around 2026-03-02.
  private static let minutes: [Int32] = [15_778_080, 68_374_079, 29_540_160, 29_540_161]

  /// Cells whose fields go through all that is written in a way of its own.
  private func fill(_ set: RollupSet, _ rollup: Rollup) -> [Written] {
    var expected: [Written] = []
    for (number, minute) in Self.minutes.enumerated() {
      let (texts, key) = Self.name(rollup, number)
      let cellKey = texts == nil && !key.isEmpty ? Self.keys[number % 5] : Int64(number)
      if let texts { set.name(cellKey, texts) }
      let cell = set.cell(rollup, minute, cellKey)
      var written = Written(minute: Int64(minute) * 60_000, key: key, counts: [], sketches: [])
      for (index, counter) in rollup.counters.enumerated() {
        if counter == .listenedMs {
          let value = [0, 1, -1, Int64(1) << 52][number]
          cell.pointee.listenedMs = value
          written.counts.append(value == 0 ? nil : value)
        } else {
          let value = Self.counts[(index + number) % Self.counts.count]
          cell.pointee.add(counter, value)
          written.counts.append(value == 0 ? nil : Int64(value))
        }
      }
      for (index, distinct) in rollup.distincts.enumerated() {
        var sketch = DistinctSketch()
        for value in 0..<Self.sizes[(index + number) % Self.sizes.count] {
          sketch.insert(hash: UInt64(value) &* 0x9E37_79B9_7F4A_7C15)
        }
        switch distinct {
        case .listeners: cell.pointee.listeners = sketch
        case .activeUsers: cell.pointee.activeUsers = sketch
        case .sessions: cell.pointee.sessions = sketch
        case .songs: cell.pointee.songs = sketch
        }
        written.sketches.append(sketch.isEmpty ? nil : sketch.serialized)
      }
      expected.append(written)
    }
    return expected.sorted { $0.minute < $1.minute }
  }

  private func read(_ connection: Connection, _ rollup: Rollup, _ table: String) throws -> [Written]
  {
    let sketches = rollup.distincts.map { "hll_send(\($0.column))" }
    let columns =
      ["minute"] + rollup.keyColumns.map { "\($0)::text" } + rollup.counters.map(\.column)
      + sketches
    let rows = try connection.run(
      "select \(columns.joined(separator: ", ")) from \(table) order by minute")
    return try (0..<rows.count).map { row in
      var column = 0
      func next() -> Int {
        column += 1
        return column
      }
      return Written(
        minute: try rows.timestampMilliseconds(row, 0),
        key: rollup.keyColumns.map { _ in rows.textOrNull(row, next()) },
        counts: try rollup.counters.map { _ in try rows.intOrNull(row, next()) },
        sketches: try rollup.distincts.map { _ in try rows.bytesOrNull(row, next()) })
    }
  }

  @Test(arguments: Rollup.allCases, ["builds", "parts.speed_"])
  func aRowThatIsWrittenComesBackEqual(_ rollup: Rollup, _ place: String) throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    let table =
      place == "builds"
      ? "builds.\(rollup.table(.minute).name)" : "\(place)\(rollup.table(.minute).name)_e1"
    let set = RollupSet()
    let expected = fill(set, rollup)
    let buffer = CopyBuffer()
    set.drainRows(rollup.table(.minute)) { _ in buffer }
    #expect(buffer.rowCount == Self.minutes.count && set.count == 0)
    _ = try connection.copy(
      into: table, columns: RollupRows.columns(rollup.table(.minute)), from: buffer)
    #expect(try read(connection, rollup, table) == expected)
    #expect(expected.contains { $0.counts.contains(nil) })
  }

  @Test func onlyRowsBeforeTheBoundAreDrainedEachIntoThePlaceThatItsCellSays() throws {
    let set = RollupSet()
    _ = fill(set, .song)
    let buffers = [CopyBuffer(), CopyBuffer()]
    set.drainRows(Rollup.song.table(.minute), before: 29_540_161) { cell in
      buffers[cell.pointee.minute < 20_000_000 ? 0 : 1]
    }
    #expect(buffers.map(\.rowCount) == [1, 1])
    #expect(set.count == 2)
  }
}
