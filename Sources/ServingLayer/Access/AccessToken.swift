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
    var lines: [Int] = []
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
      if let weakness = weakness(of: token.secret) {
        throw wrong(
          "the token \(weakness) to be safe from guessing; make one with: openssl rand -hex 32")
      }
      if let other = tokens.indices.first(where: { tokens[$0].secret == token.secret }) {
        throw wrong(
          "\(token.name) has the same token as \(tokens[other].name) on line \(lines[other]); give each its own token"
        )
      }
      guard tokens.allSatisfy({ $0.name != token.name }) else {
        throw wrong("there is a token named \(token.name) already; give each its own name")
      }
      tokens.append(token)
      lines.append(number + 1)
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

  /// What makes a token easy to guess; nil where nothing does.
  private static func weakness(of secret: String) -> String? {
    let variety = Set(secret.utf8).count
    // A text that repeats few characters is not random, whatever its length. A short one has few, too.
    if variety < varietyMin, secret.utf8.count >= varietyMin * 2 {
      return
        "has too little variety (\(variety) different characters, at least \(varietyMin) are needed)"
    }
    return variety < varietyMin || bits(secret) < bitsMin ? "is too short" : nil
  }

  /// Different characters that a token has at least. One that was made at random has more.
  private static let varietyMin = 8

  /// How many bits a random text of this length has, over the alphabet that it seems to be from.
  private static func bits(_ secret: String) -> Double {
    let isHexadecimal = secret.allSatisfy { $0.isASCII && $0.isHexDigit }
    return Double(secret.utf8.count) * (isHexadecimal ? 4 : 6)
  }
}
