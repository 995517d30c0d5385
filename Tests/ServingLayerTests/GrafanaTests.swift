import Foundation
import TestKit
import Testing

@testable import ServingLayer

/// Grafana's dashboard in compose/grafana. Its SQL runs, with Grafana's macros written out as Grafana does.
@Suite struct GrafanaTests {
  private struct Dashboard: Decodable {
    struct Target: Decodable {
      var rawSql: String
    }
    struct Panel: Decodable {
      var id: Int
      var title: String
      var targets: [Target]
    }
    var panels: [Panel]
  }

  private func written(_ sql: String) -> String {
    let (from, to) = ("'2026-11-20T11:00:00Z'", "'2026-11-20T12:00:00Z'")
    return sql.replacing(/\$__timeFilter\(([a-z_.]+)\)/) { "\($0.1) BETWEEN \(from) AND \(to)" }
      .replacing("$__timeFrom()", with: from).replacing("$__timeTo()", with: to)
      .replacing("$device_type", with: "'mobile','desktop'")
  }

  @Test func `each panel's SQL runs, as a role that reads`() throws {
    let file = SourceTree.root.appendingPathComponent("compose/grafana/polyrhythm.json")
    let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(contentsOf: file))
    #expect(dashboard.panels.count > 8)
    #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
    let fixture = try Fixture()
    try fixture.connection.run("set role analyst")
    for panel in dashboard.panels {
      for target in panel.targets {
        let sql = written(target.rawSql)
        #expect(!sql.contains("$") && !sql.contains("#"), "\(panel.title): \(sql)")
        #expect(throws: Never.self, "\(panel.title)") { try fixture.connection.run(sql) }
        // Plays that are open are in no rate.
        #expect(
          sql.contains("/") == sql.contains("dashboard.settled"), "\(panel.title): \(sql)")
      }
    }
  }
}
