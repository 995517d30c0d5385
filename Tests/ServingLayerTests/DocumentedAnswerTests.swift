import Foundation
import TestKit
import Testing

@testable import ServingLayer

/// Every example of docs/api.md is answered, and looks as the page says.
@Suite struct DocumentedAnswerTests {
  private let page: String

  init() throws {
    page = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
  }

  private func loaded() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.addFacts(seed: 7, from: "2026-11-19", days: 2)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 12:00Z")
    return fixture
  }

  /// Path and parameters of an address.
  private func request(_ address: some StringProtocol) throws -> Request {
    let parts = try #require(URLComponents(string: String(address)))
    return Request(
      path: parts.path,
      query: (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") })
  }

  @Test func `each command with curl is answered in the format that it asks for`() throws {
    let fixture = try loaded()
    let addresses = page.matches(of: /curl '(http:\/\/[^']+)'/).map(\.1)
    #expect(addresses.count >= 7)
    for address in addresses {
      let request = try request(address)
      let response = fixture.router.route(request)
      #expect(response.status == 200, "\(address)\n\(response.text)")
      guard request.path == Route.query.path else {
        #expect(try object(response.text) is [String: Any], "\(address)")
        continue
      }
      let metrics = request.values("metrics")[0].split(separator: ",").map(String.init)
      let dimensions = request.values("by").first?.split(separator: ",").map(String.init) ?? []
      let wanted = Set(metrics + dimensions)
      if request.values("format") == ["csv"] {
        let lines = response.text.split(separator: "\r\n")
        let names = lines[0].split(separator: ",").map(String.init)
        #expect(wanted.isSubset(of: names), "\(address)")
        // The sample has fewer plays than some ask for.
        #expect(
          lines.count > 1 || !request.values("having").isEmpty, "\(address) has no rows")
        if !request.values("compare").isEmpty { #expect(names.contains("previous_\(metrics[0])")) }
      } else {
        let answer = try #require(try object(response.text) as? [String: Any])
        let rows = try #require(answer["rows"] as? [[String: Any]])
        #expect(!rows.isEmpty, "\(address) has no rows")
        #expect(rows.allSatisfy { wanted.isSubset(of: $0.keys) }, "\(address)")
      }
    }
  }

  @Test func `each part of a question between backticks is accepted`() throws {
    let fixture = try loaded()
    // What stands between backticks and begins with a parameter and its value.
    let names = QueryParameter.allCases.map(\.name).joined(separator: "|")
    let pattern = try Regex("`((?:\(names))=[^`… ]+)`")
    let parts = page.matches(of: pattern).compactMap { $0[1].substring }.filter {
      // Names of values that only stand for some.
      !$0.hasSuffix("=")
    }
    #expect(parts.count >= 8, "\(parts)")
    for part in parts {
      var text = String(part)
      if !text.contains("metrics=") { text += "&metrics=listens" }
      // A series of the greatest, and the width of exact seconds, want more.
      if text.contains("top="), !text.contains("by=") { text += "&by=artist" }
      let request = try request("http://localhost/api/v1/query?" + text)
      let response = fixture.router.route(request)
      #expect(response.status == 200, "\(part)\n\(response.text)")
    }
  }

  @Test func `the answer that the page shows has the members that an answer has`() throws {
    let fixture = try loaded()
    let block = try #require(page.firstMatch(of: /```json\n([^`]+)```/)).1
    let shown = try #require(try object(String(block)) as? [String: Any])
    let response = fixture.get(
      "/api/v1/query",
      "metrics=listens,listeners&granularity=minute&from=2026-11-20T10:00Z&to=2026-11-20T12:00Z")
    let answer = try #require(try object(response.text) as? [String: Any])
    #expect(Set(shown.keys) == Set(answer.keys))
    #expect(keys(shown["columns"]) == keys(answer["columns"]))
    let names = { (value: Any?) in (value as? [[String: Any]])?.compactMap { $0["name"] as? String }
    }
    #expect(names(shown["columns"]) == names(answer["columns"]))
    #expect(keys(shown["rows"])?.first == keys(answer["rows"])?.first)
    let query = try #require(shown["query"] as? [String: Any])
    let real = try #require(answer["query"] as? [String: Any])
    #expect(Set(query.keys).subtracting(["…"]).isSubset(of: real.keys))
  }

  private func object(_ text: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(text.utf8))
  }

  /// The members of each object of a list.
  private func keys(_ value: Any?) -> [Set<String>]? {
    (value as? [[String: Any]])?.map { Set($0.keys) }
  }
}
