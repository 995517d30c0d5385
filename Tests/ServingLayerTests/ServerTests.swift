import Foundation
import Metrics
import Synchronization
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Behaviour of the server that only shows over a socket.
@Suite struct Server {
  private func configuration(
    _ listen: String = "127.0.0.1:0", token: String? = nil
  ) -> HTTPServerConfiguration {
    var configuration = HTTPServerConfiguration(listen: listen, token: token)
    configuration.pollInterval = 0.02
    configuration.log = { _ in }
    return configuration
  }

  private func server(
    _ configuration: HTTPServerConfiguration,
    _ database: any Database = ScriptedDatabase(failing: nil)
  ) throws -> HTTPServer {
    try HTTPServer(configuration, database: database, queries: ServingQueries(SQLLibrary()))
  }

  /// The error that starting ends with.
  private func failure(_ configuration: HTTPServerConfiguration) -> ServingError? {
    do {
      let server = try server(configuration)
      try server.start()
      server.stop()
      return nil
    } catch {
      return error as? ServingError
    }
  }

  @Test func `port 0 is replaced by the port that was bound, and requests come through decoded`()
    throws
  {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.dim_song (song_key, artist) values (1, 'a+b c&d')")
    try fixture.add(.song, minute: "2026-11-20 11:30Z", keys: ["song_key": "1"], [.listens: 7])
    let server = try HTTPServer(configuration(), databaseURL: fixture.database.url)
    let address = try server.start()
    defer { server.stop() }
    #expect(!address.hasSuffix(":0"))
    let answer = try HTTPClient.get(
      "/api/v1/query?metrics=listens&by=artist&filter=artist:a%2Bb+c%26d&from=2026-11-20T11:00:00Z&to=2026-11-20T12:00:00Z",
      from: address)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.contains("Content-Type: application/json; charset=utf-8\r\n"))
    #expect(answer.contains("\"artist\":\"a+b c&d\",\"listens\":7"))
  }

  @Test func `HEAD has the headers and no body, other methods are 405, with a body too`() throws {
    let server = try server(configuration())
    let address = try server.start()
    defer { server.stop() }
    let head = try HTTPClient.get("/api/v1/catalog", from: address, method: "HEAD")
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
    let post = try HTTPClient.get(
      "/api/v1/query", from: address, method: "POST", header: "Content-Length: 5\r\n\r\nhello")
    #expect(post.hasPrefix("HTTP/1.1 405 "))
  }

  /// Whoever reads a request otherwise, as a proxy in front may, would see other requests behind it.
  @Test(arguments: [
    ("GET /healthz HTTP/1.1\r\n\r\n", "Host: found none"),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "Host: found several"),
    (
      "POST /api/v1/loads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      "body: found Transfer-Encoding and Content-Length"
    ),
    (
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "body: found Transfer-Encoding and Content-Length"
    ),
    (
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 48\r\n\r\n",
      "Content-Length: found"
    ),
    (
      "POST /api/v1/loads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: found"
    ),
    (
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: found"
    ),
    (
      "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "in HTTP/1.0"
    ),
    (
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      "headers: found a space"
    ),
    ("GET /healthz%00.png HTTP/1.1\r\nHost: localhost\r\n\r\n", "path: found %00"),
  ])
  func `a request that can be read in two ways is refused, and its connection closed`(
    request: String, message: String
  ) throws {
    let server = try server(configuration())
    let address = try server.start()
    defer { server.stop() }
    let client = try HTTPClient(address)
    client.send(request + "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let answer = try client.read(until: nil)
    #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains(message), "\(answer)")
    #expect(!answer.contains("alive"), "\(answer)")
  }

  @Test func `HTTP 1_0 needs no Host`() throws {
    let server = try server(configuration())
    let address = try server.start()
    defer { server.stop() }
    let client = try HTTPClient(address)
    client.send("GET /healthz HTTP/1.0\r\n\r\n")
    #expect(try client.read(until: nil).contains("alive"))
  }

  @Test func `oversized requests and climbing paths are refused, and the server goes on`() throws {
    let server = try server(configuration())
    let address = try server.start()
    defer { server.stop() }
    let long = try HTTPClient.get("/?a=" + String(repeating: "x", count: 100_000), from: address)
    #expect(long.isEmpty || long.hasPrefix("HTTP/1.1 4") || long.hasPrefix("HTTP/1.0 4"))
    // Each parameter costs libmicrohttpd more than its bytes: what has no room for them is refused, and not left waiting.
    let rest = String(repeating: "y", count: 50_000)
    for (target, found) in [
      ("/?" + String(repeating: "a&", count: 20_000), "parameters: found 20001"),
      ("/healthz?" + String(repeating: "a=%00&", count: 300), "parameters: found 301"),
      ("/?" + String(repeating: "a&", count: 199) + rest, "address: found 50400 bytes"),
      ("/" + rest, "address: found 50001 bytes"),
    ] {
      let answer = try HTTPClient.get(target, from: address)
      #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains(found), "\(answer.prefix(300))")
    }
    for path in ["/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2fapp.js"] {
      #expect(try HTTPClient.get(path, from: address).hasPrefix("HTTP/1.1 404 "))
    }
    #expect(try HTTPClient.get("/healthz", from: address).hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `the live stream delivers a change as it is committed`() throws {
    let fixture = try Fixture()
    let server = try server(
      configuration(), WarehouseDatabase(url: fixture.database.url, connections: 2, timeout: 5))
    let address = try server.start()
    defer { server.stop() }
    let client = try HTTPClient(address)
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let opening = try client.read(until: "\"rows\":[]")
    #expect(opening.contains("Content-Type: text/event-stream; charset=utf-8\r\n"))
    #expect(opening.contains("event: minutes\ndata: {\"full\":true"))

    try fixture.connection.transaction { () throws(WarehouseError) in
      try fixture.connection.run(
        "insert into speed.minute_totals select 1, date_trunc('minute', now()), 41, 0,0,0,0,0,0,0,0,0,0,0,0,0,0"
      )
      try fixture.connection.run("insert into speed.progress values ('t', 0, 1, 0, '', now())")
    }
    #expect(try client.read(until: "\"listens\":41,").contains("\"full\":false"))
  }

  @Test func `a new subscriber is answered at once, not after the poller's pause`() throws {
    let fixture = try Fixture()
    var configuration = configuration()
    configuration.pollInterval = 3600
    let server = try server(
      configuration, WarehouseDatabase(url: fixture.database.url, connections: 2, timeout: 5))
    let client = try HTTPClient(try server.start())
    defer { server.stop() }
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try client.read(until: "event: minutes").contains("event: minutes"))
  }

  @Test func `stopping ends open streams at once`() throws {
    let server = try server(configuration())
    let client = try HTTPClient(try server.start())
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _ = try client.read(until: "retry: 1000")
    let start = ContinuousClock.now
    server.stop()
    _ = try client.read(until: nil)
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func `a server answers 503 while the database is down, and recovers by itself`() throws {
    let fixture = try Fixture()
    let server = try HTTPServer(configuration(), databaseURL: fixture.database.url)
    let address = try server.start()
    defer { server.stop() }
    let target = "/api/v1/query?metrics=listens"
    #expect(try HTTPClient.get(target, from: address).hasPrefix("HTTP/1.1 200 "))
    // PostgreSQL refuses new sessions and ends all others, which looks like a stopped server from here.
    let elsewhere = try TestDatabase.make(migrated: false)
    let administrator = try elsewhere.connect()
    try administrator.run(
      "alter database \(fixture.database.name) with allow_connections false")
    try administrator.run(
      "select pg_terminate_backend(pid) from pg_stat_activity"
        + " where datname = '\(fixture.database.name)'")
    var down = ""
    #expect(
      try eventually(within: 60) {
        down = try HTTPClient.get(target, from: address)
        return down.hasPrefix("HTTP/1.1 503 ")
      })
    #expect(down.contains("Retry-After: 2\r\n") && down.contains("\"database_unavailable\""))
    #expect(try HTTPClient.get("/healthz", from: address).hasPrefix("HTTP/1.1 200 "))
    try administrator.run(
      "alter database \(fixture.database.name) with allow_connections true")
    #expect(try HTTPClient.get(target, from: address).hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `sessions that the database ended are replaced`() throws {
    let fixture = try Fixture()
    let database = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 5)
    let router = try Fixture.router(database)
    let request = Request(path: "/api/v1/query", query: [("metrics", "listens")])
    #expect(router.route(request).status == 200)
    try fixture.connection.run(
      "select pg_terminate_backend(pid) from pg_stat_activity"
        + " where datname = current_database() and pid <> pg_backend_pid()")
    #expect(eventually(within: 60) { router.route(request).status == 200 })
  }

  @Test func `a server that is prepared has its connections open before anybody asks`() throws {
    let fixture = try Fixture()
    let lines = Mutex<[String]>([])
    var configuration = configuration()
    configuration.log = { line in lines.withLock { $0.append(line) } }
    configuration.databaseConnections = 3
    let server = try HTTPServer(configuration, databaseURL: fixture.database.url)
    server.prepare()
    #expect(lines.withLock { $0 } == [])
    let open = try fixture.connection.run(
      "select count(*), count(*) filter (where query like '%set statement%') from pg_stat_activity"
        + " where datname = current_database() and application_name = 'polyrhythm serve'")
    // For questions 3, for answers that are made again 2, and for probes 3; all have planned something.
    #expect(try open.int(0, 0) == 8 && open.int(0, 1) == 0)
  }

  @Test func `a server whose database is not there says so where it is prepared`() throws {
    let lines = Mutex<[String]>([])
    var configuration = configuration()
    configuration.log = { line in lines.withLock { $0.append(line) } }
    let server = try HTTPServer(
      configuration, databaseURL: "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    server.prepare()
    #expect(lines.withLock { $0.count } == 1)
    #expect(lines.withLock { $0[0] }.hasPrefix("could not connect ahead of the first question: "))
  }

  @Test func `a database that is not there leaves the server alive with 503`() throws {
    let server = try HTTPServer(
      configuration(), databaseURL: "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    let address = try server.start()
    defer { server.stop() }
    #expect(try HTTPClient.get("/readyz", from: address).hasPrefix("HTTP/1.1 503 "))
    #expect(try HTTPClient.get("/healthz", from: address).hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `connections leave descriptors for others, and no address gets all of them`() {
    #expect(HTTPDaemon.Limits(descriptors: 1024) == .init(connections: 768, perAddress: 192))
    #expect(HTTPDaemon.Limits(descriptors: 10).connections == 64)
    #expect(HTTPDaemon.Limits(descriptors: 1 << 20).connections == 16_384)
  }

  @Test func `a port in use is an error of one line that says what to do`() throws {
    let first = try server(configuration())
    let address = try first.start()
    defer { first.stop() }
    let error = try #require(failure(configuration(address)))
    #expect(error.code == .addressInUse)
    #expect(
      error.message
        == "Cannot listen on \(address): another program already does; stop it, or choose another port with --listen"
    )
  }

  @Test(arguments: ["0.0.0.0:0", "[::]:0"])
  func `without a token it refuses to listen where other machines can reach it`(listen: String)
    throws
  {
    let error = try #require(failure(configuration(listen)))
    #expect(error.code == .tokenRequired)
    #expect(error.message.contains(listen) && error.message.contains("--token-file"))
    #expect(failure(configuration(listen, token: "")) == error)
    #expect(failure(configuration(listen, token: "x")) == nil)
  }

  @Test(arguments: [
    "", "8080", "localhost", ":8080", "127.0.0.1:99999", "::1:80", "no.such.host.invalid:80",
  ])
  func `an address that cannot be is refused`(listen: String) throws {
    let error = try #require(failure(configuration(listen)))
    #expect(error.code == .address)
    #expect(error.message.contains("Cannot listen on") && !error.message.contains("\n"))
  }

  @Test func `unreadable and useless TLS files are named`() throws {
    var configuration = configuration()
    configuration.tlsCertificate = "/nonexistent/cert.pem"
    #expect(
      failure(configuration)?.message == "TLS takes both --tls-cert and --tls-key; one is missing")
    configuration.tlsKey = "/nonexistent/key.pem"
    #expect(
      failure(configuration)?.message
        == "Cannot read /nonexistent/cert.pem: No such file or directory; give a readable PEM file to --tls-cert"
    )
    configuration.tlsCertificate = "/etc/hostname"
    configuration.tlsKey = "/etc/hostname"
    let error = try #require(failure(configuration))
    #expect(error.code == .tls && error.message.contains("not a matching pair"))
  }

  @Test func `with a certificate it speaks TLS`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "polyrhythm-tls-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificate = folder.path + "/cert.pem"
    let key = folder.path + "/key.pem"
    _ = try run(
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
      certificate)
    var configuration = configuration()
    configuration.tlsCertificate = certificate
    configuration.tlsKey = key
    let server = try server(configuration)
    let address = try server.start()
    defer { server.stop() }
    #expect(
      try run("curl", "-sS", "--cacert", certificate, "https://\(address)/healthz")
        == "{\"status\":\"alive\"}")
    // The connection is suspended meanwhile.
    #expect(
      try run("curl", "-sS", "--cacert", certificate, "https://\(address)/api/v1/loads")
        == "{\"loads\":[]}")
    let stream = try run(
      "curl", "-sS", "-N", "-m", "1", "--cacert", certificate, "https://\(address)/api/v1/live")
    #expect(stream == "retry: 1000\n\n")
    func status(_ version: String, _ ciphers: String) throws -> String {
      try run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", certificate,
        "--tlsv1.0", "--tls-max", version, "--ciphers", ciphers, "https://\(address)/healthz")
    }
    #expect(try status("1.3", "DEFAULT@SECLEVEL=0") == "200")
    #expect(try status("1.2", "ECDHE-ECDSA-AES128-GCM-SHA256") == "200")
    #expect(try status("1.2", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA") == "000")
    #expect(try status("1.1", "DEFAULT@SECLEVEL=0") == "000")
  }

  private func run(_ command: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
