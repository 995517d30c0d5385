import EventModel
import StarSchema
import TestKit
import Testing
import Warehouse

@testable import Metrics

/// What a load sends by COPY is what the fact tables have columns for.
@Suite struct FactRowTests {
  private let database: TestDatabase
  private let connection: Connection

  init() throws {
    database = try TestDatabase.make()
    connection = try database.connect()
  }

  private func columns(of table: String) throws -> [String] {
    let columns = try connection.run(
      """
      select attname from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum
      """, [.text(table)])
    return try (0..<columns.count).map { try columns.text($0, 0) }
  }

  /// The rows of a table that is made like `like`, in one line each, after the buffer went into it.
  private func rows(
    _ buffer: CopyBuffer, _ columns: [String], showing shown: [String]? = nil,
    making statement: String
  ) throws -> [String] {
    try connection.script("set time zone 'UTC'; \(statement)")
    _ = try connection.copy(into: "stage.t", columns: columns, from: buffer)
    return try rows(shown ?? columns)
  }

  private func rows(_ columns: [String]) throws -> [String] {
    let rows = try connection.run(
      "select t::text from (select \(columns.joined(separator: ", ")) from stage.t) as t")
    return try (0..<rows.count).map { try rows.text($0, 0) }
  }

  private func rows(_ buffer: CopyBuffer, of fact: FactTable) throws -> [String] {
    try rows(
      buffer, fact.columnsOfDay, showing: fact.storedColumns,
      making: """
        create table stage.t (like builds.\(fact.name) including defaults);
        alter table stage.t alter column date_key set default 20261031
        """)
  }

  private static let keys = FactKeys(
    ts: 1_793_491_199_999, userKey: 11, locationKey: 12, deviceKey: 13, sessionId: 14,
    itemInSession: 15)
  /// The beginning of every row of `keys`.
  private static let shared = #""2026-10-31 23:59:59.999+00",20261031,86399,11,12,13,14,15"#

  private func event(_ topic: Topic, _ fields: String) throws -> (EventDecoder, Event) {
    let decoder = EventDecoder()
    let line = Array(#"{"ts":1793491199999,"sessionId":14,"itemInSession":15\#(fields)}"#.utf8)
    let event = try line.withUnsafeBytes { try decoder.decodeUnpadded($0, as: topic) }
    return (decoder, event)
  }

  /// A migration that adds a column is not forgotten here.
  @Test(arguments: FactTable.allCases)
  func theColumnsAreThoseOfTheTable(_ fact: FactTable) throws {
    #expect(try columns(of: fact.qualifiedName) == fact.columns + ["load_run_id"])
    #expect(
      try Set(columns(of: "builds.\(fact.name)"))
        == Set(fact.storedColumns + ["build", "load_run_id"]))
  }

  @Test func everyTopicHasATableOfItsOwn() {
    #expect(Set(Topic.allCases.map { FactTable($0) }) == Set(FactTable.allCases))
  }

