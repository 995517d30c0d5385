import Metrics

/// Every chart, by section. The nineteen with an origin in numbers are those of Tests/Reference/dashboard-queries.md, with
/// the expressions of that page; the others are those of the event pipeline and of the realtime platform that Polyrhythm
/// replaces, in measures of the catalogue.
enum SupersetCharts {
  private static let people = SupersetChart.Value.sql(
    "Active users", "COUNT(DISTINCT user_id)", .count)

  static let overview: [SupersetChart] = [
    SupersetChart(
      title: "Plays in the last hour", origin: "realtime platform", dataset: .engagement,
      look: .number, range: .hour, values: [.measure("listens")], width: 3),
    SupersetChart(
      title: "Active users in the last hour", origin: "realtime platform", dataset: .engagement,
      look: .number, range: .hour, values: [people], width: 3),
    SupersetChart(
      title: "Songs played in the last hour", origin: "realtime platform", dataset: .content,
      look: .number, range: .hour,
      values: [.sql("Songs", "COUNT(DISTINCT song_id)", .count)], only: "stream_count > 0",
      width: 3),
    SupersetChart(
      title: "Logins today", origin: "event pipeline", dataset: .hourly, look: .number,
      range: .today, values: [.measure("logins")], width: 3),
    SupersetChart(
      title: "Plays, skips and playlist adds", origin: "realtime platform", dataset: .content,
      look: .lines, range: .hour, grain: "PT1M",
      values: [.measure("listens"), .measure(Counter.skipped.column), .measure("playlist_adds")],
      width: 12),
    SupersetChart(
      title: "Hourly stream count", origin: "5.1 Hourly Stream Count", dataset: .hourly,
      look: .columns, range: .day, grain: "PT1H",
      values: [.sql("Streams", "SUM(stream_count)", .count)]),
    SupersetChart(
      title: "Unique users and songs by hour", origin: "5.2 Unique Users and Songs by Hour",
      dataset: .hourly, look: .lines, range: .day, grain: "PT1H",
      values: [
        .sql("Unique users", "MAX(unique_users)", .count),
        .sql("Unique songs", "MAX(unique_songs)", .count),
      ]),
    SupersetChart(
      title: "Hourly skip and like rates", origin: "5.3 Hourly Skip and Like Rates",
      dataset: .hourly, look: .lines, range: .day, grain: "PT1H",
      values: [
        .rate("Skip rate", "MAX(skip_rate)", .fraction),
        .rate("Like rate", "MAX(like_rate)", .fraction),
      ]),
    SupersetChart(
      title: "Average listen time by hour", origin: "5.4 Average Listen Time by Hour",
      dataset: .hoursOfDay, look: .hoursOfDay, range: .day, by: ["hour_of_day"],
      values: [.rate("Average listen time", "AVG(avg_listen_time)", .milliseconds)]),
  ]

  static let engagement: [SupersetChart] = [
    SupersetChart(
      title: "Active users over time", origin: "1.1 Active Users Over Time",
      dataset: .engagement, look: .lines, range: .hour, grain: "PT1M", values: [people]),
    SupersetChart(
      title: "Skip rate over time", origin: "1.3 Skip Rate Over Time", dataset: .engagement,
      look: .lines, range: .hour, grain: "PT1M",
      values: [.rate("Average skip rate", "AVG(skip_rate)", .fraction)]),
    SupersetChart(
      title: "Average listen time by plan",
      origin: "1.2 Average Listen Time by Subscription Type", dataset: .engagement,
      look: .ranking, range: .hour, by: ["subscription_type"],
      values: [.rate("Average listen time", "AVG(avg_listen_time)", .milliseconds)],
      only: "is_known", width: 4),
    SupersetChart(
      title: "Active users by plan", origin: "event pipeline", dataset: .engagement, look: .pie,
      range: .hour, by: ["subscription_type"], values: [people], only: "is_known", width: 4),
    SupersetChart(
      title: "Active users by gender", origin: "event pipeline", dataset: .engagement,
      look: .pie, range: .hour, by: ["gender"], values: [people], only: "is_known", width: 4),
    SupersetChart(
      title: "Plan by gender", origin: "event pipeline", dataset: .engagement, look: .ranking,
      range: .day, by: ["subscription_type", "gender"], values: [people], only: "is_known",
      width: 12),
    SupersetChart(
      title: "User engagement heatmap", origin: "1.4 User Engagement Heatmap",
      dataset: .engagement, look: .heatMap, range: .day, by: ["hour_of_day", "listener"],
      values: [.sql("Streams", "SUM(stream_count)", .count)], width: 12),
  ]

