/// The OpenAPI 3.0 document of the HTTP interface, written from `Route` and `QueryParameter`.
enum OpenAPI {
  static let json: String = {
    var json = JSONWriter()
    json.object { json in
      json.member("openapi", "3.0.3")
      json.member("info") { json in
        json.member("title", "Polyrhythm")
        json.member("version", "1")
        json.member("description", "Minute-fresh and nightly-exact figures of a music service.")
      }
      json.member("paths") { json in
        for route in described { path(route, to: &json) }
      }
      json.member("components") { json in
        json.member("schemas", schemas)
        json.member("securitySchemes") { json in
          json.member("bearer") {
            $0.member("type", "http")
            $0.member("scheme", "bearer")
          }
          json.member("query") {
            $0.member("type", "apiKey")
            $0.member("in", "query")
            $0.member("name", AccessControl.parameter)
          }
        }
      }
      // The empty requirement stands for servers without a token, which ask for none.
      json.list("security") { json in
        json.object { _ in }
        json.object { $0.member("bearer", [String]()) }
        json.object { $0.member("query", [String]()) }
      }
    }
    return json.text
  }()

  /// All but the page, which is for people, and this document. The order is that of the document's first edition,
  /// so that its bytes stay the same.
  static let described: [Route] = [
    .query, .catalog, .loads, .live, .health, .readiness, .metrics, .rollback, .trending,
    .anomalies, .newcomers,
  ]

  // MARK: Paths

  private static func path(_ route: Route, to json: inout JSONWriter) {
    json.member(route.path) { json in
      if route.methods.contains(Route.operating) { operation(route, to: &json) }
      guard route.methods.contains(where: Route.reading.contains) else { return }
      json.member("get") { json in
        json.member("operationId", "\(route)")
        json.member("summary", route.summary)
        if !route.parameters.isEmpty {
          json.list("parameters") { json in
            for parameter in route.parameters {
              write(parameter, route.form(of: parameter), to: &json)
            }
          }
        }
        json.member("responses") { responses(of: route, to: &$0) }
      }
    }
  }

  /// What a POST asks for.
  private static func operation(_ route: Route, to json: inout JSONWriter) {
    json.member("post") { json in
      json.member("operationId", route == .rollback ? "rollBackLoad" : "startLoad")
      json.member("summary", route == .rollback ? route.summary : "Starts a load")
      if route == .loads {
        json.list("parameters") { json in
          json.object { json in
            json.member("name", Router.kindParameter)
            json.member("in", "query")
            json.member("description", "Which load; incremental where it is not said")
            json.member("required", false)
            json.member("schema") { schema(.choice(["incremental", "full"]), to: &$0) }
            json.member("example", "incremental")
          }
        }
      }
      json.member("responses") { json in
        for (status, description) in [("200", "It has ended well"), ("202", "It has begun")] {
          response(status, description, to: &json) {
            media("application/json", "Operation", to: &$0)
          }
        }
        errors(["400", "401", "403", "409", "429", "501"], to: &json)
      }
    }
  }

  private static func responses(of route: Route, to json: inout JSONWriter) {
    switch route {
    case .query:
      response("200", "The rows", to: &json) { json in
        media("application/json", "Answer", to: &json)
        media("text/csv", to: &json)
      }
      errors(["400", "401", "503"], to: &json)
    case .catalog: document("Catalog", of: route, errors: ["400", "401", "503"], to: &json)
    case .loads: document("Loads", of: route, errors: ["400", "401", "503"], to: &json)
    case .trending: document("Trending", of: route, errors: ["400", "401", "503"], to: &json)
    case .anomalies: document("Anomalies", of: route, errors: ["400", "401", "503"], to: &json)
    case .newcomers:
      document("Newcomers", of: route, errors: ["400", "401", "503"], to: &json)
    case .health: document("Health", of: route, errors: ["400"], to: &json)
    case .readiness: document("Readiness", of: route, errors: ["400", "503"], to: &json)
    case .live:
      // A schema would be of the whole, which has no end, or, to some readers, of each event.
      response("200", route.summary, to: &json) { $0.member("text/event-stream") { _ in } }
      errors(["400", "401"], to: &json)
    case .metrics: text("text/plain", of: route, to: &json)
    // Not among the described.
    case .page, .openAPI: break
    // Only asked by POST.
    case .rollback: break
    }
  }

  private static func document(
    _ schema: String, of route: Route, errors statuses: [String], to json: inout JSONWriter
  ) {
    response("200", route.summary, to: &json) { media("application/json", schema, to: &$0) }
    errors(statuses, to: &json)
  }

