import Foundation
import Synchronization
import TestKit
import Testing

@testable import EventSources

/// What is posted arrives in order or is given up with one warning, and nobody waits for it.
@Suite struct WebHookTests {
  private final class Warnings: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  /// Posts documents with these numbers, ends the hook, and returns what arrived and what was warned of.
  private func post(_ numbers: Range<Int>, answering statuses: [Int]) throws -> (
    arrived: [Int], warnings: [String]
  ) {
    // Where the machine has a proxy, requests to the listener must not go through it.
    setenv("no_proxy", "127.0.0.1", 1)
    let directory = NSTemporaryDirectory() + "polyrhythm-hook-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let listener = try HookListener(in: directory, answering: statuses)
    let warnings = Warnings()
    let hook = try WebHook(listener.url) { warnings.add($0) }
    for number in numbers { hook.post("{\"n\":\(number),\"text\":\"ü€\"}") }
    // With the pauses that the hook makes while it is not ended.
    _ = eventually(within: 30) { listener.posted.count >= numbers.count }
    hook.finish()
    return (listener.posted.compactMap { $0["n"] as? Int }, warnings.all)
  }

  @Test func documentsArriveInOrder() throws {
    let (arrived, warnings) = try post(0..<10, answering: [200, 204])
    #expect(arrived == Array(0..<10))
    #expect(warnings.isEmpty)
  }

  @Test func refusalIsNotRepeatedAndAFailureIs() throws {
    let refused = try post(0..<1, answering: [404])
    #expect(refused.arrived == [0])
    #expect(refused.warnings.count == 1 && refused.warnings[0].contains("HTTP status 404"))
    #expect(!refused.warnings[0].contains("secret"))
    let failed = try post(0..<2, answering: [500, 200])
    #expect(failed.arrived.prefix(2) == [0, 0])
    #expect(failed.warnings.isEmpty)
  }

  @Test func endDoesNotWaitForAListenerThatFails() throws {
    setenv("no_proxy", "127.0.0.1", 1)
    let warnings = Warnings()
    let hook = try WebHook("http://127.0.0.1:9/secret") { warnings.add($0) }
    for number in 0..<100 { hook.post("{\"n\":\(number)}") }
    let start = ContinuousClock.now
    hook.finish()
    #expect(ContinuousClock.now - start < .seconds(15))
    #expect(warnings.all.count == 100)
  }

  @Test(arguments: [
    "", "example.org", "ftp://example.org/x", "http://", "https:///x", "http://a b/",
  ])
  func addressThatIsNoneIsRefused(url: String) {
    #expect(throws: SourceError.self) { try WebHook.requireAddress(url) }
  }

  @Test func nameOfAnAddressHidesPathAndPassword() throws {
    #expect(
      try WebHook.requireAddress("https://me:word@hooks.example.org:8443/a/secret")
        == "https://hooks.example.org:8443")
  }
}
