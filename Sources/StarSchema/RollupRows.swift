import Metrics
import Warehouse

/// Rollup cells as rows of the tables `minute_*` of both layers. In these tables a counter of 0 and an empty
/// sketch are null.
public struct RollupRows {
  /// The rollup whose table the rows belong to.
  public let rollup: Rollup
  private let counters: [Counter]
  private let distincts: [Distinct]
  private let keyColumns: Int

  /// Rows for the table of this rollup.
  public init(_ rollup: Rollup) {
    self.rollup = rollup
    counters = rollup.counters
    distincts = rollup.distincts
    keyColumns = rollup.keyColumns.count
  }

  /// The columns in the order in which `append` writes them.
  public static func columns(_ rollup: Rollup) -> [String] {
    keyColumns(rollup) + rollup.counters.map(\.column)
      + rollup.distincts.map(\.column)
  }

  /// The partition of `speed.minute_*` with the rows of an epoch, with its schema.
  public static func speedPartition(_ rollup: Rollup, epoch: Int64) -> String {
    "parts.speed_\(rollup.table)_e\(epoch)"
  }

  /// The columns that tell the rows of the batch table apart: the minute, and what the rollup groups by.
  public static func keyColumns(_ rollup: Rollup) -> [String] { ["minute"] + rollup.keyColumns }

  /// The columns by their kind, as the lists that the statements in `queries/rollup` are filled with.
  public static func lists(_ rollup: Rollup) -> [String: [String]] {
    [
      "keys": keyColumns(rollup), "counters": rollup.counters.map(\.column),
      "sketches": rollup.distincts.map(\.column),
    ]
  }

  /// Appends the cell to the buffer as one COPY row.
  /// - Parameter texts: the texts that the cell's key stands for; nil where the table has the key itself, or none.
  public func append(
    _ cell: UnsafePointer<RollupCell>, texts: RollupTexts?, to buffer: CopyBuffer
  ) {
    buffer.startRow(columns: 1 + keyColumns + counters.count + distincts.count)
    buffer.timestamp(milliseconds: Int64(cell.pointee.minute) * 60_000)
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
    for counter in counters {
      let value = cell.value(counter)
      if value == 0 {
        buffer.null()
      } else if counter == .listenedMs {
        buffer.int64(value)
      } else {
        buffer.int32(Int32(truncatingIfNeeded: value))
      }
    }
    for distinct in distincts {
      let sketch = cell.sketch(distinct)
      if sketch.pointee.isEmpty {
        buffer.null()
      } else {
        sketch.pointee.withSerialized { buffer.bytes($0) }
      }
    }
  }
}

extension RollupSet {
  /// Moves the cells of one rollup out of the set, each as a COPY row.
  /// - Parameters:
  ///   - bound: minutes since 1970; only cells of earlier minutes are moved. nil moves all.
  ///   - place: gives the buffer that a cell's row is appended to.
  /// - Throws: what `place` throws.
  public func drainRows(
    _ rollup: Rollup, before bound: Int32? = nil,
    into place: (UnsafePointer<RollupCell>) throws -> CopyBuffer
  ) rethrows {
    let rows = RollupRows(rollup)
    let hasTexts = rollup == .audience || rollup == .page
    try drain(rollup, before: bound) { cell in
      rows.append(cell, texts: hasTexts ? texts(cell.pointee.key) : nil, to: try place(cell))
    }
  }
}
