/// One HTTP request as the router gets it: taken apart, but nothing in it is checked yet.
struct Request: Sendable {
  var method: String
  /// Percent-decoded, without the query.
  var path: String
  /// Percent-decoded, in the order given; a name may come more than once.
  var query: [(name: String, value: String)]
  /// Names in lower case.
  var headers: [String: String]

  init(
    method: String = "GET", path: String, query: [(name: String, value: String)] = [],
    headers: [String: String] = [:]
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
  }

  /// The values of one parameter, in the order given.
  func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
}

/// What the router answers. How the bytes get to the socket is for `HTTPDaemon` to know.
struct Response: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    /// Server-sent events, from now until the client or the server goes.
    case events
  }

  var status: Int
  var headers: [(name: String, value: String)]
  var body: Body

  init(status: Int, headers: [(name: String, value: String)] = [], body: Body) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A whole body of the given media type.
  init(_ contentType: String, _ text: String, status: Int = 200) {
    self.init(
      status: status, headers: [("Content-Type", contentType)], body: .bytes(Array(text.utf8)))
  }

  static func json(_ text: String, status: Int = 200) -> Response {
    Response("application/json; charset=utf-8", text, status: status)
  }

  /// The body as text; empty for an event stream.
  var text: String {
    if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
  }

  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// A request that cannot be answered, and why: becomes `{"error": {"code":…, "message":…}}`.
struct RequestError: Error, Equatable {
  var status: Int
  /// For programs: it stays the same from version to version.
  var code: String
  /// For people: one line with the parameter, what was found and what is accepted.
  var message: String

  init(_ code: String, _ message: String, status: Int = 400) {
    self.status = status
    self.code = code
    self.message = message
  }

  static func parameter(_ name: String, found: String, accepted: String) -> RequestError {
    let shown = found.count > 80 ? String(found.prefix(80)) + "…" : found
    return RequestError("bad_parameter", "\(name): found \"\(shown)\", accepted: \(accepted)")
  }

  var response: Response {
    var json = JSONWriter()
    json.object {
      $0.member("error") {
        $0.member("code", code)
        $0.member("message", message)
      }
    }
    var response = Response.json(json.text, status: status)
    if status == 503 { response.headers.append(("Retry-After", "2")) }
    if status == 405 { response.headers.append(("Allow", Route.methods.joined(separator: ", "))) }
    if status == 401 {
      response.headers.append(("WWW-Authenticate", "Bearer realm=\"polyrhythm\""))
    }
    return response
  }
}
