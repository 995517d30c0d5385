import Metrics
import Warehouse

/// Rollup cells as rows of the tables `minute_*` of both layers. A counter that is 0 is null there.
public struct RollupRows {
  public let rollup: Rollup
  private let counters: [Counter]
  private let distincts: [Distinct]
  private let keyColumns: Int

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

  /// The columns that a row is found by.
  public static func keyColumns(_ rollup: Rollup) -> [String] { ["minute"] + rollup.keyColumns }

  /// The columns by what they are, for the statements below `queries/rollup`.
  public static func lists(_ rollup: Rollup) -> [String: [String]] {
    [
      "keys": keyColumns(rollup), "counters": rollup.counters.map(\.column),
      "sketches": rollup.distincts.map(\.column),
    ]
  }

  /// Writes one row.
  /// - Parameter texts: what the cell's key stands for, where the key columns are texts.
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
  /// Drains one rollup into COPY rows.
  /// - Parameters:
  ///   - bound: only minutes before this one (minutes since 1970).
  ///   - place: the buffer that a cell's row belongs in.
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
