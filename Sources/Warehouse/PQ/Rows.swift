import CLibPQ

/// Owns a PGresult. Sendable, as libpq documents that a result is read-only once it is made and may be passed
/// between threads; this class only reads.
final class QueryResult: @unchecked Sendable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }
}

/// The result of a statement: rows of values, and how many rows the statement touched.
///
/// Getters take the row and the column by index from 0; an index out of range stops the program, as that of
/// an array would. They throw `.decoding` for NULL and for a value that is not of the type asked for; the
/// `…OrNull` forms give nil for NULL.
public struct Rows: Sendable {
  private let result: QueryResult
  /// The number of rows returned.
  public let count: Int
  /// The columns' names, in order.
  public let columns: [String]

  init(_ result: QueryResult) {
    self.result = result
    count = Int(PQntuples(result.pointer))
    columns = (0..<PQnfields(result.pointer)).map { String(cString: PQfname(result.pointer, $0)) }
  }

  /// The number of rows inserted, updated, deleted, selected or copied, as the command tag says; 0 for other
  /// statements.
  public var affected: Int64 {
    PQcmdTuples(result.pointer).flatMap { Int64(String(cString: $0)) } ?? 0
  }

  /// The server's name for the statement that it ran, such as `SELECT 3` or `COMMIT`.
  public var commandTag: String { String(cString: PQcmdStatus(result.pointer)) }

  /// True where no rows were returned.
  public var isEmpty: Bool { count == 0 }

  /// The index, from 0, of the first column with this name.
  /// - Throws: `.decoding` where no column has the name.
  public func column(_ name: String) throws(WarehouseError) -> Int {
    guard let index = columns.firstIndex(of: name) else {
      throw WarehouseError(
        .decoding, "The result has no column \(name); it has \(columns.joined(separator: ", "))")
    }
    return index
  }

  /// The type of a column as an oid of pg_type (20 is bigint, 25 text, 701 double precision, …).
  public func typeOID(_ column: Int) -> UInt32 { PQftype(result.pointer, checked(column: column)) }

  /// True where the value is NULL.
  public func isNull(_ row: Int, _ column: Int) -> Bool {
    PQgetisnull(result.pointer, checked(row: row), checked(column: column)) == 1
  }

  /// Calls `body` with the value's bytes in PostgreSQL's text form, or with nil for NULL. The bytes are valid
  /// during the call.
  public func withBytes<R>(_ row: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>?) -> R)
    -> R
  {
    withExtendedLifetime(result) {
      if isNull(row, column) { return body(nil) }
      let start = UnsafeRawPointer(PQgetvalue(result.pointer, Int32(row), Int32(column))!)
      let length = Int(PQgetlength(result.pointer, Int32(row), Int32(column)))
      return body(
        UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: length))
    }
  }

  /// A value of any type, in PostgreSQL's text form.
  /// - Throws: `.decoding` for NULL.
  public func text(_ row: Int, _ column: Int) throws(WarehouseError) -> String {
    try required(textOrNull(row, column), row, column)
  }

  /// As `text`; nil for NULL.
  public func textOrNull(_ row: Int, _ column: Int) -> String? {
    withBytes(row, column) { bytes in bytes.map { String(decoding: $0, as: UTF8.self) } }
  }

  /// A `smallint`, `integer` or `bigint`, or a `numeric` without a fraction.
  /// - Throws: `.decoding` for NULL and for anything that is not a whole number of 64 bits.
  public func int(_ row: Int, _ column: Int) throws(WarehouseError) -> Int64 {
    try required(intOrNull(row, column), row, column)
  }

  /// As `int`; nil for NULL.
  public func intOrNull(_ row: Int, _ column: Int) throws(WarehouseError) -> Int64? {
    try decoded(row, column, "an integer") { Int64($0) }
  }

  /// A number of any type, rounded to the nearest double; NaN and infinities included.
  /// - Throws: `.decoding` for NULL and for anything that is not a number.
  public func double(_ row: Int, _ column: Int) throws(WarehouseError) -> Double {
    try required(doubleOrNull(row, column), row, column)
  }

  /// As `double`; nil for NULL.
  public func doubleOrNull(_ row: Int, _ column: Int) throws(WarehouseError) -> Double? {
    try decoded(row, column, "a number") { Double($0) }
  }

  /// A `boolean`.
  /// - Throws: `.decoding` for NULL and for other types.
  public func bool(_ row: Int, _ column: Int) throws(WarehouseError) -> Bool {
    try required(boolOrNull(row, column), row, column)
  }

  /// As `bool`; nil for NULL.
  public func boolOrNull(_ row: Int, _ column: Int) throws(WarehouseError) -> Bool? {
    try decoded(row, column, "a boolean") { $0 == "t" ? true : $0 == "f" ? false : nil }
  }

  /// A `bytea`.
  /// - Throws: `.decoding` for NULL and for other types.
  public func bytes(_ row: Int, _ column: Int) throws(WarehouseError) -> [UInt8] {
    try required(bytesOrNull(row, column), row, column)
  }

  /// As `bytes`; nil for NULL.
  public func bytesOrNull(_ row: Int, _ column: Int) throws(WarehouseError) -> [UInt8]? {
    try decoded(row, column, "a bytea") { TextForm.bytes($0) }
  }

  /// A `timestamptz`, `timestamp` (taken as UTC) or `date` (its midnight) as milliseconds since
  /// 1970-01-01 UTC, rounded down. ±infinity is Int64.max and Int64.min.
  /// - Throws: `.decoding` for NULL and for other types.
  public func timestampMilliseconds(_ row: Int, _ column: Int) throws(WarehouseError) -> Int64 {
    try required(timestampMillisecondsOrNull(row, column), row, column)
  }

  /// As `timestampMilliseconds`; nil for NULL.
  public func timestampMillisecondsOrNull(_ row: Int, _ column: Int) throws(WarehouseError)
    -> Int64?
  {
    try decoded(row, column, "a timestamp") { TextForm.milliseconds($0) }
  }

  // MARK: Decoding

  private func decoded<T>(
    _ row: Int, _ column: Int, _ wanted: String, _ decode: (String) -> T?
  ) throws(WarehouseError) -> T? {
    guard let text = textOrNull(row, column) else { return nil }
    guard let value = decode(text) else {
      throw WarehouseError(
        .decoding, "Column \(columns[column]), row \(row), is not \(wanted)", detail: text)
    }
    return value
  }

  private func required<T>(_ value: T?, _ row: Int, _ column: Int) throws(WarehouseError) -> T {
    guard let value else {
      throw WarehouseError(.decoding, "Column \(columns[column]), row \(row), is NULL")
    }
    return value
  }

  private func checked(row: Int) -> Int32 {
    precondition(row >= 0 && row < count, "row \(row) of \(count)")
    return Int32(row)
  }

  private func checked(column: Int) -> Int32 {
    precondition(column >= 0 && column < columns.count, "column \(column) of \(columns.count)")
    return Int32(column)
  }
}
