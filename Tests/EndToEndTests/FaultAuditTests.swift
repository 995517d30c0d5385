import Foundation
import TestKit
import Testing

/// Runs the generator's faults through the whole pipeline. The views must have the counts of `truth.json`, to
/// the unit and minute by minute.
@Suite struct FaultAuditTests {
  /// The part of a `truth.json` that is compared.
  private struct Truth {
    var events: LogFiles.Counts
    var duplicates: LogFiles.Counts
    var malformed: LogFiles.Counts
    var lines: Int64
    /// By the minute's start, seconds since 1970.
    var minutes: [Int64: LogFiles.Counts] = [:]

    init(path: String) throws {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let object = try #require(
        try JSONSerialization.jsonObject(with: data) as? [String: Any])
      events = try Self.counts(object["events"])
      duplicates = try Self.counts(object["duplicate"])
      malformed = try Self.counts(object["malformed"])
      lines = try #require(object["lines"] as? Int64)
      for minute in try #require(object["minutes"] as? [[String: Any]]) {
        let counts = try Self.counts(minute)
        // A minute with malformed lines only has no row in the views.
        if counts.total > 0 { minutes[try #require(minute["start"] as? Int64) / 1000] = counts }
      }
    }

    private static func counts(_ value: Any?) throws -> LogFiles.Counts {
      let counts = try #require(value as? [String: Any])
      return LogFiles.Counts(
        listens: try #require(counts["listen_events"] as? Int64),
        pageViews: try #require(counts["page_view_events"] as? Int64),
        auths: try #require(counts["auth_events"] as? Int64))
    }
  }

  private let faults = [
    "--late-fraction", "0.03", "--late-by", "10m..3h", "--duplicate-fraction", "0.05",
    "--malformed-fraction", "0.02", "--out-of-order-by", "90s",
  ]

  private func minutes(_ box: Sandbox, _ place: [String]) throws -> [Int64: LogFiles.Counts] {
    let outcome = try box.succeed(
      [
        "sql", "--csv",
        """
        select extract(epoch from minute)::bigint, listens, page_views, logins + failed_logins
        from serving.minute_totals where listens + page_views + logins + failed_logins > 0
        """,
      ] + place)
    var minutes: [Int64: LogFiles.Counts] = [:]
    for line in outcome.output.split(separator: "\n").dropFirst() {
      let values = line.split(separator: ",").compactMap { Int64($0) }
      try #require(values.count == 4, "\(line)")
      minutes[values[0]] = LogFiles.Counts(
        listens: values[1], pageViews: values[2], auths: values[3])
    }
    return minutes
  }

  private func quarantined(_ box: Sandbox, _ place: [String]) throws -> LogFiles.Counts {
    func count(_ topic: String) -> String {
      "(select count(*) from warehouse.quarantine where topic = '\(topic)')"
    }
    let outcome = try box.succeed(
      [
        "sql", "--csv",
        "select \(count("listen_events")), \(count("page_view_events")), \(count("auth_events"))",
      ] + place)
    let values = try #require(outcome.output.split(separator: "\n").last).split(separator: ",")
      .compactMap { Int64($0) }
    try #require(values.count == 3)
    return LogFiles.Counts(listens: values[0], pageViews: values[1], auths: values[2])
  }

  @Test func whatTheTruthCountsIsWhatEachLayerServes() throws {
    try withSandbox { box in
      let place = ["--data", box.data]
      func generate(_ name: String, _ from: String, _ to: String, user: String) throws -> Truth {
        let path = box.path("\(name).json")
        try box.succeed(
          [
            "generate", "--users", "200", "--from", from, "--to", to, "--seed", "5",
            "--first-user-id", user, "--finish-sessions", "--truth", path,
          ] + faults + place)
        return try Truth(path: path)
      }
      let first = try generate("first", "2026-01-05", "2026-01-09", user: "1")
      try box.keepServer()
      #expect(first.events.total > 10_000 && first.malformed.total > 100)
      #expect(try LogFiles(box.log).count().total == first.lines)
      #expect(first.lines == first.events.total + first.duplicates.total + first.malformed.total)

      try box.succeed(["speed", "--until-caught-up"] + place)
      #expect(try quarantined(box, place) == first.malformed)
      let full = try box.succeed(["load", "full"] + place)
      #expect(full.errors.contains("\(first.duplicates.total) redelivered"), "\(full)")
      #expect(try box.sums(place) == first.events)
      #expect(try minutes(box, place) == first.minutes, "minute by minute, after a full load")

      let second = try generate("second", "2026-01-09", "2026-01-11", user: "1000")
      try box.succeed(["speed", "--until-caught-up"] + place)
      try box.succeed(["load", "incremental"] + place)
      #expect(try box.sums(place) == first.events + second.events)
      #expect(try quarantined(box, place) == first.malformed + second.malformed)
      let expected = first.minutes.merging(second.minutes, uniquingKeysWith: +)
      #expect(try minutes(box, place) == expected, "minute by minute, after an incremental one")
      let check = try box.succeed(["check"] + place)
      // A malformed listen leaves a NextSong page view without its listen, which the check warns of.
      let complaints = check.output.split(separator: "\n").filter {
        $0.hasPrefix("ERROR") || $0.hasPrefix("warning")
      }
      #expect(
        complaints.allSatisfy { $0.hasPrefix("warning next_song_without_listen") }, "\(check)")
    }
  }
}
