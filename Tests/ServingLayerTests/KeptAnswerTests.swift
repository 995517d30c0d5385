import Foundation
import Metrics
import Synchronization
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

extension Fixture {
  /// What the speed layer commits with a flush: listens of the present minute, and progress.
  func flush(listens: Int) throws {
    try connection.transaction { () throws(WarehouseError) in
      try connection.run(
        "insert into speed.minute_totals select 1, date_trunc('minute', now()), \(listens),"
          + " 0,0,0,0,0,0,0,0,0,0,0,0,0,0")
      try connection.run(
        "insert into speed.progress as p values ('t', 0, 1, 0, '', now()) on conflict (topic, partition)"
          + " do update set next_offset = p.next_offset + 1, updated_at = clock_timestamp()")
    }
  }
}

/// Answers that are given again: only as long as nothing newer has been shown, and in few bytes.
@Suite struct KeptAnswers {
  private let fixture: Fixture
  private let server: HTTPServer
  private let address: String

  init() throws {
    fixture = try Fixture()
    var configuration = HTTPServerConfiguration(listen: "127.0.0.1:0")
    configuration.log = { _ in }
    server = try HTTPServer(configuration, databaseURL: fixture.database.url)
    address = try server.start()
  }

  private func get(_ query: String, header: String = "") throws -> String {
    try HTTPClient.get("/api/v1/query?\(query)", from: address, header: header)
  }

