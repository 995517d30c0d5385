/// Who may ask: everybody where there is no token, otherwise whoever brings it.
struct AccessControl: Sendable {
  enum Verdict: Equatable {
    case granted
    case denied
    /// The token came in the address of the page: keep it in a cookie and drop it from the address.
    case grantedByAddress
  }

  static let cookie = "polyrhythm_token"

  let token: String?
  /// True where cookies travel over TLS only.
  let isSecure: Bool

  /// Without a token only the loopback address protects the figures, and a web page whose name resolves
  /// to that address (DNS rebinding) would get around it: such a page shows in the Host header.
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
    if let given = request.values("token").first {
      return Self.equal(given, token) ? .grantedByAddress : .denied
    }
    let expected = "\(Self.cookie)=\(Self.encoded(token))"
    let cookies = request.headers["cookie"]?.split(separator: ";") ?? []
    return cookies.contains { Self.equal(String($0.drop { $0 == " " }), expected) }
      ? .granted : .denied
  }

  /// The header that keeps the token in the browser. Not readable by scripts, not sent from other
  /// sites.
  func setCookie(_ given: String) -> String {
    "\(Self.cookie)=\(Self.encoded(given)); Path=/; HttpOnly; SameSite=Strict"
      + (isSecure ? "; Secure" : "")
  }

  /// Compares in a time that tells nothing about where the first difference is.
  static func equal(_ given: String, _ expected: String) -> Bool {
    let a = Array(given.utf8)
    let b = Array(expected.utf8)
    var difference = a.count ^ b.count
    for index in b.indices {
      difference |= Int(b[index] ^ (index < a.count ? a[index] : ~b[index]))
    }
    return difference == 0
  }

  /// Hexadecimal, since a cookie's value may not hold every character of a token.
  private static func encoded(_ token: String) -> String {
    token.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
