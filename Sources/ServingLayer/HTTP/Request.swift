/// One HTTP request as the router sees it: already taken apart, not yet trusted.
public struct Request: Sendable {
  public var method: String
  /// Percent-decoded, without the query.
  public var path: String
  /// Percent-decoded, in the order given; a name may come more than once.
  public var query: [(name: String, value: String)]
  /// Names in lower case.
  public var headers: [String: String]

  public init(
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

/// What the router answers. Only the adapter knows how bytes get to the socket.
public struct Response: Sendable {
  public enum Body: Sendable {
    case bytes([UInt8])
    /// Server-sent events, from now until the client or the server goes.
    case events
  }

  public var status: Int
  public var headers: [(name: String, value: String)]
  public var body: Body

  public init(status: Int, headers: [(name: String, value: String)] = [], body: Body) {
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
  public var text: String {
    if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
  }

  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// A request that cannot be answered, and why: becomes `{"error": {"code":…, "message":…}}`.
struct RequestError: Error, Equatable {
  var status: Int
  /// For programs; stable.
  var code: String
  /// For people, one line: which parameter, what was found, what is accepted.
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
    if status == 405 { response.headers.append(("Allow", "GET, HEAD")) }
    if status == 401 {
      response.headers.append(("WWW-Authenticate", "Bearer realm=\"polyrhythm\""))
    }
    return response
  }
}
