import Dispatch
import Metrics
import Synchronization
import Warehouse

/// Keeps the last hour of totals and tells every subscriber which minutes changed. One poller asks the database,
/// and one message is rendered, however many subscribers there are. A subscriber that reads slowly misses intermediate states,
/// never the last one.
final class LiveHub: Sendable {
  /// Milliseconds that the stream spans: the hour of the page's live chart.
  static let window: Int64 = 60 * Instant.minute
  /// Milliseconds that a minute may be ahead of this machine's clock and still be shown, because clocks differ.
  static let clockSlack: Int64 = 10 * Instant.minute
  /// After so long without an event a stream gets a comment line, so that both ends notice a broken connection.
  static let heartbeat = Duration.seconds(15)

  private struct State {
    /// The number of changes published so far.
    var version = 0
    var warehouse: WarehouseState?
    var latestMinute: String?
    var settledBefore: String?
    /// As ISO 8601, with the load after which it was asked for.
    var firstMinute: (text: String, loadedEpoch: Int)?
    var minutes = LiveMinutes()
    var isDatabaseDown = false
    var isClosed = false
    var subscribers: [ObjectIdentifier: Subscription] = [:]
    /// Those of this version.
    var messages = LiveMessages()
    /// Looks at the database, those that have begun and the latest that has ended.
    var begun = 0
    var ended = 0
    var lookedAt: ContinuousClock.Instant?
  }

  /// Signalled with each new subscriber, so that the poller does not finish its pause before it looks for the
  /// subscriber's first event.
  let arrivals = DispatchSemaphore(value: 0)

