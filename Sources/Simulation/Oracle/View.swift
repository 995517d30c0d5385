import Warehouse

/// The seven merged rollups, as the oracle knows them.
public enum View: Int, CaseIterable, Sendable {
  /// The views `minute_totals`, `minute_song` and so on; all are keyed by minute and what their name says.
  case totals, song, user, location, device, audience, page

  /// All counters of the views. All vectors of counts in this module have this order.
  public static let counters = [
    "listens", "listened_ms", "completed", "skipped", "partial", "thumbs_up", "thumbs_down",
    "playlist_adds", "shares", "friends_added", "adverts", "page_views", "errors", "logins",
    "failed_logins",
  ]

  static func index(_ counter: String) -> Int { counters.firstIndex(of: counter) ?? 15 }

  static let outcomes = 1...4
  static let engagements = 5...10

  /// The name of its table by the minute, such as `minute_totals`.
  public var name: String { "minute_\(self)" }

  /// The names of its tables and views on each rung.
  public var names: [String] { ["minute", "hour", "day"].map { "\($0)_\(self)" } }

  /// The key columns beside the minute.
  private var keyColumns: [String] {
    switch self {
    case .totals: []
    case .song, .user, .location, .device: ["\(self)_key"]
    case .audience: ["gender", "level"]
    case .page: ["page", "method", "status", "auth", "level"]
    }
  }

  /// SQL for all rows by the minute: those that are kept, and those that only the facts have.
  private var minutes: String {
    let columns = (["minute"] + keyColumns + counters.map { Self.counters[$0] })
      .joined(separator: ", ")
    let past = self == .totals ? "" : " union all select \(columns) from layers.past_\(name)"
    return "(select \(columns) from layers.\(name)\(past))"
  }

  /// The counters that the view has, as indexes into `View.counters`.
  var counters: [Int] {
    switch self {
    case .song: Array(0...10)
    case .page: [11, 12]
    default: Array(0...14)
    }
  }

  /// The counters that each event adds to by itself. Later events do not change its share, so that these
  /// counters never fall and are exact at every instant.
  var settled: [Int] {
    counters.filter { index in
      !Self.outcomes.contains(index) && !(self == .song && Self.engagements.contains(index))
    }
  }

  /// SQL for the natural key of a row as text, with U+001F between its parts, and for the join that it needs.
  private var key: (text: String, join: String) {
    func text(_ columns: [String]) -> String {
      columns.map { "coalesce(\($0)::text, '')" }.joined(separator: " || chr(31) || ")
    }
    func dimension(_ name: String) -> String {
      "left join layers.dim_\(name) as d on d.\(name)_key = v.\(name)_key"
    }
    switch self {
    case .totals: return ("''", "")
    case .song:
      return (
        text(["d.artist", "d.title", "round(d.duration * 1000)::bigint"]), dimension("song")
      )
    case .user:
      let registration = "round(extract(epoch from d.registration) * 1000)::bigint"
      return (
        text(["d.user_id", "d.first_name", "d.last_name", "d.gender", "d.level", registration]),
        dimension("user")
      )
    case .location:
      return (text(["d.country", "d.state", "d.city", "d.zip"]), dimension("location"))
    case .device: return (text(["d.user_agent"]), dimension("device"))
    case .audience: return (text(["v.gender", "v.level"]), "")
    case .page: return (text(["v.page", "v.method", "v.status", "v.auth", "v.level"]), "")
    }
  }

  /// SQL for the minute (since 1970), the natural key and the counters of every row of the view.
  var rowsQuery: String {
    let sums = counters.map { "coalesce(sum(v.\(Self.counters[$0])), 0)::bigint" }.joined(
      separator: ", ")
    return "select extract(epoch from v.minute)::bigint / 60, \(key.text), \(sums) "
      + "from \(minutes) as v \(key.join) group by 1, 2"
  }

  /// SQL for all views at one instant, in one statement: a row for each view and minute, a column for each
  /// counter, null where the view does not have the counter. The sums over all hours are in a row of minute
  /// `wholeHours`, those over all days in a row of minute `wholeDays`.
  static let lookQuery =
    allCases.map { view in
      let sums = counters.indices.map { index in
        view.counters.contains(index)
          ? "sum(\(counters[index]))::bigint" : "null::bigint"
      }.joined(separator: ", ")
      return "select \(view.rawValue), extract(epoch from minute)::bigint / 60, \(sums) "
        + "from \(view.minutes) as v group by minute"
        + "\nunion all select \(view.rawValue), \(wholeHours), \(sums) from serving.hour_\(view)"
        + "\nunion all select \(view.rawValue), \(wholeDays), \(sums) from serving.day_\(view)"
    }.joined(separator: "\nunion all ")

  /// Stand for a minute in rows of sums over all hours, and over all days.
  static let wholeHours: Int64 = -60
  static let wholeDays: Int64 = -1440
}
