import Foundation
import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

@Suite struct Routes {
  private func route(
    _ path: String, _ query: String = "", method: String = "GET", headers: [String: String] = [:],
    token: String? = nil, database: any Database = ScriptedDatabase(failing: nil)
  ) throws -> Response {
    try Fixture.router(database, token: token).route(
      Request(method: method, path: path, query: parameters(query), headers: headers))
  }

  @Test func `what is not there is 404 in JSON, wherever the path leads`() throws {
    for path in [
      "/nowhere", "/assets/../Package.swift", "/assets/%2e%2e/x", "//", "/etc/passwd", "",
    ] {
      let response = try route(path)
      #expect(response.status == 404)
      #expect(
        response.text.hasPrefix("{\"error\":{\"code\":\"not_found\",\"message\":\"path: found"))
    }
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
  func `only GET and HEAD are taken`(method: String) throws {
    let response = try route("/api/v1/catalog", method: method)
    #expect(response.status == 405)
    #expect(response.header("Allow") == "GET, HEAD")
  }

  @Test func `every answer carries the security headers`() throws {
    for path in Route.allCases.map(\.path) + ["/nowhere"] {
      let response = try route(path)
      #expect(response.header("X-Content-Type-Options") == "nosniff")
      let source = response.header("Content-Type")?.hasPrefix("text/html") == true ? "self" : "none"
      let policy = try #require(response.header("Content-Security-Policy"))
      #expect(policy.hasPrefix("default-src '\(source)'"), "\(path)")
      #expect(policy.hasSuffix("frame-ancestors 'none'"))
    }
  }

  @Test func `the page and what it loads are there`() throws {
    for path in [
      "/", "/assets/app.js", "/assets/catalogue.js", "/assets/style.css", "/assets/chart.js",
    ] {
      let response = try route(path)
      #expect(response.status == 200, "\(path)")
      #expect(!response.text.contains("http://") || path == "/assets/chart.js")
    }
  }

  @Test func `scripts and styles are served without their comments, each line in its place`() throws
  {
    func bare(_ text: String) -> String {
      String(decoding: PageAssets.bare(Array(text.utf8)), as: UTF8.self)
    }
    #expect(bare("// a\nlet b = 1; // c\n  d('//e');\n") == "\nlet b = 1; // c\nd('//e');\n")
    #expect(bare("/* a */\n.c {\n  d: e; /* f */\n}\n") == "\n.c {\nd: e; /* f */\n}\n")
    // A text of several lines could have one that looks like a comment; the page has none.
    let page = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/ServingLayer/Page").standardized.path
    for name in try FileManager.default.contentsOfDirectory(atPath: page)
    where name.hasSuffix(".js") {
      let text = try String(contentsOfFile: page + "/" + name, encoding: .utf8)
      for line in text.split(separator: "\n") {
        #expect(line.count { $0 == "`" } % 2 == 0, "\(name): \(line)")
      }
    }
  }

  @Test func `the page's policy stays with it when it is known already`() throws {
    let tag = try #require(route("/").header("ETag"))
    let known = try route("/", headers: ["if-none-match": tag])
    #expect(known.status == 304)
    #expect(known.header("Content-Security-Policy")?.hasPrefix("default-src 'self'") == true)
  }

  @Test func `a missing page and chart library are named, and the API goes on`() throws {
    let assets = PageAssets(folder: "/nonexistent", chartLibraryPlaces: ["/nonexistent/chart.js"])
    #expect(assets.missing.count == 2)
    #expect(assets.missing.last?.contains("until libjs-chart.js is installed") == true)
  }

