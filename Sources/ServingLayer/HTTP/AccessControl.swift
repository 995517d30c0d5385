/// Who may ask: everybody where the server has no token, else those whose request carries the token.
struct AccessControl: Sendable {
  enum Verdict: Equatable {
    case granted
    case denied
    /// The token came as a query parameter. For the page that means: keep the token in a cookie, and drop it from the
    /// address.
    case grantedByAddress
  }

  static let cookie = "polyrhythm_token"
  /// The query parameter that may carry the token.
  static let parameter = "token"

  let token: String?
  /// True where the server speaks TLS, so that the cookie may be kept from plain HTTP.
  let isSecure: Bool

  /// Whether the Host header is a name of this machine. Without a token only the loopback address protects the
  /// figures, and a web page of somebody else's whose name resolves to 127.0.0.1 (DNS rebinding) could ask from within
  /// the reader's browser. Such a request has that page's name in its Host header.
  func trustsHost(_ request: Request) -> Bool {
    guard token == nil, let host = request.headers["host"]?.lowercased() else { return true }
    if host.hasPrefix("[") { return host.hasPrefix("[::1]") }
    let name = host.prefix { $0 != ":" }
    let isAddress = name.hasPrefix("127.") && name.utf8.allSatisfy { (46...57).contains($0) }
    return isAddress || name == "localhost" || name.hasSuffix(".localhost")
  }

  func verdict(_ request: Request) -> Verdict {
    guard let token else { return .granted }
    if let header = request.headers["authorization"] {
      let parts = header.split(separator: " ", maxSplits: 1)
      let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer"
      return isBearer && Self.equal(String(parts[1]), token) ? .granted : .denied
    }
    if let given = request.values(Self.parameter).first {
      return Self.equal(given, token) ? .grantedByAddress : .denied
    }
    let expected = "\(Self.cookie)=\(Self.encoded(token))"
    let cookies = request.headers["cookie"]?.split(separator: ";") ?? []
    return cookies.contains { Self.equal(String($0.drop { $0 == " " }), expected) }
      ? .granted : .denied
  }

  /// The value of the Set-Cookie header that keeps the token in the browser: scripts cannot read the cookie, and
  /// requests from other sites do not carry it.
  func setCookie(_ given: String) -> String {
    "\(Self.cookie)=\(Self.encoded(given)); Path=/; HttpOnly; SameSite=Strict"
      + (isSecure ? "; Secure" : "")
  }

  /// Compares in a time that depends on the lengths alone, so that a token cannot be guessed byte by byte.
  static func equal(_ given: String, _ expected: String) -> Bool {
    let a = Array(given.utf8)
    let b = Array(expected.utf8)
    var difference = a.count ^ b.count
    for index in b.indices {
      difference |= Int(b[index] ^ (index < a.count ? a[index] : ~b[index]))
    }
    return difference == 0
  }

  /// In hexadecimal, because a cookie's value may not hold every character that a token may.
  private static func encoded(_ token: String) -> String {
    token.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
