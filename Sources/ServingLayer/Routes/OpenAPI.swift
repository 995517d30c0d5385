import Metrics

/// The OpenAPI 3.0 document of the HTTP interface. Names of metrics, dimensions and granularities come
/// from the definitions.
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
        path("/api/v1/query", "One question to the warehouse", to: &json) { json in
          json.list("parameters", queryParameters)
          json.member("responses") { json in
            response("200", "The rows", to: &json) { json in
              media("application/json", "Answer", to: &json)
              json.member("text/csv") { $0.member("schema") { $0.member("type", "string") } }
            }
            errors(["400", "401", "503"], to: &json)
          }
        }
        simple("/api/v1/catalog", "What can be asked for", "Catalog", to: &json)
        simple("/api/v1/loads", "The latest runs of the batch layer", "Loads", to: &json)
        stream("/api/v1/live", "text/event-stream", liveDescription, to: &json)
        simple("/healthz", "The process is alive", "Health", to: &json)
        simple("/readyz", "The database answers and is migrated", "Readiness", to: &json)
        stream("/metrics", "text/plain", "Prometheus text exposition", to: &json)
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
            $0.member("name", "token")
          }
        }
      }
      // The empty requirement: a server without a token asks for none.
      json.list("security") { json in
        json.object { _ in }
        json.object { $0.member("bearer", [String]()) }
        json.object { $0.member("query", [String]()) }
      }
    }
    return json.text
  }()

  private static let liveDescription =
    "Server-sent events named minutes: first the last hour (full: true), then the minutes that "
    + "changed, at most one a second; a comment every 15 s when nothing did."

  // MARK: Paths

  private static func path(
    _ name: String, _ summary: String, to json: inout JSONWriter,
    _ operation: (inout JSONWriter) -> Void
  ) {
    json.member(name) { json in
      json.member("get") { json in
        json.member("summary", summary)
        operation(&json)
      }
    }
  }

  private static func simple(
    _ name: String, _ summary: String, _ schema: String, to json: inout JSONWriter
  ) {
    path(name, summary, to: &json) { json in
      json.member("responses") { json in
        response("200", summary, to: &json) { media("application/json", schema, to: &$0) }
        switch name {
        case "/healthz": break
        case "/readyz": errors(["503"], to: &json)
        default: errors(["401", "503"], to: &json)
        }
      }
    }
  }

  private static func stream(
    _ name: String, _ type: String, _ summary: String, to json: inout JSONWriter
  ) {
    path(name, summary, to: &json) { json in
      json.member("responses") { json in
        response("200", summary, to: &json) { json in
          json.member(type) { $0.member("schema") { $0.member("type", "string") } }
        }
        errors(["401"], to: &json)
      }
    }
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

  private static func errors(_ statuses: [String], to json: inout JSONWriter) {
    let descriptions = [
      "400": "A parameter is not acceptable", "401": "The token is missing or wrong",
      "503": "The database does not answer; see Retry-After",
    ]
    for status in statuses {
      response(status, descriptions[status] ?? "Error", to: &json) {
        media("application/json", "Error", to: &$0)
      }
    }
  }

  // MARK: Parameters

  private static func queryParameters(_ json: inout JSONWriter) {
    list("metrics", "Metrics, with commas", Measure.all.map(\.name), required: true, to: &json)
    list(
      "by", "Break down by at most two dimensions", Dimension.allCases.map(\.rawValue), to: &json)
    choice("granularity", "Width of a time bucket", Granularity.allCases.map(\.rawValue), to: &json)
    text("from", "Start, inclusive: \(Instant.accepted). Default: an hour before to", to: &json)
    text("to", "End, exclusive. Default: now", to: &json)
    text("tz", "IANA time zone in which buckets begin. Default: UTC", to: &json)
    parameter("filter", "dimension:value; repeat for more. An empty value is unknown", to: &json) {
      $0.member("type", "array")
      $0.member("items") { $0.member("type", "string") }
    }
    parameter("limit", "Rows at most", to: &json) {
      $0.member("type", "integer")
      $0.member("minimum", 1)
      $0.member("maximum", Query.maximumLimit)
      $0.member("default", Query.defaultLimit)
    }
    choice("format", "JSON or CSV", Query.Format.allCases.map(\.rawValue), to: &json)
    choice("compare", "Also the period just before; with granularity=none", ["previous"], to: &json)
  }

  private static func parameter(
    _ name: String, _ description: String, isRequired: Bool = false, explode: Bool? = nil,
    to json: inout JSONWriter, _ schema: (inout JSONWriter) -> Void
  ) {
    json.object { json in
      json.member("name", name)
      json.member("in", "query")
      json.member("description", description)
      json.member("required", isRequired)
      if let explode { json.member("explode", explode) }
      json.member("schema", schema)
    }
  }

  private static func list(
    _ name: String, _ description: String, _ values: [String], required: Bool = false,
    to json: inout JSONWriter
  ) {
    parameter(name, description, isRequired: required, explode: false, to: &json) { json in
      json.member("type", "array")
      json.member("items") {
        $0.member("type", "string")
        $0.member("enum", values)
      }
    }
  }

  private static func choice(
    _ name: String, _ description: String, _ values: [String], to json: inout JSONWriter
  ) {
    parameter(name, description, to: &json) {
      $0.member("type", "string")
      $0.member("enum", values)
    }
  }

  private static func text(_ name: String, _ description: String, to json: inout JSONWriter) {
    parameter(name, description, to: &json) { $0.member("type", "string") }
  }

  // MARK: Schemas

  private static func schemas(_ json: inout JSONWriter) {
    json.member("Error") { json in
      json.member("type", "object")
      json.member("properties") {
        object("error", ["code": "string", "message": "string"], to: &$0)
      }
    }
    object("Health", ["status": "string"], to: &json)
    object(
      "Readiness",
      [
        "status": "string", "as_of": "string", "epoch": "integer", "loaded_epoch": "integer",
        "speed_age_seconds": "number",
      ], to: &json)
    object(
      "Answer",
      [
        "query": "object", "as_of": "string", "final_before": "string", "loaded_epoch": "integer",
        "columns": "array", "truncated": "boolean", "rows": "array", "previous": "object",
      ], to: &json)
    object(
      "Catalog",
      [
        "metrics": "array", "dimensions": "array", "granularities": "array", "rollups": "array",
        "limits": "object",
      ], to: &json)
    object("Loads", ["loads": "array"], to: &json)
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
                $0.member("type", name == "granularities" ? "string" : "object")
              }
            }
          }
        }
      }
    }
  }
}