  @Test func `the catalogue names every measure and dimension`() throws {
    let text = try route("/api/v1/catalog").text
    for measure in Measure.all { #expect(text.contains("\"name\":\"\(measure.name)\"")) }
    for dimension in Dimension.allCases {
      #expect(text.contains("\"name\":\"\(dimension.rawValue)\""))
    }
  }

  @Test func `a database that is down is 503 with Retry-After, and health stays`() throws {
    let down = ScriptedDatabase(failing: ScriptedDatabase.down)
    for path in ["/api/v1/query", "/api/v1/loads", "/readyz"] {
      let response = try route(
        path, path.hasSuffix("query") ? "metrics=listens" : "", database: down)
      #expect(response.status == 503)
      #expect(response.header("Retry-After") == "2")
      #expect(response.text.contains("\"database_unavailable\""))
    }
    #expect(try route("/healthz", database: down).status == 200)
    #expect(try route("/metrics", database: down).text.contains("\npolyrhythm_database_up 0\n"))
  }

  @Test(arguments: [
    ("57014", 503, "too_slow"), ("42P01", 503, "not_migrated"), ("XX000", 500, "internal"),
  ])
  func `errors of the server are told apart, and their text is kept back`(
    sqlState: String, status: Int, code: String
  ) throws {
    let failing = ScriptedDatabase(
      failing: WarehouseError(.statement, "secret details", sqlState: sqlState))
    let response = try route("/api/v1/query", "metrics=listens", database: failing)
    #expect(response.status == status)
    #expect(response.text.contains("\"code\":\"\(code)\"") && !response.text.contains("secret"))
  }

  @Test func `a database without the tables is not ready`() throws {
    let empty = try TestDatabase.make(migrated: false)
    let database = WarehouseDatabase(url: empty.url, connections: 1, timeout: 5)
    let response = try route("/readyz", database: database)
    #expect(response.status == 503)
    #expect(response.text.contains("not_migrated"))
  }

  @Test func `a zone that only the database can refuse is a bad parameter`() throws {
    let response = try Fixture().get("/api/v1/query", "metrics=listens&tz=Mars/Olympus")
    #expect(response.status == 400)
    #expect(response.text.contains("tz: found \\\"Mars/Olympus\\\""))
  }

  @Test func `ready tells how old the speed layer's last commit is`() throws {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into speed.progress values ('t', 0, 5, 0, '', now() - interval '30 s')")
    let response = fixture.get("/readyz")
    #expect(response.status == 200)
    #expect(response.text.contains("\"speed_age_seconds\":30."))
  }

  @Test func `a load that was killed is said to have failed before the next load writes that`()
    throws
  {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.load_run (kind, status, started_at, lease_until)
      values ('full', 'running', now() - interval '1 hour', '2026-11-21 00:00:10Z'),
        ('incremental', 'running', now(), now() + interval '1 hour')
      """)
    let text = fixture.get("/api/v1/loads").text
    #expect(text.contains(#""load_run_id":2,"kind":"incremental","status":"running""#), "\(text)")
    #expect(text.contains(#""load_run_id":1,"kind":"full","status":"failed""#), "\(text)")
    #expect(text.contains(#""finished_at":"2026-11-21T00:00:10Z""#), "\(text)")
    let metrics = fixture.get("/metrics").text
    #expect(metrics.contains("polyrhythm_loads_running 1\n"))
    #expect(metrics.contains("polyrhythm_loads_total{status=\"failed\"} 1\n"))
    try fixture.connection.script("delete from warehouse.load_run where load_run_id = 2")
    let (status, died) = (try SQLLibrary().sql("status"), fixture.get("/api/v1/loads").text)
    let row = try fixture.connection.run(status)
    let column = try #require(row.columns.firstIndex(of: "last_load_status"))
    #expect(row.textOrNull(0, column) == "failed")
    // The next load writes what was said all along.
    try fixture.connection.run(SQLLibrary().sql("batch/bury_dead_runs"))
    #expect(fixture.get("/api/v1/loads").text == died)
  }

  @Test func `loads come newest first, failures with their reason`() throws {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.load_run (kind, status, started_at, events_read, error, seconds) values"
        + " ('full', 'published', '2026-11-19 00:00Z', 12, null, '{\"read\": 1.5}'),"
        + " ('incremental', 'failed', '2026-11-20 00:00Z', null, 'a \"check\" failed', null)")
    let text = fixture.get("/api/v1/loads").text
    #expect(
      text.hasPrefix(
        #"{"loads":[{"load_run_id":2,"kind":"incremental","status":"failed","started_at":"2026-11-20T00:00:00Z""#
      ))
    #expect(text.contains(#""error":"a \"check\" failed","requested_by":null,"#))
    #expect(text.contains(#""rolled_back_by":null},{"load_run_id":1"#))
    #expect(text.contains(#""events_read":12"#) && text.contains(#""seconds":{"read": 1.5}"#))
  }

  @Test func `an incremental load says into which days late events came, a full one does not`()
    throws
  {
    let fixture = try Fixture()
    let day =
      #"[{"day":"2026-11-18","events":3,"first":"2026-11-18T10:00:00Z","last":"2026-11-18T11:00:00Z"}]"#
    try fixture.connection.run(
      "insert into warehouse.load_run (kind, status, late, late_days) values"
        + " ('full', 'published', 3, '\(day)'), ('incremental', 'published', 3, '\(day)'),"
        + " ('incremental', 'published', 3, null)")
    let answer = try JSONSerialization.jsonObject(
      with: Data(fixture.get("/api/v1/loads").text.utf8))
    let loads = try #require((answer as? [String: Any])?["loads"] as? [[String: Any]])
    #expect(loads.map { ($0["late_days"] as? [Any])?.count } == [0, 1, nil])
    #expect(((loads[1]["late_days"] as? [[String: Any]])?[0]["events"] as? Int) == 3)
  }

  @Test func `Prometheus sees requests by route and status, and the state of the layers`() throws {
    let fixture = try Fixture()
    _ = fixture.get("/api/v1/query", "metrics=listens")
    _ = fixture.get("/api/v1/query", "metrics=nonsense")
    _ = fixture.get("/some/path")
    try fixture.connection.run(
      "insert into warehouse.quarantine values ('t', 0, 1, 'not JSON', 'x')")
    try fixture.connection.run(
      "insert into warehouse.lost_range (topic, partition, from_offset, to_offset, noticed_by) "
        + "values ('t', 0, 10, 52, 'archive')")
    try fixture.connection.script(
      """
      insert into warehouse.load_run (kind, status, started_at, finished_at) values
        ('full', 'failed', '2026-11-19 00:00Z', '2026-11-19 00:01Z'),
        ('full', 'failed', '2026-11-20 00:00Z', '2026-11-20 00:01Z'),
        ('full', 'running', '2026-11-21 00:00Z', null);
      insert into warehouse.check_result (load_run_id, check_name, is_error, rule, broken_rows, examples)
      values (1, 'a', false, 'r', 1, '{}'), (1, 'b', false, 'r', 1, '{}'), (2, 'a', true, 'r', 1, '{}')
      """)
    try fixture.settle()
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 10:00Z")
    let lines = fixture.get("/metrics").text.split(separator: "\n").map(String.init)
    #expect(
      lines.contains("polyrhythm_http_requests_total{route=\"/api/v1/query\",status=\"200\"} 1"))
    #expect(
      lines.contains("polyrhythm_http_requests_total{route=\"/api/v1/query\",status=\"400\"} 1"))
    #expect(lines.contains("polyrhythm_http_requests_total{route=\"other\",status=\"404\"} 1"))
    #expect(
      lines.contains(
        "polyrhythm_http_request_seconds_count{route=\"/api/v1/query\",status=\"200\"} 1"))
    #expect(lines.contains("polyrhythm_quarantined_records 1"))
    #expect(lines.contains("polyrhythm_lost_records 42"))
    #expect(lines.contains("polyrhythm_broken_rules{severity=\"error\"} 1"))
    #expect(lines.contains("polyrhythm_broken_rules{severity=\"warning\"} 0"))
    #expect(lines.contains { $0.hasPrefix("polyrhythm_lag_seconds ") })
    #expect(lines.contains("polyrhythm_loaded_epoch 1"))
    // 2026-11-20 11:00:00 UTC
    #expect(
      lines.contains { $0.hasPrefix("polyrhythm_last_published_timestamp_seconds 1795172400") })
  }

  @Test func `what a client sends ends no line of a header`() throws {
    let fixture = try Fixture()
    for key in ["1", "2"] {
      try fixture.connection.run(
        "insert into warehouse.dim_song (song_key, artist, title) values (\(key), 'A', 'Song \(key)')"
      )
      try fixture.add(.song, minute: "2026-11-20 11:30Z", keys: ["song_key": key], [.listens: 1])
    }
    let response = fixture.get(
      "/api/v1/query",
      "metrics=listens&by=song&limit=1&format=csv&filter=artist:A,x\r\nX-Evil: 1")
    #expect(response.header("Link")?.contains("x%0D%0AX-Evil") == true)
    for (name, value) in response.headers {
      #expect(!(name + value).contains { $0.isNewline }, "\(name): \(value)")
    }
  }

  @Test func `CSV quotes what needs it and is offered as a file`() throws {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.dim_song (song_key, artist, title) values (1, 'Say \"hi\", twice', E'two\\nlines')"
    )
    try fixture.add(.song, minute: "2026-11-20 11:30Z", keys: ["song_key": "1"], [.listens: 1])
    let response = fixture.get("/api/v1/query", "metrics=listens&by=song&format=csv")
    #expect(
      response.text
        == "song,artist,listens,source,is_final,is_partial\r\n\"two\nlines\",\"Say \"\"hi\"\", twice\",1,batch,false,false\r\n"
    )
    #expect(
      response.header("Content-Disposition") == "attachment; filename=\"listens_by-song.csv\"")
  }
}

@Suite struct Access {
  private func status(_ path: String, _ query: String = "", _ headers: [String: String] = [:])
    throws -> Int
  {
    try Fixture.router(ScriptedDatabase(failing: nil), token: "sesame&1").route(
      Request(path: path, query: parameters(query), headers: headers)
    ).status
  }

  @Test func `without the token everything but the probes is refused`() throws {
    let router = try Fixture.router(ScriptedDatabase(failing: nil), token: "sesame&1")
    for route in Route.allCases {
      let status = router.route(Request(method: route.methods[0], path: route.path)).status
      #expect((status == 401) == route.needsAccess, "\(route.path)")
    }
    #expect(Route.allCases.filter { !$0.needsAccess } == [.health, .readiness])
    for path in ["/assets/app.js", "/nowhere"] { #expect(try status(path) == 401, "\(path)") }
  }

  @Test(arguments: ["", "sesame", "sesame&2", "sesame&1 ", "Sesame&1", "sesame&11"])
  func `a wrong token is refused wherever it comes`(token: String) throws {
    #expect(try status("/api/v1/catalog", "", ["authorization": "Bearer \(token)"]) == 401)
    #expect(try status("/api/v1/catalog", "", ["cookie": "polyrhythm_token=\(token)"]) == 401)
    let router = try Fixture.router(ScriptedDatabase(failing: nil), token: "sesame&1")
    #expect(router.route(Request(path: "/", query: [("token", token)])).status == 401)
  }

  @Test func `the token opens as a bearer, in the query, and as the cookie that the page sets`()
    throws
  {
    #expect(try status("/api/v1/catalog", "", ["authorization": "Bearer sesame&1"]) == 200)
    #expect(try status("/api/v1/catalog", "", ["authorization": "bearer sesame&1"]) == 200)
    let router = try Fixture.router(ScriptedDatabase(failing: nil), token: "sesame&1")
    #expect(
      router.route(Request(path: "/api/v1/live", query: [("token", "sesame&1")])).status == 200)
    let page = router.route(Request(path: "/", query: [("token", "sesame&1")]))
    #expect(page.status == 303)
    #expect(page.header("Location") == "/")
    let cookie = try #require(page.header("Set-Cookie"))
    #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict") && !cookie.contains("sesame"))
    let pair = String(cookie.prefix { $0 != ";" })
    #expect(router.route(Request(path: "/", headers: ["cookie": "other=1; \(pair)"])).status == 200)
  }

  @Test(arguments: [
    ("localhost:8080", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("app.localhost", 200),
    ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("127.evil", 421), ("", 421),
  ])
  func `without a token only names of this machine are answered`(host: String, status: Int) throws {
    let request = Request(path: "/api/v1/catalog", headers: ["host": host])
    #expect(try Fixture.router(ScriptedDatabase(failing: nil)).route(request).status == status)
    let guarded = try Fixture.router(ScriptedDatabase(failing: nil), token: "x")
    let bearer = ["host": host, "authorization": "Bearer x"]
    #expect(guarded.route(Request(path: "/api/v1/catalog", headers: bearer)).status == 200)
  }

  @Test func `the scheme must be Bearer`() throws {
    #expect(try status("/api/v1/catalog", "", ["authorization": "Basic sesame&1"]) == 401)
  }
}