  private static func text(_ type: String, of route: Route, to json: inout JSONWriter) {
    response("200", route.summary, to: &json) { media(type, to: &$0) }
    errors(["400", "401"], to: &json)
  }

  private static func response(
    _ status: String, _ description: String, to json: inout JSONWriter,
    _ content: (inout JSONWriter) -> Void
  ) {
    json.member(status) { json in
      json.member("description", description)
      json.member("content", content)
    }
  }

  private static func media(_ type: String, _ schema: String, to json: inout JSONWriter) {
    json.member(type) { json in
      json.member("schema") { $0.member("$ref", "#/components/schemas/\(schema)") }
    }
  }

  /// A body that has no schema.
  private static func media(_ type: String, to json: inout JSONWriter) {
    json.member(type) { json in
      json.member("schema") { $0.member("type", "string") }
    }
  }

  private static func errors(_ statuses: [String], to json: inout JSONWriter) {
    let descriptions = [
      "400":
        "A parameter is not acceptable, or not one of the path, or the question would read too much (code too_many_facts or too_costly): narrow from and to",
      "401": "The token is missing or wrong",
      "403": "The token's scope is not enough",
      "409": "The operation failed, or another one is running",
      "421": "The Host header names another machine, and the server has no token",
      "429": "Too many wrong tokens from this address", "501": "This server has no lake",
      "503": "The database does not answer, or too many wait; see Retry-After",
    ]
    // Whoever has to show a token may guess it.
    let guarded = statuses.contains("401") ? Set(statuses).union(["421", "429"]) : Set(statuses)
    for status in guarded.sorted() {
      response(status, descriptions[status] ?? "Error", to: &json) {
        media("application/problem+json", "Error", to: &$0)
      }
    }
  }

  // MARK: Parameters

  private static func write(
    _ parameter: QueryParameter, _ form: QueryParameter.Form, to json: inout JSONWriter
  ) {
    json.object { json in
      json.member("name", parameter.name)
      json.member("in", "query")
      json.member("description", parameter.meaning)
      json.member("required", parameter.isRequired)
      // Forms of pages send what nobody has filled in, and it means the same as nothing.
      if !parameter.isRequired { json.member("allowEmptyValue", true) }
      // Values with commas between them, and not a parameter for each value.
      if case .list = form { json.member("explode", false) }
      json.member("schema") { schema(form, parameter.pattern, to: &$0) }
      if let example = parameter.example { write(example, form, to: &json) }
    }
  }

  private static func write(
    _ example: String, _ form: QueryParameter.Form, to json: inout JSONWriter
  ) {
    switch form {
    case .list: json.member("example", example.split(separator: ",").map(String.init))
    case .repeatedText: json.member("example", [example])
    default: json.member("example", example)
    }
  }

  /// - Parameter pattern: of a text, or of each of several.
  private static func schema(
    _ form: QueryParameter.Form, _ pattern: String? = nil, to json: inout JSONWriter
  ) {
    switch form {
    case .list(let names, let most):
      json.member("type", "array")
      json.member("minItems", 1)
      if let most { json.member("maxItems", most) }
      json.member("uniqueItems", true)
      json.member("items") { schema(.choice(names), to: &$0) }
    case .choice(let names):
      json.member("type", "string")
      json.member("enum", names)
    case .text:
      json.member("type", "string")
      if let pattern { json.member("pattern", pattern) }
    case .repeatedText:
      json.member("type", "array")
      json.member("items") { schema(.text, pattern, to: &$0) }
    case .integer(let range, let value):
      json.member("type", "integer")
      json.member("minimum", range.lowerBound)
      json.member("maximum", range.upperBound)
      if let value { json.member("default", value) }
    case .integerOrAll(let range, let value):
      json.list("anyOf") { json in
        json.object { schema(.integer(range, default: nil), to: &$0) }
        json.object { schema(.choice(["all"]), to: &$0) }
      }
      json.member("default", value)
    }
  }

  // MARK: Schemas

