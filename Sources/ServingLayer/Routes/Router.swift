import Metrics
import Support
import Warehouse

/// Answers requests. It knows no sockets, so tests call it as libmicrohttpd's callback does.
struct Router: Sendable {
  let database: any Database
  let queries: ServingQueries
  let assets: PageAssets
  let access: AccessControl
  let hub: LiveHub
  let statistics: RequestStatistics
  let clock: @Sendable () -> Instant
  /// Gets what an operator should know, a line at a time.
  let log: @Sendable (String) -> Void

  /// Runs that `/api/v1/loads` answers with, at most.
  static let loadsShown = 50

  /// Answers any request; never throws. Counts it in the statistics.
  func route(_ request: Request) -> Response {
    let start = ContinuousClock.now
    var response: Response
    do {
      response = try answer(request)
    } catch {
      response = refusal(error)
    }
    for header in Self.securityHeaders where response.header(header.name) == nil {
      response.headers.append(header)
    }
    let seconds = Double((ContinuousClock.now - start) / .microseconds(1)) / 1e6
    statistics.record(route: routeName(request.path), status: response.status, seconds: seconds)
    return response
  }

  private func answer(_ request: Request) throws -> Response {
    guard Route.methods.contains(request.method) else {
      throw RequestError(
        "method_not_allowed",
        "method: found \(request.method), accepted: \(Route.methods.joined(separator: ", "))",
        status: 405)
    }
    let route = Route(rawValue: request.path)
    if let route, !route.needsAccess { return try answer(route, request) }
    guard access.trustsHost(request) else {
      throw RequestError(
        "wrong_host",
        "Host: found \"\(request.headers["host"]?.prefix(80) ?? "")\", accepted: localhost, 127.0.0.1 "
          + "or [::1]; start the server with a token to serve other names", status: 421)
    }
    switch access.verdict(request) {
    case .granted: break
    case .denied: return unauthorized(request)
    case .grantedByAddress:
      if route == .page { return keepToken(request) }
    }
    guard let route else { return try asset(request.path) }
    return try answer(route, request)
  }

  private func answer(_ route: Route, _ request: Request) throws -> Response {
    switch route {
    case .page: try asset(route.path)
    case .query: try query(request)
    case .catalog: .json(CatalogDocument.json)
    case .live: live(request)
    case .loads: try loads()
    case .health: .json("{\"status\":\"alive\"}")
    case .readiness: readiness()
    case .metrics: prometheus()
    case .openAPI: .json(OpenAPI.json)
    }
  }

  // MARK: Answers

  private func query(_ request: Request) throws -> Response {
    let query = try Query(request.query, now: clock())
    let plan = try self.plan(query)
    let result: [[String?]]
    do {
      result = try database.rows([QuerySQL.statement(for: plan)])[0]
    } catch {
      // 22023 is invalid_parameter_value. Every other value has been checked, so it is the name of the zone.
      if error.sqlState == "22023" { throw RequestError.unknownTimeZone(query.timeZone) }
      throw error
    }
    let answer = try self.answer(plan, result)
    var response: Response
    switch query.format {
    case .json:
      response = .json(answer.json)
    case .csv:
      response = Response("text/csv; charset=utf-8; header=present", answer.csv)
      response.headers.append(
        ("Content-Disposition", "attachment; filename=\"\(Self.fileName(query))\""))
    }
    response.headers.append(("Cache-Control", "no-store"))
    // A CSV file without rows has no other place for it.
    if plan.source == .facts {
      response.headers.append(("Covers-Until", answer.coversUntil ?? "none"))
    }
    if plan.readsSettled {
      response.headers.append(("Settled-Before", answer.settledBefore ?? "none"))
    }
    if answer.isTruncated {
      response.headers.append(
        ("Link", "<\(NextPage.address(after: answer, request.query))>; rel=\"next\""))
      if let count = answer.leftOut { response.headers.append(("Rows-Left-Out", "\(count)")) }
    }
    return response
  }

  /// The plan of a query, with what it has to know of the present.
  private func plan(_ query: Query) throws -> QueryPlan {
    func time(_ statement: Statement) throws -> Instant? {
      try database.rows([statement])[0].first?[0].flatMap { Int64($0) }.map(
        Instant.init(milliseconds:))
    }
    let plan = try QueryPlan(query)
    let settled =
      plan.readsSettled && plan.source != .facts ? try time(QuerySQL.settledBefore) : nil
    var known: Instant?
    if query.comparison != nil, query.to > query.askedAt ?? query.to {
      let latest = try time(Statement(sql: queries.latestMinute, parameters: []))
      known = latest.map { Instant(milliseconds: $0.milliseconds + Instant.minute) }
    }
    return settled == nil && known == nil
      ? plan : try QueryPlan(query, settledBefore: settled, knownUntil: known)
  }

  /// What the database says to a plan: by another plan where it says that its rows are not to be shown.
  private func answer(_ plan: QueryPlan, _ result: [[String?]]) throws -> QueryAnswer {
    func asked(_ plan: QueryPlan) throws -> QueryAnswer {
      try self.answer(plan, try database.rows([QuerySQL.statement(for: plan)])[0])
    }
    let answer = QueryAnswer(plan, result)
    if !answer.agrees {
      log(
        "time zone \(plan.query.timeZone): this machine and the database know different clocks for it; "
          + "answered by the minute, which is slow. Update tzdata on the older one")
      return try asked(plan.byMinutes)
    }
    return answer.isDecided ? answer : try asked(plan.overAllRows)
  }

