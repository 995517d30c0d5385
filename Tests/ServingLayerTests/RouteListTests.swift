import Foundation
import Metrics
import TestKit
import Testing

@testable import ServingLayer

/// What follows from `Route`: the router, the OpenAPI document, docs/api.md and what the page asks for.
@Suite struct RouteList {
  private func paths(in text: String, _ pattern: some RegexComponent<(Substring, Substring)>)
    -> [String]
  {
    text.matches(of: pattern).map { String($0.output.1) }
  }

  @Test(arguments: Route.allCases)
  func `each route is answered, by its methods and no other`(route: Route) throws {
    let router = try Fixture.router(ScriptedDatabase(failing: nil))
    for method in route.methods {
      let response = router.route(Request(method: method, path: route.path))
      #expect(![404, 405].contains(response.status), "\(response.text)")
    }
    let refused = router.route(Request(method: "PUT", path: route.path))
    #expect(refused.status == 405)
    #expect(refused.header("Allow") == route.methods.joined(separator: ", "))
  }

  @Test(arguments: Route.allCases.filter { $0 != .page && $0.methods.contains("GET") })
  func `a parameter that a route does not take is refused`(route: Route) throws {
    let router = try Fixture.router(ScriptedDatabase(failing: nil), token: "t")
    let response = router.route(
      Request(path: route.path, query: [("token", "t"), ("frm", "-1d")]))
    #expect(response.status == 400)
    let accepted = route.parameters.map(\.name).joined(separator: ", ")
    #expect(
      response.text.contains(
        #"parameter name: found \"frm\", accepted: \#(accepted.isEmpty ? "none" : accepted)""#),
      "\(response.text)")
  }

