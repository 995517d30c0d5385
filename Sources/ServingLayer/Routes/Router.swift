import Metrics
import Support
import Synchronization
import Warehouse

/// Answers requests. It knows no sockets, so tests call it as libmicrohttpd's callback does.
struct Router: Sendable {
  var database: any Database
  let queries: ServingQueries
  let assets: PageAssets
  var access: AccessControl
  let hub: LiveHub
  let statistics: RequestStatistics
  let clock: @Sendable () -> Instant
  /// Gets what an operator should know, a line at a time.
  let log: @Sendable (String) -> Void
  /// Connections that questions cannot take; nil where there are none of their own.
  var probes: (any Database)?
  /// All pools of connections, by what they are for.
  var pools: [(purpose: String, pool: any Database)] = []
  /// nil where no answer is kept.
  var cache: AnswerCache?
  /// Seconds of lag from which on the server is not ready; 0 for none.
  var readyLag = 0.0
  /// nil where loads cannot be started from here.
  var operations: LoadOperations?
  var crossOrigin = CrossOrigin()
  let wrongTokens = WrongTokens()

  /// Runs that `/api/v1/loads` answers with, at most.
  static let loadsShown = 50

  /// Answers any request, waiting for the database where it has to; never throws. Counts it in the statistics.
  func route(_ request: Request) -> Response {
    let start = ContinuousClock.now
    var step = begin(request)
    let cancellation = Cancellation()
    while case .work(let work) = step {
      switch work.run(cancellation) {
      case .response(let response): step = .answer(response)
      case .stored(let answer): step = .answer(answer.response(for: request))
      case .work(let next): step = .work(next)
      case .pieces(let make): step = .answer(Self.gathered(make))
      }
    }
    switch step {
    case .answer(let response), .lagging(let response, renewal: _):
      return finish(response, request, since: start)
    case .work: return finish(RequestError.busy.response, request, since: start)
    }
  }

  /// The pieces of an answer, as one.
  private static func gathered(
    _ make: (AnswerPipe, @escaping (Response) -> Bool) -> Response?
  ) -> Response {
    let pipe = AnswerPipe(capacity: Int.max)
    let begun = Mutex<Response?>(nil)
    let refusal = make(pipe) { response in
      begun.withLock { $0 = response }
      return true
    }
    guard var response = begun.withLock({ $0 }) else {
      return refusal ?? RequestError.busy.response
    }
    response.body = .bytes(pipe.all)
    return response
  }

  /// What is to be done for a request. Takes no more than a moment, and waits for nobody.
  func begin(_ request: Request) -> RequestStep {
    do {
      return try step(request)
    } catch {
      return .answer(refusal(error))
    }
  }

  /// Adds what every answer has, and counts the answer.
  func finish(
    _ response: Response, _ request: Request, since start: ContinuousClock.Instant
  ) -> Response {
    var response = response
    crossOrigin.open(&response, to: request)
    // Of what the page consists of, the policies of documents are read in none but the document.
    let isPart = request.path.hasPrefix("/assets/") && response.header("ETag") != nil
    let isPage =
      request.path == Route.page.path
      || response.header("Content-Type")?.hasPrefix("text/html") == true
    let policies = isPart ? [] : [isPage ? Self.pagePolicy : Self.policy] + Self.documentHeaders
    for header in Self.securityHeaders + policies where response.header(header.name) == nil {
      response.headers.append(header)
    }
    if access.isSecure { response.headers.append(Self.transportSecurity) }
    let seconds = Double((ContinuousClock.now - start) / .microseconds(1)) / 1e6
    statistics.record(route: routeName(request.path), status: response.status, seconds: seconds)
    return response
  }

