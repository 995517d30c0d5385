/// Where the fields of a cell are, in bytes. These are numbers and not looked up, as a flush reads some twenty fields
/// of each row; `RollupCellTests` holds them against the cell itself.
@usableFromInline
enum CellLayout {
  /// Places for 32-bit counters, from the cell's start on.
  @inlinable static var countersCount: Int { 15 }
  @inlinable static var listenedMs: Int { 72 }
  @inlinable static var firstSketch: Int { 80 }
  @inlinable static var sketchSize: Int { 16 }
}

/// Fields of a cell read in place: reading a field through `pointee` copies the whole cell, sketches
/// and all, which took a fifth of a flush's time.
extension UnsafePointer where Pointee == RollupCell {
  /// The counter's sum since the last drain; negative where it corrects rows that were drained earlier.
  @inlinable @inline(__always)
  public func value(_ counter: Counter) -> Int64 {
    let base = UnsafeRawPointer(self)
    if counter == .listenedMs {
      return base.load(fromByteOffset: CellLayout.listenedMs, as: Int64.self)
    }
    return Int64(base.load(fromByteOffset: 4 &* counter.rawValue, as: Int32.self))
  }

  /// The sketch in place, valid as long as the cell.
  @inlinable @inline(__always)
  public func sketch(_ distinct: Distinct) -> UnsafePointer<DistinctSketch> {
    // The sketches are in the order of `Distinct`.
    (UnsafeRawPointer(self) + CellLayout.firstSketch + CellLayout.sketchSize &* distinct.rawValue)
      .assumingMemoryBound(to: DistinctSketch.self)
  }
}
