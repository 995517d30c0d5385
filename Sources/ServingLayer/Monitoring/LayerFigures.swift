/// What Prometheus is told of the two layers: the rows of `queries/serving/*.sql`, as text.
struct LayerFigures: Sendable {
  /// nil where the database does not answer.
  var state: WarehouseState?
  /// The row of `lag.sql`, `uncounted.sql` and so on; empty where nothing is known.
  var lag: [String?] = []
  var uncounted: [String?] = []
  var brokenRules: [String?] = []
  var work: [String?] = []
  var partitions: [[String?]] = []

  func write(to text: inout Exposition) {
    text.gauge("polyrhythm_database_up", "1 where the database answers.", state == nil ? "0" : "1")
    writeHandoff(to: &text)
    writeSpeed(to: &text)
    writePartitions(to: &text)
    writeBatch(to: &text)
    text.gauge(
      "polyrhythm_quarantined_records", "Records that could not be decoded.",
      uncounted.first ?? nil)
    text.gauge(
      "polyrhythm_lost_records",
      "Records that are missing in every number: the log had dropped them, and that was accepted.",
      uncounted.last ?? nil)
    text.family(
      "polyrhythm_broken_rules", .gauge, "Rules that the last load found broken.",
      zip(["error", "warning"], brokenRules).map { (["severity": $0], $1) })
  }

  private func writeHandoff(to text: inout Exposition) {
    text.gauge(
      "polyrhythm_epoch", "Epoch that the speed layer writes to.", state.map { "\($0.epoch)" })
    text.gauge(
      "polyrhythm_loaded_epoch", "Last epoch that a load published.",
      state.map { "\($0.loadedEpoch)" })
    text.gauge(
      "polyrhythm_last_published_timestamp_seconds", "When the last load was published.",
      state?.publishedAt.map { "\($0)" })
    text.gauge(
      "polyrhythm_speed_lag_seconds", "Seconds since the speed layer last committed.",
      state?.speedAge.map { "\($0)" })
    text.gauge(
      "polyrhythm_lag_seconds", "How far the speed layer is behind, as /readyz has it.",
      lag.first ?? nil)
  }

  private func field(_ index: Int) -> String? { work.indices.contains(index) ? work[index] : nil }

  private static let topics = ["listen_events", "auth_events", "page_view_events"]

  /// Columns 0 to 8 of `work.sql`.
  private func writeSpeed(to text: inout Exposition) {
    text.gauge("polyrhythm_speed_workers", "Speed workers whose lease holds.", field(0))
    text.summary(
      "polyrhythm_speed_flush_seconds", "Time of the speed layer's flushes, until their commit.",
      sum: field(2), count: field(1))
    text.family(
      "polyrhythm_speed_events_total", .counter, "Events that the speed layer has counted.",
      Self.topics.enumerated().map { (["topic": $1], field(3 + $0)) })
    text.counter(
      "polyrhythm_speed_late_events_total",
      "Of these, events that came outside the window of the watermark.", field(6))
    text.counter(
      "polyrhythm_speed_redelivered_events_total",
      "Events that came again, and were not counted again.", field(7))
    text.counter(
      "polyrhythm_speed_quarantined_records_total",
      "Records that the speed layer could not decode.", field(8))
  }

  private func writePartitions(to text: inout Exposition) {
    func samples(_ column: Int) -> [(labels: Exposition.Labels, value: String?)] {
      partitions.map { row in
        (["topic": row[0] ?? "", "partition": row[1] ?? ""], row[column])
      }
    }
    text.family(
      "polyrhythm_speed_records_total", .counter,
      "Records that the speed layer has read, as offsets tell.", samples(2))
    text.family(
      "polyrhythm_batch_records_total", .counter,
      "Records that are loaded, as offsets tell.", samples(3))
    text.family(
      "polyrhythm_speed_lag_records", .gauge,
      "Records in the log that the speed layer has not committed.", samples(4))
    text.family(
      "polyrhythm_batch_lag_records", .gauge, "Records in the log that are not loaded.", samples(5))
    text.family(
      "polyrhythm_speed_partition_lag_seconds", .gauge,
      "How far the speed layer is behind in the partition; 0 where no records are left.",
      samples(6))
    text.family(
      "polyrhythm_speed_watermark_timestamp_seconds", .gauge,
      "Watermark of the speed layer.", samples(7))
    text.family(
      "polyrhythm_log_seen_timestamp_seconds", .gauge,
      "When a worker last looked where the log ends.", samples(8))
  }

  /// Columns 9 to 21 of `work.sql`.
  private func writeBatch(to text: inout Exposition) {
    text.family(
      "polyrhythm_loads_total", .counter, "Loads that have ended.",
      [(["status": "published"], field(9)), (["status": "failed"], field(10))])
    text.gauge("polyrhythm_loads_running", "Loads that are running.", field(11))
    text.gauge(
      "polyrhythm_last_load_seconds", "Time of the last published load.", field(12))
    text.gauge(
      "polyrhythm_last_published_age_seconds", "Seconds since the last load was published.",
      field(13))
    text.family(
      "polyrhythm_last_load_records", .gauge, "Records of the last published load.",
      ["read", "listens", "auths", "page_views", "late", "redelivered", "quarantined"].enumerated()
        .map { (["outcome": $1], field(14 + $0)) })
    text.gauge(
      "polyrhythm_batch_watermark_timestamp_seconds",
      "Time up to which the last load is complete.", field(21))
  }
}
