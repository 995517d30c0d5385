import Glibc
import TestKit
import Testing

/// Loads that are asked for over HTTP.
@Suite struct OperationTests {
  private static let operate = "9b1c66f0a7d84e5f93d2470e81a6bc55"
  private static let read = "07fe12c9d4ab4c6e8815f30b29a7d6e1"

  private func post(_ address: String, _ target: String, _ token: String) throws -> (
    status: Int, body: String
  ) {
    try get(address, target, ["-X", "POST", "-H", "Authorization: Bearer \(token)"])
  }

  @Test func aLoadIsStartedAndTakenBackOverHTTPAndTheHistoryNamesWhoAsked() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      let first = try box.generate("first", users: 40, from: "2026-01-01", to: "2026-01-02")
      try box.succeed(["import", first] + place)
      try box.succeed(["load", "full", "--requested-by", "the test"] + place)
      let second = try box.generate("second", users: 40, from: "2026-01-02", to: "2026-01-03")
      try box.succeed(["import", second] + place)
      let tokens = try box.write(
        "tokens", "night operate \(Self.operate)\nboard read \(Self.read)\n")
      chmod(tokens, 0o600)
      let server = try box.start(
        ["serve", "--listen", "127.0.0.1:0", "--token-file", tokens] + place)
      try #require(
        eventually(within: 30) { server.errorsSoFar.contains("serving http://") },
        "\(server.errorsSoFar)")
      let address = String(
        server.errorsSoFar.split(separator: "\n").first { $0.contains("serving http://") }?
          .split(separator: "/").last ?? "")
      #expect(try post(address, "/api/v1/loads", Self.read).status == 403)
      let started = try post(address, "/api/v1/loads", Self.operate)
      #expect([200, 202].contains(started.status), "\(started)")
      func history() throws -> String {
        try get(address, "/api/v1/loads", ["-H", "Authorization: Bearer \(Self.read)"]).body
      }
      #expect(
        try eventually(within: 60) {
          try history().contains(#""load_run_id":2,"kind":"incremental","status":"published""#)
        }, "\(server.errorsSoFar)")
      #expect(try history().contains(#""requested_by":"night""#))
      #expect(try history().contains(#""requested_by":"the test""#))
      // The process of the load ends some time after its publication.
      var back = try post(address, "/api/v1/loads/rollback", Self.operate)
      #expect(
        try eventually(within: 60) {
          if back.status == 409, back.body.contains("load_running") {
            back = try post(address, "/api/v1/loads/rollback", Self.operate)
          }
          return back.status == 200
        }, "\(back)")
      #expect(back.body.contains("load 2 is taken back"), "\(back)")
      #expect(try history().contains(#""rolled_back_by":"night""#))
      let again = try post(address, "/api/v1/loads/rollback", Self.operate)
      #expect(again.status == 409 && again.body.contains("taken back already"), "\(again)")
    }
  }
}
