import Foundation
import Glibc
import Metrics
import Support
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Answers of any size: `limit=all`.
@Suite(.serialized) struct WholeAnswerTests {
  private let question =
    "metrics=listens&by=song&granularity=minute&from=2026-11-20&to=2026-11-21&limit=all"

  /// So many rows, each with its own number of listens.
  private func filled(_ count: Int) throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.dim_song (song_key, artist, title)
        select n, 'artist, the ' || n % 7, 'title "' || n || '"' from generate_series(1, 100) as n;
      insert into speed.minute_song (epoch, minute, song_key, listens)
        select 2, timestamptz '2026-11-20 00:00Z' + n / 100 * interval '1 minute', n % 100 + 1, n + 1
        from generate_series(0, \(count - 1)) as n
      """)
    return fixture
  }

  private func server(_ database: any Database, _ fixture: Fixture) throws -> (HTTPServer, String) {
    var configuration = HTTPServerConfiguration(listen: "127.0.0.1:0")
    configuration.log = { _ in }
    let server = try HTTPServer(
      configuration, database: database,
      probes: WarehouseDatabase(url: fixture.database.url, connections: 3, timeout: 5),
      queries: ServingQueries(SQLLibrary()))
    return (server, try server.start())
  }

  private func server(_ fixture: Fixture) throws -> (HTTPServer, String) {
    try server(
      WarehouseDatabase(url: fixture.database.url, connections: 10, timeout: 60), fixture)
  }

  /// Sessions that read an answer in pieces, whether they wait for the client or not.
  private func sessions(_ fixture: Fixture) throws -> Int64 {
    try fixture.connection.run(
      "select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle'"
        + " and (query like 'fetch %' or query like 'declare %')"
    ).int(0, 0)
  }

  /// What stands behind the headers, and whether its chunks have an end.
  private func body(_ received: String) throws -> (text: String, isWhole: Bool) {
    let parts = try #require(received.range(of: "\r\n\r\n"))
    var rest = Array(received[parts.upperBound...].utf8)[...]
    var text: [UInt8] = []
    while let line = rest.firstIndex(of: 13) {
      guard let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16) else { break }
      if size == 0 { return (String(decoding: text, as: UTF8.self), true) }
      let start = line + 2
      guard rest.endIndex >= start + size + 2 else { break }
      text += rest[start..<(start + size)]
      rest = rest[(start + size + 2)...]
    }
    return (String(decoding: text, as: UTF8.self), false)
  }

  @Test func `all rows are the pages of the same question, one after the other`() throws {
    let fixture = try filled(6_000)
    var pages: [String] = []
    for offset in stride(from: 0, to: 6_000, by: 2_500) {
      pages += fixture.csv(
        question.replacingOccurrences(of: "limit=all", with: "limit=2500") + "&offset=\(offset)",
        all: true)
    }
    #expect(pages.count == 6_000)
    #expect(fixture.csv(question, all: true) == pages)
    #expect(fixture.csv(question + "&offset=4321", all: true) == Array(pages[4321...]))
    let ordered = fixture.csv(question + "&order=listens", all: true)
    #expect(ordered.count == 6_000 && ordered[0].contains(",6000,"))
    #expect(fixture.csv(question + "&having=listens:5990", all: true).count == 11)
  }

  @Test func `JSON in pieces is the JSON of a page that has all rows`() throws {
    let fixture = try filled(4_500)
    let whole = fixture.get("/api/v1/query", question)
    let page = fixture.get(
      "/api/v1/query", question.replacingOccurrences(of: "limit=all", with: "limit=100000"))
    #expect(
      whole.text
        == page.text.replacingOccurrences(of: "\"limit\":100000", with: "\"limit\":\"all\""))
    #expect(whole.header("Link") == nil && whole.header("ETag") == nil)
    let empty = question.replacingOccurrences(of: "2026", with: "2025")
    #expect(fixture.get("/api/v1/query", empty).text.hasSuffix("\"rows\":[]}"))
    #expect(fixture.csv(empty) == [])
  }

  @Test func `it goes over the socket in chunks, which end`() throws {
    let fixture = try filled(6_000)
    let (server, address) = try server(fixture)
    defer { server.stop() }
    let csv = try HTTPClient.get(
      "/api/v1/query?" + question + "&format=csv", from: address, within: 60)
    #expect(csv.contains("Transfer-Encoding: chunked") && csv.hasPrefix("HTTP/1.1 200 "))
    let (text, isWhole) = try body(csv)
    #expect(isWhole && text == fixture.get("/api/v1/query", question + "&format=csv").text)
    let head = try HTTPClient.get(
      "/api/v1/query?" + question, from: address, method: "HEAD", within: 60)
    #expect(head.hasPrefix("HTTP/1.1 200 ") && head.hasSuffix("\r\n\r\n"))
    #expect(try eventually(within: 60) { try sessions(fixture) == 0 })
    // A refusal is an answer as any other.
    let refused = try HTTPClient.get("/api/v1/query?limit=all", from: address, within: 60)
    #expect(refused.hasPrefix("HTTP/1.1 400 "))
    let unknown = try HTTPClient.get(
      "/api/v1/query?" + question + "&tz=No/Where", from: address, within: 60)
    #expect(unknown.hasPrefix("HTTP/1.1 400 "))
    let compared = fixture.get("/api/v1/query", question + "&compare=previous")
    #expect(compared.status == 400 && compared.text.contains("all with compare"))
  }

  @Test func `gzip of it is a whole file`() throws {
    let fixture = try filled(3_000)
    let (server, address) = try server(fixture)
    defer { server.stop() }
    let file = try TestDatabase.directory() + "/whole-\(getpid()).csv"
    defer { unlink(file) }
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // curl unpacks what it gets, and fails where the checksum or the end is missing.
    curl.arguments = [
      "curl", "-s", "-f", "--compressed", "-o", file,
      "http://\(address)/api/v1/query?\(question)&format=csv",
    ]
    try curl.run()
    curl.waitUntilExit()
    #expect(curl.terminationStatus == 0)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text == fixture.get("/api/v1/query", question + "&format=csv").text)
  }

  @Test func `a client that takes nothing, or goes, holds no connection to the database`() throws {
    let fixture = try filled(90_000)
    let (server, address) = try server(fixture)
    defer { server.stop() }
    func ask() throws -> HTTPClient {
      let client = try HTTPClient(address, buffer: 65_536)
      client.send("GET /api/v1/query?\(question) HTTP/1.1\r\nHost: localhost\r\n\r\n")
      _ = try client.read(until: "\"rows\":[", within: 60)
      return client
    }
    // Two at a time; the third waits, and questions are answered meanwhile.
    var clients = [try ask(), try ask()]
    #expect(try sessions(fixture) == 2)
    #expect(
      try HTTPClient.get("/api/v1/query?metrics=listens", from: address, within: 60).hasPrefix(
        "HTTP/1.1 200 "))
    clients.removeLast()
    #expect(try eventually(within: 60) { try sessions(fixture) == 1 })
    let third = try ask()
    // The others are given up once they have taken nothing for a while.
    #expect(try eventually(within: 90) { try sessions(fixture) == 0 })
    for client in clients + [third] {
      #expect(try !body(client.read(until: nil, within: 60)).isWhole)
    }
  }

  @Test func `a failure on the way is told from an end`() throws {
    let fixture = try filled(3_000)
    let inner = WarehouseDatabase(url: fixture.database.url, connections: 4, timeout: 60)
    let (server, address) = try server(FailingHalfWay(inner: inner), fixture)
    defer { server.stop() }
    for format in ["csv", "json"] {
      let received = try HTTPClient.get(
        "/api/v1/query?\(question)&format=\(format)", from: address, within: 60)
      #expect(received.hasPrefix("HTTP/1.1 200 "))
      #expect(try !body(received).isWhole)
    }
  }

  @Test func `the server stops while an answer is on its way`() throws {
    let fixture = try filled(90_000)
    let (server, address) = try server(fixture)
    let client = try HTTPClient(address, buffer: 65_536)
    client.send("GET /api/v1/query?\(question) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _ = try client.read(until: "\"rows\":[", within: 60)
    server.stop(grace: 0.2)
    #expect(try !body(client.read(until: nil, within: 60)).isWhole)
    #expect(try eventually(within: 60) { try sessions(fixture) == 0 })
  }
}

/// Loses the database after the first piece.
private struct FailingHalfWay: Database {
  var inner: any Database

  func answers(_ statements: [Statement]) throws(WarehouseError) -> [StatementAnswer] {
    try inner.answers(statements)
  }

  func pieces(
    of statement: Statement, after others: [Statement], _ begin: ([StatementAnswer]) -> Void,
    _ take: (StatementAnswer) -> Bool
  ) throws(WarehouseError) {
    try inner.pieces(
      of: statement, after: others, begin,
      { piece in
        _ = take(piece)
        return false
      })
    throw ScriptedDatabase.down
  }

  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database {
    FailingHalfWay(inner: inner.bound(to: cancellation, seen: seen))
  }
}
