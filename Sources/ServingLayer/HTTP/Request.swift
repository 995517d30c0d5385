/// One HTTP request as the router gets it: taken apart, but nothing in it is checked yet.
struct Request: Sendable {
  var method: String
  /// Percent-decoded, without the query.
  var path: String
  /// Percent-decoded, in the order given; a name may come more than once.
  var query: [(name: String, value: String)]
  /// Names in lower case.
  var headers: [String: String]
  /// Of the client, or of the proxy in front: `192.0.2.1`.
  var address: String

  init(
    method: String = "GET", path: String, query: [(name: String, value: String)] = [],
    headers: [String: String] = [:], address: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.address = address
  }

  /// Adds a header. Of several with one name the last counts, but for those of which there may be one alone: they are kept side by
  /// side, as with two of them nobody knows whom the request is for, where it ends, or who asks.
  mutating func take(header name: String, _ value: String) {
    let name = name.lowercased()
    headers[name] =
      Self.single.contains(name) ? headers[name].map { "\($0), \(value)" } ?? value : value
  }

  private static let single: Set<String> = [
    "host", "content-length", "transfer-encoding", "authorization",
  ]

  /// The values of one parameter, in the order given.
  func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
}

/// What the router answers. How the bytes get to the socket is for `HTTPDaemon` to know.
struct Response: Sendable {
  enum Body: Sendable {
    case bytes(AnswerBytes)
    /// Server-sent events, from now until the client or the server goes; those after an event that the client has.
    case events(after: String?, isCompressed: Bool)
    /// What comes through the pipe, until its end.
    case pieces(AnswerPipe)
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
      status: status, headers: [("Content-Type", contentType)], body: .bytes(AnswerBytes(text)))
  }

  static func json(_ text: String, status: Int = 200) -> Response {
    Response("application/json; charset=utf-8", text, status: status)
  }

  /// The body; empty for an event stream.
  var bytes: AnswerBytes {
    if case .bytes(let bytes) = body { bytes } else { AnswerBytes([]) }
  }

  /// The body as text; empty for an event stream.
  var text: String { String(decoding: bytes.buffer, as: UTF8.self) }

  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
