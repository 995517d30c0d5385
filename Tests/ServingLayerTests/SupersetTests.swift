import Foundation
import Metrics
import TestKit
import Testing

@testable import ServingLayer

/// The bundle of dashboards for Superset, as files. `make superset-test` brings it into a real one.
@Suite struct SupersetTests {
  private let files = Dictionary(
    uniqueKeysWithValues: SupersetBundle().files.map { ($0.path, $0.text) })

  @Test func `UUIDs are those of other makers of version 5`() {
    // Python: uuid.uuid5(uuid.NAMESPACE_URL, …)
    #expect(NameUUID.of("https://www.python.org/") == "5406f80d-92e9-51cd-a176-77445955e733")
    #expect(
      NameUUID.of(String(repeating: "x", count: 200)) == "cd3580b9-d244-586a-8077-74317319b48d")
  }

  @Test func `YAML has blocks, and texts are quoted`() {
    let value: BundleValue = [
      "name": "a: \"b\"\n", "none": nil, "list": [1, [true, 0.5], ["key": []]], "y": [:],
    ]
    #expect(
      value.yaml == """
        name: "a: \\"b\\"\\n"
        none: null
        list:
          - 1
          -
            - true
            - 0.5
          -
            "key": []
        "y": {}

        """)
  }

  /// compose/superset/bundle is there for those who have no binary at hand.
  @Test func `the bundle in compose is what the command writes`() throws {
    let root = SourceTree.root.appendingPathComponent("compose/superset/bundle")
    let kept = try SourceTree.files(below: "compose/superset/bundle", ending: ".yaml")
    #expect(kept.count == files.count)
    for (path, text) in files {
      let there = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
      #expect(
        there == text,
        "\(path): write it anew with polyrhythm superset export compose/superset/bundle")
    }
  }

  @Test func `each of the nineteen queries is a chart, once`() throws {
    let page = try String(
      contentsOf: SourceTree.root.appendingPathComponent("Tests/Reference/dashboard-queries.md"),
      encoding: .utf8)
    let queries = page.matches(of: /(?m)^## (.+)$/).map { String($0.1) }
    #expect(queries.count == 19)
    let origins = SupersetDashboard.all.flatMap(\.charts).map(\.origin)
    for query in queries { #expect(origins.filter { $0 == query }.count == 1, "\(query)") }
  }

  /// Superset finds what it has by these.
  @Test func `titles, paths and UUIDs are used once`() {
    let charts = SupersetDashboard.all.flatMap(\.charts)
    #expect(Set(charts.map(\.title)).count == charts.count)
    #expect(SupersetBundle().files.count == files.count)
    let uuids =
      charts.map(\.uuid) + SupersetDataset.all.map(\.uuid) + SupersetDashboard.all.map(\.uuid)
    #expect(Set(uuids).count == uuids.count)
  }

  @Test func `charts name columns and measures that their datasets have`() {
    for chart in SupersetDashboard.all.flatMap(\.charts) {
      let dataset = chart.dataset
      #expect(SupersetDataset.all.contains { $0.uuid == dataset.uuid }, "\(chart.title)")
      let columns =
        dataset.counts + dataset.fractions + dataset.texts + dataset.flags
        + (dataset.time.map { [$0] } ?? [])
      for column in chart.by { #expect(columns.contains(column), "\(chart.title): \(column)") }
      for case .measure(let name) in chart.values {
        let measure = Measure.named(name)
        #expect(measure.flatMap(dataset.expression) != nil, "\(chart.title): \(name)")
      }
    }
    for dashboard in SupersetDashboard.all {
      for (dataset, column) in dashboard.filters {
        #expect(dataset.texts.contains(column), "\(dashboard.title): \(column)")
      }
    }
  }

  /// Superset's parser refuses `#column`, the operator of sketches; a tool is given numbers.
  @Test func `no dataset reads a sketch`() {
    for dataset in SupersetDataset.all {
      #expect(dataset.sql?.contains("#") != true && dataset.sql?.contains("hll") != true)
      #expect(["dashboard", "mart"].contains(dataset.schema))
    }
  }

  @Test func `rates are made of the definitions of measures`() throws {
    let rate = try #require(Measure.named("skip_rate"))
    let settled = "FILTER (WHERE is_settled)"
    #expect(
      SupersetDataset.devices.expression(rate)
        == "SUM(skipped_count) \(settled) * 1.0 / NULLIF(SUM(completed_count) \(settled) + SUM(skipped_count) \(settled) + SUM(partial_count) \(settled), 0)"
    )
    let likes = try #require(Measure.named("like_rate"))
    #expect(
      SupersetDataset.devices.expression(likes)
        == "SUM(like_count) * 1.0 / NULLIF(SUM(stream_count), 0)")
    let listeners = try #require(Measure.named("listeners"))
    #expect(SupersetDataset.devices.expression(listeners) == nil)
  }

  // MARK: Open plays

  /// A line that went on would swing to 100 %, as plays that are left early end first.
  @Test func `every rate of a chart is one of windows whose plays have settled`() {
    let rates = ["skip_rate", "completion_rate", "avg_listen_time", "like_rate"]
    var found = 0
    for chart in SupersetDashboard.all.flatMap(\.charts) {
      for value in chart.values {
        guard case .sql(let label, let expression, _) = value,
          rates.contains(where: expression.contains)
        else { continue }
        found += 1
        #expect(
          expression.hasSuffix(") FILTER (WHERE is_settled)"), "\(chart.title): \(label)")
        #expect(chart.dataset.flags.contains("is_settled"), "\(chart.title)")
      }
    }
    #expect(found == 11)
  }

  @Test func `rates of a dataset end where its plays have settled, and its counts go on`() throws {
    let fixture = try Fixture()
    func minute(_ ago: Int) throws -> String {
      try fixture.connection.run(
        "select date_bin('1 minute', now() - interval '\(ago) minutes', 'epoch')::text"
      ).text(0, 0)
    }
    // Of the newest plays four have ended, all of them early.
    for (ago, counts) in [
      (130, [Counter.listens: 10, .skipped: 1, .completed: 9, .listenedMs: 900]),
      (2, [.listens: 10, .skipped: 4, .listenedMs: 40]),
    ] {
      for (rollup, key) in [
        (Rollup.totals, nil), (.user, "user_key"), (.song, "song_key"), (.device, "device_key"),
        (.location, "location_key"),
      ] {
        try fixture.add(
          rollup, epoch: 2, minute: try minute(ago), keys: key.map { [$0: "0"] } ?? [:], counts)
      }
    }
    try fixture.settle(try minute(1))
    try fixture.connection.run("set role analyst")
    let datasets = SupersetDataset.all.filter { $0.flags.contains("is_settled") }
    #expect(datasets.count == 6)
    let skips = try #require(Measure.named("skip_rate"))
    for dataset in datasets {
      for (rate, settled) in [
        ("AVG(avg_listen_time) \(SupersetDataset.settled)", "90.00"),
        (dataset.expression(skips), "0.10"),
      ] {
        guard let rate else { continue }
        let seen = try fixture.connection.run(
          """
          select string_agg(coalesce(round(rate::numeric, 2)::text, 'none') || ' of ' || plays, ', ' order by time_window)
          from (select time_window, \(rate) as rate, sum(stream_count) as plays
            from (\(try #require(dataset.sql))) as d group by time_window) as windows
          """
        ).text(0, 0)
        #expect(seen == "\(settled) of 10, none of 10", "\(dataset.name): \(rate)")
      }
    }
  }
}
