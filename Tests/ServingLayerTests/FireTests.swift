import Glibc
import Metrics
import Synchronization
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Each question takes a minute of PostgreSQL's time, unless it is cancelled.
private struct SlowDatabase: Database {
  var inner: any Database

  func answers(_ statements: [Statement]) throws(WarehouseError) -> [StatementAnswer] {
    let sleep = Statement(sql: "select pg_sleep(60)", parameters: [])
    return try inner.answers(statements + [sleep]).dropLast()
  }

  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database {
    SlowDatabase(inner: inner.bound(to: cancellation, seen: seen))
  }
}

/// What clients can do to each other. The deadlines are those of `HTTPClient`'s reads, and of `eventually`.
@Suite(.serialized) struct Fire {
  private func configuration() -> HTTPServerConfiguration {
    var configuration = HTTPServerConfiguration(listen: "127.0.0.1:0")
    configuration.log = { _ in }
    configuration.pollInterval = 0.02
    return configuration
  }

  /// A server whose questions are slow, and whose probes are not.
  private func slowServer(_ fixture: Fixture, connections: Int) throws -> HTTPServer {
    var configuration = configuration()
    configuration.databaseConnections = connections
    let database = WarehouseDatabase(
      url: fixture.database.url, connections: connections, timeout: 120)
    return try HTTPServer(
      configuration, database: SlowDatabase(inner: database),
      probes: WarehouseDatabase(url: fixture.database.url, connections: 3, timeout: 5),
      queries: ServingQueries(SQLLibrary()))
  }

  private func sleeping(_ fixture: Fixture) throws -> Int {
    Int(
      try fixture.connection.run(
        "select count(*) from pg_stat_activity where datname = current_database()"
          + " and state = 'active' and query = 'select pg_sleep(60)'"
      ).int(0, 0))
  }

  private func ask(_ target: String, _ address: String, headers: String = "") throws -> HTTPClient {
    let client = try HTTPClient(address)
    client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
    return client
  }

  @Test func `probes are answered amid idle, slow and heavy clients`() throws {
    let fixture = try Fixture()
    let server = try slowServer(fixture, connections: 8)
    let address = try server.start()
    defer { server.stop() }
    let idle = try (0..<500).map { _ in try HTTPClient(address) }
    let slow = try (0..<200).map { _ in
      let client = try HTTPClient(address)
      client.send("GET /healthz HTTP/1.1\r\nHost: loc")
      return client
    }
    // The same with a body, of which the headers say that it has a thousand bytes.
    let late = try (0..<50).map { _ in
      let client = try HTTPClient(address)
      client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
      return client
    }
    let heavy = try (0..<8).map {
      try ask("/api/v1/query?metrics=listens&limit=\($0 + 1)", address)
    }
    #expect(try eventually(within: 60) { try sleeping(fixture) == 4 })
    for _ in 0..<20 {
      for path in ["/healthz", "/readyz"] {
        #expect(try HTTPClient.get(path, from: address).hasPrefix("HTTP/1.1 200 "), "\(path)")
      }
      for client in slow + late { client.send("a") }
    }
    // A byte now and then does not keep a connection: within ten seconds its headers have to be there, and then its body.
    #expect(slow.last?.isClosed(within: 30) == true)
    #expect(late.last?.isClosed(within: 30) == true)
    #expect(idle.count == 500 && heavy.count == 8)
  }

  @Test func `lists wait for lists, and small questions for none of them`() throws {
    let fixture = try Fixture()
    let server = try slowServer(fixture, connections: 8)
    let address = try server.start()
    defer { server.stop() }
    let lists = try (0..<6).map {
      try ask("/api/v1/query?metrics=listens&by=song&limit=\($0 + 1)", address)
    }
    #expect(try eventually(within: 60) { try sleeping(fixture) == 2 })
    let small = try ask("/api/v1/query?metrics=listens&by=device_type", address)
    #expect(try eventually(within: 60) { try sleeping(fixture) == 3 })
    #expect(lists.count == 6 && small.isClosed(within: 1) == false)
  }

  @Test func `who hangs up while a question runs cancels it`() throws {
    let fixture = try Fixture()
    let server = try slowServer(fixture, connections: 2)
    let address = try server.start()
    defer { server.stop() }
    let target = "/api/v1/query?metrics=listens"
    var first: HTTPClient? = try ask(target, address)
    var second: HTTPClient? = try ask(target, address)
    #expect(try eventually(within: 60) { try sleeping(fixture) == 1 })
    _ = first
    first = nil
    // The other one asks the same, and still waits.
    #expect(try HTTPClient.get("/readyz", from: address).hasPrefix("HTTP/1.1 200 "))
    usleep(300_000)
    #expect(try sleeping(fixture) == 1)
    _ = second
    second = nil
    #expect(try eventually(within: 60) { try sleeping(fixture) == 0 })
  }