  private func step(_ request: Request) throws -> RequestStep {
    if let preflight = crossOrigin.preflight(request) { return .answer(preflight) }
    let route = Route(rawValue: request.path)
    let methods = route?.methods ?? Route.reading
    guard methods.contains(request.method) else {
      throw RequestError(
        "method_not_allowed",
        "method: found \(request.method.prefix(20)), accepted: \(methods.joined(separator: ", "))",
        status: 405, allow: methods)
    }
    if let route, !route.needsAccess { return try step(route, request) }
    guard access.trustsHost(request) else {
      throw RequestError(
        "wrong_host",
        "Host: found \"\(request.headers["host"]?.prefix(80) ?? "")\", accepted: localhost, 127.0.0.1 "
          + "or [::1]; start the server with a token to serve other names", status: 421)
    }
    switch access.verdict(request, now: clock()) {
    case .granted: break
    case .denied: return .answer(unauthorized(request))
    case .grantedByAddress:
      if route == .page { return .answer(keepToken(request)) }
    }
    guard let route else { return .answer(try asset(request)) }
    if request.method != Route.operating { return try step(route, request) }
    try route.refuseUnknownParameters(request)
    return try operation(route, request)
  }

  private func step(_ route: Route, _ request: Request) throws -> RequestStep {
    try route.refuseUnknownParameters(request)
    return switch route {
    case .page: .answer(try asset(request))
    case .query: try question(request)
    case .catalog: .answer(Self.catalog.response(for: request))
    case .live: .answer(live(request))
    case .trending: try trending(request)
    case .anomalies: try anomalies(request)
    case .newcomers: try newcomers(request)
    case .loads, .rollback: work(.loads, .question) { try $0.loads() }
    case .health: .answer(.json("{\"status\":\"alive\"}"))
    case .readiness: work(route, .probe) { try $0.readiness() }
    case .metrics: work(route, .probe) { $0.prometheus() }
    case .openAPI: .answer(Self.openAPI.response(for: request))
    }
  }

  /// Compresses what stays, which takes a second of a thread.
  func prepare() {
    for answer in [Self.catalog, Self.openAPI] + assets.files.values { answer.prepare() }
  }

  private static let catalog = StoredAnswer.json(CatalogDocument.json)
  private static let openAPI = StoredAnswer.json(OpenAPI.json)

  /// What the route answers to everybody alike.
  private func work(
    _ route: Route, _ lane: Lane, _ answer: @escaping @Sendable (Router) throws -> Response
  ) -> RequestStep {
    .work(
      Work(question: route.path, lane: lane) { cancellation in
        let router = reading(lane, cancellation, SeenCommits())
        do {
          let response = try answer(router)
          return response.status == 200 ? .stored(StoredAnswer(response)) : .response(response)
        } catch {
          return .response(refusal(error))
        }
      })
  }

  /// This router, with the database of a lane, whose statements can be cancelled.
  func reading(_ lane: Lane, _ cancellation: Cancellation, _ seen: SeenCommits) -> Router {
    var router = self
    router.database = (lane == .probe ? probes ?? database : database)
      .bound(to: cancellation, seen: seen)
    return router
  }

  // MARK: Answers

  func answer(_ query: Query, _ request: Request) throws -> Response {
    var plan = try self.plan(query)
    plan.minutesFrom = cache?.watch.commit?.minutesFrom
    let result: [[String?]]
    do {
      result = try database.rows([QuerySQL.statement(for: plan)])[0]
    } catch {
      throw explained(error, query)
    }
    let answer = try self.answer(plan, result)
    let text = query.format == .json ? answer.json : answer.csv
    var response = Response(
      status: 200, headers: headers(of: answer), body: .bytes(AnswerBytes(text)))
    // Kept by the client alone, and asked for again by its tag.
    response.headers.append(("Cache-Control", "private, no-cache"))
    if answer.isTruncated {
      response.headers.append(
        ("Link", "<\(NextPage.address(after: answer, request.query))>; rel=\"next\""))
      if let count = answer.leftOut { response.headers.append(("Rows-Left-Out", "\(count)")) }
    }
    return response
  }

  /// What the database has against a question, for who asked.
  func explained(_ error: WarehouseError, _ query: Query) -> any Error {
    // 22023, invalid_parameter_value: every other value has been checked, so it is the name of the zone.
    error.sqlState == "22023" ? RequestError.unknownTimeZone(query.timeZone) : error
  }

