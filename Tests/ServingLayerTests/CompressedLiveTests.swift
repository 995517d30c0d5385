import Foundation
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
