import Foundation
import Metrics
import TestKit
import Testing

@testable import ServingLayer

/// The live stream in gzip: the same text in pieces that all streams share.
@Suite struct CompressedLive {
  private func piece(_ hub: LiveHub, _ subscription: LiveHub.Subscription) throws -> AnswerBytes {
    guard case .message(let bytes) = hub.next(subscription) else {
      throw HTTPClient.Failure(reason: "no message")
    }
    return bytes
  }

  /// What gzip knows of a stream that has no end.
  private func unpacked(_ stream: Data) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    input.fileHandleForWriting.write(stream)
    try input.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  @Test func `compressed messages say the same, and one piece serves all`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    let plain = hub.subscribe()
    let compressed = [hub.subscribe(isCompressed: true), hub.subscribe(isCompressed: true)]
    var stream = Data(EndlessGzip.header)
    var text = ""
    func receive() throws {
      text += String(decoding: try piece(hub, plain).buffer, as: UTF8.self)
      let pieces = try compressed.map { try piece(hub, $0) }
      #expect(pieces[0] === pieces[1])
      stream.append(contentsOf: pieces[0].buffer)
      #expect(try unpacked(stream) == text)
    }
    for listens in 1...3 {
      try fixture.flush(listens: listens)
      hub.poll()
      try receive()
    }
    hub.beat(after: .zero)
    _ = hub.next(plain)
    hub.beat(after: .zero)
    try receive()
    #expect(text.hasSuffix(": still here\n\n"))
  }

  /// Eighteen looks a minute find something at 2,000 events a second: in a dozen minutes, where plays end, or in all of the hour, where
  /// events come late as well.
  @Test(arguments: [12, 60])
  func `a minute of the stream is small, whatever the site does`(changing: Int) throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    try fixture.connection.run("select setseed(0.5)")
    try fixture.settle("2026-11-20 11:45Z")
    try fixture.addEvents(120_000, to: 60)
    let (plain, compressed) = (hub.subscribe(), hub.subscribe(isCompressed: true))
    var stream = Data(EndlessGzip.header)
    var text = ""
    for _ in 0...18 {
      hub.poll()
      text += String(decoding: try piece(hub, plain).buffer, as: UTF8.self)
      stream.append(contentsOf: try piece(hub, compressed).buffer)
      try fixture.addEvents(6000, to: 1)
      try fixture.addEvents(600, to: 2)
      if changing > 12 { try fixture.addEvents(40, to: changing) }
      try fixture.endPlays(of: 12)
    }
    print("\(changing) minutes that change: \(stream.count) bytes, of \(text.utf8.count)")
    #expect(stream.count < 16_000)
    #expect(try unpacked(stream) == text)
  }

  @Test func `streams that began at different times get the same text`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    var streams: [(LiveHub.Subscription, plain: LiveHub.Subscription, bytes: Data, text: String)] =
      []
    for listens in 1...6 {
      streams.append(
        (hub.subscribe(isCompressed: true), hub.subscribe(), Data(EndlessGzip.header), ""))
      try fixture.flush(listens: listens)
      hub.poll()
      for index in streams.indices {
        streams[index].bytes.append(contentsOf: try piece(hub, streams[index].0).buffer)
        streams[index].text += String(
          decoding: try piece(hub, streams[index].plain).buffer, as: UTF8.self)
      }
    }
    for stream in streams { #expect(try unpacked(stream.bytes) == stream.text) }
  }

  @Test func `a client that accepts gzip gets the stream compressed, another one does not`() throws
  {
    let router = try Fixture.router(ScriptedDatabase(failing: nil))
    for (accepted, coding) in [
      ("gzip, deflate, br, zstd", "gzip"), ("zstd", nil), ("gzip;q=0", nil), (nil, nil),
    ] as [(String?, String?)] {
      let headers = accepted.map { ["accept-encoding": $0] } ?? [:]
      let response = router.route(Request(path: Route.live.path, headers: headers))
      #expect(response.header("Content-Encoding") == coding)
      #expect(response.header("Vary") == "Accept-Encoding")
      guard case .events(_, let isCompressed) = response.body else {
        Issue.record("no stream")
        continue
      }
      #expect(isCompressed == (coding != nil))
    }
  }
}

extension Fixture {
  /// How many of a hundred thousand events count in what.
  private static let shares: [Counter: Int] = [
    .listens: 44_000, .completed: 37_000, .skipped: 6000, .partial: 1000, .thumbsUp: 2000,
    .thumbsDown: 400, .playlistAdds: 1000, .shares: 200, .friendsAdded: 700, .adverts: 2000,
    .pageViews: 56_000, .errors: 60, .logins: 500, .failedLogins: 60, .listenedMs: 7_000_000_000,
  ]

  /// Adds so many events, more or less, to each of the last minutes.
  fileprivate func addEvents(_ size: Int, to minutes: Int) throws {
    try add(Self.shares, size, minutes, members: size / 10)
  }

  /// Ends some hundred plays of each of the last minutes, and of those some are liked.
  fileprivate func endPlays(of minutes: Int) throws {
    let counters: [Counter] = [
      .completed, .skipped, .listenedMs, .thumbsUp, .thumbsDown, .playlistAdds,
    ]
    try add(Self.shares.filter { counters.contains($0.key) }, 1200, minutes, members: 0)
  }

  private func add(_ shares: [Counter: Int], _ size: Int, _ minutes: Int, members: Int) throws {
    let counts = shares.map {
      ($0.key.column, "(random() * \(size) * \($0.value) / 50000 + random())::bigint")
    }
    let sketches = Rollup.totals.distincts.map {
      (
        $0.column,
        "(select hll_add_agg(hll_hash_bigint((random() * 1e9)::bigint + i), 12, 5, -1, 1)"
          + " from generate_series(1, \(members)) i where minute is not null)"
      )
    }
    let columns = counts + (members > 0 ? sketches : [])
    let others = Rollup.totals.counters.filter { shares[$0] == nil }.map { ($0.column, "0") }
    try connection.run(
      """
      insert into speed.minute_totals (epoch, minute, \((columns + others).map(\.0).joined(separator: ", ")))
        select 1, minute, \((columns + others).map(\.1).joined(separator: ",\n    "))
        from generate_series(timestamptz '2026-11-20 11:59Z' - interval '\(minutes - 1) minutes', '2026-11-20 11:59Z', '1 minute') as minute
      """)
    try flush(listens: 0)
  }
}
