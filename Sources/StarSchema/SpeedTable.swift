import Metrics

/// A table of `speed` with the rows of flushes, or with sums of them; each epoch has a partition of it.
public enum SpeedTable: Hashable, Sendable {
  /// Rows of a rollup by the minute: those that flushes have appended, and, apart from these, folded ones.
  case minutes(Rollup)
  /// Sums of a rollup's folded rows by the hour.
  case hours(Rollup)
  /// A row for each play that has started.
  case plays
  /// A row for each page view and login of the present.
  case actions

  /// All of them.
  public static let all =
    Rollup.allCases.flatMap { [SpeedTable.minutes($0), .hours($0)] } + [.plays, .actions]

  /// Without its schema.
  public var name: String {
    switch self {
    case .minutes(let rollup): rollup.table(.minute).name
    case .hours(let rollup): rollup.table(.hour).name
    case .plays: "play"
    case .actions: "action"
    }
  }

  /// What is written to it, in this order; the partition knows the epoch.
  public var columns: [String] {
    switch self {
    case .minutes(let rollup): RollupRows.columns(rollup.table(.minute))
    case .hours(let rollup): RollupRows.columns(rollup.table(.hour))
    case .plays: PlayRows.columns
    case .actions: ActionRows.columns
    }
  }

  /// The partition with the rows of an epoch, with its schema.
  public func partition(epoch: Int64) -> String { "parts.speed_\(name)_e\(epoch)" }
}
