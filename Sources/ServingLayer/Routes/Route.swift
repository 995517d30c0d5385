/// A path that the server answers, besides the files of the page. The router, the OpenAPI document, the message for
/// a path that is none, and the tests (with docs/api.md) follow from this list.
enum Route: String, CaseIterable, Sendable {
  case page = "/"
  case query = "/api/v1/query"
  case catalog = "/api/v1/catalog"
  case live = "/api/v1/live"
  case trending = "/api/v1/trending"
  case anomalies = "/api/v1/anomalies"
  case newcomers = "/api/v1/newcomers"
  case loads = "/api/v1/loads"
  case rollback = "/api/v1/loads/rollback"
  case health = "/healthz"
  case readiness = "/readyz"
  case metrics = "/metrics"
  case openAPI = "/openapi.json"

  /// What paths are asked with.
  static let reading = ["GET", "HEAD"]
  /// What asks for an operation.
  static let operating = "POST"

  /// What the route is asked with. Only POST changes anything.
  var methods: [String] {
    switch self {
    case .loads: Self.reading + [Self.operating]
    case .rollback: [Self.operating]
    default: Self.reading
    }
  }

  var path: String { rawValue }

  /// One line for the OpenAPI document.
  var summary: String {
    switch self {
    case .page: "The live page"
    case .query: "One question to the warehouse"
    case .catalog: "What can be asked for"
    case .live:
      "Server-sent events named minutes: first the last hour (full: true), then the minutes that "
        + "changed, at most one a second; a comment every 15 s when nothing did."
    case .trending: "Songs and artists that stand out in the last six full hours"
    case .anomalies: "Hours that are not as usual, as a whole and by state; of the last two weeks"
    case .newcomers:
      "Listeners who are here for the first time, and who have come back; of the last four weeks by day"
    case .loads: "The latest runs of the batch layer"
    case .rollback: "Takes back the last published load"
    case .health: "The process is alive"
    case .readiness: "The database answers and is migrated"
    case .metrics: "Prometheus text exposition"
    case .openAPI: "This list for programs, OpenAPI 3.0"
    }
  }

  /// What may stand behind the `?`, besides the token.
  var parameters: [QueryParameter] {
    switch self {
    case .query: QueryParameter.allCases
    case .newcomers: [.granularity, .from, .to, .timeZone]
    case .anomalies: [.from, .to, .timeZone]
    default: []
    }
  }

  /// What the values of a parameter look like: not each route takes all of them.
  func form(of parameter: QueryParameter) -> QueryParameter.Form {
    self == .newcomers && parameter == .granularity
      ? .choice(Newcomers.granularities.map(\.rawValue)) : parameter.form
  }

  /// Refuses what the route does not take, so that a typing error does not pass for an answer. The page's address is for the page.
  func refuseUnknownParameters(_ request: Request) throws(RequestError) {
    guard self != .page else { return }
    let accepted =
      request.method != Self.operating
      ? parameters.map(\.name) : self == .loads ? [Router.kindParameter] : []
    for (name, _) in request.query
    where name != AccessControl.parameter && !accepted.contains(name) {
      throw .unknownParameter(name, accepted: accepted)
    }
  }

  /// False for probes: an orchestrator has no token, and learns no more than that the service is there.
  var needsAccess: Bool { self != .health && self != .readiness }
}