  static let content: [SupersetChart] = [
    SupersetChart(
      title: "Top songs by stream count", origin: "2.1 Top Songs by Stream Count",
      dataset: .content, look: .ranking, range: .hour, by: ["title"],
      values: [.sql("Streams", "SUM(stream_count)", .count)], only: "is_known", limit: 10),
    SupersetChart(
      title: "Artist performance", origin: "2.4 Artist Performance Comparison",
      dataset: .content, look: .comparison, range: .hour, by: ["artist_name"],
      values: [
        .sql("Streams", "SUM(stream_count)", .count),
        .rate("Average completion rate", "AVG(completion_rate)", .fraction),
        .rate("Average like rate", "AVG(like_rate)", .fraction),
      ], only: "artist_name IS NOT NULL", limit: 10),
    SupersetChart(
      title: "Skip rate by genre", origin: "2.2 Skip Rate by Genre", dataset: .content,
      look: .ranking, range: .hour, by: ["genre"],
      values: [.rate("Average skip rate", "AVG(skip_rate)", .fraction)], only: "is_known"),
    SupersetChart(
      title: "Like rate over time", origin: "2.3 Like Rate Over Time", dataset: .content,
      look: .lines, range: .hour, grain: "PT1M",
      values: [.rate("Average like rate", "AVG(like_rate)", .fraction)]),
    SupersetChart(
      title: "Top artists by plays", origin: "realtime platform", dataset: .content,
      look: .ranking, range: .day, by: ["artist_name"], values: [.measure("listens")],
      only: "artist_name IS NOT NULL", limit: 10, width: 12),
  ]

  static let devices: [SupersetChart] = [
    SupersetChart(
      title: "Device usage over time", origin: "3.4 Device Usage Over Time", dataset: .devices,
      look: .columns, range: .hour, grain: "PT1M", by: ["device_type"],
      values: [.sql("Streams", "SUM(stream_count)", .count)], width: 12),
    SupersetChart(
      title: "Streams by device type", origin: "3.1 Streams by Device Type", dataset: .devices,
      look: .pie, range: .hour, by: ["device_type"],
      values: [.sql("Streams", "SUM(stream_count)", .count)]),
    SupersetChart(
      title: "Average listen time by device type",
      origin: "3.2 Average Listen Time by Device Type", dataset: .devices, look: .ranking,
      range: .hour, by: ["device_type"],
      values: [.rate("Average listen time", "AVG(avg_listen_time)", .milliseconds)]),
    SupersetChart(
      title: "Completion rate by OS", origin: "3.3 Completion Rate by OS", dataset: .devices,
      look: .ranking, range: .hour, by: ["os"],
      values: [.rate("Average completion rate", "AVG(completion_rate)", .fraction)]),
    SupersetChart(
      title: "Plays by browser", dataset: .devices, look: .ranking, range: .day,
      by: ["browser"], values: [.measure("listens")]),
  ]

  static let places: [SupersetChart] = [
    SupersetChart(
      title: "Plays by state", origin: "event pipeline", dataset: .places, look: .states,
      range: .day, by: ["state_code"], values: [.measure("listens")],
      only: "state_code IS NOT NULL", width: 8),
    SupersetChart(
      title: "Streams by country", origin: "4.1 Streams by Country", dataset: .places,
      look: .pie, range: .hour, by: ["country"],
      values: [.sql("Streams", "SUM(stream_count)", .count)], width: 4),
    SupersetChart(
      title: "Streams by city over time", origin: "4.3 Streams by City Over Time",
      dataset: .places, look: .columns, range: .hour, grain: "PT1M", by: ["city"],
      values: [.sql("Streams", "SUM(stream_count)", .count)], limit: 5, width: 8),
    SupersetChart(
      title: "Unique users by region", origin: "4.2 Unique Users by Region", dataset: .places,
      look: .ranking, range: .hour, by: ["region"],
      values: [.sql("Unique users", "SUM(unique_users)", .count)], limit: 10, width: 4),
  ]

  static let trends: [SupersetChart] = [
    SupersetChart(
      title: "Trending now", dataset: .trending, look: .rows, range: .ever,
      by: ["kind", "artist", "title", "listens", "expected", "score"], limit: 50, keptFor: 300),
    SupersetChart(
      title: "Anomalies", dataset: .anomalies, look: .rows, range: .fortnight,
      by: ["scope", "state", "measure", "value", "expected", "score", "hour"],
      only: "is_anomaly AND hour < date_trunc('hour', now())", limit: 100, keptFor: 300),
    SupersetChart(
      title: "Plays by genre", dataset: .genres, look: .columns, range: .fortnight,
      grain: "P1D", by: ["genre"], values: [.sql("Plays", "SUM(listen_count)", .count)],
      keptFor: 300),
    SupersetChart(
      title: "New listeners by day", dataset: .newcomers, look: .columns, range: .fortnight,
      grain: "P1D", values: [.sql("New listeners", "COUNT(*)", .count)], keptFor: 3600),
    SupersetChart(
      title: "Listeners by hour", dataset: .diversity, look: .lines, range: .fortnight,
      grain: "PT1H", values: [.sql("Listeners", "MAX(unique_listeners)", .count)], keptFor: 300),
    SupersetChart(
      title: "Track diversity by hour", dataset: .diversity, look: .lines, range: .fortnight,
      grain: "PT1H",
      values: [.sql("Track diversity", "AVG(track_diversity_index)", .fraction)], keptFor: 300),
  ]
}
