import Foundation
import Testing
import Warehouse

@testable import ServingLayer

@Suite struct OperationTests {
  private static let operate = "0123456789abcdef0123456789abcdef"
  private static let read = "fedcba9876543210fedcba9876543210"

  private func router(
    outcome: LoadOperations.Outcome? = .started, asked: Lines = Lines(), isSecure: Bool = false
  ) throws -> Router {
    var router = try Fixture.router(ScriptedDatabase(failing: nil))
    let tokens = TokenList([
      AccessToken(name: "ops", scope: .operate, secret: Self.operate),
      AccessToken(name: "board", scope: .read, secret: Self.read),
    ])
    router.access = AccessControl(tokens: tokens, isSecure: isSecure)
    router.operations = outcome.map { outcome in
      LoadOperations { operation, name in
        asked.add("\(operation.rawValue) by \(name)")
        return outcome
      }
    }
    return router
  }

  private func post(
    _ path: String, token: String? = OperationTests.operate, _ query: [(String, String)] = []
  ) -> Request {
    Request(
      method: "POST", path: path, query: query.map { (name: $0.0, value: $0.1) },
      headers: token.map { ["authorization": "Bearer \($0)"] } ?? [:], address: "192.0.2.7")
  }

  @Test func `a load is started by its kind, incremental where none is said, for who asks`() throws
  {
    let asked = Lines()
    let router = try router(asked: asked)
    for query in [[], [("kind", "incremental")], [("kind", "full")]] {
      let response = router.route(post("/api/v1/loads", query))
      #expect(response.status == 202)
      #expect(response.header("Location") == "/api/v1/loads")
      #expect(response.text.contains(#""requested_by":"ops""#))
    }
    #expect(router.route(post("/api/v1/loads/rollback")).status == 202)
    #expect(
      asked.all == ["incremental by ops", "incremental by ops", "full by ops", "rollback by ops"])
  }

  @Test func `how an operation ended is told with its line`() throws {
    let done = try router(outcome: .done("load 7")).route(post("/api/v1/loads"))
    #expect(done.status == 200 && done.text.contains(#""message":"load 7""#))
    let failed = try router(outcome: .failed("no lake")).route(post("/api/v1/loads"))
    #expect(failed.status == 409 && failed.text.contains("no lake"))
    let busy = try router(outcome: .busy).route(post("/api/v1/loads"))
    #expect(busy.status == 409 && busy.text.contains("load_running"))
  }

  @Test func `while a load runs, whoever has started it, it is named and none is started`() throws {
    let asked = Lines()
    let fixture = try Fixture()
    var router = fixture.router
    let scripted = try self.router(asked: asked)
    (router.access, router.operations) = (scripted.access, scripted.operations)
    try fixture.connection.script(
      """
      insert into warehouse.load_run (kind, status, started_at, process, lease_until)
      values ('full', 'running', '2026-11-30 00:00Z', '7 on a host', now() + interval '1 minute')
      """)
    for path in ["/api/v1/loads", "/api/v1/loads/rollback"] {
      let response = router.route(post(path))
      #expect(response.status == 409 && response.text.contains("load_running"))
      #expect(
        response.text.contains("load 1 (full) is running since 2026-11-30T00:00:00Z (7 on a host)"))
    }
    #expect(asked.all.isEmpty)
    // One that was killed is in nobody's way.
    try fixture.connection.script(
      "update warehouse.load_run set lease_until = now() - interval '1 second'")
    #expect(router.route(post("/api/v1/loads")).status == 202)
  }

  @Test func `who may not is refused, and nothing is started`() throws {
    let asked = Lines()
    let router = try router(asked: asked)
    #expect(router.route(post("/api/v1/loads", token: Self.read)).status == 403)
    #expect(router.route(post("/api/v1/loads", token: nil)).status == 401)
    #expect(router.route(post("/api/v1/loads", [("kind", "all")])).status == 400)
    #expect(router.route(post("/api/v1/loads", [("knid", "full")])).status == 400)
    #expect(router.route(post("/api/v1/loads/rollback", [("kind", "full")])).status == 400)
    #expect(router.route(post("/api/v1/query")).status == 405)
    var open = try Fixture.router(ScriptedDatabase(failing: nil))
    open.operations = router.operations
    let local = Request(method: "POST", path: "/api/v1/loads", headers: ["host": "localhost"])
    #expect(open.route(local).status == 401)
    #expect(asked.all.isEmpty)
  }

  @Test func `a server without a lake says so`() throws {
    let response = try router(outcome: nil).route(post("/api/v1/loads"))
    #expect(response.status == 501 && response.text.contains("--lake"))
  }

  @Test
  func `after ten wrong tokens from an address the next is turned away, and the right one passes`()
    throws
  {
    let router = try router()
    let statuses = (0..<12).map { _ in
      router.route(post("/api/v1/loads", token: "wrong")).status
    }
    #expect(statuses == Array(repeating: 401, count: 10) + [429, 429])
    #expect(router.route(post("/api/v1/loads")).status == 202)
  }

  @Test func `with TLS browsers are told to come by nothing else`() throws {
    let name = "Strict-Transport-Security"
    #expect(try router(isSecure: true).route(Request(path: "/healthz")).header(name) != nil)
    #expect(try router().route(Request(path: "/healthz")).header(name) == nil)
  }

  private func asking(_ origin: String, method: String = "GET") -> Request {
    Request(
      method: method, path: "/api/v1/catalog",
      headers: [
        "authorization": "Bearer \(Self.read)", "origin": origin,
        "access-control-request-method": "GET",
      ])
  }

  @Test func `pages of an origin that was named may read, and no others`() throws {
    var router = try router()
    let allow = "Access-Control-Allow-Origin"
    #expect(router.route(asking("https://example.org")).header(allow) == nil)
    #expect(router.route(asking("https://example.org", method: "OPTIONS")).status == 405)
    router.crossOrigin = CrossOrigin(origins: ["https://example.org"])
    let answer = router.route(asking("https://example.org"))
    #expect(answer.header(allow) == "https://example.org" && answer.header("Vary") != nil)
    #expect(router.route(asking("https://example.com")).header(allow) == nil)
    #expect(answer.header("Access-Control-Expose-Headers") == "ETag")
    let preflight = router.route(asking("https://example.org", method: "OPTIONS"))
    #expect(preflight.status == 204)
    #expect(preflight.header("Access-Control-Allow-Methods") == "GET, HEAD")
    #expect(router.route(asking("https://example.com", method: "OPTIONS")).status == 405)
  }

  @Test func `pages of another origin may read whatever an answer says of itself`() throws {
    let fixture = try Fixture()
    for minute in 0..<3 {
      try fixture.add(.totals, minute: "2026-11-20 11:5\(minute)Z", [.listens: 1])
    }
    var router = fixture.router
    router.crossOrigin = CrossOrigin(origins: ["https://example.org"])
    func exposed(_ query: String) -> [String] {
      let answer = router.route(
        Request(
          path: "/api/v1/query", query: parameters(query),
          headers: ["host": "localhost", "origin": "https://example.org"]))
      let names = answer.header("Access-Control-Expose-Headers") ?? ""
      return names.split(separator: ",").map { $0.trimmingPrefix(" ").description }
    }
    let cut = exposed("metrics=listens,skip_rate&granularity=minute&limit=1")
    #expect(Set(cut) == ["ETag", "Link", "Rows-Left-Out", "Settled-Before"])
    let facts = exposed("metrics=listens,skip_rate&by=artist,state&format=csv")
    #expect(Set(facts) == ["Content-Disposition", "ETag", "Covers-Until", "Settled-Before"])
    #expect(exposed("metrics=plays") == [])
  }
}
