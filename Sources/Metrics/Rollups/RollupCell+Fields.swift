/// Fields of a cell read in place: reading them through `pointee` copies the whole cell, sketches
/// and all, which showed as a fifth of the time that a flush takes.
extension UnsafePointer where Pointee == RollupCell {
  private var base: UnsafeRawPointer { UnsafeRawPointer(self) }

  /// The counter's sum so far; may be negative, as a delta that corrects an earlier one.
  @inline(__always)
  public func value(_ counter: Counter) -> Int64 {
    if counter == .listenedMs {
      return base.load(fromByteOffset: Offsets.listenedMs, as: Int64.self)
    }
    return Int64(
      base.load(fromByteOffset: Offsets.counts + 4 * counter.rawValue, as: Int32.self))
  }

  /// The sketch, where it lies.
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

  /// Stored properties of a struct have an offset.
  private static func offset(_ path: PartialKeyPath<RollupCell>) -> Int {
    MemoryLayout<RollupCell>.offset(of: path) ?? 0
  }
}