  /// A name for a download. Its parts are names of metrics and dimensions, so nothing in it needs quoting.
  private static func fileName(_ query: Query) -> String {
    (query.metrics.prefix(3).map(\.name) + query.by.map { "by-\($0.rawValue)" })
      .joined(separator: "_") + ".csv"
  }

  private func loads() throws -> Response {
    let answer = try database.answer(queries.loads, ["\(Self.loadsShown)"])
    var json = JSONWriter()
    json.object { json in
      json.list("loads") { json in
        for row in answer.rows {
          json.object { json in
            for (column, text) in zip(answer.columns, row) {
              if column.isJSON {
                json.member(column.name, raw: text ?? "null")
              } else {
                json.member(column.name, text)
              }
            }
          }
        }
      }
    }
    return .json(json.text)
  }

  private func live(_ request: Request) -> Response {
    Response(
      status: 200,
      headers: [
        ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-store"),
        // Asks reverse proxies not to hold events back.
        ("X-Accel-Buffering", "no"),
      ],
      body: request.method == "HEAD" ? .bytes([]) : .events)
  }

  private func readiness() -> Response {
    var json = JSONWriter()
    do {
      guard let row = try database.rows(queries.state).first, let state = WarehouseState(row) else {
        throw WarehouseError(.schema, "batch.published is empty")
      }
      json.object { json in
        json.member("status", "ready")
        json.member("as_of", state.asOf)
        json.member("epoch", state.epoch)
        json.member("loaded_epoch", state.loadedEpoch)
        json.member("speed_age_seconds", raw: state.speedAge.map { "\($0)" } ?? "null")
      }
      return .json(json.text)
    } catch {
      return refusal(error)
    }
  }

  private func prometheus() -> Response {
    let state = (try? database.rows(queries.state))?.first.flatMap { WarehouseState($0) }
    let quarantined =
      state == nil ? nil : (try? database.rows(queries.quarantined))?.first?[0].flatMap { Int($0) }
    return Response(
      "text/plain; version=0.0.4; charset=utf-8",
      statistics.exposition(
        state: state, quarantined: quarantined, subscribers: hub.subscribers))
  }

  private func asset(_ path: String) throws -> Response {
    guard let file = assets.files[path] else {
      throw RequestError(
        "not_found",
        "path: found \"\(path.prefix(200))\", accepted: "
          + Route.allCases.map(\.path).joined(separator: ", "), status: 404)
    }
    return Response(
      status: 200,
      headers: [("Content-Type", file.contentType), ("Cache-Control", "no-cache")],
      body: .bytes(file.bytes))
  }

  // MARK: Refusals

  private func refusal(_ error: any Error) -> Response {
    if let error = error as? RequestError { return error.response }
    guard let error = error as? WarehouseError else {
      log("request failed: \(error)")
      return RequestError("internal", "the server could not answer; see its log", status: 500)
        .response
    }
    log(error.message)
    switch error.sqlState {
    case "57014"?:
      return RequestError(
        "too_slow", "the query took too long; narrow from and to, or ask with fewer dimensions",
        status: 503
      ).response
    case "42P01"?, "3F000"?, "42703"?, "42501"?:
      return RequestError(
        "not_migrated",
        "the database lacks this program's tables, or the right to read them; "
          + "migrate it, or correct --database", status: 503
      ).response
    default: break
    }
    if error.code == .connection || error.isRetriable {
      return RequestError(
        "database_unavailable", "the database does not answer; try again in a few seconds",
        status: 503
      ).response
    }
    return RequestError("internal", "the server could not answer; see its log", status: 500)
      .response
  }

  private func unauthorized(_ request: Request) -> Response {
    let error = RequestError(
      "unauthorized",
      "token: found none or a wrong one, accepted: Authorization: Bearer TOKEN, or /?token=TOKEN",
      status: 401)
    guard request.path == Route.page.path else { return error.response }
    var response = Response("text/html; charset=utf-8", Self.signInPage, status: 401)
    response.headers.append(("Cache-Control", "no-store"))
    return response
  }

  private func keepToken(_ request: Request) -> Response {
    Response(
      status: 303,
      headers: [
        ("Location", Route.page.path), ("Cache-Control", "no-store"),
        ("Set-Cookie", access.setCookie(request.values(AccessControl.parameter).first ?? "")),
      ], body: .bytes([]))
  }

  private static let signInPage = """
    <!doctype html><html lang="en"><meta charset="utf-8"><title>Polyrhythm</title>
    <h1>Polyrhythm</h1><form action="/" method="get">
    <label>Token <input type="password" name="token" autofocus autocomplete="current-password"></label>
    <button>Open</button></form></html>
    """

  private static let securityHeaders: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        + "form-action 'self'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  /// The label of a request in the statistics. Paths that do not exist share one, so that the number of labels has a
  /// bound.
  private func routeName(_ path: String) -> String {
    Route(rawValue: path) != nil || assets.files[path] != nil ? path : "other"
  }
}
