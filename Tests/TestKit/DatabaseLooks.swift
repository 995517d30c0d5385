import Warehouse

/// The rows of a table as text, for comparing databases. Sketches are compared by the extension's
/// own `=`, as two storages may stand for one sketch.
public struct ComparableRows {
  public var table: String
  public var columns: [String]
  public var rows: [[String?]]
  private var sketches: [Int]

  /// - Parameters:
  ///   - query: its rows are taken in any order.
  public init(_ connection: Connection, _ table: String, query: String) throws(WarehouseError) {
    self.table = table
    let result = try connection.run(query)
    columns = result.columns
    let hll = UInt32(try connection.run("select 'hll'::regtype::oid::bigint").int(0, 0))
    sketches = result.columns.indices.filter { result.typeOID($0) == hll }
    rows = (0..<result.count).map { row in
      result.columns.indices.map { result.textOrNull(row, $0) }
    }
    let plain = result.columns.indices.filter { !sketches.contains($0) }
    rows.sort { a, b in
      for index in plain where a[index] != b[index] {
        return (a[index] ?? "") < (b[index] ?? "")
      }
      return false
    }
  }

  /// Differences between what a query gives in two databases, a few of them in words; empty where both give the same. Rows that
  /// are the same to the byte are told so by the servers, which takes a fraction of the time that fetching them does.
  public static func differences(
    _ table: String, query: String, _ mine: Connection, _ theirs: Connection
  ) throws(WarehouseError) -> [String] {
    if try digest(of: query, mine) == digest(of: query, theirs) { return [] }
    return try ComparableRows(mine, table, query: query)
      .differences(from: ComparableRows(theirs, table, query: query), mine)
  }

  /// The columns, how many rows, and two sums over them in whatever order they come.
  private static func digest(of query: String, _ connection: Connection) throws(WarehouseError)
    -> [String]
  {
    let columns = try connection.run("select * from (\(query)) as r limit 0").columns
    let sums = try connection.run(
      """
      select count(*)::text, sum(hashtextextended(r::text, 0))::text, sum(hashtextextended(r::text, 1))::text
      from (\(query)) as r
      """)
    return columns + (0..<3).map { sums.textOrNull(0, $0) ?? "" }
  }

  /// Differences from another set of rows, a few of them in words; empty where both are the same.
  /// - Parameter namesMatter: whether the columns' names have to be the same.
  public func differences(
    from other: ComparableRows, _ connection: Connection, namesMatter: Bool = true
  ) throws(WarehouseError) -> [String] {
    guard namesMatter ? columns == other.columns : columns.count == other.columns.count else {
      return ["\(table): \(columns) or \(other.columns)"]
    }
    var found: [String] = []
    if rows.count != other.rows.count {
      found.append("\(table): \(rows.count) rows or \(other.rows.count)")
    }
    for (mine, theirs) in zip(rows, other.rows) where mine != theirs {
      var columns: [String] = []
      for index in self.columns.indices where mine[index] != theirs[index] {
        if sketches.contains(index), let a = mine[index], let b = theirs[index],
          try connection.run("select $1::hll = $2::hll", [.text(a), .text(b)]).bool(0, 0)
        {
          continue
        }
        columns.append(
          "\(self.columns[index]) \(mine[index]?.prefix(40) ?? "null") or "
            + "\(theirs[index]?.prefix(40) ?? "null")")
      }
      if !columns.isEmpty {
        let key = mine.indices.filter { !sketches.contains($0) }.prefix(4)
          .map { mine[$0] ?? "null" }
        found.append("\(table) \(key.joined(separator: " ")): \(columns.joined(separator: "; "))")
      }
      if found.count > 4 { break }
    }
    return found
  }
}

extension Connection {
  /// The dimension tables that get their members from events, so all but the calendar's two, by name.
  public func memberTables() throws(WarehouseError) -> [String] {
    let rows = try run(
      """
      select tablename from pg_tables
      where schemaname = 'warehouse' and tablename like 'dim\\_%'
        and tablename not in ('dim_date', 'dim_time')
      order by tablename collate "C"
      """)
    var tables: [String] = []
    for row in 0..<rows.count { tables.append(try rows.text(row, 0)) }
    return tables
  }

  /// A query for all rows of a table or view, without the number of the load that wrote a row.
  public func rowsWithoutLoad(of table: String) throws(WarehouseError) -> String {
    let columns = try run(
      """
      select string_agg(quote_ident(attname), ', ' order by attnum)
      from pg_attribute
      where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
        and attname <> 'load_run_id'
      """, [.text(table)]
    ).text(0, 0)
    return "select \(columns) from \(table)"
  }

  /// The counters of a minute table or view, by the seconds since 1970 of the minute; rows of
  /// nothing but zeros are left out.
  public func minuteCounts(_ relation: String, _ counters: [String]) throws(WarehouseError)
    -> [Int64: [Int64]]
  {
    let sums = counters.map { "sum(\($0))" }.joined(separator: ", ")
    let rows = try run(
      "select extract(epoch from minute)::bigint, \(sums) from \(relation) group by minute")
    var result: [Int64: [Int64]] = [:]
    for row in 0..<rows.count {
      var values: [Int64] = []
      for column in counters.indices { values.append(try rows.int(row, column + 1)) }
      if values.contains(where: { $0 != 0 }) { result[try rows.int(row, 0)] = values }
    }
    return result
  }
}