  private func header(_ name: String, _ answer: String) -> String? {
    answer.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }
      .map { String($0.dropFirst(name.count + 2)) }
  }

  private func listens(_ answer: String) -> Int? {
    answer.firstRange(of: "\"listens\":").flatMap {
      Int(answer[$0.upperBound...].prefix { $0.isNumber })
    }
  }

  /// A range of its own, whose text does not depend on the minute.
  private let everything = "metrics=listens&granularity=none&from=2020-01-01&to=2099-01-01"

  @Test func `an answer lags behind a flush for a moment, and never goes back`() throws {
    defer { server.stop() }
    try fixture.flush(listens: 5)
    #expect(try listens(get(everything)) == 5)
    for round in 1...20 {
      try fixture.flush(listens: 1)
      // Another question, whose answer nobody has kept, has the flush, and so has whoever wants the newest.
      #expect(try listens(get("\(everything)&limit=\(round)")) == 5 + round)
      if round % 4 == 0 {
        #expect(try listens(get(everything, header: "Cache-Control: no-cache\r\n")) == 5 + round)
        #expect(try listens(get(everything)) == 5 + round)
      }
    }
    for round in 1...5 {
      try fixture.flush(listens: 1)
      var seen: [Int] = []
      let isNew = try eventually(within: 60) {
        seen.append(try listens(get(everything)) ?? 0)
        return seen.last == 25 + round
      }
      #expect(isNew && seen == seen.sorted())
    }
  }

  @Test func `what is asked for again and again is made again while it is given`() throws {
    defer { server.stop() }
    try fixture.flush(listens: 1)
    _ = try get(everything)
    var (flushes, lagging) = (1, 0)
    let end = ContinuousClock.now + .seconds(4)
    while ContinuousClock.now < end {
      try fixture.flush(listens: 1)
      flushes += 1
      for _ in 0..<10 where try listens(get(everything)) != flushes { lagging += 1 }
    }
    #expect(lagging > 0)
    #expect(try eventually(within: 60) { try listens(get(everything)) == flushes })
  }

  @Test func `a range that moves is one question, whose answer moves on with the minute`() throws {
    let start = Instant.now.floored(to: .minute).milliseconds + Instant.minute - 300
    let time = Mutex(start)
    let server = try HTTPServer(
      HTTPServerConfiguration(listen: "127.0.0.1:0"), databaseURL: fixture.database.url,
      clock: { Instant(milliseconds: time.withLock { $0 }) })
    let address = try server.start()
    defer { server.stop() }
    try fixture.flush(listens: 1)
    func end(_ range: String) throws -> String? {
      let answer = try HTTPClient.get(
        "/api/v1/query?metrics=listens&granularity=none\(range)", from: address)
      return answer.firstRange(of: "\"to\":\"").map { String(answer[$0.upperBound...].prefix(20)) }
    }
    let (first, second) = (
      Instant(milliseconds: start + 300).iso8601,
      Instant(milliseconds: start + 300 + Instant.minute).iso8601
    )
    let moving = ["&from=-5m", "&from=-4m&to=now", ""]
    for range in moving { #expect(try end(range) == first) }
    time.withLock { $0 += 400 }
    // What stands is another question at once; what moves may be that of the minute before for a moment, and is then never again.
    #expect(try end("&from=\(start - Instant.minute)&to=\(start + 400)") == second)
    for range in moving {
      var seen: [String] = []
      let hasMoved = try eventually(within: 60) {
        seen.append(try end(range) ?? "")
        return seen.last == second
      }
      #expect(hasMoved && Set(seen).isSubset(of: [first, second]), "\(range): \(seen)")
      #expect(try end(range) == second)
    }
  }

  @Test func `no answer lags behind a load`() throws {
    defer { server.stop() }
    try fixture.connection.run(
      "insert into warehouse.dim_song (song_key, artist, title) values (7, 'X', 'one')")
    let from = Instant.now.milliseconds / Instant.minute * Instant.minute - 10 * Instant.minute
    let target = "metrics=listens&by=artist&from=\(from)&to=\(from + 20 * Instant.minute)"
    try fixture.connection.run(
      "insert into speed.minute_song (epoch, minute, song_key, listens)"
        + " values (1, date_trunc('minute', now()), 7, 11)")
    try fixture.flush(listens: 11)
    #expect(try listens(get(target)) == 11)
    // The load has what was played, and nothing of the speed layer counts any more.
    try fixture.add(
      .song, minute: "2026-11-01 10:00Z", keys: ["song_key": "7"], [.listens: 11])
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-10 00:00Z")
    _ = try get("metrics=listens&granularity=none&limit=77")
    #expect(try listens(get(target)) == nil)
  }

  @Test func `a worker that says only that it is there changes no version`() throws {
    defer { server.stop() }
    try fixture.flush(listens: 5)
    let queries = try ServingQueries(SQLLibrary())
    func versions() throws -> [String?] {
      let committed = try fixture.connection.run(queries.committed)
      let state = try fixture.connection.run(queries.state)
      return [committed.textOrNull(0, 1), state.textOrNull(0, 5)]
    }
    let before = try versions()
    #expect(before[0] == before[1])
    try fixture.connection.run("update speed.progress set updated_at = updated_at + interval '5 s'")
    #expect(try versions() == before)
    try fixture.flush(listens: 1)
    let after = try versions()
    #expect(after[0] != before[0] && after[0] == after[1])
  }

  @Test func `an answer has a name soon after the catalogue gives it`() throws {
    defer { server.stop() }
    try fixture.connection.script(
      """
      insert into warehouse.dim_song (song_key, event_track_id, track_alone)
        values (11, 't1', true), (12, 't2', true);
      insert into warehouse.dim_song (song_key, artist, title) values (13, 'X', 'one')
      """)
    for day in 1...5 {
      for key in 11...13 {
        try fixture.add(
          .song, minute: "2026-11-0\(day) 10:00Z", keys: ["song_key": "\(key)"],
          [.listens: key - 9])
      }
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-12-10 00:00Z")
    let range = "&limit=3&from=2026-11-01&to=2026-11-06"
    let artists = "metrics=listens&by=artist" + range
    let songs = "metrics=listens&by=song" + range
    let named = "metrics=listens&filter=artist:X&granularity=day" + range
    #expect(try get(artists).contains(#""rows":[{"artist":null,"listens":25,"#))
    #expect(try get(songs).contains(#"{"song":"one","artist":"X","listens":20,"#))
    #expect(try get(named).contains("\"listens\":4,"))
    try fixture.connection.script(
      """
      insert into warehouse.catalogue_song (track_id, artists, title, partition, record_offset)
        values ('t1', array['X', 'Y'], 'one', 0, 0), ('t2', array['Z'], 'two', 0, 1)
      """)
    let fill = try SQLLibrary().sql("catalogue/fill_songs")
    try fixture.connection.run(fill, [.textArray(["t1", "t2"])])
    let all =
      #""rows":[{"artist":"X","listens":30,"source":"batch","is_final":true,"is_partial":false},{"artist":"Z","listens":15,"#
    #expect(try eventually(within: 60) { try get(artists).contains(all) })
    #expect(
      try eventually(within: 60) {
        try get(songs).contains(#""rows":[{"song":"one","artist":"X","listens":30,"#)
      })
    #expect(try eventually(within: 60) { try get(named).contains("\"listens\":6,") })
  }

  @Test func `what the catalogue gives members ends no answers that only lag behind a flush`()
    throws
  {
    defer { server.stop() }
    let committed = try ServingQueries(SQLLibrary()).committed
    func now() throws -> Commit {
      let rows = try fixture.connection.run(committed)
      return try #require(Commit((0..<4).map { rows.textOrNull(0, $0) }))
    }
    // Somebody signs up, and the catalogue knows where from; so it goes on all day.
    try fixture.connection.script(
      """
      insert into warehouse.dim_user (user_key, user_id) values (77, 77);
      insert into warehouse.catalogue_user (user_id, age, country, partition, record_offset)
        values (77, 30, 'PT', 0, 0)
      """)
    let before = try now()
    try fixture.connection.run(
      SQLLibrary().sql("catalogue/fill_users"), [.intArray([77])])
    let filled = try now()
    #expect(filled.version != before.version && filled.published == before.published)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-12-10 00:00Z")
    #expect(try now().published != before.published)
  }

  @Test func `a client that has the answer gets 304 until it changes`() throws {
    defer { server.stop() }
    // A range of its own, whose text does not depend on the minute.
    let target = "metrics=listens&granularity=none&from=2020-01-01&to=2099-01-01"
    try fixture.flush(listens: 5)
    let first = try get(target)
    let tag = try #require(header("ETag", first))
    #expect(header("Cache-Control", first) == "private, no-cache")
    let second = try get(target, header: "If-None-Match: \"other\", W/\(tag)\r\n")
    #expect(second.hasPrefix("HTTP/1.1 304 ") && second.hasSuffix("\r\n\r\n"))
    #expect(header("ETag", second) == tag)
    try fixture.flush(listens: 1)
    #expect(
      try eventually(within: 60) {
        try get(target, header: "If-None-Match: \(tag)\r\n").hasPrefix("HTTP/1.1 200 ")
      })
  }

  @Test func `the page's files have tags and are compressed as asked`() throws {
    defer { server.stop() }
    for path in ["/assets/app.js", "/", "/api/v1/catalog", "/openapi.json"] {
      let plain = try HTTPClient.get(path, from: address)
      let tag = try #require(header("ETag", plain))
      #expect(
        header("Vary", plain) == "Accept-Encoding" && header("Content-Encoding", plain) == nil)
      let body = try #require(plain.firstRange(of: "\r\n\r\n")).upperBound
      for coding in ["gzip", "zstd", "br"] {
        let url = "http://\(address)\(path)"
        let text = try curl("-H", "Accept-Encoding: \(coding)", "--compressed", url)
        #expect(text == String(plain[body...]), "\(path) \(coding)")
        let head = try curl("-I", "-H", "Accept-Encoding: \(coding)", url)
        #expect(header("Content-Encoding", head) == coding)
        #expect(header("ETag", head) == "\"\(tag.dropFirst().dropLast())-\(coding)\"")
      }
      let again = try HTTPClient.get(path, from: address, header: "If-None-Match: \(tag)\r\n")
      #expect(again.hasPrefix("HTTP/1.1 304 "))
    }
  }

  @Test(arguments: ["br", "zstd", "gzip"])
  func `what is the same for everybody is compressed as asked, too`(coding: String) throws {
    defer { server.stop() }
    for path in ["/metrics", "/readyz"] {
      let url = "http://\(address)\(path)"
      let head = try curl("-D-", "-o", "/dev/null", "-H", "Accept-Encoding: \(coding)", url)
      #expect(header("Content-Encoding", head) == (path == "/metrics" ? coding : nil))
      #expect(try curl("-H", "Accept-Encoding: \(coding)", "--compressed", url).contains("speed"))
    }
  }

  @Test func `four hundred filters and a GET with a body get an answer`() throws {
    defer { server.stop() }
    let filters = (0..<400).map { "&filter=artist:number%20\($0)" }.joined()
    #expect(try get("metrics=listens\(filters)").hasPrefix("HTTP/1.1 400 "))
    let some = (0..<100).map { "&filter=artist:number%20\($0)" }.joined()
    #expect(try get("metrics=listens\(some)").hasPrefix("HTTP/1.1 200 "))
    let body = try get("metrics=listens", header: "Content-Length: 5\r\n\r\nhello")
    #expect(body.hasPrefix("HTTP/1.1 200 "))
    // What is packed stays so, and what is nested stays a text.
    for coding in ["gzip", "zstd", "identity"] {
      let bomb = "Content-Encoding: \(coding)\r\nContent-Type: application/json\r\n"
      let answer = try get(
        "metrics=listens",
        header: bomb + "Content-Length: 60000\r\n\r\n" + String(repeating: "[", count: 60000))
      #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(coding)")
    }
    let large = try get("metrics=listens", header: "Content-Length: 9000000\r\n\r\nhello")
    #expect(large.hasPrefix("HTTP/1.1 413 ") && large.contains("\"body_too_large\""))
  }

  private func curl(_ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["curl", "-sS"] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
