import Metrics

/// What charts of Superset are drawn from: a table of ours, or a few of them joined, with the measures that it has the
/// counters of.
struct SupersetDataset: Sendable {
  /// What the dataset is called, in the bundle and in Superset.
  var name: String
  /// The schema that the table, or all that the statement reads, is in.
  var schema = "dashboard"
  /// The statement that the dataset stands for; nil where it is the table of its name.
  var sql: String?
  /// The column that says when; nil where nothing does.
  var time: String?
  /// Columns of 64-bit counts, of fractions and means, of texts, of truth values.
  var counts: [String] = []
  var fractions: [String] = []
  var texts: [String] = []
  var flags: [String] = []

  var path: String { "datasets/polyrhythm/\(name).yaml" }
  var uuid: String { NameUUID.of("https://polyrhythm/superset/\(path)") }

  /// What the tables of the schema `dashboard` call a counter.
  static func column(_ counter: Counter) -> String {
    switch counter {
    case .listens: "stream_count"
    case .listenedMs: "listen_time"
    case .completed: "completed_count"
    case .skipped: "skipped_count"
    case .partial: "partial_count"
    case .thumbsUp: "like_count"
    case .thumbsDown: "dislike_count"
    case .playlistAdds: "playlist_add_count"
    case .shares: "share_count"
    case .friendsAdded: "friend_count"
    case .adverts: "advert_count"
    case .pageViews: "page_view_count"
    case .errors: "error_count"
    case .logins: "login_count"
    case .failedLogins: "failed_login_count"
    }
  }

  /// What stands behind an aggregate of windows of which the plays have settled; of the others what has ended is no fair
  /// sample, and rates would swing to 100 %.
  static let settled = "FILTER (WHERE is_settled)"

  /// The measure over any set of the dataset's rows; nil where it has not all the counters, and for distinct counts,
  /// which do not add up. Rates over ended plays are those of the windows that have settled.
  func expression(_ measure: Measure) -> String? {
    func sum(_ counter: Counter) -> String? {
      guard counts.contains(Self.column(counter)) else { return nil }
      return "SUM(\(Self.column(counter)))" + (measure.isOfEndedPlays ? " \(Self.settled)" : "")
    }
    switch measure.rule {
    case .cardinality: return nil
    case .sum(let counter): return sum(counter)
    case .ratio(let counter, let over):
      let parts = over.compactMap(sum)
      guard let top = sum(counter), parts.count == over.count else { return nil }
      return "\(top) * 1.0 / NULLIF(\(parts.joined(separator: " + ")), 0)"
    }
  }

  /// How Superset writes numbers of the unit.
  static func format(_ unit: Measure.Unit) -> String {
    switch unit {
    case .count: ",d"
    case .milliseconds: "DURATION"
    case .fraction: ".1%"
    }
  }