  private static func schemas(_ json: inout JSONWriter) {
    json.member("Error") { json in
      json.member("type", "object")
      json.member("properties") {
        object("error", ["code": "string", "message": "string"], to: &$0)
        for name in ["type", "title", "detail", "code"] {
          $0.member(name) { $0.member("type", "string") }
        }
        $0.member("status") { $0.member("type", "integer") }
      }
      json.member(
        "example",
        raw: RequestError.parameter(
          .limit, found: "0", accepted: "1 to \(Query.maximumLimit), or all"
        )
        .response.text)
    }
    object("Health", ["status": "string"], to: &json)
    object(
      "Readiness",
      [
        "status": "string", "as_of": "string", "epoch": "integer", "loaded_epoch": "integer",
        "speed_age_seconds": "number", "lag_seconds": "number",
      ], to: &json)
    object(
      "Answer",
      [
        "query": "object", "as_of": "string", "final_before": "string", "loaded_epoch": "integer",
        "covers_until": "string", "settled_before": "string", "columns": "array",
        "truncated": "boolean",
        "left_out": "integer", "rows": "array", "previous": "object",
      ], to: &json)
    object(
      "Catalog",
      [
        "metrics": "array", "dimensions": "array", "granularities": "array", "comparisons": "array",
        "rollups": "array",
        "limits": "object",
      ], to: &json)
    object("Loads", ["loads": "array"], to: &json)
    object("Trending", ["from": "string", "to": "string", "trending": "array"], to: &json)
    object(
      "Anomalies",
      ["from": "string", "to": "string", "truncated": "boolean", "anomalies": "array"], to: &json)
    object(
      "Newcomers",
      [
        "from": "string", "to": "string", "tz": "string", "granularity": "string",
        "as_of": "string", "final_before": "string", "rows": "array",
      ], to: &json)
    object(
      "Operation",
      ["status": "string", "operation": "string", "requested_by": "string", "message": "string"],
      to: &json)
  }

  private static func object(
    _ name: String, _ members: KeyValuePairs<String, String>, to json: inout JSONWriter
  ) {
    json.member(name) { json in
      json.member("type", "object")
      json.member("properties") { json in
        for (name, type) in members {
          json.member(name) { json in
            json.member("type", type)
            json.member("nullable", true)
            if type == "array" {
              json.member("items") {
                $0.member(
                  "type", ["granularities", "comparisons"].contains(name) ? "string" : "object")
              }
            }
          }
        }
      }
      if let example = examples[name] { json.member("example", raw: example) }
    }
  }

  /// Answers as they are, but shorter.
  static let examples = [
    "Health": #"{"status":"alive"}"#,
    "Readiness":
      #"{"status":"ready","as_of":"2026-11-20T10:05:12.250Z","epoch":8,"loaded_epoch":7,"speed_age_seconds":0.4,"lag_seconds":0.0}"#,
    "Answer":
      #"{"query":{"metrics":["listens"],"granularity":"minute"},"as_of":"2026-11-20T10:05:12.250Z","final_before":"2026-11-20T00:00:00Z","loaded_epoch":7,"#
      + #""columns":[{"name":"time","type":"time","unit":null},{"name":"listens","type":"integer","unit":"count"}],"truncated":false,"left_out":0,"#
      + #""rows":[{"time":"2026-11-20T10:00:00Z","listens":1310,"source":"speed","is_final":false,"is_partial":false}]}"#,
    "Loads":
      #"{"loads":[{"load_run_id":7,"kind":"incremental","status":"published","started_at":"2026-11-20T00:00:00Z","finished_at":"2026-11-20T00:00:09Z","requested_by":"nightly"}]}"#,
    "Catalog":
      #"{"metrics":[{"name":"listens","unit":"count","meaning":"Plays that started.","kind":"sum","settled_plays_only":false,"rollups":["minute_totals"]}],"#
      + #""dimensions":[{"name":"artist","meaning":"Artist of the song.","rollups":["minute_song"]}],"granularities":["minute","hour"],"comparisons":["previous"],"#
      + #""rollups":[{"name":"minute_totals","dimensions":["layer"],"metrics":["listens"]}],"limits":{"dimensions":2,"rows":100000}}"#,
    "Trending":
      #"{"from":"2026-11-20T04:00:00Z","to":"2026-11-20T10:00:00Z","trending":[{"kind":"artist","artist":"Señor Flores","title":null,"listens":18,"expected":4.5,"score":4.64}]}"#,
    "Anomalies":
      #"{"from":"2026-11-06T10:05:00Z","to":"2026-11-20T10:06:00Z","truncated":false,"#
      + #""anomalies":[{"hour":"2026-11-20T09:00:00Z","scope":"total","state":null,"measure":"errors","value":41,"expected":3.5,"score":6.1,"weeks":3,"is_over":true}]}"#,
    "Newcomers":
      #"{"from":"2026-11-20T00:00:00Z","to":"2026-11-21T00:00:00Z","tz":"UTC","granularity":"day","as_of":"2026-11-20T10:05:12.250Z","final_before":"2026-11-20T00:00:00Z","#
      + #""rows":[{"time":"2026-11-20T00:00:00Z","listeners":665,"new_listeners":392,"returning_listeners":273,"of_them_resurrected":12,"new_share":0.589}]}"#,
    "Operation":
      #"{"status":"started","operation":"incremental","requested_by":"nightly","message":null}"#,
  ]
}