  @Test func `the message for a path that is none lists the routes`() throws {
    let text = try Fixture.router(ScriptedDatabase(failing: nil))
      .route(Request(path: "/nowhere")).text
    #expect(
      text.contains("accepted: \(Route.allCases.map(\.path).joined(separator: ", "))\""), "\(text)")
  }

  @Test func `the OpenAPI document describes each route with its parameters`() throws {
    #expect(Set(OpenAPI.described) == Set(Route.allCases).subtracting([.page, .openAPI]))
    #expect(OpenAPI.described.count == Set(OpenAPI.described).count)
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(OpenAPI.json.utf8)) as? [String: Any])
    #expect(document["openapi"] as? String == "3.0.3")
    let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
    #expect(Set(paths.keys) == Set(OpenAPI.described.map(\.path)))
    for route in OpenAPI.described {
      #expect((paths[route.path]?["post"] != nil) == route.methods.contains("POST"))
      guard route.methods.contains("GET") else { continue }
      let operation = try #require(paths[route.path]?["get"])
      #expect(operation["summary"] as? String == route.summary)
      #expect(operation["operationId"] as? String == "\(route)")
      let parameters = operation["parameters"] as? [[String: Any]] ?? []
      #expect(parameters.map { $0["name"] as? String } == route.parameters.map(\.name))
      let statuses = try #require(operation["responses"] as? [String: Any])
      for status in ["401", "421", "429"] {
        #expect((statuses[status] != nil) == route.needsAccess, "\(status) of \(route.path)")
      }
    }
    for measure in Measure.all { #expect(OpenAPI.json.contains("\"\(measure.name)\"")) }
    func granularities(_ route: Route) -> [String]? {
      let parameters = paths[route.path]?["get"]?["parameters"] as? [[String: Any]]
      let schema = parameters?.first { $0["name"] as? String == "granularity" }?["schema"]
      return (schema as? [String: Any])?["enum"] as? [String]
    }
    #expect(granularities(.query) == Granularity.allCases.map(\.rawValue))
    #expect(granularities(.newcomers) == ["day", "week", "month", "quarter", "year"])
  }

  @Test func `the examples of the parameters make a question together`() throws {
    let parameters = QueryParameter.allCases.compactMap { parameter in
      parameter.example.map { (name: parameter.name, value: $0) }
    }
    #expect(throws: Never.self) {
      try QueryPlan(Query(parameters, now: Instant(milliseconds: 1_796_000_000_000)))
    }
  }

  @Test func `every schema that the OpenAPI document refers to is in it`() throws {
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(OpenAPI.json.utf8)) as? [String: Any])
    let components = try #require(document["components"] as? [String: Any])
    let schemas = try #require(components["schemas"] as? [String: Any])
    let referred = paths(in: OpenAPI.json, /#\\?\/components\\?\/schemas\\?\/([A-Za-z]+)/)
    #expect(Set(referred) == Set(schemas.keys))
  }

  @Test func `what the OpenAPI document shows of answers has their members alone`() throws {
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(OpenAPI.json.utf8)) as? [String: Any])
    let components = try #require(document["components"] as? [String: Any])
    let schemas = try #require(components["schemas"] as? [String: [String: Any]])
    #expect(Set(["Error"] + OpenAPI.examples.keys) == Set(schemas.keys))
    for name in schemas.keys {
      let schema = try #require(schemas[name])
      let example = try #require(schema["example"] as? [String: Any], "\(name)")
      let members = try #require(schema["properties"] as? [String: Any])
      #expect(!example.isEmpty && Set(example.keys).isSubset(of: members.keys), "\(name)")
    }
    let health = try Fixture.router(ScriptedDatabase(failing: nil)).route(Request(path: "/healthz"))
    #expect(OpenAPI.examples["Health"] == health.text)
  }

  /// The first cells of the tables in docs/api.md.
  private func cells(below heading: String) throws -> [Substring] {
    let text = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0 != heading }.dropFirst(2).prefix { $0.hasPrefix("|") }
      .compactMap { $0.split(separator: "|").first }
  }

  @Test func `docs and api name every route and no other`() throws {
    let routes = try cells(below: "| path | answer |").flatMap {
      paths(in: String($0), /`([^`]+)`/)
    }
    #expect(routes == Route.allCases.map(\.path))
    let text = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
    for path in paths(in: text, /(\/api\/[a-z0-9\/]+)/) {
      #expect(Route(rawValue: path) != nil, "\(path)")
    }
  }

  @Test func `docs and api name every parameter of a query and no other`() throws {
    let names = try cells(below: "| parameter | meaning | default |")
      .flatMap { paths(in: String($0), /`([^`]+)`/) }
    #expect(names == Route.query.parameters.map(\.name))
  }

  @Test func `docs and api name every metric, dimension, bucket and comparison`() throws {
    let text = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
    let words = Set(text.split { !$0.isLetter && $0 != "_" }.map(String.init))
    let names =
      Measure.all.map(\.name) + Dimension.allCases.map(\.rawValue)
      + Granularity.allCases.map(\.rawValue) + Comparison.allCases.map(\.rawValue)
    for name in names { #expect(words.contains(name), "\(name)") }
  }

  @Test func `docs and api name every code of an error and no other`() throws {
    let sources = try SourceTree.files(below: "Sources/ServingLayer", ending: ".swift").values
    let codes = Set(
      sources.flatMap { $0.matches(of: /RequestError\(\s*"([a-z_]+)"/).map { String($0.1) } })
    #expect(codes.count > 15)
    let rows = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
      .split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0 != "| status | codes |" }.dropFirst(2).prefix { $0.hasPrefix("|") }
    // What stands in brackets or behind a colon says more of a code.
    let named = rows.flatMap { row in
      row.split(separator: "|")[1].replacing(/\([^)]*\)/, with: "").split { ":;".contains($0) }
        .first.map { paths(in: String($0), /`([a-z_]+)`/) } ?? []
    }
    #expect(Set(named) == codes)
  }

  @Test func `the page asks for routes only`() throws {
    let scripts = try SourceTree.files(below: "Sources/ServingLayer/Page", ending: ".js")
    let asked = scripts.values.flatMap { paths(in: $0, /["'`](\/api\/[a-z0-9\/]+)/) }
    #expect(!asked.isEmpty)
    for path in asked { #expect(Route(rawValue: path) != nil, "\(path)") }
  }

  @Test func `the examples of parameters look as the OpenAPI document says, and wrong ones do not`()
    throws
  {
    for parameter in QueryParameter.allCases {
      guard let text = parameter.pattern else { continue }
      let pattern = try Regex(text)
      let example = try #require(parameter.example, "\(parameter)")
      #expect(example.wholeMatch(of: pattern) != nil, "\(example) of \(parameter)")
      for wrong in ["", "x", "nothing", "listens:", "time:up", "-6y", "2026-13-01"] {
        #expect(wrong.wholeMatch(of: pattern) == nil, "\(wrong) of \(parameter)")
      }
    }
  }

  @Test func `the database knows the zones that the OpenAPI document names`() throws {
    let fixture = try Fixture()
    let unknown = try fixture.connection.run(
      "select name from unnest($1::text[]) as name where name not in (select name from pg_timezone_names)",
      [.textArray(LocalClock.names)])
    #expect(LocalClock.names.count > 300)
    #expect(unknown.count == 0, "\(unknown.isEmpty ? "" : unknown.textOrNull(0, 0) ?? "")")
  }
}