  private let database: any Database
  private let queries: ServingQueries
  private let watch: CommitWatch?
  private let clock: @Sendable () -> Instant
  /// The least time between two messages of a stream, however often others make the poller look.
  private let spacing: Duration
  private let state = Mutex(State())
  /// What the ids of this process begin with, as versions of another one mean something else.
  private let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)

  /// - Parameter watch: what has been shown to others; nil where nobody else is shown anything.
  init(
    database: any Database, queries: ServingQueries, watch: CommitWatch? = nil,
    spacing: Duration = .zero, clock: @escaping @Sendable () -> Instant
  ) {
    self.database = database
    self.queries = queries
    self.watch = watch
    self.spacing = spacing
    self.clock = clock
  }

  var subscribers: Int { state.withLock { $0.subscribers.count } }

  /// Ends every subscription; nothing is delivered afterwards.
  func close() {
    let woken = state.withLock { state in
      state.isClosed = true
      return Self.waiting(in: state) { _ in true }
    }
    for subscription in woken { subscription.wake() }
  }

  /// Looks once whether anything has changed, and publishes the change. That the database does not answer any more
  /// is a change too.
  ///
  /// - Returns: whether minutes may have changed.
  @discardableResult
  func poll() -> Bool {
    let began = ContinuousClock.now
    let look = state.withLock { state in
      state.begun += 1
      return state.begun
    }
    do {
      guard let row = try database.rows(queries.state).first, let now = WarehouseState(row) else {
        end(look, began)
        return false
      }
      var (known, minute, first, isBehind) = state.withLock {
        (
          $0.isDatabaseDown ? nil : $0.warehouse, $0.latestMinute, $0.firstMinute,
          $0.minutes.isBehind
        )
      }
      // That the speed layer says that it is there is told as well: who hears nothing takes it for dead.
      let hasChanged = known?.version != now.version
      guard hasChanged || known?.asOf != now.asOf || isBehind else {
        end(look, began)
        return false
      }
      var hour = try minutes(upTo: clock())
      var latest = hour.rows.map(\.time).max() ?? minute
      if hour.rows.isEmpty, let last = try database.time(queries.latestMinute) {
        hour = try minutes(upTo: last)
        latest = hour.rows.map(\.time).max()
      }
      if first?.loadedEpoch != now.loadedEpoch {
        first = try database.time(queries.firstMinute).map {
          (text: $0.iso8601, loadedEpoch: now.loadedEpoch)
        }
      }
      publish(now, hour, first: first, latest: latest)
      end(look, began)
      return hasChanged || isBehind
    } catch {
      publishOutage()
      end(look, began)
      return false
    }
  }

  /// Wakes whoever has something to get by now.
  private func end(_ look: Int, _ began: ContinuousClock.Instant) {
    let woken = state.withLock { state in
      state.ended = max(state.ended, look)
      state.lookedAt = began
      return Self.waiting(in: state) { isDue($0, state) }
    }
    for subscription in woken { subscription.wake() }
  }

  /// Whether a stream gets the present message. One that has had another just now gets it after the next look.
  private func isDue(_ place: Subscription.Place, _ state: State) -> Bool {
    state.version > place.seen && state.ended >= place.look
      && (place.isFirst || state.isDatabaseDown || .now - place.sentAt >= spacing)
  }

  /// The totals of each minute up to a time, and how many of the listens are from the batch layer.
  private func minutes(upTo end: Instant) throws(WarehouseError) -> LiveHour {
    var query = Query.live(
      from: Instant(milliseconds: end.milliseconds - Self.window).floored(to: .minute),
      to: Instant(milliseconds: end.milliseconds + Self.clockSlack).ceiled(to: .minute))
    guard let totals = try? QueryPlan(query) else { return LiveHour() }
    query.metrics = query.metrics.filter { $0.name == "listens" }
    query.by = [.layer]
    guard let layers = try? QueryPlan(query) else { return LiveHour() }
    let results = try database.rows(
      [QuerySQL.statement(for: totals), QuerySQL.statement(for: layers)])
    var batch: [String: String] = [:]
    for row in QueryAnswer(layers, results[1]).rows where row[1] == "batch" {
      if let time = row[0] { batch[time] = row[2] }
    }
    let answer = QueryAnswer(totals, results[0])
    let rows = answer.rows.compactMap { row -> (time: String, json: String)? in
      guard let time = row[0] else { return nil }
      var json = JSONWriter()
      json.object {
        answer.writeMembers(row, to: &$0)
        $0.member("listens_batch", raw: batch[time] ?? "0")
      }
      return (time, json.text)
    }
    return LiveHour(rows: rows, settledBefore: answer.settledBefore)
  }

  /// What the database says of the minutes of an hour.
  private struct LiveHour {
    var rows: [(time: String, json: String)] = []
    var settledBefore: String?
  }

  private func publish(
    _ warehouse: WarehouseState, _ hour: LiveHour, first: (text: String, loadedEpoch: Int)?,
    latest: String?
  ) {
    state.withLock { state in
      let isHeard = state.subscribers.values.contains { subscription in
        subscription.place.withLock { !$0.isFirst }
      }
      // A load, and the end of an outage, can bring any minute, and are rare.
      let isWhole =
        !isHeard || state.isDatabaseDown || state.warehouse?.loadedEpoch != warehouse.loadedEpoch
      state.version += 1
      state.messages.clear()
      state.warehouse = warehouse
      state.latestMinute = latest
      state.firstMinute = first
      state.settledBefore = hour.settledBefore
      state.isDatabaseDown = false
      state.minutes.take(hour.rows, in: state.version, isWhole: isWhole)
    }
  }

  private func publishOutage() {
    watch?.lose()
    state.withLock { state in
      guard !state.isDatabaseDown else { return }
      state.isDatabaseDown = true
      state.version += 1
      state.messages.clear()
    }
  }

  // MARK: Subscriptions

  /// One open stream.
  final class Subscription: Sendable {
    fileprivate struct Place: Sendable {
      /// The version of the last message; 0 before the first.
      var seen: Int
      /// The first look at the database whose end the subscription waits for.
      var look: Int
      /// Whether nothing has been told yet.
      var isFirst = true
      var isWaiting = false
      var sentAt = ContinuousClock.now
      var needsHeartbeat = false
      /// What a compressed stream has said last.
      var said: [LiveMessages.Text] = []
    }

    fileprivate let place: Mutex<Place>
    /// Called once for each time that the subscription has begun to wait.
    fileprivate let wake: @Sendable () -> Void

    fileprivate let isCompressed: Bool

    fileprivate init(
      _ place: Place, isCompressed: Bool, _ wake: @escaping @Sendable () -> Void
    ) {
      self.place = Mutex(place)
      self.isCompressed = isCompressed
      self.wake = wake
    }
  }

  enum Delivery: Sendable {
    case message(AnswerBytes)
    /// The subscription waits, and is woken when there is something.
    case nothing
    case closed
  }

  /// Subscribes to the changes from now on, after the whole hour, or after the event that the subscriber has seen last. The first
  /// message is as new as anything that anybody has been shown.
  ///
  /// - Parameters:
  ///   - last: the id of an event. An id of another process counts for nothing.
  ///   - isCompressed: whether messages are pieces of `EndlessGzip`.
  ///   - wake: called from any thread, once for each time that `next` has said `nothing`.
  func subscribe(
    after last: String? = nil, isCompressed: Bool = false,
    wake: @escaping @Sendable () -> Void = {}
  ) -> Subscription {
    let shown = watch?.version
    let now = ContinuousClock.now
    let subscription = state.withLock { state in
      let parts = last?.split(separator: "-", omittingEmptySubsequences: false) ?? []
      let seen = parts.count == 2 && parts[0] == name ? Int(parts[1]) ?? 0 : 0
      let isCurrent =
        state.lookedAt.map { now - $0 <= CommitWatch.freshness } == true
        && (shown == nil || shown == state.warehouse?.version)
      let subscription = Subscription(
        .init(
          seen: (0...state.version).contains(seen) ? seen : 0, look: isCurrent ? 0 : state.begun + 1
        ),
        isCompressed: isCompressed, wake)
      state.subscribers[ObjectIdentifier(subscription)] = subscription
      return subscription
    }
    arrivals.signal()
    return subscription
  }

  func forget(_ subscription: Subscription) {
    state.withLock { $0.subscribers[ObjectIdentifier(subscription)] = nil }
  }

  /// The next message of a subscription.
  ///
  /// - Parameter wait: called where there is none, before the subscription can be woken.
  func next(_ subscription: Subscription, orWait wait: () -> Void = {}) -> Delivery {
    state.withLock { state in
      subscription.place.withLock { place in
        if state.isClosed { return .closed }
        if isDue(place, state) {
          let message = message(for: subscription, at: &place, in: &state)
          (place.seen, place.isFirst) = (state.version, false)
          (place.sentAt, place.needsHeartbeat) = (.now, false)
          return message.map { .message($0) } ?? .closed
        }
        if place.needsHeartbeat {
          (place.sentAt, place.needsHeartbeat, place.said) = (.now, false, [])
          let comment = subscription.isCompressed ? Self.compressedComment : Self.comment
          return comment.map { .message($0) } ?? .closed
        }
        wait()
        place.isWaiting = true
        return .nothing
      }
    }
  }

  private static let comment: AnswerBytes? = AnswerBytes(": still here\n\n")
  private static let compressedComment = comment.flatMap { EndlessGzip.piece(of: $0) }

  /// Wakes the subscriptions that have had nothing for so long, for a comment line.
  func beat(after silence: Duration = LiveHub.heartbeat) {
    let now = ContinuousClock.now
    let woken = state.withLock { state in
      for subscription in state.subscribers.values {
        subscription.place.withLock { if now - $0.sentAt >= silence { $0.needsHeartbeat = true } }
      }
      return Self.waiting(in: state) { $0.needsHeartbeat }
    }
    for subscription in woken { subscription.wake() }
  }

  /// The subscriptions that wait and are meant, which wait no more.
  private static func waiting(
    in state: State, _ isMeant: (Subscription.Place) -> Bool
  ) -> [Subscription] {
    state.subscribers.values.filter { subscription in
      subscription.place.withLock { place in
        guard place.isWaiting, isMeant(place) else { return false }
        place.isWaiting = false
        return true
      }
    }
  }

  /// nil where there is no memory for it.
  private func message(
    for subscription: Subscription, at place: inout Subscription.Place, in state: inout State
  ) -> AnswerBytes? {
    let key = LiveMessages.Place(seen: place.seen, isFirst: place.isFirst)
    var messages = state.messages
    state.messages = LiveMessages()
    defer { state.messages = messages }
    guard subscription.isCompressed else {
      return messages.text(at: key) { text(at: key, of: state) }
    }
    return messages.piece(at: key, after: &place.said) { text(at: key, of: state) }
  }

  private func text(at place: LiveMessages.Place, of state: State) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("full", place.seen == 0)
      json.member("database", state.isDatabaseDown ? "down" : "up")
      json.member("as_of", state.warehouse?.asOf)
      json.member("epoch", raw: state.warehouse.map { "\($0.epoch)" } ?? "null")
      json.member("loaded_epoch", raw: state.warehouse.map { "\($0.loadedEpoch)" } ?? "null")
      json.member("first_minute", state.firstMinute?.text)
      json.member("latest_minute", state.latestMinute)
      json.member("settled_before", state.settledBefore)
      json.list("rows") { json in
        for row in state.minutes.rows(after: place.seen, isFirst: place.isFirst) { json.raw(row) }
      }
    }
    return "id: \(name)-\(state.version)\nevent: minutes\ndata: \(json.text)\n\n"
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
