import Synchronization

/// What Prometheus is told of the warehouse beside its state, as the database writes it; nil where that is not known.
struct WarehouseFigures: Sendable {
  /// Seconds by the clock of events.
  var lag: String?
  /// Records.
  var quarantined: String?
  /// Rules that the last load found broken: those that stop a load, and those that do not.
  var brokenRules: [String?]?
}

/// Numbers and durations of the requests by route and status, for Prometheus.
final class RequestStatistics: Sendable {
  struct Key: Hashable, Sendable {
    var route: String
    var status: Int
  }

  private struct Entry {
    var count = 0
    var seconds = 0.0
  }

  private let entries = Mutex<[Key: Entry]>([:])

  func record(route: String, status: Int, seconds: Double) {
    entries.withLock {
      $0[Key(route: route, status: status), default: Entry()].count += 1
      $0[Key(route: route, status: status), default: Entry()].seconds += seconds
    }
  }

  /// The text exposition format of Prometheus, version 0.0.4.
  ///
  /// - Parameter state: nil where the database does not answer.
  func exposition(state: WarehouseState?, figures: WarehouseFigures, subscribers: Int) -> String {
    let sorted = entries.withLock { $0 }.sorted {
      ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
    }
    var text = ""
    func family(_ name: String, _ type: String, _ help: String, _ samples: [(String, String)]) {
      guard !samples.isEmpty else { return }
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
      for (labels, value) in samples { text += "\(name)\(labels) \(value)\n" }
    }
    func labels(_ key: Key) -> String { "{route=\"\(key.route)\",status=\"\(key.status)\"}" }
    family(
      "polyrhythm_http_requests_total", "counter", "Requests answered.",
      sorted.map { (labels($0.key), "\($0.value.count)") })
    text += "# HELP polyrhythm_http_request_seconds Time to answer.\n"
    text += "# TYPE polyrhythm_http_request_seconds summary\n"
    for (key, entry) in sorted {
      text += "polyrhythm_http_request_seconds_sum\(labels(key)) \(entry.seconds)\n"
      text += "polyrhythm_http_request_seconds_count\(labels(key)) \(entry.count)\n"
    }
    func gauge(_ name: String, _ help: String, _ value: String?) {
      family("polyrhythm_\(name)", "gauge", help, value.map { [("", $0)] } ?? [])
    }
    gauge("live_subscribers", "Open live streams.", "\(subscribers)")
    gauge("database_up", "1 where the database answers.", state == nil ? "0" : "1")
    gauge("epoch", "Epoch that the speed layer writes to.", state.map { "\($0.epoch)" })
    gauge("loaded_epoch", "Last epoch that a load published.", state.map { "\($0.loadedEpoch)" })
    gauge(
      "last_published_timestamp_seconds", "When the last load was published.",
      state?.publishedAt.map { "\($0)" })
    gauge(
      "speed_lag_seconds", "Seconds since the speed layer last committed.",
      state?.speedAge.map { "\($0)" })
    gauge("lag_seconds", "How far the speed layer is behind, as /readyz has it.", figures.lag)
    gauge("quarantined_records", "Records that could not be decoded.", figures.quarantined)
    family(
      "polyrhythm_broken_rules", "gauge", "Rules that the last load found broken.",
      zip(["error", "warning"], figures.brokenRules ?? []).compactMap { severity, count in
        count.map { ("{severity=\"\(severity)\"}", $0) }
      })
    return text
  }
}
