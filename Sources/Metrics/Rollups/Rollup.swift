/// The per-minute rollups; docs/metrics.md says which events each one counts. Each is a table in the
/// schemas `speed` and `batch` and a merged view in `serving`, with the columns `minute`, `keyColumns`,
/// `counters` and `distincts`.
public enum Rollup: Int, CaseIterable, Sendable {
  /// Everything, by minute alone.
  case totals
  /// By a member of one dimension; `user` is a state of a user, `device` a user agent.
  case song, user, location, device
  /// By gender and plan.
  case audience
  /// Page views by page, method, status, auth and plan.
  case page

  /// The table's name in every schema.
  public var table: String {
    switch self {
    case .totals: "minute_totals"
    case .song: "minute_song"
    case .user: "minute_user"
    case .location: "minute_location"
    case .device: "minute_device"
    case .audience: "minute_audience"
    case .page: "minute_page"
    }
  }

  /// The key columns beyond the minute.
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
