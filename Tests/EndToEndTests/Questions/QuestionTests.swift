import Foundation
import Support
import TestKit
import Testing

/// `ask`: every question by every bucket, and the main ones against a count of the log's own lines.
@Suite struct QuestionTests {
  /// A week that is loaded, and two days after it that only the speed layer has counted. No test changes it, and so all share
  /// one, for as long as the process lives.
  private struct Site {
    private let database: TestDatabase
    let loaded: [LineEvent]
    let later: [LineEvent]
    var place: [String] { ["--database", database.url] }

    private static let made = Result { try Site() }

    static func shared() throws -> Site { try made.get() }

    private init() throws {
      let database = try TestDatabase.make(migrated: false)
      (loaded, later) = try withSandbox { box in
        let first = try box.generate("a", users: 150, from: "2026-01-01", to: "2026-01-08")
        let second = try box.generate(
          "b", users: 150, from: "2026-01-08", to: "2026-01-10", seed: 8, firstUser: 100_000)
        let log = ["--log", "dir:\(box.log)"]
        try box.succeed(["import", first] + log)
        try box.succeed(["load", "full", "--lake", box.log, "--database", database.url])
        try box.succeed(["import", second] + log)
        try box.succeed(["speed", "--until-caught-up", "--database", database.url] + log)
        return (try LineEvent.all(in: first), try LineEvent.all(in: second))
      }
      self.database = database
    }
  }

  private func ask(
    _ box: Sandbox, _ site: Site, _ name: String, by bucket: String, _ from: String, _ to: String,
    _ flags: [String] = []
  ) throws -> AnswerRows {
    let outcome = try box.succeed(
      ["ask", name, "--by", bucket, "--from", from, "--to", to, "--csv"] + flags + site.place)
    #expect(outcome.errorLines.count == 1, "\(outcome)")
    return try AnswerRows(csv: outcome.output)
  }

