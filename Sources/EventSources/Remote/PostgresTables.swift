import EventModel
import Support
import Warehouse

/// Reads the tables `users`, `songs` and `streams` of a PostgreSQL database, as its `search_path` finds them,
/// in batches and all in one snapshot.
struct PostgresTables {
  /// Rows fetched at a time.
  private static let batchRows = 5_000

  let url: String
  let stop: StopToken
  /// Called with the name of the table that is being read, and the number of its rows so far.
  let progress: (String, Int) -> Void

  /// A function that gets each row. The fields are valid during the call.
  typealias Receiver = (
    _ kind: TableKind, _ columns: TableColumns, _ fields: [ByteSlice]
  ) throws -> Void

  /// Calls `receive` for the rows of users, then songs, then streams. Tables that the database does not have
  /// are left out.
  /// - Returns: the tables that the database has.
  func read(_ receive: Receiver) throws -> [TableKind] {
    let connection = try Connection(url: url, applicationName: "polyrhythm import")
    return try connection.transaction(.snapshot) { () throws -> [TableKind] in
      let found = try TableKind.allCases.filter { kind in
        try !connection.run("select to_regclass($1)::text", [.text(kind.rawValue)]).isNull(0, 0)
      }
      guard !found.isEmpty else {
        throw SourceError(
          .notFound,
          "the database has none of the tables users, songs and streams in its search path; name "
            + "their schema in the URL: …/DATABASE?options=-csearch_path%3DSCHEMA")
      }
      for kind in found { try read(kind, connection, receive) }
      return found
    }
  }

  private func read(_ kind: TableKind, _ connection: Connection, _ receive: Receiver) throws {
    try connection.run(
      "declare import_rows no scroll cursor for select * from \(kind.rawValue)")
    var columns: TableColumns?
    var copy: [UInt8] = []
    var ends: [Int] = []
    var count = 0
    while true {
      if stop.isRequested { throw SourceError(.stopped, "stopped while \(kind.rawValue) was read") }
      let rows = try connection.run("fetch forward \(Self.batchRows) from import_rows")
      if columns == nil {
        let name = "table \(kind.rawValue)"
        guard let known = TableColumns(header: rows.columns, of: kind) else {
          throw TableColumns.notUnderstood(name, header: rows.columns)
        }
        columns = known
      }
      guard let columns, !rows.isEmpty else { break }
      for row in 0..<rows.count {
        copy.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for column in rows.columns.indices {
          rows.withBytes(row, column) { if let bytes = $0 { copy += bytes } }
          ends.append(copy.count)
        }
        try copy.withUnsafeBufferPointer { bytes in
          var start = 0
          let fields = ends.map { end in
            defer { start = end }
            return ByteSlice(start: bytes.baseAddress.map { $0 + start }, count: end - start)
          }
          try receive(kind, columns, fields)
        }
      }
      count += rows.count
      progress("table \(kind.rawValue)", count)
    }
    try connection.run("close import_rows")
  }

  /// Whether the database has a table of streams with a row in it.
  static func hasStreams(_ url: String) throws(WarehouseError) -> Bool {
    let connection = try Connection(url: url, applicationName: "polyrhythm import")
    let table = TableKind.streams.rawValue
    let name = try connection.run("select to_regclass($1)::text", [.text(table)])
    guard !name.isNull(0, 0) else { return false }
    return try !connection.run("select from \(table) limit 1").isEmpty
  }

  /// A row in the form of a CSV line, for quarantine.
  static func line(_ fields: [ByteSlice]) -> [UInt8] {
    var line: [UInt8] = []
    let quote = UInt8(ascii: "\"")
    for (index, field) in fields.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      let isPlain = field.buffer.allSatisfy { !",\"\r\n".utf8.contains($0) }
      if isPlain {
        line += field.buffer
        continue
      }
      line.append(quote)
      for byte in field.buffer {
        if byte == quote { line.append(quote) }
        line.append(byte)
      }
      line.append(quote)
    }
    return line
  }
}
