import Metrics
import StarSchema
import Warehouse

/// Writes rollup rows to staged tables. The rows of a minute that has been drained before go to a second
/// table, so that the main table has one row for each key.
final class RollupWriter {
  private static let sendBytes = 4 << 20

  private let generation: Int64
  private let isFull: Bool
  private let writer: StageWriter
  private let main = Rollup.allCases.map { _ in CopyBuffer() }
  private let late = Rollup.allCases.map { _ in CopyBuffer() }
  /// Minutes since 1970: earlier minutes have been drained.
  private var drained = Int32.min
  private(set) var rollups: Set<Rollup> = []
  private(set) var lateRollups: Set<Rollup> = []

  init(generation: Int64, isFull: Bool, writer: StageWriter) {
    self.generation = generation
    self.isFull = isFull
    self.writer = writer
  }

  func mainTable(_ rollup: Rollup) -> StageTable {
    var table = stage(rollup, "\(rollup.table)_g\(generation)")
    if isFull {
      table.finishQuery = "rollup/index"
      table.finishValues = ["table": table.name]
      table.finishLists = ["keys": RollupRows.keyColumns(rollup)]
    }
    return table
  }

  func lateTable(_ rollup: Rollup) -> StageTable {
    stage(rollup, "\(rollup.table)_g\(generation)_late")
  }

  private func stage(_ rollup: Rollup, _ name: String) -> StageTable {
    StageTable(
      name: name, makeQuery: "rollup/stage",
      makeValues: ["table": name, "rollup": rollup.table], columns: RollupRows.columns(rollup))
  }

  /// Writes the rows of minutes before `bound` (minutes since 1970); nil writes all.
  func drain(_ set: RollupSet, before bound: Int32?) throws {
    for rollup in Rollup.allCases {
      let main = main[rollup.rawValue]
      let late = late[rollup.rawValue]
      let mainTable = mainTable(rollup)
      let lateTable = lateTable(rollup)
      try set.drainRows(rollup, before: bound) { cell in
        let isLate = cell.pointee.minute < drained
        let buffer = isLate ? late : main
        if buffer.byteCount >= Self.sendBytes {
          try writer.write(buffer, to: isLate ? lateTable : mainTable)
        }
        return buffer
      }
      if late.rowCount > 0 { lateRollups.insert(rollup) }
      if main.rowCount > 0 { rollups.insert(rollup) }
      try writer.write(late, to: lateTable)
      try writer.write(main, to: mainTable)
    }
    drained = max(drained, bound ?? Int32.max)
  }
}
