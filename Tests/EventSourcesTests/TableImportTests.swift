import EventLog
import EventModel
import Foundation
import Support
import Testing

@testable import EventSources

@Suite("tables become listen events")
struct TableImportTests {
  static let users = """
    user_id,user_name,user_age,user_country,created_at
    1,Ada Mary Lovelace,36,United Kingdom,2024-01-02
    2,Prince,57,US,2023-05-06 07:08:09
    3,"Nemo, Captain",,Atlantis,never
    """
  static let songs = #"""
    ,track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre
    0,t1,Gen Hoshino,Comedy,"Comedy, ""live""",73,230666,False,0.676,0.461,1,-6.746,0,0.143,0.0322,1.01e-06,0.358,0.715,87.917,4,acoustic
    1,t2,Ben;Jo,Ghost,Ghost,55,149610,True,0.42,0.166,1,-17.235,1,0.0763,0.924,5.56e-06,0.101,0.267,77.489,4,pop
    """#

  func folder(streams: String) throws -> Folder {
    let folder = try Folder()
    try folder.write("users.csv", Self.users)
    try folder.write("songs.csv", Self.songs)
    try folder.write("streams.csv", streams)
    return folder
  }

  @Test("a stream has its user's and its song's fields, and all further columns")
  func mapping() throws {
    let folder = try folder(
      streams: "user_id,track_id,listen_time,device\n1,t1,2024-06-25 17:43:13,phone\n")
    let log = try folder.log
    let summary = try runImport([folder.path], into: log)
    #expect(summary.users == 3)
    #expect(summary.songs == 2)
    #expect(summary.records == 1)
    let event = try #require(try records(log).first)
    let expected: [String: String] = [
      "ts": "1719337393000", "userId": "1", "firstName": "Ada", "lastName": "Mary Lovelace",
      "country": "GB", "registration": "1704153600000", "auth": "Logged In",
      "itemInSession": "0", "artist": "Gen Hoshino", "song": "Comedy, \"live\"",
      "duration": "230.666", "trackId": "t1", "album": "Comedy", "genre": "acoustic",
      "popularity": "73", "explicit": "false", "danceability": "0.676", "energy": "0.461",
      "key": "1", "loudness": "-6.746", "mode": "0", "speechiness": "0.143",
      "acousticness": "0.0322", "instrumentalness": "1.01e-06", "liveness": "0.358",
      "valence": "0.715", "tempo": "87.917", "timeSignature": "4", "age": "36",
      "streamDevice": "phone",
    ]
    for (key, value) in expected where key != "explicit" { #expect(event[key] == value, "\(key)") }
    #expect(event.json["explicit"] as? Bool == false)
    #expect(Set(event.json.keys) == Set(expected.keys).union(["sessionId"]))
    // The decoder accepts the event that was written.
    var bytes = Array(event.raw.utf8)
    let count = bytes.count
    bytes += [UInt8](repeating: 0, count: EventDecoder.padding)
    try bytes.withUnsafeBytes {
      let line = UnsafeRawBufferPointer(rebasing: $0[..<count])
      let decoded = try EventDecoder().decode(line, as: .listen)
      #expect(decoded.song.string == "Comedy, \"live\"")
    }
  }

  @Test("unknown users and songs leave their fields absent; a name of no country stays as it is")
  func unknown() throws {
    let folder = try folder(
      streams: "user_id,track_id,listen_time\n9,t9,2024-06-25\n3,,2024-06-26\n")
    let log = try folder.log
    let summary = try runImport([folder.path], into: log)
    #expect(summary.streamsWithoutUser == 1)
    #expect(summary.streamsWithoutSong == 2)
    #expect(summary.broken == 0)
    let events = try records(log)
    #expect(
      Set(events[0].json.keys) == ["ts", "sessionId", "itemInSession", "userId", "auth", "trackId"])
    #expect(events[1]["country"] == "Atlantis")
    #expect(events[1]["firstName"] == "Nemo,")
    #expect(events[1]["registration"] == nil)
    #expect(events[1]["age"] == nil)
  }

  @Test(
    "a row that is no event goes to the log byte for byte, with its line and why, and the others are not touched"
  )
  func broken() throws {
    let lines = [
      "x,t1,2024-06-25", "1,t1,yesterday", "1,t1", "1,t1,1999-12-31", "1,\"t\n1\",",
      ",t1,2024-06-25",
    ]
    let folder = try folder(
      streams: "user_id,track_id,listen_time\r\n1,t1,2024-06-25\r\n"
        + lines.joined(separator: "\r\n") + "\r\n1,t1,2024-06-26")
    let log = try folder.log
    let summary = try runImport([folder.path], into: log)
    #expect(summary.rows == 8)
    #expect(summary.records == 8)
    #expect(summary.broken == 6)
    #expect(summary.firstBroken?.contains("streams.csv, line 3: the user id") == true)
    let raw = try records(log).filter { $0.json.isEmpty }.map { Array($0.raw.utf8) }
    let documents = try raw.map { record in
      try record.withUnsafeBytes {
        String(decoding: try #require(StrayRecord.document(in: $0)), as: UTF8.self)
      }
    }
    #expect(documents.sorted() == lines.sorted())
    let reasons = raw.compactMap { record in
      let failure = #expect(throws: DecodingFailure.self) {
        try record.withUnsafeBytes { _ = try EventDecoder().decodeUnpadded($0, as: .listen) }
      }
      return failure.map { $0.reason.split(separator: "/").last.map(String.init) ?? "" }
    }
    #expect(
      reasons.sorted() == [
        "streams.csv, line 3: the user id is not a whole number",
        "streams.csv, line 4: the listen time is not a time such as 2024-06-25 17:43:13",
        "streams.csv, line 5: it has 2 fields and the header has 3",
        "streams.csv, line 6: the listen time is not of the years 2000 to 2099",
        "streams.csv, line 7: the listen time is not a time such as 2024-06-25 17:43:13",
        "streams.csv, line 9: the user id is not a whole number",
      ])
  }

  @Test("text that is no UTF-8 does not cost the event")
  func latin1() throws {
    let folder = try folder(streams: "user_id,track_id,listen_time\n7,t1,2024-06-25\n")
    try folder.write(
      "users.csv", Array("user_id,user_name\n7,Andr".utf8) + [0xE9] + Array(" X".utf8))
    let log = try folder.log
    try runImport([folder.path], into: log)
    #expect(try records(log).first?["firstName"] == "Andr\u{FFFD}")
  }

  @Test("importing again gives the same identities, however the rows lie")
  func idempotence() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed)
    var rows = (0..<2_000).map { _ in
      let minute = Int.random(in: 0..<1440, using: &random)
      let time =
        "2024-06-25 \(minute / 60 / 10)\(minute / 60 % 10):\(minute % 60 / 10)\(minute % 10):00"
      return
        "\(Int.random(in: 1...40, using: &random)),t\(Int.random(in: 1...30, using: &random)),\(time)"
    }
    func identities() throws -> [String: Int] {
      let folder = try folder(
        streams: "user_id,track_id,listen_time\n" + rows.joined(separator: "\n"))
      let log = try folder.log
      try runImport([folder.path], into: log)
      return Dictionary(try records(log).map { ($0.identity, 1) }, uniquingKeysWith: +)
    }
    let first = try identities()
    rows.shuffle(using: &random)
    #expect(try identities() == first, "seed \(seed)")
    // There are as many identities as different rows, since equal rows are one event.
    #expect(first.count == Set(rows).count, "seed \(seed)")
  }

  @Test("a session ends after half an hour without a stream")
  func sessions() throws {
    let folder = try folder(
      streams: """
        user_id,track_id,listen_time
        1,t2,2024-06-25 11:00:01
        1,t1,2024-06-25 10:00:00
        2,t1,2024-06-25 10:10:00
        1,t2,2024-06-25 10:30:00
        1,t2,2024-06-25 10:30:00
        1,t1,2024-06-25 10:30:00
        """)
    let log = try folder.log
    try runImport([folder.path], into: log)
    let mine = try records(log).filter { $0["userId"] == "1" }
    let items = mine.map {
      "\($0["ts"]!.dropLast(3).suffix(4)) \($0["trackId"]!) \($0["itemInSession"]!)"
    }
    #expect(items == ["9600 t1 0", "1400 t1 1", "1400 t2 2", "1400 t2 2", "3201 t2 0"])
    let sessions = mine.map { $0["sessionId"]! }
    #expect(Set(sessions[0...3]).count == 1)
    #expect(sessions[4] != sessions[0])
    #expect(sessions.allSatisfy { Int($0)! >= 0 && Int($0)! < 1 << 53 })
    let other = try records(log).filter { $0["userId"] == "2" }.map { $0["sessionId"]! }
    #expect(Set(other).isDisjoint(with: sessions))
  }

  @Test("sessions are those that a plain count over each user's sorted times gives")
  func sessionOracle() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed)
    var times: [Int: Set<Int>] = [:]
    for _ in 0..<1_500 {
      times[Int.random(in: 1...25, using: &random), default: []].insert(
        1_719_300_000 + Int.random(in: 0..<86_400, using: &random))
    }
    let formatter = ISO8601DateFormatter()
    var rows = times.flatMap { user, seconds in
      seconds.map {
        "\(user),t1,\(formatter.string(from: Date(timeIntervalSince1970: Double($0))))"
      }
    }
    rows.shuffle(using: &random)
    let folder = try folder(
      streams: "user_id,track_id,listen_time\n" + rows.joined(separator: "\n"))
    let log = try folder.log
    try runImport([folder.path], into: log)
    let found = Dictionary(grouping: try records(log)) { Int($0["userId"]!)! }
    for (user, seconds) in times {
      let sorted = seconds.sorted()
      var expected: [Int] = []
      for (index, time) in sorted.enumerated() {
        let continues = index > 0 && time - sorted[index - 1] <= 1800
        expected.append(continues ? expected[index - 1] + 1 : 0)
      }
      #expect(found[user]?.map { Int($0["itemInSession"]!)! } == expected, "seed \(seed)")
    }
  }

  @Test("a table that is too long for memory is refused and says to split it")
  func tooLong() throws {
    let columns = try #require(TableColumns(header: ["user_id", "track_id", "listen_time"]))
    let table = StreamsTable(name: "streams.csv", columns: columns, longest: 1)
    let rows = CSVReader(Trickle("1,t1,2024-06-25\n2,t1,2024-06-25\n", step: 99), name: "s.csv")
    #expect(try rows.advance())
    let reason = try table.add(rows.fields)
    #expect(reason == nil)
    #expect(try rows.advance())
    #expect { _ = try table.add(rows.fields) } throws: { "\($0)".contains("split it") }
  }

  @Test(
    "a later row of a user or a song replaces the earlier one, in whatever order files are named")
  func order() throws {
    let folder = try Folder()
    let streams = try folder.write("a.csv", "user_id,track_id,listen_time\n1,t1,2024-06-25\n")
    let songs = try folder.write("b.csv", "track_id,track_name\nt1,Old\nt1,New\n")
    let users = try folder.write("c.csv", "id,name,country\n1,A,FR\n")
    let log = try folder.log
    try runImport([streams, songs, users], into: log)
    let event = try #require(try records(log).first)
    #expect(event["song"] == "New")
    #expect(event["country"] == "FR")
  }

  @Test("streams are archived once, the tables of users and songs stay")
  func archive() throws {
    let folder = try folder(streams: "user_id,track_id,listen_time\n1,t1,2024-06-25\n")
    let log = try folder.log
    let archive = "\(folder.path)/archive"
    #expect(try runImport([folder.path], into: log, .test(archive: archive)).toArchive == 1)
    #expect(try folder.names("archive") == [])
    try publish(log)
    #expect(try folder.names() == ["archive", "log", "songs.csv", "users.csv"])
    #expect(try folder.names("archive") == ["streams.csv"])
    try folder.write("streams.csv", "user_id,track_id,listen_time\n1,t1,2024-06-26\n")
    try runImport([folder.path], into: log, .test(archive: archive))
    try publish(log)
    #expect(try folder.names("archive") == ["streams.csv", "streams.csv.2"])
    #expect(try records(log).count == 2)
  }

  @Test("what cannot be imported says why")
  func refusals() throws {
    let folder = try Folder()
    let log = try folder.log
    func message(_ operands: [String], _ options: ImportOptions = .test()) throws -> String {
      do {
        try runImport(operands, into: log, options)
        return "imported"
      } catch let error as any UserFacingError {
        return error.message
      }
    }
    #expect(try message(["\(folder.path)/none.csv"]).contains("no such file"))
    let semicolons = try folder.write("s.csv", "user_id;track_id;listen_time\n1;2;3\n")
    #expect(try message([semicolons]).contains("separated by commas"))
    let users = try folder.write("users.csv", Self.users)
    #expect(try message([users], .test(archive: "s3://bucket/x")).contains("goes to a directory"))
    #expect(try message(["s3://bucket/x"]).contains("AWS_ACCESS_KEY_ID"))
    #expect(
      try message(["s3:///x"], .test(s3: S3Settings(accessKey: "", secretKey: "")))
        .contains("s3://BUCKET/PREFIX"))
  }
}

@Suite("files of events")
struct LineImportTests {
  static let listen =
    #"{"ts":1719337393000,"sessionId":1,"itemInSession":0,"userId":7,"artist":"A","song":"B"}"#

  func compressed(_ tool: String, _ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool, "-q", "-k", path]
    try process.run()
    process.waitUntilExit()
    return path + (tool == "gzip" ? ".gz" : ".zst")
  }

  @Test("compressed files are read as plain ones", arguments: ["gzip", "zstd"])
  func compression(tool: String) throws {
    let folder = try Folder()
    let lines = (0..<50_000).map {
      Self.listen.replacing("\"itemInSession\":0", with: "\"itemInSession\":\($0)")
    }
    let plain = try folder.write("listen_events.ndjson", lines.joined(separator: "\n"))
    let path = try compressed(tool, plain)
    let log = try folder.log
    let summary = try runImport([path], into: log)
    #expect(summary.records == 50_000)
    #expect(summary.broken == 0)
    #expect(Set(try records(log).map(\.raw)) == Set(lines))
    // Half of a compressed file is not taken for a whole file.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let half = try folder.write("listen_half", bytes.prefix(bytes.count / 2))
    #expect { try runImport([half], into: log) } throws: { "\($0)".contains("cut short") }
  }

  @Test("lines of the three topics go in byte for byte; broken ones too")
  func lines() throws {
    let folder = try Folder()
    let path = try folder.write(
      "listen_events.json", Self.listen + "\r\n\n{\"ts\": no}\n" + Self.listen + "\n")
    let log = try folder.log
    let summary = try runImport([path], into: log)
    #expect(summary.rows == 3)
    #expect(summary.broken == 1)
    #expect(
      try records(log).map(\.raw).sorted() == [Self.listen, Self.listen, "{\"ts\": no}"].sorted())
  }

  @Test("eventsim's single stream is split by topic")
  func classic() throws {
    let folder = try Folder()
    let path = try folder.write(
      "events",
      #"{"ts":1719337393000,"userId":"7","sessionId":1,"page":"NextSong","auth":"Logged In","#
        + #""method":"PUT","status":200,"level":"free","itemInSession":0,"location":"Reno, NV","#
        + #""userAgent":"x","lastName":"L","firstName":"F","registration":1719337390000,"#
        + #""gender":"F","artist":"A","song":"B","length":200.5}"# + "\n")
    let log = try folder.log
    #expect(try runImport([path], into: log).records == 2)
    #expect(try records(log, .listen).first?["state"] == "NV")
    #expect(try records(log, .pageView).first?["page"] == "NextSong")
  }
}
