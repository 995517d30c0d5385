import Metrics
import StarSchema
import Warehouse

/// Writes rollup rows to staged tables, on all rungs: each minute's row is added to its hour, and each hour's to its
/// day, once they are complete. What is counted by the hour from the start (`RollupSet.hoursBefore`) has no minutes.
///
/// The rows of a time that has been drained before go to a second table, so that the main table has one row
/// for each key.
final class RollupWriter {
  private static let sendBytes = 4 << 20

  /// Rows on their way to one rollup's table of one rung.
  private struct Output {
    let main: StageTable
    let late: StageTable
    let mainBuffer = CopyBuffer(capacity: 1 << 16)
    let lateBuffer = CopyBuffer(capacity: 1 << 10)
  }

  private let numbers: LoadNumbers
  private let writer: StageWriter
  private let outputs: [RollupTable: Output]
  private let hours = RollupSet()
  private let days = RollupSet()
  /// By rung, in minutes since 1970: what begins earlier has been drained.
  private var drained: [Rung: Int32] = [:]
  private(set) var tables: Set<RollupTable> = []
  private(set) var lateTables: Set<RollupTable> = []

  init(_ numbers: LoadNumbers, writer: StageWriter) {
    self.numbers = numbers
    self.writer = writer
    outputs = Dictionary(
      uniqueKeysWithValues: RollupTable.all.map { table in
        let main = Self.mainTable(table, numbers)
        let late = Self.lateTable(table, numbers)
        return (table, Output(main: main, late: late))
      })
  }

  /// The staged table's name, without the schema.
  static func name(_ table: RollupTable, _ run: Int64) -> String { "\(table.name)_g\(run)" }

  func mainTable(_ table: RollupTable) -> StageTable { Self.mainTable(table, numbers) }

  func lateTable(_ table: RollupTable) -> StageTable { Self.lateTable(table, numbers) }

  private static func lateTable(_ table: RollupTable, _ numbers: LoadNumbers) -> StageTable {
    stage(table, "\(name(table, numbers.run))_late", numbers)
  }

  private static func mainTable(_ table: RollupTable, _ numbers: LoadNumbers) -> StageTable {
    var staged = stage(table, name(table, numbers.run), numbers)
    if numbers.isFull {
      staged.makeQuery = "batch/stage_lean"
      staged.makeValues = ["table": staged.name, "like": table.name]
      staged.finishQuery = "rollup/complete"
      staged.finishValues = numbers.values(["table": staged.name])
      staged.finishLists = ["keys": table.keyColumns]
    }
    return staged
  }

  private static func stage(
    _ table: RollupTable, _ name: String, _ numbers: LoadNumbers
  ) -> StageTable {
    StageTable(
      name: name, makeQuery: "rollup/stage",
      makeValues: numbers.values(["table": name, "rollup": table.name]),
      columns: RollupRows.columns(table))
  }

  /// Writes the rows of minutes before `bound` (minutes since 1970), and of the hours and days that end by then;
  /// nil writes all.
  func drain(_ set: RollupSet, before bound: Int32?) throws {
    for rollup in Rollup.allCases {
      try drain(set, rollup.table(.minute), before: bound) { [hours] cell in
        hours.add(rollup, cell, of: set, rung: .hour)
        return rollup.keepsAllMinutes || cell.pointee.minute >= set.hoursBefore
      }
      try drain(hours, rollup.table(.hour), before: bound.map(Rung.hour.start)) {
        [hours, days] cell in
        days.add(rollup, cell, of: hours, rung: .day)
        return true
      }
      try drain(days, rollup.table(.day), before: bound.map(Rung.day.start)) { _ in true }
    }
    for rung in Rung.allCases {
      drained[rung] = max(drained[rung] ?? Int32.min, bound.map(rung.start) ?? Int32.max)
    }
  }

  private func covers(_ minute: Int32) -> Bool {
    guard numbers.days != nil else { return true }
    return numbers.covers(CalendarDay(milliseconds: Int64(minute) * 60_000))
  }

  /// - Parameter body: gets each cell; false where it has no row in this table.
  private func drain(
    _ set: RollupSet, _ table: RollupTable, before bound: Int32?,
    _ body: (UnsafePointer<RollupCell>) -> Bool
  ) throws {
    guard let output = outputs[table] else { return }
    let drained = drained[table.rung] ?? Int32.min
    try set.drainRows(table, before: bound, sorted: numbers.isFull) { cell in
      guard body(cell), covers(cell.pointee.minute) else { return nil }
      let isLate = cell.pointee.minute < drained
      let buffer = isLate ? output.lateBuffer : output.mainBuffer
      if buffer.byteCount >= Self.sendBytes {
        try writer.write(buffer, to: isLate ? output.late : output.main)
      }
      return buffer
    }
    if output.lateBuffer.rowCount > 0 { lateTables.insert(table) }
    if output.mainBuffer.rowCount > 0 { tables.insert(table) }
    try writer.write(output.lateBuffer, to: output.late)
    try writer.write(output.mainBuffer, to: output.main)
  }
}
