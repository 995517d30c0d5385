import Metrics
import Warehouse

/// What a server does before anybody asks: a session that has just been opened reads PostgreSQL's catalogs for its first
/// statements, for longer than it takes to answer most questions.
struct Preparation {
  var database: any Database
  var probes: any Database
  var queries: ServingQueries

  /// One question of each kind: their statements have all tables that most others have. The first one is run: it is the one of
  /// the page that reads the most of memory.
  static let questions: [[(name: String, value: String)]] = [
    [("metrics", "listens,skip_rate"), ("by", "song"), ("from", "-1h"), ("limit", "10")],
    [("metrics", "listens,active_users,skip_rate"), ("granularity", "none"), ("from", "-6h")],
    [("metrics", "listens,errors"), ("granularity", "minute"), ("from", "-1h")],
    [("metrics", "listens,skip_rate,listeners"), ("by", "artist"), ("from", "-1d")],
    [("metrics", "listens,skip_rate"), ("by", "song"), ("from", "-7d")],
    [("metrics", "listens"), ("by", "gender,level"), ("from", "-1d")],
    [("metrics", "listens"), ("by", "device_type"), ("from", "-1d")],
    [("metrics", "page_views"), ("by", "page"), ("from", "-1d")],
    [("metrics", "listens"), ("by", "state"), ("from", "-1d")],
  ]

  /// As loads keep them by default.
  private static let minutesKept = 2 * Int64(Rung.day.minutes) * Instant.minute

  /// - Parameter connections: as many as are asked at a time, of the database and of that for probes.
  /// - Throws: `WarehouseError`; `RequestError` where a question is none, which a test looks after.
  func run(connections: (questions: Int, probes: Int), now: Instant) throws {
    let statements = try Self.questions.map { parameters in
      var plan = try QueryPlan(Query(parameters, now: now), settledBefore: now)
      plan.minutesFrom = Instant(milliseconds: now.milliseconds - Self.minutesKept)
      return QuerySQL.statement(for: plan)
    }
    try probes.prepare(
      connections.probes,
      for: [queries.state, queries.lag].map { Statement(sql: $0, parameters: []) })
    try database.prepare(connections.questions, for: statements)
  }
}