  /// What an answer says of itself in its headers.
  func headers(of answer: QueryAnswer) -> [(name: String, value: String)] {
    let plan = answer.plan
    var headers: [(name: String, value: String)]
    switch plan.query.format {
    case .json: headers = [("Content-Type", "application/json; charset=utf-8")]
    case .csv:
      headers = [
        ("Content-Type", "text/csv; charset=utf-8; header=present"),
        ("Content-Disposition", "attachment; filename=\"\(Self.fileName(plan.query))\""),
      ]
    }
    // A CSV file without rows has no other place for it.
    if plan.source == .facts { headers.append(("Covers-Until", answer.coversUntil ?? "none")) }
    if plan.readsSettled { headers.append(("Settled-Before", answer.settledBefore ?? "none")) }
    return headers
  }

  /// What the database says to a plan: by another plan where it says that its rows are not to be shown.
  private func answer(_ plan: QueryPlan, _ result: [[String?]]) throws -> QueryAnswer {
    func asked(_ plan: QueryPlan) throws -> QueryAnswer {
      try self.answer(plan, try database.rows([QuerySQL.statement(for: plan)])[0])
    }
    let answer = QueryAnswer(plan, result)
    if !answer.agrees {
      logClocks(of: plan.query)
      return try asked(plan.byMinutes)
    }
    return answer.isDecided ? answer : try asked(plan.overAllRows)
  }

  func logClocks(of query: Query) {
    log(
      "time zone \(query.timeZone): this machine and the database know different clocks for it; "
        + "answered by the minute, which is slow. Update tzdata on the older one")
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
        for row in answer.rows { json.row(answer.columns, row) }
      }
    }
    return .json(json.text)
  }

  private func live(_ request: Request) -> Response {
    let coding = ContentCoding(accepted: request.headers["accept-encoding"], of: [.gzip])
    var response = Response(
      status: 200,
      headers: [
        ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-store"),
        // Asks reverse proxies not to hold events back.
        ("X-Accel-Buffering", "no"), ("Vary", "Accept-Encoding"),
      ],
      body: request.method == "HEAD"
        ? .bytes(AnswerBytes([]))
        : .events(after: request.headers["last-event-id"], isCompressed: coding != nil))
    if let coding { response.headers.append(("Content-Encoding", coding.rawValue)) }
    return response
  }

  private func asset(_ request: Request) throws -> Response {
    guard let file = assets.files[request.path] else {
      throw RequestError(
        "not_found",
        "path: found \"\(request.path.prefix(200))\", accepted: "
          + Route.allCases.map(\.path).joined(separator: ", "), status: 404)
    }
    return file.response(for: request)
  }

  // MARK: Refusals

  func refusal(_ error: any Error) -> Response {
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
    if access.carriesToken(request) {
      let (tooMany, isNew) = wrongTokens.note(request.address)
      if isNew {
        log("wrong tokens from \(request.address): further ones are turned away for a minute")
      }
      if tooMany { return RequestError.tooManyWrongTokens.response }
    }
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
      ], body: .bytes(AnswerBytes([])))
  }

  private static let signInPage = """
    <!doctype html><html lang="en"><meta charset="utf-8"><title>Polyrhythm</title>
    <h1>Polyrhythm</h1><form action="/" method="get">
    <label>Token <input type="password" name="token" autofocus autocomplete="current-password"></label>
    <button>Open</button></form></html>
    """

  private static let securityHeaders: [(name: String, value: String)] = [
    ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"),
  ]

  private static let pagePolicy = (
    name: "Content-Security-Policy",
    value: "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
      + "form-action 'self'; frame-ancestors 'none'"
  )

  /// An answer that is shown as a document loads nothing, and runs nothing.
  private static let policy = (
    name: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'"
  )

  private static let documentHeaders: [(name: String, value: String)] = [
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
  ]

  /// Browsers that have come by TLS once come by nothing else for a year (RFC 6797).
  private static let transportSecurity = ("Strict-Transport-Security", "max-age=31536000")

  /// The label of a request in the statistics. Paths that do not exist share one, so that the number of labels has a
  /// bound.
  private func routeName(_ path: String) -> String {
    Route(rawValue: path) != nil || assets.files[path] != nil ? path : "other"
  }
}
