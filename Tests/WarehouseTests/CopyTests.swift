import TestKit
import Testing
import Warehouse

@Suite struct CopyTests {
  let database: TestDatabase
  let connection: Connection

  init() throws {
    database = try TestDatabase.make(migrated: false)
    connection = try database.connect()
  }

  @Test func everyTypeIsReadBackBySQL() throws {
    try connection.script(
      """
      create table t (a smallint, b integer, c bigint, d double precision, e boolean, f text,
        g bytea, h timestamptz, i date, j text, k real)
      """)
    let buffer = CopyBuffer(capacity: 64)
    buffer.startRow(columns: 11)
    buffer.int16(.min)
    buffer.int32(.max)
    buffer.int64(.min)
    buffer.double(-0.0)
    buffer.bool(true)
    buffer.text("Beyoncé \u{1F3B5}")
    buffer.bytes([0, 255])
    buffer.timestamp(milliseconds: 1_709_210_096_789)
    buffer.date(daysSince1970: 19_782)
    buffer.null()
    buffer.float(1.5)
    buffer.startRow(columns: 11)
    buffer.int16OrNull(nil)
    buffer.int32OrNull(nil)
    buffer.int64OrNull(nil)
    buffer.doubleOrNull(nil)
    buffer.boolOrNull(nil)
    buffer.text("")
    buffer.bytes([UInt8]())
    buffer.timestamp(milliseconds: .max)
    buffer.date(daysSince1970: .min)
    buffer.text("x\0y")
    buffer.float(.nan)
    #expect(buffer.rowCount == 2)
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]
    #expect(try connection.copy(into: "public.t", columns: names, from: buffer) == 2)
    let rows = try connection.run("select * from t order by a nulls last")
    let first = (0..<11).map { rows.textOrNull(0, $0) }
    #expect(
      first == [
        "-32768", "2147483647", "-9223372036854775808", "-0", "t", "Beyoncé \u{1F3B5}", "\\x00ff",
        "2024-02-29 12:34:56.789+00", "2024-02-29", nil, "1.5",
      ])
    let second = (0..<11).map { rows.textOrNull(1, $0) }
    #expect(
      second == [
        nil, nil, nil, nil, nil, "", "\\x", "infinity", "-infinity", "x\u{FFFD}y", "NaN",
      ])
  }

  @Test func aReusedBufferHoldsOnlyTheNewRows() throws {
    try connection.script("create table t (a bigint, b bigint)")
    let buffer = CopyBuffer()
    for round in 0..<3 {
      buffer.removeAll()
      #expect(buffer.byteCount == 0)
      buffer.startRow(columns: 2)
      [Int64(round), 7].withUnsafeBufferPointer { buffer.int64s($0) }
      try connection.copy(into: "t", columns: ["a", "b"], from: buffer)
    }
    let rows = try connection.run("select count(*), sum(a), sum(b) from t")
    #expect(try (0..<3).map { try rows.int(0, $0) } == [3, 3, 21])
  }

  @Test func aStreamTakesManyBuffersLargerThanAChunk() throws {
    try connection.script("create table t (a bigint, b text)")
    let stream = try connection.beginCopy(into: "t", columns: ["b", "a"])
    let buffer = CopyBuffer()
    let filler = String(repeating: "z", count: 1000)
    for part in 0..<4 {
      buffer.removeAll()
      for row in 0..<1000 {
        buffer.startRow(columns: 2)
        buffer.text(filler)
        buffer.int64(Int64(part * 1000 + row))
      }
      try stream.send(buffer)
    }
    #expect(try stream.finish() == 4000)
    let rows = try connection.run("select count(distinct a), min(length(b)) from t")
    #expect(try rows.int(0, 0) == 4000)
    #expect(try rows.int(0, 1) == 1000)
  }

  @Test func anEmptyBufferCopiesNothing() throws {
    try connection.script("create table t (a bigint)")
    #expect(try connection.copy(into: "t", columns: ["a"], from: CopyBuffer()) == 0)
  }

  @Test func anAbortedOrDroppedStreamLeavesNoRowAndAUsableConnection() throws {
    try connection.script("create table t (a bigint)")
    let buffer = CopyBuffer()
    buffer.startRow(columns: 1)
    buffer.int64(1)
    let stream = try connection.beginCopy(into: "t", columns: ["a"])
    try stream.send(buffer)
    stream.abort()
    do { try connection.beginCopy(into: "t", columns: ["a"]).send(buffer) }
    #expect(try connection.run("select count(*) from t").int(0, 0) == 0)
  }

  @Test func aSessionLostDuringACopyIsALostRetriableConnection() throws {
    try connection.script("create table t (a bigint)")
    let buffer = CopyBuffer()
    for row in 0..<100_000 {
      buffer.startRow(columns: 1)
      buffer.int64(Int64(row))
    }
    let stream = try connection.beginCopy(into: "t", columns: ["a"])
    let other = try database.connect()
    try other.run(
      "select pg_terminate_backend($1::int, 10000)", [.int(Int64(connection.serverProcessID))])
    let error = #expect(throws: WarehouseError.self) {
      for _ in 0..<20 { try stream.send(buffer) }
      try stream.finish()
    }
    #expect(error?.code == .connection)
    #expect(error?.isRetriable == true)
    #expect(try other.run("select count(*) from t").int(0, 0) == 0)
  }

  @Test func aBadRowFailsTheWholeCopyAndSaysWhereWithoutTheValue() throws {
    try connection.script("create table t (a bigint primary key, b text)")
    let buffer = CopyBuffer()
    for key: Int64 in [4_711, 4_712, 4_711] {
      buffer.startRow(columns: 2)
      buffer.int64(key)
      buffer.text("Alice")
    }
    let error = #expect(throws: WarehouseError.self) {
      try connection.copy(into: "t", columns: ["a", "b"], from: buffer)
    }
    #expect(error?.sqlState == "23505")
    #expect(error?.constraint == "t_pkey")
    #expect(error?.message.contains("COPY t, line 3") == true)
    #expect(error?.message.contains("4711") == false)
    #expect(error?.message.contains("Alice") == false)
    #expect(error?.debugDescription.contains("4711") == true)
    #expect(try connection.run("select count(*) from t").int(0, 0) == 0)
  }

  @Test func namesAreQuoted() throws {
    try connection.script(
      """
      create schema "Odd ""schema"; create table "Odd ""schema"."select" ("a b" bigint, "c""d" int4)
      """)
    let buffer = CopyBuffer()
    buffer.startRow(columns: 2)
    buffer.int64(1)
    buffer.int32(2)
    try connection.copy(
      into: #"Odd "schema.select"#, columns: ["a b", #"c"d"#], from: buffer)
    let error = #expect(throws: WarehouseError.self) {
      try connection.copy(into: "t (a) from stdin; drop table x; --", columns: ["a"], from: buffer)
    }
    #expect(error?.sqlState == "42P01")
  }
}
