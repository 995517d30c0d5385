import EventModel
import Foundation
import Testing

@testable import EventSources

@Suite("cells of tables")
struct CellTests {
  func withCell<T>(_ text: String, _ body: (ByteSlice) -> T) -> T {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer {
      body(ByteSlice(start: $0.baseAddress, count: $0.count))
    }
  }

  @Test(
    "times in the spellings of databases and pandas",
    arguments: [
      ("1970-01-01", 0), ("2024-06-25 17:43:13", 1_719_337_393_000),
      ("2024-06-25T17:43:13", 1_719_337_393_000), ("2024-06-25T17:43:13Z", 1_719_337_393_000),
      ("2024-06-25 17:43:13.4567", 1_719_337_393_456),
      ("2024-06-25 17:43:13+00", 1_719_337_393_000),
      ("2024-06-25 19:43:13+02:00", 1_719_337_393_000),
      ("2024-06-25 12:13:13-0530", 1_719_337_393_000), ("2024-06-25 17:43", 1_719_337_380_000),
      ("2024-06-25 17:43:13 UTC", 1_719_337_393_000), ("2000-02-29", 951_782_400_000),
      ("1969-12-31 23:59:59", -1000), ("2024-02-29", 1_709_164_800_000),
    ] as [(String, Int64)])
  func times(text: String, expected: Int64) {
    #expect(withCell(text, CellText.time) == expected)
  }

  @Test(
    "what is no time",
    arguments: [
      "", "x", "2024-13-01", "2023-02-29", "1900-02-29", "2024-06-31", "2024-06-25 24:00:00",
      "2024-06-25 17:60", "2024-06-25 17:43:13 CET", "25.06.2024", "2024-6-5", "2024-06-25 ",
      "2024-06-25 17:43:13.", "2024-06-25 17:43:13+2", "2024-00-10", "2024-06-00",
    ])
  func noTimes(text: String) {
    #expect(withCell(text, CellText.time) == nil)
  }

  @Test("every day from 1970 to 2100 is the one of Foundation's calendar")
  func days() {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withFullDate]
    for day in 0..<47_500 {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      let text = formatter.string(from: date)
      #expect(withCell(text, CellText.time) == Int64(day) * 86_400_000, "\(text)")
    }
  }

  @Test("integers, also as pandas writes them with gaps")
  func integers() {
    #expect(withCell("12", CellText.integer) == 12)
    #expect(withCell("12.0", CellText.integer) == 12)
    #expect(withCell("-7", CellText.integer) == -7)
    #expect(withCell("9223372036854775807", CellText.integer) == Int64.max)
    for wrong in ["", "-", "1.5", "1.", "a", "1e3", "9223372036854775808", "0x1"] {
      #expect(withCell(wrong, CellText.integer) == nil, "\(wrong)")
    }
  }

  @Test(
    "names of countries",
    arguments: [
      ("Germany", "DE"), ("germany", "DE"), ("DE", "DE"), ("de", "DE"), ("DEU", "DE"), ("UK", "GB"),
      ("United States of America", "US"), ("Côte d'Ivoire", "CI"), ("Cote d'Ivoire", "CI"),
      ("Korea", "KR"), ("Russian Federation", "RU"), ("Bahamas, The", "BS"),
      ("Antigua & Barbuda", "AG"), ("The Netherlands", "NL"), ("Türkiye", "TR"), ("Viet Nam", "VN"),
      ("St. Lucia", "LC"), ("Holy See (Vatican City State)", "VA"), ("U.S.A.", "US"),
    ])
  func countries(name: String, code: String) {
    #expect(Countries.code(of: name) == code)
  }

  @Test("what is no country is not taken for one")
  func noCountries() {
    for name in ["", "XX", "Atlantis", "12", "Germanyy"] {
      #expect(Countries.code(of: name) == nil, "\(name)")
    }
  }

  @Test("headers in their common spellings")
  func headers() throws {
    let streams: [ColumnRole] = [.userID, .trackID, .listenTime]
    for header in [
      ["user_id", "track_id", "listen_time"], ["User ID", "Track ID", "Listen Time"],
      ["userId", "trackId", "listenTime"], ["USER-ID", "TRACK-ID", "LISTEN-TIME"],
    ] {
      let columns = try #require(TableColumns(header: header))
      #expect(columns.kind == .streams)
      #expect(columns.roles == streams)
    }
    #expect(TableColumns(header: ["user_id", "user_name"])?.kind == .users)
    #expect(TableColumns(header: ["", "track_id", "artists", "track_name"])?.kind == .songs)
    #expect(
      TableColumns(header: ["user_id", "listen_time", "Play Device", "listened_at"])?.roles
        == [.userID, .listenTime, .text("streamPlayDevice"), .text("streamListenedAt")])
    #expect(TableColumns(header: ["user_id", "city"]) == nil)
    #expect(TableColumns(header: ["id", "name"])?.kind == .users)
    #expect(TableColumns(header: ["id", "name"], of: .songs)?.roles == [.trackID, .title])
  }

  @Test("a column that says what it is comes before id and name; none takes a field of the event")
  func ambiguousHeaders() {
    #expect(
      TableColumns(header: ["id", "track_id", "name", "track_name"])?.roles
        == [.text("songId"), .trackID, .text("songName"), .title])
    #expect(
      TableColumns(header: ["id", "user_id", "agent", "country"])?.roles
        == [.text("userColumnId"), .userID, .text("userColumnAgent"), .country])
  }

  @Test("XML: entities, attributes, empty elements, elements that begin alike")
  func xml() {
    let text = XMLText(
      "<?xml version=\"1.0\"?><R xmlns=\"u\"><Keys>no</Keys><C><Key>a&amp;b&#x41;&#66;&no;</Key></C>"
        + "<C><Key/></C><Key >x</Key></R>")
    #expect(text.first("R")?.all("Key").map(\.value) == ["a&bAB&no;", "", "x"])
    #expect(text.all("C").count == 2)
    #expect(text.first("Missing") == nil)
  }
}
