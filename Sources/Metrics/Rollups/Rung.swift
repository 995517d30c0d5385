/// The widths of time by which rollups are kept, of event time in UTC. Minutes are for watching; hours and days
/// are for asking.
///
/// The rungs of a rollup say the same: an hour is the sum of its minutes, and a day that of its hours. Only minutes
/// are ever given up (`keepsAllMinutes`).
public enum Rung: String, CaseIterable, Sendable {
  /// From the finest to the coarsest.
  case minute, hour, day

  /// The column with the time at which a row's width begins: a `timestamptz`, for days a `date`.
  public var column: String { rawValue }

  /// The width in minutes.
  public var minutes: Int32 {
    switch self {
    case .minute: 1
    case .hour: 60
    case .day: 1440
    }
  }

  /// When the width that a minute is in begins; both in minutes since 1970.
  @inline(__always)
  public func start(of minute: Int32) -> Int32 {
    let rest = minute % minutes
    return minute - (rest < 0 ? rest + minutes : rest)
  }
}

extension Rollup {
  /// Whether minutes are kept for all time: there is one row of `totals` for each, and `song` and the others have
  /// a row for each key.
  public var keepsAllMinutes: Bool { self == .totals }
}

/// One rung of one rollup: a table of `batch`, a view of `layers` and `serving`, and, but for days, a table of
/// `speed`.
public struct RollupTable: Hashable, Sendable {
  /// Which rows it has.
  public var rollup: Rollup
  /// The width of its rows.
  public var rung: Rung

  /// All rungs of all rollups.
  public static let all = Rollup.allCases.flatMap { rollup in Rung.allCases.map(rollup.table) }

  /// The name, which is the same in every schema.
  public var name: String { "\(rung.rawValue)_\(rollup.name)" }

  /// The columns that tell the rows of the batch table apart: the time, and what the rollup groups by.
  public var keyColumns: [String] { [rung.column] + rollup.keyColumns }
}
