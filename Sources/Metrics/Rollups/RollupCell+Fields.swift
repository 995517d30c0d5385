/// Fields of a cell read in place: reading a field through `pointee` copies the whole cell, sketches
/// and all, which took a fifth of a flush's time.
extension UnsafePointer where Pointee == RollupCell {
  private var base: UnsafeRawPointer { UnsafeRawPointer(self) }

  /// The counter's sum since the last drain; negative where it corrects rows that were drained earlier.
  @inline(__always)
  public func value(_ counter: Counter) -> Int64 {
    if counter == .listenedMs {
      return base.load(fromByteOffset: Offsets.listenedMs, as: Int64.self)
    }
    return Int64(
      base.load(fromByteOffset: Offsets.counts + 4 * counter.rawValue, as: Int32.self))
  }

  /// The sketch in place, valid as long as the cell.
  @inline(__always)
  public func sketch(_ distinct: Distinct) -> UnsafePointer<DistinctSketch> {
    let offset =
      switch distinct {
      case .listeners: Offsets.listeners
      case .activeUsers: Offsets.activeUsers
      case .sessions: Offsets.sessions
      case .songs: Offsets.songs
      }
    return (base + offset).assumingMemoryBound(to: DistinctSketch.self)
  }
}

private enum Offsets {
  static let counts = offset(\.counts)
  static let listenedMs = offset(\.listenedMs)
  static let listeners = offset(\.listeners)
  static let activeUsers = offset(\.activeUsers)
  static let sessions = offset(\.sessions)
  static let songs = offset(\.songs)

  /// 0 never stands in for a missing offset, as all stored properties of a struct have one.
  private static func offset(_ path: PartialKeyPath<RollupCell>) -> Int {
    MemoryLayout<RollupCell>.offset(of: path) ?? 0
  }
}
