import Synchronization

/// Numbers and durations of the requests by route and status, for Prometheus.
final class RequestStatistics: Sendable {
  private struct Key: Hashable {
    var route: String
    var status: Int
  }

  private let durations = Mutex<[Key: Histogram]>([:])
  /// Says how many requests wait in front of each lane's threads; nil where there are no lanes.
  private let queues = Mutex<(@Sendable () -> [Lane: Int])?>(nil)

  func record(route: String, status: Int, seconds: Double) {
    durations.withLock {
      $0[Key(route: route, status: status), default: Histogram()].add(seconds: seconds)
    }
  }

  func observe(queues: @escaping @Sendable () -> [Lane: Int]) {
    self.queues.withLock { $0 = queues }
  }

  func write(to text: inout Exposition) {
    let sorted = durations.withLock { $0 }.sorted {
      ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
    }
    func labels(_ key: Key) -> Exposition.Labels {
      ["route": key.route, "status": "\(key.status)"]
    }
    text.family(
      "polyrhythm_http_requests_total", .counter, "Requests answered.",
      sorted.map { (labels($0.key), "\($0.value.count)") })
    text.histograms(
      "polyrhythm_http_request_seconds",
      "Time to answer, until the answer is handed to the socket.",
      sorted.map { (labels($0.key), $0.value) })
    let waiting = queues.withLock { $0 }?() ?? [:]
    text.family(
      "polyrhythm_queued_requests", .gauge, "Requests that wait for a thread of their lane.",
      Lane.allCases.map { lane in (["lane": "\(lane)"], waiting[lane].map { "\($0)" }) })
  }
}
