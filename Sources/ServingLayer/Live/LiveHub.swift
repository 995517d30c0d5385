import Dispatch
import Metrics
import Synchronization
import Warehouse

/// Keeps the last hour of totals and tells every subscriber which minutes changed. One poller asks the database,
/// however many subscribers there are. A subscriber that reads slowly misses intermediate states, never the last one.
final class LiveHub: Sendable {
  /// Milliseconds that the stream spans: the hour of the page's live chart.
  static let window: Int64 = 60 * Instant.minute
  /// Milliseconds that a minute may be ahead of this machine's clock and still be shown, because clocks differ.
  static let clockSlack: Int64 = 10 * Instant.minute

  /// A minute.
  private struct Row {
    var json: String
    /// The version in which the row came or changed.
    var changedIn: Int
  }

  private struct State {
    /// The number of changes published so far.
    var version = 0
    var warehouse: WarehouseState?
    var latestMinute: String?
    /// By minute, as ISO 8601.
    var rows: [String: Row] = [:]
    var isDatabaseDown = false
    var isClosed = false
    var waiting: [ObjectIdentifier: DispatchSemaphore] = [:]
  }

  /// Signalled with each new subscriber, so that the poller does not finish its pause before it looks for the
  /// subscriber's first event.
  let arrivals = DispatchSemaphore(value: 0)

  private let database: any Database
  private let queries: ServingQueries
  private let clock: @Sendable () -> Instant
  private let state = Mutex(State())

  init(
    database: any Database, queries: ServingQueries, clock: @escaping @Sendable () -> Instant
  ) {
    self.database = database
    self.queries = queries
    self.clock = clock
  }

  var subscribers: Int { state.withLock { $0.waiting.count } }

  /// Ends every subscription; nothing is delivered afterwards.
  func close() {
    state.withLock {
      $0.isClosed = true
      for semaphore in $0.waiting.values { semaphore.signal() }
    }
  }

  /// Looks once whether anything has changed, and publishes the change. That the database does not answer any more
  /// is a change too.
  func poll() {
    do {
      guard let row = try database.rows(queries.state).first, let now = WarehouseState(row) else {
        return
      }
      let (known, minute) = state.withLock {
        ($0.isDatabaseDown ? nil : $0.warehouse, $0.latestMinute)
      }
      guard known?.version != now.version else { return }
      var rows = try minutes(upTo: clock())
      var latest = rows.map(\.time).max() ?? minute
      if rows.isEmpty, let last = try latestMinute() {
        rows = try minutes(upTo: last)
        latest = rows.map(\.time).max()
      }
      publish(now, rows, latest: latest)
    } catch {
      publishOutage()
    }
  }

  private func latestMinute() throws(WarehouseError) -> Instant? {
    try database.rows(queries.latestMinute).first?[0].flatMap { Int64($0) }
      .map(Instant.init(milliseconds:))
  }

  /// The totals of each minute up to a time, and how many of the listens are from the batch layer.
  private func minutes(upTo end: Instant) throws(WarehouseError) -> [(time: String, json: String)] {
    var query = Query.live(
      from: Instant(milliseconds: end.milliseconds - Self.window).floored(to: .minute),
      to: Instant(milliseconds: end.milliseconds + Self.clockSlack).ceiled(to: .minute))
    guard let totals = try? QueryPlan(query) else { return [] }
    query.metrics = query.metrics.filter { $0.name == "listens" }
    query.by = [.layer]
    guard let layers = try? QueryPlan(query) else { return [] }
    let results = try database.rows(
      [QuerySQL.statement(for: totals), QuerySQL.statement(for: layers)])
    var batch: [String: String] = [:]
    for row in QueryAnswer(layers, results[1]).rows where row[1] == "batch" {
      if let time = row[0] { batch[time] = row[2] }
    }
    let answer = QueryAnswer(totals, results[0])
    return answer.rows.compactMap { row in
      guard let time = row[0] else { return nil }
      var json = JSONWriter()
      json.object {
        answer.writeMembers(row, to: &$0)
        $0.member("listens_batch", raw: batch[time] ?? "0")
      }
      return (time, json.text)
    }
  }

  private func publish(
    _ warehouse: WarehouseState, _ rows: [(time: String, json: String)], latest: String?
  ) {
    state.withLock { state in
      state.version += 1
      state.warehouse = warehouse
      state.latestMinute = latest
      state.isDatabaseDown = false
      let old = state.rows
      state.rows = [:]
      for (time, json) in rows {
        let known = old[time]
        state.rows[time] =
          known?.json == json ? known : Row(json: json, changedIn: state.version)
      }
      for semaphore in state.waiting.values { semaphore.signal() }
    }
  }

  private func publishOutage() {
    state.withLock { state in
      guard !state.isDatabaseDown else { return }
      state.isDatabaseDown = true
      state.version += 1
      for semaphore in state.waiting.values { semaphore.signal() }
    }
  }

  // MARK: Subscriptions

  /// One open stream. Used by one thread at a time.
  final class Subscription: Sendable {
    private let hub: LiveHub
    fileprivate let semaphore = DispatchSemaphore(value: 0)
    private let seen = Mutex(0)

    fileprivate init(_ hub: LiveHub) { self.hub = hub }

    deinit { hub.forget(ObjectIdentifier(self)) }

    /// Waits for the next change.
    ///
    /// - Parameter seconds: without a change after which a comment line is returned instead, so that both ends
    ///   notice a broken connection.
    /// - Returns: the change as a server-sent event, or a comment line; nil once the hub has closed.
    func next(heartbeatAfter seconds: Double) -> String? {
      let deadline = DispatchTime.now() + seconds
      while true {
        let (message, isClosed) = seen.withLock { hub.message(after: &$0) }
        if isClosed { return nil }
        if let message { return message }
        if semaphore.wait(timeout: deadline) == .timedOut { return ": still here\n\n" }
      }
    }
  }

  func subscribe() -> Subscription {
    let subscription = Subscription(self)
    state.withLock { $0.waiting[ObjectIdentifier(subscription)] = subscription.semaphore }
    arrivals.signal()
    return subscription
  }

  private func forget(_ id: ObjectIdentifier) { state.withLock { $0.waiting[id] = nil } }

  private func message(after seen: inout Int) -> (String?, isClosed: Bool) {
    state.withLock { state in
      if state.isClosed { return (nil, true) }
      guard state.version > seen else { return (nil, false) }
      defer { seen = state.version }
      var json = JSONWriter()
      let isFull = seen == 0
      json.object { json in
        json.member("full", isFull)
        json.member("database", state.isDatabaseDown ? "down" : "up")
        json.member("as_of", state.warehouse?.asOf)
        json.member("epoch", raw: state.warehouse.map { "\($0.epoch)" } ?? "null")
        json.member("loaded_epoch", raw: state.warehouse.map { "\($0.loadedEpoch)" } ?? "null")
        json.member("latest_minute", state.latestMinute)
        json.list("rows") { json in
          for (_, row) in state.rows.sorted(by: { $0.key < $1.key })
          where isFull || row.changedIn > seen {
            json.raw(row.json)
          }
        }
      }
      return ("id: \(state.version)\nevent: minutes\ndata: \(json.text)\n\n", false)
    }
  }
}

extension Query {
  /// Every measure of every minute in a range.
  fileprivate static func live(from: Instant, to: Instant) -> Query {
    Query(
      metrics: Measure.all, by: [], filters: [], granularity: .minute, from: from, to: to,
      timeZone: "UTC", limit: 1000, format: .json)
  }
}
