/// The rollups; docs/metrics.md says which events each one counts. Each has a table for each `Rung` in the schema
/// `batch`, one by minute and one by hour in `speed`, and a merged view for each rung in `serving`, with the columns
/// `Rung.column`, `keyColumns`, `counters` and `distincts`.
public enum Rollup: Int, CaseIterable, Sendable {
  /// Everything, by minute alone.
  case totals
  /// By a member of one dimension; `user` is a state of a user, `device` a user agent.
  case song, user, location, device
  /// By gender and plan.
  case audience
  /// Page views by page, method, status, auth and plan.
  case page

  /// The name within the names of its tables.
  public var name: String {
    switch self {
    case .totals: "totals"
    case .song: "song"
    case .user: "user"
    case .location: "location"
    case .device: "device"
    case .audience: "audience"
    case .page: "page"
    }
  }

  /// The rollup's table of a rung.
  public func table(_ rung: Rung) -> RollupTable { RollupTable(rollup: self, rung: rung) }

  /// The key columns beyond the time.
  public var keyColumns: [String] {
    switch self {
    case .totals: []
    case .song: ["song_key"]
    case .user: ["user_key"]
    case .location: ["location_key"]
    case .device: ["device_key"]
    case .audience: ["gender", "level"]
    case .page: ["page", "method", "status", "auth", "level"]
    }
  }

  /// The column of the dimension table that says whether the member's names are not its own: they may come to be known, or
  /// change, at any time, so that nothing stored is told apart by them. nil where all members keep their names.
  public var namedLater: String? { self == .song ? "track_alone" : nil }

  /// The counters kept: all of them, unless only some events can have the rollup's key.
  public var counters: [Counter] {
    switch self {
    case .song:
      [
        .listens, .listenedMs, .completed, .skipped, .partial, .thumbsUp, .thumbsDown,
        .playlistAdds, .shares, .friendsAdded, .adverts,
      ]
    case .page: [.pageViews, .errors]
    default: Counter.allCases
    }
  }

  /// The sketches kept.
  public var distincts: [Distinct] {
    switch self {
    case .song: [.listeners]
    case .user: [.sessions, .songs]
    case .page: [.activeUsers, .sessions]
    default: Distinct.allCases
    }
  }
}
