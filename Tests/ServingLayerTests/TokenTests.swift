import Foundation
import TestKit
import Testing

@testable import ServingLayer

@Suite struct TokenTests {
  private static let secret = "0123456789abcdef0123456789abcdef"
  private static let other = "fedcba9876543210fedcba9876543210"

  private func tokens(_ text: String) throws -> [AccessToken] {
    try AccessToken.list(text, path: "tokens")
  }

  private func refusal(_ text: String) -> String {
    do {
      _ = try AccessToken.list(text, path: "tokens")
      return "accepted"
    } catch {
      return error.message
    }
  }

  @Test func `a file may hold one token alone, which reads`() throws {
    let token = try #require(try tokens("\n\(Self.secret)\n").first)
    #expect(token.scope == .read && token.secret == Self.secret && token.expires == nil)
  }

  @Test func `a file may hold named tokens with scope and expiry`() throws {
    let found = try tokens(
      """
      # who may do what
      grafana read \(Self.secret)
      night   operate \(Self.other) 2027-01-31
      """)
    #expect(found.map(\.name) == ["grafana", "night"])
    #expect(found.map(\.scope) == [.read, .operate])
    #expect(found[1].expires?.iso8601 == "2027-01-31T00:00:00Z")
  }

  @Test(arguments: [
    ("", "is empty"), ("sesame", "too short"),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too little variety (1 different characters, at least 8"),
    (
      "a read \(TokenTests.secret)\n# night\nb operate \(TokenTests.secret)",
      "line 3: b has the same token as a on line 1"
    ),
    ("grafana admin \(TokenTests.secret)", "found admin, accepted: read, operate"),
    ("grafana read \(TokenTests.secret) soon", "EXPIRES: found soon"),
    ("grafana read", "found 2 words"),
    ("a read \(TokenTests.secret)\na read \(TokenTests.other)", "line 2: there is a token named a"),
  ])
  func `what is no token is refused, with its line and without the token`(
    text: String, reason: String
  ) {
    let message = refusal(text)
    #expect(message.contains(reason), "\(message)")
    #expect(message.hasPrefix("--token-file: tokens"))
    #expect(!message.contains(Self.secret))
  }

  private func file(_ text: String, mode: Int) throws -> String {
    let path = try TestDatabase.directory() + "/tokens-\(UUID().uuidString)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  @Test func `a file that others can read is refused`() throws {
    let path = try file(Self.secret, mode: 0o644)
    let error = #expect(throws: ServingError.self) { try TokenList(file: path, log: { _ in }) }
    #expect(error?.message.contains("chmod 600 \(path)") == true)
    #expect(throws: Never.self) {
      try TokenList(file: file(Self.secret, mode: 0o600), log: { _ in })
    }
  }

  @Test func `a token that is taken out of its file is worth nothing soon`() throws {
    let path = try file("a read \(Self.secret)\nb read \(Self.other)", mode: 0o600)
    let list = try TokenList(file: path, log: { _ in })
    #expect(list.current.map(\.name) == ["a", "b"])
    try "b read \(Self.other)".write(toFile: path, atomically: false, encoding: .utf8)
    #expect(eventually(within: 60) { list.current.map(\.name) == ["b"] })
  }

  @Test func `a file that has become unusable leaves the tokens of before`() throws {
    let path = try file("a read \(Self.secret)", mode: 0o600)
    let lines = Lines()
    let list = try TokenList(file: path, log: { lines.add($0) })
    try "nonsense here".write(toFile: path, atomically: false, encoding: .utf8)
    #expect(
      eventually(within: 60) {
        _ = list.current
        return lines.all.contains { $0.contains("the tokens of before stay") }
      })
    #expect(list.current.map(\.name) == ["a"])
  }

  private func access(_ scope: AccessScope, expires: String? = nil) -> AccessControl {
    let expires = expires.flatMap { Instant.parse($0, now: Instant(milliseconds: 0)) }
    return AccessControl(
      tokens: TokenList([
        AccessToken(name: "ops", scope: scope, secret: Self.secret, expires: expires)
      ]), isSecure: false)
  }

  private let noon = Instant(milliseconds: 1_796_000_000_000)
  private let bearer = Request(path: "/", headers: ["authorization": "Bearer \(TokenTests.secret)"])

  @Test func `a token that has expired opens nothing`() {
    #expect(access(.read, expires: "2099-01-01").verdict(bearer, now: noon) == .granted)
    #expect(access(.read, expires: "2020-01-01").verdict(bearer, now: noon) == .denied)
    #expect(throws: RequestError.self) {
      try access(.operate, expires: "2020-01-01").operatorName(bearer, now: noon)
    }
  }

  @Test func `loads are started by a token of scope operate in the header alone`() throws {
    #expect(try access(.operate).operatorName(bearer, now: noon) == "ops")
    let cookie = Request(path: "/", headers: ["cookie": access(.operate).setCookie(Self.secret)])
    #expect(access(.operate).verdict(cookie, now: noon) == .granted)
    #expect(throws: RequestError.self) { try access(.operate).operatorName(cookie, now: noon) }
    let error = #expect(throws: RequestError.self) {
      try access(.read).operatorName(bearer, now: noon)
    }
    #expect(error?.response.status == 403)
    let open = AccessControl(tokens: nil, isSecure: false)
    #expect(throws: RequestError.self) { try open.operatorName(bearer, now: noon) }
  }

  @Test func `after ten wrong tokens of an address further ones are turned away for a minute`() {
    let wrong = WrongTokens()
    let start = ContinuousClock.now
    for _ in 0..<WrongTokens.allowed { #expect(!wrong.note("192.0.2.1", now: start).tooMany) }
    #expect(wrong.note("192.0.2.1", now: start) == (true, true))
    #expect(wrong.note("192.0.2.1", now: start) == (true, false))
    #expect(!wrong.note("192.0.2.2", now: start).tooMany)
    #expect(!wrong.note("192.0.2.1", now: start + WrongTokens.period).tooMany)
  }
}
