/// A request that cannot be answered, and why: becomes a problem of RFC 9457, with `{"error": {"code":…, "message":…}}` beside it.
struct RequestError: Error, Equatable {
  var status: Int
  /// For programs: it stays the same from version to version.
  var code: String
  /// For people: one line with the parameter, what was found and what is accepted.
  var message: String
  /// The methods that a path takes, where the request's is none of them.
  var allow: [String] = []

  init(_ code: String, _ message: String, status: Int = 400, allow: [String] = []) {
    self.status = status
    self.allow = allow
    self.code = code
    self.message = message
  }

  static func parameter(_ name: String, found: String, accepted: String) -> RequestError {
    let shown = found.count > 80 ? String(found.prefix(80)) + "…" : found
    return RequestError("bad_parameter", "\(name): found \"\(shown)\", accepted: \(accepted)")
  }

  /// Too many wait already for what the request asks.
  static let busy = RequestError(
    "busy", "too many questions are waiting already; ask again in a few seconds", status: 503)
  static let body = RequestError(
    "body_too_large", "body: found more than 64 KiB, accepted: none, as no path takes one",
    status: 413)
  static let tooManyWrongTokens = RequestError(
    "too_many_wrong_tokens",
    "token: found more than \(WrongTokens.allowed) wrong ones from this address within a minute, accepted: the right one",
    status: 429)
  static let stopping = RequestError("stopping", "the server is being stopped", status: 503)

  var response: Response {
    var json = JSONWriter()
    json.object {
      $0.member("error") {
        $0.member("code", code)
        $0.member("message", message)
      }
      // about:blank says that there is no more to the kind of problem than its status and code.
      $0.member("type", "about:blank")
      $0.member("title", Self.titles[status] ?? "Error")
      $0.member("status", status)
      $0.member("detail", message)
      $0.member("code", code)
    }
    var response = Response("application/problem+json; charset=utf-8", json.text, status: status)
    response.headers.append(("Cache-Control", "no-store"))
    if status == 503 { response.headers.append(("Retry-After", "2")) }
    if !allow.isEmpty { response.headers.append(("Allow", allow.joined(separator: ", "))) }
    if status == 429 { response.headers.append(("Retry-After", "60")) }
    if status == 401 {
      response.headers.append(("WWW-Authenticate", "Bearer realm=\"polyrhythm\""))
    }
    return response
  }

  private static let titles = [
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large",
    421: "Misdirected Request", 429: "Too Many Requests", 500: "Internal Server Error",
    501: "Not Implemented", 503: "Service Unavailable",
  ]
}
