/// Who may ask: everybody where the server has no tokens, else those whose request carries one.
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

  /// nil where everybody may ask.
  let tokens: TokenList?
  /// True where the server speaks TLS, so that the cookie may be kept from plain HTTP.
  let isSecure: Bool

  /// Whether the Host header is a name of this machine. Without a token only the loopback address protects the
  /// figures, and a web page of somebody else's whose name resolves to 127.0.0.1 (DNS rebinding) could ask from within
  /// the reader's browser. Such a request has that page's name in its Host header.
  func trustsHost(_ request: Request) -> Bool {
    guard tokens == nil, let host = request.headers["host"]?.lowercased() else { return true }
    if host.hasPrefix("[") { return host.hasPrefix("[::1]") }
    let name = host.prefix { $0 != ":" }
    let isAddress = name.hasPrefix("127.") && name.utf8.allSatisfy { (46...57).contains($0) }
    return isAddress || name == "localhost" || name.hasSuffix(".localhost")
  }

  /// Whether a request that was denied has come with a token, a wrong one then.
  func carriesToken(_ request: Request) -> Bool {
    request.headers["authorization"] != nil || !request.values(Self.parameter).isEmpty
      || request.headers["cookie"]?.contains("\(Self.cookie)=") == true
  }

  /// - Parameter now: decides which tokens have expired.
  func verdict(_ request: Request, now: Instant) -> Verdict {
    guard let tokens else { return .granted }
    let valid = tokens.current.filter { token in token.expires.map { now < $0 } ?? true }
    if request.headers["authorization"] != nil {
      return bearer(request, valid) == nil ? .denied : .granted
    }
    if let given = request.values(Self.parameter).first {
      return valid.contains { Self.equal(given, $0.secret) } ? .grantedByAddress : .denied
    }
    let cookies = request.headers["cookie"]?.split(separator: ";") ?? []
    return cookies.contains { cookie in
      let cookie = String(cookie.drop { $0 == " " })
      return valid.contains { Self.equal(cookie, "\(Self.cookie)=\(Self.encoded($0.secret))") }
    } ? .granted : .denied
  }

  /// Who may start a load or take one back. A token for that comes in the Authorization header alone: browsers send cookies
  /// by themselves, also where another site's page asks them to.
  ///
  /// - Returns: the name of the token.
  /// - Throws: `RequestError` where there is no such token.
  func operatorName(_ request: Request, now: Instant) throws(RequestError) -> String {
    let scope = AccessScope.operate
    guard let tokens, let token = bearer(request, tokens.current),
      token.expires.map({ now < $0 }) ?? true
    else {
      throw RequestError(
        "unauthorized",
        "token: found none, accepted: Authorization: Bearer TOKEN with a token of scope \(scope.rawValue) "
          + "from the file of --token-file", status: 401)
    }
    guard token.scope == scope else {
      throw RequestError(
        "forbidden",
        "token: \(token.name) has scope \(token.scope.rawValue), accepted: \(scope.rawValue)",
        status: 403)
    }
    return token.name
  }

  private func bearer(_ request: Request, _ tokens: [AccessToken]) -> AccessToken? {
    let parts = request.headers["authorization"]?.split(separator: " ", maxSplits: 1) ?? []
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return tokens.first { Self.equal(String(parts[1]), $0.secret) }
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
