import TestKit
import Testing
import Warehouse

@Suite struct StatementTests {
  let database: TestDatabase
  let connection: Connection

  init() throws {
    database = try TestDatabase.make(migrated: false)
    connection = try database.connect()
  }

  @Test(arguments: [
    (SQLValue.bool(true), "boolean", "t"), (.bool(false), "boolean", "f"),
    (.int(.max), "bigint", "9223372036854775807"), (.int(.min), "bigint", "-9223372036854775808"),
    (.double(.greatestFiniteMagnitude), "double precision", "1.7976931348623157e+308"),
    (.double(-.infinity), "double precision", "-Infinity"),
    (.double(.nan), "double precision", "NaN"), (.double(0.1), "double precision", "0.1"),
    (.text("naïve 'quote' \u{1F3B5}\n"), "text", "naïve 'quote' \u{1F3B5}\n"),
    (.text(""), "text", ""), (.text("a\0b"), "text", "a\u{FFFD}b"),
    (.bytes([0, 1, 0xFF]), "bytea", "\\x0001ff"), (.bytes([]), "bytea", "\\x"),
    (.timestamp(milliseconds: 0), "timestamptz", "1970-01-01 00:00:00+00"),
    (.timestamp(milliseconds: -1), "timestamptz", "1969-12-31 23:59:59.999+00"),
    (.timestamp(milliseconds: 4_102_444_799_999), "timestamptz", "2099-12-31 23:59:59.999+00"),
    (.timestamp(milliseconds: .max), "timestamptz", "infinity"),
    (.timestamp(milliseconds: .min), "timestamptz", "-infinity"),
    (.date(daysSince1970: 0), "date", "1970-01-01"),
    (.date(daysSince1970: -719_162), "date", "0001-01-01"),
    (.date(daysSince1970: .min), "date", "-infinity"),
    (.intArray([1, -2, .max]), "bigint[]", "{1,-2,9223372036854775807}"),
    (.intArray([]), "bigint[]", "{}"),
    (.textArray(["a,b", "", "c\"d"]), "text[]", "{\"a,b\",\"\",\"c\\\"d\"}"),
    (.bytesArray([[1], []]), "bytea[]", "{\"\\\\x01\",\"\\\\x\"}"),
  ])
  func aParameterArrivesAsItsTypeAndValue(value: SQLValue, type: String, text: String) throws {
    let rows = try connection.run("select $1::\(type)", [value])
    #expect(try rows.text(0, 0) == text)
  }

  @Test func theServerSeesTheTypesThatAreBound() throws {
    let rows = try connection.run(
      "select pg_typeof($1), pg_typeof($2), pg_typeof($3), pg_typeof($4), pg_typeof($5)",
      [.int(1), .double(1), .timestamp(milliseconds: 1), .date(daysSince1970: 1), .bytes([1])])
    let types = try (0..<5).map { try rows.text(0, $0) }
    #expect(
      types == ["bigint", "double precision", "timestamp with time zone", "date", "bytea"])
  }

  @Test func textTakesTheTypeOfItsContext() throws {
    try connection.script("create table t (day date, body jsonb)")
    try connection.run(
      "insert into t values ($1, $2)", [.text("2026-02-03"), .text(#"{"a": [1]}"#)])
    #expect(try connection.run("select body->'a'->>0 from t").text(0, 0) == "1")
  }

  @Test func textIsNeverSQL() throws {
    let hostile = "'; drop table t; --"
    let rows = try connection.run("select $1 as said", [.text(hostile)])
    #expect(try rows.text(0, 0) == hostile)
    #expect(rows.columns == ["said"])
  }

  @Test func valuesAreReadBackAsTheirTypes() throws {
    let rows = try connection.run(
      """
      select 1::int, -9223372036854775808, 2.5::float8, 'NaN'::float8, true, '\\xdeadbeef'::bytea,
        timestamptz '2024-02-29 12:34:56.789999+00', timestamptz '1969-12-31 23:59:59.5+00',
        date '2000-03-01', timestamptz '0044-03-15 00:00:00+00 BC', null
      """)
    #expect(try rows.int(0, 0) == 1)
    #expect(try rows.int(0, 1) == .min)
    #expect(try rows.double(0, 2) == 2.5)
    #expect(try rows.double(0, 3).isNaN)
    #expect(try rows.bool(0, 4))
    #expect(try rows.bytes(0, 5) == [0xDE, 0xAD, 0xBE, 0xEF])
    #expect(try rows.timestampMilliseconds(0, 6) == 1_709_210_096_789)
    #expect(try rows.timestampMilliseconds(0, 7) == -500)
    #expect(try rows.timestampMilliseconds(0, 8) == 951_868_800_000)
    let ides = try connection.run("select extract(epoch from timestamptz '0044-03-15+00 BC')::int8")
    #expect(try rows.timestampMilliseconds(0, 9) == ides.int(0, 0) * 1000)
    #expect(rows.isNull(0, 10))
    #expect(try rows.intOrNull(0, 10) == nil)
  }

  @Test func aValueOfAnotherTypeIsADecodingError() throws {
    let rows = try connection.run("select 'x', null, 1.5")
    for read in [
      { _ = try rows.int(0, 0) }, { _ = try rows.int(0, 1) }, { _ = try rows.int(0, 2) },
      { _ = try rows.bool(0, 0) }, { _ = try rows.bytes(0, 0) },
      { _ = try rows.timestampMilliseconds(0, 0) }, { _ = try rows.column("nope") },
    ] as [() throws -> Void] {
      let error = #expect(throws: WarehouseError.self) { try read() }
      #expect(error?.code == .decoding)
    }
  }

  @Test func affectedCountsTheRowsTouched() throws {
    try connection.script("create table t (a int)")
    #expect(
      try connection.run("insert into t select generate_series(1, $1)", [.int(7)]).affected == 7)
    #expect(try connection.run("delete from t where a > 4").affected == 3)
  }

  @Test func aNoticeReachesTheHandler() throws {
    var notices: [String] = []
    connection.noticeHandler = { notices.append($0) }
    try connection.script("do $$ begin raise warning 'careful'; end $$")
    #expect(notices.count == 1)
    #expect(notices.first?.contains("careful") == true)
  }

  @Test func aCopyInPlaceOfAStatementIsRefusedAndTheConnectionGoesOn() throws {
    try connection.script("create table t (a int)")
    #expect(throws: WarehouseError.self) { try connection.run("copy t from stdin") }
    #expect(throws: WarehouseError.self) { try connection.run("copy t to stdout") }
    #expect(try connection.run("select 1").int(0, 0) == 1)
  }
}
