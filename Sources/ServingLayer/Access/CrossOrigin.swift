/// Pages of other origins that may read the API with a token in the Authorization header (CORS, the Fetch standard). None unless an
/// operator names them; cookies are never for them.
struct CrossOrigin: Sendable {
  /// As browsers send them: `https://example.org`, with the port where it is not the scheme's own.
  var origins: Set<String> = []

  /// Seconds for which a browser need not ask again.
  private static let age = 600

  private func origin(_ request: Request) -> String? {
    request.headers["origin"].flatMap { origins.contains($0) ? $0 : nil }
  }

  /// The answer to a browser's question whether a page may ask; nil where the request is none, or is of a page that may not.
  func preflight(_ request: Request) -> Response? {
    guard request.method == "OPTIONS", origin(request) != nil,
      request.headers["access-control-request-method"] != nil
    else { return nil }
    return Response(
      status: 204,
      headers: [
        ("Access-Control-Allow-Methods", "GET, HEAD"),
        ("Access-Control-Allow-Headers", "Authorization, If-None-Match, Last-Event-ID"),
        ("Access-Control-Max-Age", "\(Self.age)"),
      ], body: .bytes(AnswerBytes([])))
  }

  /// Lets the page of a request read its answer.
  func open(_ response: inout Response, to request: Request) {
    guard !origins.isEmpty else { return }
    response.headers.append(("Vary", "Origin"))
    guard let origin = origin(request) else { return }
    let exposed = response.headers.map(\.name).filter { !Self.hidden.contains($0.lowercased()) }
    response.headers += [
      ("Access-Control-Allow-Origin", origin), ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    if !exposed.isEmpty {
      response.headers.append(("Access-Control-Expose-Headers", exposed.joined(separator: ", ")))
    }
  }

  /// What pages can read of any answer, or of none, and what is for caches alone. All else that an answer says of itself is for who asked.
  private static let hidden: Set<String> = [
    "cache-control", "content-language", "content-length", "content-type", "expires",
    "last-modified", "pragma", "set-cookie", "vary", "content-encoding",
    "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age",
  ]
}
