import Metrics
import Synchronization
import TestKit
import Warehouse

@testable import ServingLayer

/// A fixed clock for everything relative: 2026-11-20 12:00:30 UTC.
let now = Instant(milliseconds: 1_795_176_030_000)

func parse(_ text: String) throws(RequestError) -> Query {
  try Query(parameters(text), now: now)
}

/// `a=1&b=2` taken apart, without any decoding.
func parameters(_ text: String) -> [(name: String, value: String)] {
  text.split(separator: "&").map { pair in
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
  }
}

/// A database that gives empty answers, or fails with a given error.
final class ScriptedDatabase: Database {
  private let failure: Mutex<WarehouseError?>
  private let inner: (any Database)?

  init(failing failure: WarehouseError?, over inner: (any Database)? = nil) {
    self.failure = Mutex(failure)
    self.inner = inner
  }

  func fail(_ error: WarehouseError?) { failure.withLock { $0 = error } }

  func answers(_ statements: [Statement]) throws(WarehouseError) -> [StatementAnswer] {
    if let error = failure.withLock({ $0 }) { throw error }
    return try inner?.answers(statements) ?? statements.map { _ in StatementAnswer() }
  }

  static let down = WarehouseError(.connection, "Cannot connect", isRetriable: true)
}

/// A migrated database, which has speed partitions for two epochs, and a router over it.
struct Fixture {
  let database: TestDatabase
  let connection: Connection
  let router: Router

  init(token: String? = nil) throws {
    database = try TestDatabase.make()
    connection = try database.connect()
    let access = WarehouseDatabase(url: database.url, connections: 2, timeout: 10)
    router = try Self.router(access, token: token)
  }

  static func router(_ database: any Database, token: String? = nil) throws -> Router {
    let queries = try ServingQueries(SQLLibrary())
    return Router(
      database: database, queries: queries, assets: PageAssets.installed,
      access: AccessControl(
        tokens: token.map { TokenList([AccessToken(name: "token", scope: .read, secret: $0)]) },
        isSecure: false),
      hub: LiveHub(database: database, queries: queries, clock: { now }),
      statistics: RequestStatistics(), clock: { now }, log: { _ in })
  }

  /// Adds a row to a rollup: counters that are not named are 0.
  ///
  /// - Parameters:
  ///   - epoch: the epoch of a row of the speed layer; nil for a row of the batch layer.
  ///   - keys: SQL literals by column.
  ///   - members: the values that each named sketch holds.
  func add(
    _ rollup: Rollup, epoch: Int? = nil, minute: String, keys: [String: String] = [:],
    _ counts: [Counter: Int], members: [Distinct: [Int]] = [:]
  ) throws {
    var columns = ["minute": "'\(minute)'"]
    if let epoch { columns["epoch"] = "\(epoch)" }
    columns.merge(keys) { $1 }
    for counter in rollup.counters { columns[counter.column] = "\(counts[counter] ?? 0)" }
    for distinct in rollup.distincts {
      if let values = members[distinct] {
        columns[distinct.column] =
          "(select hll_add_agg(hll_hash_bigint(x), 12, 5, -1, 1)"
          + " from unnest(array[\(values.map(String.init).joined(separator: ","))]::bigint[]) x)"
      }
    }
    let sorted = columns.sorted { $0.key < $1.key }
    try connection.run(
      "insert into \(epoch == nil ? "batch" : "speed").\(rollup.table(.minute).name)"
        + " (\(sorted.map(\.key).joined(separator: ", ")))"
        + " values (\(sorted.map(\.value).joined(separator: ", ")))")
    if epoch == nil { try sumRungs(of: rollup) }
  }

  /// Makes the hours and days of a batch rollup those of its minutes.
  func sumRungs(of rollup: Rollup) throws(WarehouseError) {
    try connection.sumRungs(
      of: rollup.name, keys: rollup.keyColumns, counters: rollup.counters.map(\.column),
      sketches: rollup.distincts.map(\.column))
  }

  /// Folds the rows that an epoch of a rollup has by now.
  func fold(_ rollup: Rollup, epoch: Int) throws(WarehouseError) {
    try connection.fold(
      rollup.name, epoch: epoch, keys: rollup.keyColumns,
      counters: rollup.counters.map(\.column), sketches: rollup.distincts.map(\.column))
  }

  /// Publishes the rows that are in the batch tables.
  func publish(loadedEpoch: Int, finalBefore: String) throws {
    try connection.run(
      "update batch.published set loaded_epoch = \(loadedEpoch), final_before = '\(finalBefore)',"
        + " published_at = '2026-11-20 11:00:00Z'")
  }

  func get(_ path: String, _ query: String = "", headers: [String: String] = [:]) -> Response {
    router.route(Request(path: path, query: parameters(query), headers: headers))
  }

  /// Says that event time has come to a time, and the outcome of every play before it is settled.
  func settle(_ time: String = "2026-12-30 00:00Z") throws {
    try connection.script(
      """
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at, moved_at)
        values ('listen_events', 0, 1, 0, '', '2000-01-01', '2000-01-01') on conflict do nothing;
      insert into speed.watermark_mark (topic, partition, next_offset, greatest, farthest)
        select 'listen_events', 0, 1, t, t from (select (extract(epoch from timestamptz '\(time)') * 1000)::bigint as t) as mark
        on conflict (topic, partition, next_offset) do update set greatest = excluded.greatest, farthest = excluded.farthest
      """)
  }

  /// When outcomes are settled; nil before any is.
  func settledBefore() throws -> Instant? {
    let rows = try connection.run(QuerySQL.settledBefore)
    guard rows.count > 0, let text = rows.textOrNull(0, 0) else { return nil }
    return Int64(text).map(Instant.init(milliseconds:))
  }

  /// The CSV body of a query, as lines without the header.
  /// - Parameter all: false leaves out what a bucket says of being cut and of settled plays, which are at the end of a line, where
  ///   nothing needs quotes.
  func csv(_ query: String, all: Bool = false) -> [String] {
    let text = get("/api/v1/query", query + "&format=csv").text
    var lines = text.split(separator: "\r\n").map(String.init)
    guard !lines.isEmpty else { return [] }
    let names = lines.removeFirst().split(separator: ",")
    let dropped = all ? [] : ["is_partial", "settled"].compactMap { names.firstIndex(of: $0) }
    return lines.map { line in
      var fields = line.split(separator: ",", omittingEmptySubsequences: false)
      let more = fields.count - names.count
      for index in dropped.reversed() { fields.remove(at: more + index) }
      return fields.joined(separator: ",")
    }
  }
}

/// Lines in the order in which they came, from whatever thread.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
