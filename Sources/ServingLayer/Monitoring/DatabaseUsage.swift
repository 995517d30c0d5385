import Synchronization
import Warehouse

/// What the server's connections to the database are at, and how long its transactions took.
struct DatabaseUsage: Sendable {
  /// Connections at a time, at most.
  var limit: Int
  var connections: ConnectionPool.Usage
  var queryTimes: Histogram

  /// - Parameter usages: by what the connections are for.
  static func write(_ usages: [(purpose: String, usage: DatabaseUsage)], to text: inout Exposition)
  {
    text.family(
      "polyrhythm_database_connections", .gauge, "Connections of the pool, at work or idle.",
      usages.flatMap { purpose, usage in
        [
          (["pool": purpose, "state": "in_use"], "\(usage.connections.inUse)"),
          (["pool": purpose, "state": "idle"], "\(usage.connections.idle)"),
        ] as [(labels: Exposition.Labels, value: String?)]
      })
    text.family(
      "polyrhythm_database_connections_waiting", .gauge, "Threads that wait for a connection.",
      usages.map { (["pool": $0.purpose], "\($0.usage.connections.waiting)") })
    text.family(
      "polyrhythm_database_connections_limit", .gauge, "Connections at a time, at most.",
      usages.map { (["pool": $0.purpose], "\($0.usage.limit)") })
    text.histograms(
      "polyrhythm_query_seconds", "Time in the database of one answer's statements.",
      usages.map { (["pool": $0.purpose], $0.usage.queryTimes) })
  }
}

/// Collects how long transactions took.
final class QueryTimes: Sendable {
  private let histogram = Mutex(Histogram())

  var all: Histogram { histogram.withLock { $0 } }

  /// Notes how long `body` took, also where it throws.
  func during<T>(_ body: () throws(WarehouseError) -> T) throws(WarehouseError) -> T {
    let start = ContinuousClock.now
    defer {
      let seconds = Double((ContinuousClock.now - start) / .microseconds(1)) / 1e6
      histogram.withLock { $0.add(seconds: seconds) }
    }
    return try body()
  }
}