  /// "Skip rate" for `skip_rate`.
  static func label(_ name: String) -> String {
    if name == "os" { return "OS" }
    let words = name.replacing("_", with: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  var file: BundleValue {
    [
      "table_name": .text(name), "main_dttm_col": time.map { .text($0) } ?? nil,
      "description": nil, "default_endpoint": nil, "offset": 0, "cache_timeout": nil,
      "schema": .text(schema), "catalog": nil, "sql": sql.map { .text($0) } ?? nil,
      "params": nil, "template_params": nil, "filter_select_enabled": true,
      "fetch_values_predicate": nil, "extra": nil, "normalize_columns": false,
      "always_filter_main_dttm": false, "uuid": .text(uuid),
      "metrics": .list(metrics), "columns": .list(columns), "version": "1.0.0",
      "database_uuid": .text(SupersetBundle.databaseUUID),
    ]
  }

  private var metrics: [BundleValue] {
    Measure.all.compactMap { measure in
      expression(measure).map { expression in
        [
          "metric_name": .text(measure.name), "verbose_name": .text(Self.label(measure.name)),
          "metric_type": nil, "expression": .text(expression),
          "description": .text(
            measure.meaning + (measure.isOfEndedPlays ? " Of windows that have settled." : "")),
          "d3format": .text(Self.format(measure.unit)),
          "currency": nil, "extra": [:], "warning_text": nil,
        ]
      }
    }
  }

  private var columns: [BundleValue] {
    let times = time.map { [$0] } ?? []
    let groups = [
      (times, "TIMESTAMP WITH TIME ZONE"), (counts, "BIGINT"), (fractions, "DOUBLE PRECISION"),
      (texts, "TEXT"), (flags, "BOOLEAN"),
    ]
    return groups.flatMap { names, type in
      names.map { name in
        [
          "column_name": .text(name), "verbose_name": .text(Self.label(name)),
          "is_dttm": .bool(name == time),
          "is_active": true, "type": .text(type), "advanced_data_type": nil, "groupby": true,
          "filterable": true, "expression": nil, "description": nil, "python_date_format": nil,
          "extra": [:],
        ]
      }
    }
  }
}

extension SupersetDataset {
  private static let plays = [
    "stream_count", "listen_time", "completed_count", "skipped_count", "partial_count",
    "like_count",
  ]
  private static let rates = ["avg_listen_time", "completion_rate", "skip_rate", "like_rate"]
  private static let opinions = ["dislike_count", "playlist_add_count", "share_count"]
  /// Whether the plays of a window `m` have settled, as a column. Who does not read it does not pay for it.
  private static let isSettled = """
    m.time_window < CASE m.granularity WHEN 'hour' THEN (SELECT hours_before FROM dashboard.settled)
        ELSE (SELECT minutes_before FROM dashboard.settled) END AS is_settled
    """
  private static let isSettledHour =
    "m.time_window < (SELECT hours_before FROM dashboard.settled) AS is_settled"
  private static let audience = ["unique_users", "active_users", "session_count", "unique_songs"]

  /// Guests and songs without a name stay in the rows, as they are in the sums.
  static let engagement = SupersetDataset(
    name: "engagement",
    sql: """
      SELECT m.*, m.user_id::text AS listener, u.user_id IS NOT NULL AS is_known,
        u.gender, u.subscription_type,
        EXTRACT(HOUR FROM m.time_window)::int AS hour_of_day,
        \(isSettled)
      FROM dashboard.user_engagement_metrics AS m
      LEFT JOIN dashboard.users AS u ON u.user_id = m.user_id
      """,
    time: "time_window",
    counts: ["user_id", "hour_of_day", "session_count", "unique_songs", "page_view_count"]
      + plays + opinions,
    fractions: rates, texts: ["listener", "gender", "subscription_type", "granularity", "source"],
    flags: ["is_known", "is_final", "is_settled"])

  static let content = SupersetDataset(
    name: "content",
    sql: """
      SELECT m.*, s.song_id IS NOT NULL AS is_known, s.title, s.genre, a.name AS artist_name,
        \(isSettled)
      FROM dashboard.content_performance_metrics AS m
      LEFT JOIN dashboard.songs AS s ON s.song_id = m.song_id
      LEFT JOIN dashboard.artists AS a ON a.artist_id = m.artist_id
      """,
    time: "time_window", counts: ["song_id", "artist_id", "unique_users"] + plays + opinions,
    fractions: rates, texts: ["title", "genre", "artist_name", "granularity", "source"],
    flags: ["is_known", "is_final", "is_settled"])

  static let devices = SupersetDataset(
    name: "device_usage",
    sql: """
      SELECT m.*, d.device_type, d.os, d.browser,
        \(isSettled)
      FROM dashboard.device_metrics AS m
      JOIN dashboard.devices AS d ON d.device_id = m.device_id
      """,
    time: "time_window",
    counts: ["device_id", "page_view_count", "error_count"] + audience + plays,
    fractions: rates, texts: ["device_type", "os", "browser", "granularity", "source"],
    flags: ["is_final", "is_settled"])

  static let places = SupersetDataset(
    name: "places",
    sql: """
      SELECT m.*, l.country, l.region, l.state, l.city,
        CASE l.country WHEN 'US' THEN 'US-' || l.state END AS state_code,
        \(isSettled)
      FROM dashboard.location_metrics AS m
      JOIN dashboard.locations AS l ON l.location_id = m.location_id
      """,
    time: "time_window",
    counts: ["location_id", "page_view_count", "error_count"] + audience + plays,
    fractions: rates,
    texts: ["country", "region", "state", "state_code", "city", "granularity", "source"],
    flags: ["is_final", "is_settled"])

  static let hourly = SupersetDataset(
    name: "hourly_metrics",
    sql: "SELECT m.*, \(isSettledHour) FROM dashboard.hourly_metrics AS m",
    time: "time_window",
    counts: plays + opinions + audience + [
      "friend_count", "advert_count", "page_view_count", "error_count", "login_count",
      "failed_login_count",
    ],
    fractions: rates, texts: ["source"], flags: ["is_final", "is_settled"])

  static let hoursOfDay = SupersetDataset(
    name: "hours_of_day",
    sql: """
      SELECT m.time_window, m.avg_listen_time, m.stream_count,
        EXTRACT(HOUR FROM m.time_window)::int AS hour_of_day,
        \(isSettledHour)
      FROM dashboard.hourly_metrics AS m
      """,
    time: "time_window", counts: ["stream_count", "hour_of_day"], fractions: ["avg_listen_time"],
    flags: ["is_settled"])

  static let trending = SupersetDataset(
    name: "trending", schema: "mart", counts: ["listens"], fractions: ["expected", "score"],
    texts: ["kind", "artist", "title"])

  static let anomalies = SupersetDataset(
    name: "anomaly_hourly", schema: "mart", time: "hour", counts: ["value", "weeks"],
    fractions: ["expected", "score"], texts: ["scope", "state", "measure"], flags: ["is_anomaly"])

  static let genres = SupersetDataset(
    name: "genre_daily", schema: "mart", time: "day", counts: ["listen_count"],
    fractions: ["avg_track_duration_sec", "popularity_index"],
    texts: ["genre", "most_popular_track", "most_popular_artist"])

  static let diversity = SupersetDataset(
    name: "hourly", schema: "mart", time: "hour", counts: ["unique_listeners"],
    fractions: ["track_diversity_index"], texts: ["top_artists"])

  /// Each user once, in the window of the first play that the warehouse knows.
  static let newcomers = SupersetDataset(
    name: "newcomers",
    sql: """
      SELECT user_id, MIN(time_window) AS first_heard
      FROM dashboard.user_engagement_metrics
      WHERE stream_count > 0 AND user_id IS NOT NULL
      GROUP BY user_id
      """,
    time: "first_heard", counts: ["user_id"])

  // Filters offer what is in these, which are small.
  static let users = SupersetDataset(
    name: "users", counts: ["user_id"], texts: ["gender", "subscription_type"])
  static let songs = SupersetDataset(
    name: "songs", counts: ["song_id"], texts: ["title", "genre", "artist_name"])
  static let deviceNames = SupersetDataset(
    name: "devices", counts: ["device_id"], texts: ["device_type", "os", "browser"])
  static let placeNames = SupersetDataset(
    name: "locations", counts: ["location_id"], texts: ["country", "region", "state", "city"])

  static let all = [
    engagement, content, devices, places, hourly, hoursOfDay, trending, anomalies, genres,
    diversity, newcomers, users, songs, deviceNames, placeNames,
  ]
}
