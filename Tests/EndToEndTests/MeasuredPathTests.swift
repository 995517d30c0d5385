import Foundation
import TestKit
import Testing

/// The steps of the README, from an empty directory to an incremental load, with the private PostgreSQL of
/// the data directory.
@Suite struct MeasuredPathTests {
  @Test func everyStageCountsEveryEventOnceFromImportToIncrementalLoad() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      let first = try box.generate("a", users: 150, from: "2026-01-01", to: "2026-01-15")
      let again = try box.generate("b", users: 150, from: "2026-01-01", to: "2026-01-15")
      let names = ["listen_events", "auth_events", "page_view_events"].map { "\($0).ndjson" }
      for name in names + ["truth.json"] {
        let bytes = try #require(FileManager.default.contents(atPath: "\(first)/\(name)"))
        #expect(bytes == FileManager.default.contents(atPath: "\(again)/\(name)"), "\(name)")
      }
      var expected = try LogFiles(first).count()
      #expect(expected.listens > 10_000 && expected.pageViews > expected.listens)
      #expect(try truth(first) == expected)

      let imported = try box.succeed(["import", first] + place)
      #expect(imported.errors.contains("(0 undecodable"), "\(imported)")
      #expect(try LogFiles(box.log).count() == expected)
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.sums(place) == expected, "speed layer alone")
      try box.succeed(["load", "full"] + place)
      #expect(try box.sums(place) == expected, "after the full load")
      #expect(try facts(box) == expected, "facts of the full load")

      // Two more days, and one day whose events come two weeks late.
      for (name, from, to, user) in [
        ("c", "2026-01-15", "2026-01-17", 100_000), ("d", "2026-01-02", "2026-01-03", 200_000),
      ] {
        let more = try box.generate(name, users: 150, from: from, to: to, seed: 8, firstUser: user)
        expected = expected + (try LogFiles(more).count())
        try box.succeed(["import", more] + place)
      }
      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try box.sums(place) == expected, "both layers together")
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.sums(place) == expected, "after the incremental load")
      #expect(try facts(box) == expected, "facts of both loads")

      // The events of the first days once more, which change nothing.
      try box.succeed(["import", first, "--again"] + place)
      let load = try box.succeed(["load", "incremental"] + place)
      let repeated = try LogFiles(first).count().total
      #expect(
        load.errors.contains("\(grouped(repeated)) redelivered")
          || load.errors.contains("\(repeated) redelivered"), "\(load)")
      #expect(try box.sums(place) == expected, "after a redelivery of everything")

      let check = try box.succeed(["check"] + place)
      #expect(check.output.contains(" 0 broken"), "\(check)")
      let status = try box.succeed(["status", "--json"] + place)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
      let records = try LogFiles(box.log).count().total
      #expect(object["log_records"] as? Int64 == records)
      #expect(object["batch_records"] as? Int64 == records)
      #expect(object["speed_lag_records"] as? Int64 == 0)
      #expect(object["quarantined"] as? Int64 == 0)
      #expect(object["last_load_status"] as? String == "published")
      #expect(object["listens"] as? Int64 == expected.listens)
      #expect(object["loaded_epoch"] as? Int64 == 3)
      #expect(object["epoch"] as? Int64 == 4)
      #expect(box.serverProcesses().isEmpty, "a PostgreSQL is left running")
    }
  }

  private func facts(_ box: Sandbox) throws -> LogFiles.Counts {
    let outcome = try box.succeed([
      "sql", "--csv", "--data", box.data,
      """
      select (select count(*) from warehouse.fact_listen),
        (select count(*) from warehouse.fact_page_view), (select count(*) from warehouse.fact_auth)
      """,
    ])
    let values = try #require(outcome.output.split(separator: "\n").last).split(separator: ",")
      .compactMap { Int64($0) }
    try #require(values.count == 3, "\(outcome)")
    return LogFiles.Counts(listens: values[0], pageViews: values[1], auths: values[2])
  }

  private func truth(_ directory: String) throws -> LogFiles.Counts {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/truth.json"))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let events = try #require(object["events"] as? [String: Int64])
    return LogFiles.Counts(
      listens: events["listen_events"] ?? -1, pageViews: events["page_view_events"] ?? -1,
      auths: events["auth_events"] ?? -1)
  }

  private func grouped(_ number: Int64) -> String {
    let formatter = NumberFormatter()
    formatter.locale = Locale(identifier: "en_US")
    formatter.numberStyle = .decimal
    return formatter.string(from: NSNumber(value: number)) ?? ""
  }
}