  @Test func `more questions than may wait are refused with a time to come back`() throws {
    let fixture = try Fixture()
    let server = try slowServer(fixture, connections: 2)
    let address = try server.start()
    defer { server.stop() }
    let waiting = try (0..<(Lane.question.queueLimit + 1)).map {
      try ask("/api/v1/query?metrics=listens&limit=\($0 + 1)", address)
    }
    #expect(try eventually(within: 60) { try sleeping(fixture) == 1 })
    var refused = ""
    #expect(
      try eventually(within: 60) {
        let one = try ask("/api/v1/query?metrics=listens&limit=5000", address)
        refused = (try? one.read(until: "}", within: 1)) ?? ""
        return refused.hasPrefix("HTTP/1.1 503 ")
      })
    #expect(refused.contains("Retry-After: 2\r\n") && refused.contains("\"code\":\"busy\""))
    #expect(refused.contains("Content-Type: application/problem+json"))
    #expect(waiting.count == 257)
  }

  @Test func `stopping cancels what does not end in time, and tells those who wait`() throws {
    let fixture = try Fixture()
    let server = try slowServer(fixture, connections: 2)
    let address = try server.start()
    let client = try ask("/api/v1/query?metrics=listens", address)
    let behind = try ask("/api/v1/query?metrics=skipped", address)
    #expect(try eventually(within: 60) { try sleeping(fixture) == 1 })
    server.stop(grace: 0.1)
    #expect(try sleeping(fixture) == 0)
    #expect(try behind.read(until: nil).contains("\"code\":\"stopping\""))
    #expect(try client.read(until: nil).hasPrefix("HTTP/1.1 503 "))
  }

  @Test func `five hundred streams get a flush, from one query`() throws {
    let fixture = try Fixture()
    let server = try HTTPServer(configuration(), databaseURL: fixture.database.url)
    let address = try server.start()
    defer { server.stop() }
    let clients = try (0..<500).map { _ in try ask("/api/v1/live", address) }
    for client in clients { _ = try client.read(until: "\"full\":true") }
    try fixture.flush(listens: 41)
    for client in clients {
      #expect(try client.read(until: "\"listens\":41,").contains("\"full\":false"))
    }
    #expect(
      try HTTPClient.get("/metrics", from: address).contains("\npolyrhythm_live_subscribers 500\n"))
    #expect(clients.count == 500)
  }

  @Test func `a stream goes on after the event that its client has seen`() throws {
    let fixture = try Fixture()
    let server = try HTTPServer(configuration(), databaseURL: fixture.database.url)
    let address = try server.start()
    defer { server.stop() }
    try fixture.flush(listens: 3)
    let first = try ask("/api/v1/live", address).read(until: "\"rows\":[")
    let id = try #require(first.firstMatch(of: /id: (\S+)/)?.output.1)
    try fixture.flush(listens: 4)
    let second = try ask("/api/v1/live", address, headers: "Last-Event-ID: \(id)\r\n")
      .read(until: "\"listens\":7,")
    #expect(second.contains("\"full\":false") && !second.contains("\"full\":true"))
  }

  @Test func `nothing that a client sends is in the log, which has lines of its own alone`() throws
  {
    let fixture = try Fixture()
    let lines = Mutex<[String]>([])
    var configuration = HTTPServerConfiguration(listen: "127.0.0.1:0")
    configuration.log = { line in lines.withLock { $0.append(line) } }
    configuration.token = String(repeating: "0123456789abcdef", count: 2)
    let server = try HTTPServer(configuration, databaseURL: fixture.database.url)
    let address = try server.start()
    defer { server.stop() }
    let forged = "x%0Apolyrhythm:%20forged%1B%5B31m%0D"
    let query = "/api/v1/query?metrics=listens"
    let asked = [
      "\(query)&tz=\(forged)", "\(query)&from=\(forged)",
      "\(query)&by=song&filter=artist:\(forged)",
      "\(query)&compare=\(forged)", "/api/v1/query?metrics=\(forged)", "/\(forged)",
      "/api/v1/live?\(forged)=\(forged)",
    ]
    // Ten wrong tokens are told of; with the right one each of these is looked at.
    for target in asked + asked {
      let sign = target.contains("?") ? "&" : "?"
      _ = try HTTPClient.get("\(target)\(sign)token=\(forged)", from: address)
      _ = try HTTPClient.get("\(target)\(sign)token=\(configuration.token ?? "")", from: address)
    }
    let said = lines.withLock { $0 }
    #expect(said.contains { $0.hasPrefix("wrong tokens from 127.0.0.1") }, "\(said)")
    for line in said {
      #expect(!line.contains("forged"), "\(line)")
      #expect(
        !line.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(line)")
    }
  }
}
