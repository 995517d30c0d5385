import Foundation
import TestKit
import Testing
import Warehouse

/// Files of all kinds on their way into the log.
@Suite struct ImportTests {
  private static let time = 1_767_225_600_000

  /// A line of eventsim's classic single stream.
  private func classic(_ item: Int, page: String, status: Int = 200, song: Bool = false) -> String {
    let music = song ? #","artist":"Jason Mraz","song":"I'm Yours","length":243.5"# : ""
    return #"{"ts":\#(Self.time + item * 1000),"userId":"42","sessionId":7,"page":"\#(page)","#
      + #""auth":"Logged In","method":"PUT","status":\#(status),"level":"paid","itemInSession":\#(item),"#
      + #""location":"San Francisco-Oakland-Hayward, CA","userAgent":"Mozilla/5.0","lastName":"Bär","#
      + #""firstName":"Zoë","registration":1538173362000,"gender":"F"\#(music)}"#
  }

  @Test func eventsimsSingleStreamIsSplitByTopic() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      let lines = [
        classic(0, page: "Login", status: 307), classic(1, page: "NextSong", song: true),
        classic(2, page: "NextSong", song: true), classic(3, page: "Home"),
        classic(4, page: "Login", status: 404), classic(5, page: "Thumbs Up", song: true),
        #"{"ts":"#, classic(6, page: "NextSong", song: true),
      ]
      let file = try box.write("events.json", lines.joined(separator: "\n"))
      let outcome = try box.succeed(["import", file, "--log", "dir:\(box.log)"])
      #expect(
        outcome.errors.contains("imported 8 lines of 1 files as 13 records (1 undecodable"),
        "\(outcome)")
      try box.succeed(
        ["speed", "--until-caught-up", "--log", "dir:\(box.log)", "--database", database.url])
      let connection = try database.connect()
      let expected = LogFiles.Counts(listens: 3, pageViews: 7, auths: 2)
      #expect(try MergedViewWatch.read(connection) == expected)
      try box.succeed(["load", "full", "--lake", box.log, "--database", database.url])
      #expect(try MergedViewWatch.read(connection) == expected)
      let row = try connection.run(
        """
        select u.first_name, u.last_name, u.user_id, l.city, l.state, s.artist, s.title,
          f.duration_ms
        from warehouse.fact_listen f join warehouse.dim_user u using (user_key)
        join warehouse.dim_location l using (location_key)
        join warehouse.dim_song s using (song_key)
        where f.item_in_session = 1
        """)
      try #require(row.count == 1)
      #expect(
        (0..<8).map { row.textOrNull(0, $0) } == [
          "Zoë", "Bär", "42", "San Francisco-Oakland-Hayward", "CA", "Jason Mraz", "I'm Yours",
          "243500",
        ])
      let logins = try connection.run(
        "select sum(logins)::bigint, sum(failed_logins)::bigint from serving.minute_totals")
      #expect(try logins.int(0, 0) == 1 && logins.int(0, 1) == 1)
    }
  }

  @Test func brokenLinesGoToQuarantineAsTheyCame() throws {
    try withSandbox { box in
      let database = try box.makeDatabase()
      func listen(_ item: Int, ts: String? = nil) -> Data {
        Data(
          (#"{"ts":\#(ts ?? "\(Self.time + item * 1000)"),"sessionId":5,"itemInSession":\#(item),"#
            + #""level":"free","userAgent":"x","city":"Köln","state":"","zip":"","lon":0,"lat":0,"#
            + #""userId":9,"auth":"Logged In","artist":"A","song":"S","duration":200.5}"#).utf8)
      }
      let broken: [Data] = [
        Data(#"{"ts":1767225600000,"sessionId":"#.utf8), listen(90, ts: "\"soon\""),
        listen(91, ts: "4102444800001"), Data([0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x7D]),
        Data("[]".utf8), Data(#"{"a":"x"#.utf8) + Data([0, 0]) + Data("}".utf8),
        Data(String(repeating: "[", count: 5000).utf8),
      ]
      var file = Data()
      // The file has line ends of both kinds, empty lines, and no newline after its last line.
      for (item, bytes) in broken.enumerated() {
        file += listen(item) + Data("\r\n\n".utf8) + bytes + Data("\n".utf8)
      }
      file += listen(broken.count)
      let path = try box.write("listen_events.ndjson", file)
      let outcome = try box.succeed(["import", path, "--log", "dir:\(box.log)"])
      #expect(
        outcome.errors.contains("imported 15 lines of 1 files as 15 records (7 undecodable"),
        "\(outcome)")
      let lake = ["--lake", box.log, "--database", database.url]
      try box.succeed(
        ["speed", "--until-caught-up", "--log", "dir:\(box.log)", "--database", database.url])
      let connection = try database.connect()
      func quarantined() throws -> [Data] {
        let rows = try connection.run("select raw from warehouse.quarantine order by record_offset")
        return try (0..<rows.count).map { Data(try rows.bytes($0, 0)) }
      }
      #expect(try MergedViewWatch.read(connection).listens == 8)
      #expect(try Set(quarantined()) == Set(broken), "by the speed layer")
      let load = try box.succeed(["load", "full"] + lake)
      #expect(load.errors.contains("7 quarantined"), "\(load)")
      #expect(try MergedViewWatch.read(connection).listens == 8)
      #expect(try quarantined().count == broken.count, "by both layers")
      let reasons = try connection.run(
        "select count(*) from warehouse.quarantine where reason = '' or topic <> 'listen_events'")
      #expect(try reasons.int(0, 0) == 0)
      // A second import of the same lines gives new records in quarantine, but no new lines in the view of
      // different lines.
      try box.succeed(["import", path, "--log", "dir:\(box.log)", "--again"])
      try box.succeed(["load", "incremental"] + lake)
      #expect(try quarantined().count == 14)
      let lines = try connection.run(
        "select raw, records, repeats from warehouse.quarantine_line order by first_offset")
      #expect(try (0..<lines.count).map { Data(try lines.bytes($0, 0)) } == broken)
      #expect(try (0..<lines.count).allSatisfy { try lines.int($0, 1) == 2 })
      #expect(try (0..<lines.count).allSatisfy { try lines.int($0, 2) == 1 })
      #expect(try MergedViewWatch.read(connection).listens == 8)
      let status = try box.succeed(["status"] + lake)
      #expect(
        status.output.split(separator: "\n").contains {
          $0.split(separator: " ").map(String.init) == ["quarantined", "14"]
        }, "\(status)")
      #expect(try box.succeed(["check"] + lake).output.contains(" 0 broken"))
    }
  }

  @Test func filesAreArchivedOnceTheLoadThatUsedThemIsPublished() throws {
    try withSandbox { box in
      let files = try box.generate("in", users: 10, from: "2026-01-01", to: "2026-01-02")
      let expected = try LogFiles(files).count()
      let page = try Data(contentsOf: URL(fileURLWithPath: "\(files)/page_view_events.ndjson"))
      let words = ["import", files, "--log", "dir:\(box.log)", "--archive"]
      // Where files cannot be moved nothing is imported.
      try box.fail(words + ["/proc/polyrhythm"], 73, saying: ["/proc/polyrhythm"])
      #expect(!FileManager.default.fileExists(atPath: box.log))
      let lake = ["--lake", box.log, "--database", try box.makeDatabase().url]
      try box.succeed(words + [box.path("done")])
      #expect(try LogFiles(box.log).count() == expected)
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.path("done")) == [])
      // A load that publishes nothing moves nothing.
      try box.succeed(["load", "full", "--dry-run"] + lake)
      try box.succeed(["load", "full", "--shadow"] + lake)
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.path("done")) == [])
      let load = try box.succeed(["load", "full"] + lake)
      #expect(load.errors.contains("archived 5 files"), "\(load)")
      let moved = try FileManager.default.contentsOfDirectory(atPath: box.path("done")).sorted()
      #expect(
        moved == [
          "auth_events.ndjson", "listen_events.ndjson", "page_view_events.ndjson", "songs.ndjson",
          "users.ndjson",
        ])
      #expect(try FileManager.default.contentsOfDirectory(atPath: files) == ["truth.json"])
      #expect(
        FileManager.default.contents(atPath: box.path("done/page_view_events.ndjson")) == page)
      #expect(try box.succeed(words + [box.path("done")]).errors.contains("nothing to import"))
      // A file of the same name does not replace the archived one.
      _ = try box.write("in/page_view_events.ndjson", page + Data("x\n".utf8))
      try box.succeed(words + [box.path("done")])
      try box.succeed(["load", "incremental"] + lake)
      // A load that is taken back brings no file back.
      try box.succeed(["load", "rollback"] + lake)
      #expect(try FileManager.default.contentsOfDirectory(atPath: files) == ["truth.json"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: box.path("done")).count == 6)
      #expect(
        FileManager.default.contents(atPath: box.path("done/page_view_events.ndjson")) == page)
    }
  }

  @Test func aWatchTakesWhatArrivesAndEndsOnSIGTERM() throws {
    try withSandbox { box in
      _ = try box.write("in/old.ndjson", Self.line(0))
      let watch = try box.start([
        "import", "--watch", box.path("in"), "--watch-every", "0.2", "--log", "dir:\(box.log)",
      ])
      func count() throws -> Int64 { (try? LogFiles(box.log).count().total) ?? 0 }
      #expect(try eventually(within: 30) { try count() == 1 }, "\(watch.errorsSoFar)")
      _ = try box.write("in/.new.ndjson", Self.line(1))
      _ = try box.write("in/broken.csv", "no,such\n1,2\n")
      #expect(eventually(within: 30) { watch.errorsSoFar.contains("broken.csv") })
      #expect(try count() == 1)
      try FileManager.default.moveItem(
        atPath: box.path("in/.new.ndjson"), toPath: box.path("in/new.ndjson"))
      #expect(try eventually(within: 30) { try count() == 2 }, "\(watch.errorsSoFar)")
      watch.send(SIGTERM)
      let end = try watch.wait()
      #expect(end.status == 0, "\(end)")
      #expect(end.errors.split(separator: "\n").filter { $0.contains("broken.csv") }.count == 1)
      try box.fail(["import", "--watch", "in/old.ndjson"], 78, saying: ["--watch"])
      try box.fail(["import", "in", "--watch-every", "1"], 64, saying: ["--watch"])
    }
  }

  private static func line(_ number: Int) -> String {
    #"{"ts":1767225600000,"sessionId":1,"itemInSession":\#(number),"userId":7,"artist":"A","song":"B"}"#
      + "\n"
  }
}
