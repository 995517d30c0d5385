import Metrics
import Warehouse

/// Rollup cells as rows of the tables of both layers. In these tables a counter of 0 and an empty sketch are null.
public struct RollupRows {
  /// The table that the rows belong to.
  public let table: RollupTable
  private let counters: [Counter]
  private let distincts: [Distinct]
  private let keyColumns: Int

  /// Rows for this table.
  public init(_ table: RollupTable) {
    self.table = table
    counters = table.rollup.counters
    distincts = table.rollup.distincts
    keyColumns = table.rollup.keyColumns.count
  }

  /// The columns in the order in which `append` writes them.
  public static func columns(_ table: RollupTable) -> [String] {
    table.keyColumns + table.rollup.counters.map(\.column)
      + table.rollup.distincts.map(\.column)
  }

  /// The columns by their kind, as the lists that the statements in `queries/rollup` are filled with.
  public static func lists(_ table: RollupTable) -> [String: [String]] {
    [
      "keys": table.keyColumns, "counters": table.rollup.counters.map(\.column),
      "sketches": table.rollup.distincts.map(\.column),
    ]
  }

  /// Appends the cell to the buffer as one COPY row.
  /// - Parameter texts: the texts that the cell's key stands for; nil where the table has the key itself, or none.
  public func append(
    _ cell: UnsafePointer<RollupCell>, texts: RollupTexts?, to buffer: CopyBuffer
  ) {
    buffer.startRow(columns: 1 + keyColumns + counters.count + distincts.count)
    if table.rung == .day {
      buffer.date(daysSince1970: cell.pointee.minute / Rung.day.minutes)
    } else {
      buffer.timestamp(milliseconds: Int64(cell.pointee.minute) * 60_000)
    }
    switch texts {
    case nil: if keyColumns == 1 { buffer.int64(cell.pointee.key) }
    case .audience(let gender, let level):
      buffer.text(gender)
      buffer.text(level)
    case .page(let page, let method, let status, let auth, let level):
      buffer.text(page)
      buffer.text(method)
      buffer.int32(status)
      buffer.text(auth)
      buffer.text(level)
    }
    buffer.fields(counters.count, bytes: 12) { row in
      for counter in counters {
        let value = cell.value(counter)
        if counter == .listenedMs {
          row.int64OrNullForZero(value)
        } else {
          row.int32OrNullForZero(Int32(truncatingIfNeeded: value))
        }
      }
    }
    for distinct in distincts {
      let sketch = cell.sketch(distinct)
      if sketch.pointee.isEmpty {
        buffer.null()
      } else {
        sketch.pointee.serialize { buffer.bytes(count: $0) }
      }
    }
  }
}

extension RollupSet {
  /// Moves the cells of one rollup out of the set, each as a COPY row.
  /// - Parameters:
  ///   - table: the table of the rows; its rung is the width of the set's rows.
  ///   - bound: minutes since 1970; only cells of earlier minutes are moved. nil moves all.
  ///   - sorted: by time and key, as the table's index has them; else in any order.
  ///   - place: gives the buffer that a cell's row is appended to; nil where the cell has no row in this table.
  /// - Throws: what `place` throws.
  public func drainRows(
    _ table: RollupTable, before bound: Int32? = nil, sorted: Bool = false,
    into place: (UnsafePointer<RollupCell>) throws -> CopyBuffer?
  ) rethrows {
    let rows = RollupRows(table)
    try drain(table.rollup, before: bound, sorted: sorted) { cell in
      guard let buffer = try place(cell) else { return }
      rows.append(cell, texts: texts(of: cell, table.rollup), to: buffer)
    }
  }
}