  @Test func aListenIsARow() throws {
    let texts = InternedTexts()
    let bytes = Array("Logged In".utf8)
    let auth = bytes.withUnsafeBufferPointer {
      texts.id(ByteSlice(start: $0.baseAddress, count: $0.count))
    }
    let buffer = CopyBuffer()
    var fact = ListenFact(
      keys: Self.keys, songKey: 16, auth: auth, level: 0, durationMs: 200_000,
      listenedMs: 17_000, outcome: .skipped)
    FactRows.append(fact, hasPageView: true, texts: texts, to: buffer)
    fact.auth = 0
    fact.durationMs = -1
    fact.outcome = .open
    FactRows.append(fact, hasPageView: false, texts: texts, to: buffer)
    #expect(
      try rows(buffer, of: .listen) == [
        "(\(Self.shared),16,\"Logged In\",,200000,17000,skipped,t)",
        "(\(Self.shared),16,,,,,,f)",
      ])
  }

  @Test func aLoginIsARow() throws {
    let buffer = CopyBuffer()
    let (decoder, event) = try event(.auth, #","success":true,"level":"paid""#)
    withExtendedLifetime(decoder) {
      FactRows.append(auth: event, Self.keys, to: buffer)
    }
    #expect(try rows(buffer, of: .auth) == ["(\(Self.shared),t,paid)"])
  }

  @Test func aPageViewIsARow() throws {
    let buffer = CopyBuffer()
    let (decoder, event) = try event(
      .pageView, #","page":"Home","method":"GET","status":404,"auth":"Guest""#)
    withExtendedLifetime(decoder) {
      FactRows.append(
        pageView: event, Self.keys, songKey: 0,
        PageCredit(engagement: .thumbsUp, songKey: 9), to: buffer)
    }
    #expect(
      try rows(buffer, of: .pageView) == ["(\(Self.shared),0,Home,GET,404,Guest,,thumbs_up,9)"])
  }

  /// A page view that could have been one with its play is the row that it would be otherwise.
  @Test func aPageViewOfAPlayIsTheSameRowWithoutThePlay() throws {
    let buffer = CopyBuffer()
    let texts = InternedTexts()
    let (decoder, event) = try event(
      .pageView, #","page":"NextSong","method":"PUT","status":200,"auth":"Logged In""#)
    try withExtendedLifetime(decoder) {
      let credit = PageCredit(engagement: nil, songKey: 0)
      FactRows.append(pageView: event, Self.keys, songKey: 16, credit, to: buffer)
      let view = try #require(ViewOfPlay(Self.keys, songKey: 16, credit, event, texts: texts))
      FactRows.append(view, texts: texts, to: buffer)
    }
    let row = "(\(Self.shared),16,NextSong,PUT,200,\"Logged In\",,,)"
    #expect(try rows(buffer, of: .pageView) == [row, row])
  }

  /// A table of several days has rows that say their own.
  @Test func rowsAreGivenTheirDay() throws {
    let buffer = CopyBuffer()
    let texts = InternedTexts()
    for listened: Int32 in [17_000, 18_000] {
      FactRows.append(
        ListenFact(
          keys: Self.keys, songKey: 16, auth: 0, level: 0, durationMs: -1, listenedMs: listened,
          outcome: .skipped), hasPageView: true, texts: texts, to: buffer)
    }
    try connection.script(
      "set time zone 'UTC'; create table stage.t (like builds.fact_listen including defaults)")
    let stream = try connection.beginCopy(into: "stage.t", columns: FactTable.listen.storedColumns)
    try stream.send(rows: FactRows.dated(Array(buffer.bytes), dateKey: 20_261_031))
    #expect(try stream.finish() == 2)
    #expect(
      try rows(FactTable.listen.storedColumns) == [
        "(\(Self.shared),16,,,,17000,skipped,t)", "(\(Self.shared),16,,,,18000,skipped,t)",
      ])
  }

  @Test func aChangedPlayAndAUserThatWasSeenAreRowsOfTheirStagedTables() throws {
    let library = try SQLLibrary()
    let buffer = CopyBuffer()
    ListenChangeRows.append(
      ListenFact(
        keys: Self.keys, songKey: 16, auth: 0, level: 0, durationMs: 1, listenedMs: 900,
        outcome: .completed), to: buffer)
    #expect(
      try rows(
        buffer, ListenChangeRows.columns,
        making: library.sql("batch/stage_listen_change", ["table": "t"]))
        == [#"("2026-10-31 23:59:59.999+00",11,14,15,900,completed)"#])
    #expect(try columns(of: "stage.t") == ListenChangeRows.columns)

    buffer.removeAll()
    UserSeenRows.append(userKey: 11, first: 0, last: 1_793_491_199_999, to: buffer)
    try connection.script("drop table stage.t")
    #expect(
      try rows(
        buffer, UserSeenRows.columns,
        making: library.sql("batch/stage_user_seen", ["table": "t"]))
        == [#"(11,"1970-01-01 00:00:00+00","2026-10-31 23:59:59.999+00")"#])
    #expect(try columns(of: "stage.t") == UserSeenRows.columns)
  }
}