  private func milliseconds(_ text: String) throws -> Int64 { try #require(ISOTime.parse(text)) }

  @Test func answersAreThoseCountedFromTheLogsLinesByEveryBucket() throws {
    try withSandbox { box in
      let site = try Site.shared()
      let all = site.loaded + site.later
      let ranges: [(bucket: CalendarBucket, from: String, to: String)] = [
        (.second, "2026-01-03T14:00", "2026-01-03T16:00"),
        // Minutes that rollups have given up, and minutes that only the speed layer has.
        (.minute, "2026-01-03T12:00", "2026-01-03T16:00"),
        (.minute, "2026-01-09T12:00", "2026-01-09T16:00"),
        // From the one layer to the other.
        (.hour, "2026-01-07T12:00", "2026-01-08T12:00"),
        (.day, "2026-01-01", "2026-01-11"), (.week, "2026-01-01", "2026-01-11"),
        (.month, "2026-01-01", "2026-01-11"), (.quarter, "2026-01-01", "2026-01-11"),
        (.year, "2026-01-01", "2026-01-11"),
      ]
      for (bucket, from, to) in ranges {
        let (start, end) = (try milliseconds(from), try milliseconds(to))
        let oracle = QuestionOracle(all, by: bucket, from: start, to: end)
        #expect(oracle.events.count > 100, "\(bucket) \(from)")
        func answer(_ name: String) throws -> AnswerRows {
          try ask(box, site, name, by: bucket.rawValue, from, to)
        }
        try oracle.expectLogins(answer("users-logged-in"))
        try oracle.expectSongsPlayed(answer("songs-played"))
        try oracle.expectAudience(answer("users-by-gender-and-level"))
        try oracle.expectSongsPerUser(answer("songs-per-user"))
        try oracle.expectTop(
          answer("top-songs"), "top-songs", key: { "\($0["song"] ?? "")/\($0["artist"] ?? "")" },
          of: { "\($0.song)/\($0.artist)" })
        try oracle.expectTop(
          answer("top-artists"), "top-artists", key: { $0["artist"] ?? "" }, of: { $0.artist })
        try oracle.expectTop(
          answer("top-locations"), "top-locations", key: { $0["place"] ?? "" }, of: { $0.place })
        try oracle.expectActiveUsers(answer("active-users"))
        if !["second", "minute"].contains(bucket.rawValue) {
          try oracle.expectCancellations(answer("cancellations"))
        }
        if ["day", "week", "month"].contains(bucket.rawValue) {
          try oracle.expectNewListeners(answer("new-and-returning-listeners"))
        }
        // Facts have what is loaded.
        let limit = min(end, try milliseconds("2026-01-08"))
        guard start < limit else { continue }
        try oracle.expectSessions(
          answer("sessions"), site.loaded, from: start, to: limit)
        if !["second", "minute"].contains(bucket.rawValue) {
          try oracle.expectDiscovery(answer("discovery"), site.loaded, from: start, to: limit)
        }
      }
    }
  }

  @Test func retentionIsThatOfTheUsersWhoRegistered() throws {
    try withSandbox { box in
      let site = try Site.shared()
      let answer = try ask(box, site, "retention", by: "week", "2025-12-01", "2026-01-11")
      let oracle = QuestionOracle(
        site.loaded + site.later, by: .week, from: try milliseconds("2025-12-01"),
        to: try milliseconds("2026-01-11"))
      #expect(!answer.rows.isEmpty)
      try oracle.expectRetention(
        answer, registeredFrom: milliseconds("2025-12-01"), to: milliseconds("2026-01-11"))
    }
  }

  /// A site's own question, in a directory of SQL files of its own.
  @Test func aFileOfOnesOwnIsAQuestionAndItsMistakesAreNamed() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let sql = box.path("sql")
      try FileManager.default.copyItem(
        atPath: "\(Program.packageRoot)/warehouse-sql", toPath: sql)
      box.environment["POLYRHYTHM_SQL"] = sql
      let place = ["--database", database.url]
      func add(_ name: String, _ lines: String...) throws {
        _ = try box.write("sql/questions/\(name).sql", lines.joined(separator: "\n") + "\n")
      }
      let statement =
        "select date_trunc('{bucket}', $1::timestamptz) as bucket, 7 as n where $2::text <> ''"
      try add("how-many", "-- How many?", "-- by: day", "-- chart: line n", statement)
      let range = ["--from", "2026-01-01", "--to", "2026-01-02"]
      let found = try box.succeed(["ask", "how-many", "--csv"] + range + place)
      #expect(found.output == "bucket,n\n2026-01-01 00:00:00+00,7\n")
      #expect(try box.succeed(["ask", "--list"]).output.contains("\nhow-many "))

      try add(
        "how-many", "-- How many?", "-- by: day", "-- chart: line n", "select '{bucket}', nothing")
      try box.fail(["ask", "how-many"] + range + place, 65, saying: ["how-many.sql", "nothing"])
      for (lines, part) in [
        ("-- by: day\n-- chart: line n", "question"), ("-- How?\n-- chart: line n", "by:"),
        ("-- How?\n-- by: lustrum\n-- chart: line n", "lustrum"),
        ("-- How?\n-- by: day\n-- chart: pie n", "chart:"),
        ("-- How?\n-- by: day\n-- chart: line n\n-- rung: ladder", "ladder"),
      ] {
        try add("how-many", lines, statement)
        try box.fail(["ask", "how-many"] + place, 78, saying: ["how-many.sql", part])
      }
    }
  }

  @Test(arguments: [("Asia/Kolkata", 330), ("America/New_York", -300)])
  func daysOfAnotherZoneBeginThere(zone: String, minutes: Int64) throws {
    try withSandbox { box in
      let site = try Site.shared()
      let answer = try ask(
        box, site, "songs-played", by: "day", "2026-01-02", "2026-01-10", ["--tz", zone])
      let (from, to) = (try milliseconds("2026-01-02"), try milliseconds("2026-01-10"))
      let listens = (site.loaded + site.later).filter {
        $0.kind == .listen && $0.time >= from && $0.time < to
      }
      let expected = Dictionary(grouping: listens) {
        String(ISOTime.text($0.time + minutes * 60_000).prefix(10))
      }
      let found = answer.rows.map { ($0["bucket"].map { String($0.prefix(10)) }, $0["listens"]) }
      #expect(found.map(\.0) == expected.keys.sorted())
      for (day, count) in found { #expect(count == "\(expected[day ?? ""]?.count ?? 0)") }
    }
  }

  /// Whose answers may be empty: one bucket has none before it to trend from, few cancel, nobody has
  /// registered a week ago, and no test is going on.
  private static let mayBeEmpty: Set<String> = [
    "path-to-cancellation", "retention", "test-groups", "trending-songs",
  ]

  @Test func everyQuestionIsAnsweredByEveryBucketThatItAllows() throws {
    try withSandbox { box in
      let site = try Site.shared()
      let list = try box.succeed(["ask", "--list"])
      let names = list.output.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
      #expect(names.count > 20, "\(list)")
      for name in names {
        let text = try String(
          contentsOfFile: "\(Program.packageRoot)/warehouse-sql/questions/\(name).sql",
          encoding: .utf8)
        let sentence = try #require(text.split(separator: "\n").first).dropFirst(3)
        #expect(list.output.contains("  \(sentence)\n"), "\(name)")
        let by = try #require(text.firstMatch(of: /\n-- by: (.+)\n/)).1.split(separator: " ")
        for bucket in by.map(String.init) {
          let (from, to) =
            switch bucket {
            case "second": ("2026-01-03T14:00", "2026-01-03T16:00")
            case "minute": ("2026-01-03T12:00", "2026-01-03T16:00")
            default: ("2026-01-01", "2026-01-11")
            }
          let answer = try ask(box, site, name, by: bucket, from, to)
          let isThere = !answer.rows.isEmpty || Self.mayBeEmpty.contains(name)
          #expect(isThere, "\(name) by \(bucket)")
          for row in answer.rows { #expect(row["bucket"]?.isEmpty == false, "\(name): \(row)") }
        }
        // As it is asked without a range, in a table and as a chart.
        let table = try box.succeed(["ask", name] + site.place)
        #expect(table.output.hasSuffix(" row)\n") || table.output.hasSuffix(" rows)\n"), "\(table)")
        let chart = try box.succeed(["ask", name, "--chart"] + site.place)
        let isEmpty = chart.output == "(0 rows)\n" && Self.mayBeEmpty.contains(name)
        #expect(isEmpty || chart.output.contains("▕"), "\(chart)")
      }
    }
  }

  @Test func whatIsSaidOfAnAnswerIsWhereItIsFromAndHowFarThatGoes() throws {
    try withSandbox { box in
      let site = try Site.shared()
      func note(_ name: String, _ from: String, _ to: String) throws -> String {
        try box.succeed(["ask", name, "--from", from, "--to", to] + site.place).errors
      }
      #expect(
        try note("songs-played", "2026-01-01T12:00", "2026-01-03")
          == "songs-played by day, 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z, from rollups, all of it final\n"
      )
      #expect(try note("songs-played", "2026-01-05", "2026-01-10").contains("provisional from "))
      #expect(
        try note("sessions", "2026-01-01T12:00", "2026-01-03")
          == "sessions by day, 2026-01-01T12:00:00Z to 2026-01-03T00:00:00Z, from the facts, which have all of it\n"
      )
      #expect(try note("sessions", "2026-01-05", "2026-01-10").contains("everything before 2026-"))
    }
  }

  @Test func whatCannotBeAskedIsRefusedWithWhatCan() throws {
    try withSandbox { box in
      let database = try box.makeDatabase(migrated: true)
      let place = ["--database", database.url]
      func refuse(_ words: [String], _ code: Int32 = 64, _ parts: String...) throws {
        try box.fail(["ask"] + words + place, code, saying: parts)
      }
      try refuse([], 64, "say which question", "ask --list")
      try refuse([""], 64, "is empty", "ask --help")
      try refuse(["top-sngs"], 64, "no question top-sngs", "top-songs", "ask --list")
      try refuse(["artists"], 64, "no question artists", "top-artists", "artist-reach")
      try refuse(["../checks/days_sum_hours"], 64, "no question")
      try refuse(["top-songs", "--by", "fortnight"], 64, "fortnight", "second, minute, hour, day")
      try refuse(["retention", "--by", "second"], 64, "week, month, quarter, year")
      try refuse(["top-songs", "--from", "yesterday"], 64, "--from", "yesterday")
      try refuse(
        ["top-songs", "--from", "2026-01-02", "--to", "2026-01-02"], 64, "not before --to")
      try refuse(["top-songs", "--from", "2090-01-01"], 64, "future")
      try refuse(["top-songs", "--tz", "Mars/Olympus"], 64, "--tz", "Mars/Olympus")
      try refuse(["top-songs", "--tz", "GMT+3"], 64, "--tz")
      try refuse(["top-songs", "--csv", "--chart"], 64, "exclude")
      try refuse(["top-songs", "--list"], 64, "--list")
      try box.fail(
        ["ask", "top-songs", "--data", box.path("nowhere")], 66, saying: ["no database"])
      let bare = try box.makeDatabase()
      try box.fail(["ask", "top-songs", "--database", bare.url], 78, saying: ["load full"])
      // An empty warehouse has answers, which are empty.
      let empty = try box.succeed(["ask", "top-songs"] + place)
      #expect(empty.output.hasSuffix("(0 rows)\n"), "\(empty)")
      #expect(empty.errors.contains("; no rows: nothing of it in this range"), "\(empty)")
      #expect(try box.succeed(["ask", "retention"] + place).errors.contains("a whole week"))
      #expect(try box.succeed(["ask", "sessions", "--chart"] + place).output == "(0 rows)\n")
    }
  }
}
