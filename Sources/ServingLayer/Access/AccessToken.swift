import Support

/// What a token lets its bearer do.
enum AccessScope: String, CaseIterable, Sendable {
  /// Ask.
  case read
  /// Ask, start loads and take them back.
  case operate
}

/// One entry of a token file.
struct AccessToken: Sendable {
  /// Who has it, for the history of loads and for logs.
  var name: String
  var scope: AccessScope
  var secret: String
  /// From when on it is worth nothing; nil for never.
  var expires: Instant?

  /// Bits that a token has at least if it was made at random.
  static let bitsMin = 128.0

  /// Reads a token file: one token alone, or a line each of `NAME SCOPE TOKEN [EXPIRES]`. Lines that are empty or begin with
  /// `#` say nothing.
  ///
  /// - Parameter path: for messages.
  /// - Throws: `.tokenFile`, naming the line and what is wrong with it, and never the token.
  static func list(_ text: String, path: String) throws(ServingError) -> [AccessToken] {
    var tokens: [AccessToken] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      func wrong(_ what: String) -> ServingError {
        ServingError(.tokenFile, "--token-file: \(path), line \(number + 1): \(what)")
      }
      let token =
        words.count == 1
        ? AccessToken(name: "token", scope: .read, secret: first) : try entry(words, wrong)
      guard bits(token.secret) >= bitsMin else {
        throw wrong(
          "the token is too short to be safe from guessing; make one with: openssl rand -hex 32")
      }
      guard tokens.allSatisfy({ $0.name != token.name }) else {
        throw wrong("there is a token named \(token.name) already; give each its own name")
      }
      tokens.append(token)
    }
    guard !tokens.isEmpty else {
      throw ServingError(
        .tokenFile, "--token-file: \(path) is empty; make a token with: openssl rand -hex 32")
    }
    return tokens
  }

  private static func entry(
    _ words: [String], _ wrong: (String) -> ServingError
  ) throws(ServingError) -> AccessToken {
    guard (3...4).contains(words.count) else {
      throw wrong("found \(words.count) words, accepted: TOKEN, or NAME SCOPE TOKEN [EXPIRES]")
    }
    guard let scope = AccessScope(rawValue: words[1]) else {
      let scopes = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
      throw wrong("scope: found \(words[1].prefix(20)), accepted: \(scopes)")
    }
    var token = AccessToken(name: words[0], scope: scope, secret: words[2])
    if words.count == 4 {
      guard let expires = Instant.parse(words[3], now: Instant(milliseconds: 0)),
        expires >= Instant.earliest
      else {
        throw wrong("EXPIRES: found \(words[3].prefix(40)), accepted: ISO 8601, such as 2027-01-31")
      }
      token.expires = expires
    }
    return token
  }

  /// How many bits a random text of this length has, over the alphabet that it seems to be from.
  static func bits(_ secret: String) -> Double {
    let characters = Set(secret.utf8)
    // A text that repeats few characters is not random, whatever its length.
    guard characters.count >= 8 else { return 0 }
    let isHexadecimal = secret.allSatisfy { $0.isASCII && $0.isHexDigit }
    return Double(secret.utf8.count) * (isHexadecimal ? 4 : 6)
  }
}
