import Metrics

/// A table of `speed` with the rows of flushes; each epoch has a partition of it.
public enum SpeedTable: Hashable, Sendable {
  /// Rows of a rollup by the minute.
  case minutes(Rollup)
  /// A row for each play that has started.
  case plays
  /// A row for each page view and login of the present.
  case actions

  /// All of them.
  public static let all = Rollup.allCases.map(SpeedTable.minutes) + [.plays, .actions]

  /// Without its schema.
  public var name: String {
    switch self {
    case .minutes(let rollup): rollup.table(.minute).name
    case .plays: "play"
    case .actions: "action"
    }
  }

  /// What a flush writes, in this order; the partition knows the epoch.
  public var columns: [String] {
    switch self {
    case .minutes(let rollup): RollupRows.columns(rollup.table(.minute))
    case .plays: PlayRows.columns
    case .actions: ActionRows.columns
    }
  }

  /// The partition with the rows of an epoch, with its schema.
  public func partition(epoch: Int64) -> String { "parts.speed_\(name)_e\(epoch)" }
}
