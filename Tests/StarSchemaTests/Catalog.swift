import Warehouse

extension Connection {
  /// A table's columns with their types, in order, as the catalog has them.
  func columns(of table: String) throws(WarehouseError) -> [(name: String, type: String)] {
    let rows = try run(
      """
      select attname, format_type(atttypid, atttypmod) from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum
      """, [.text(table)])
    var columns: [(name: String, type: String)] = []
    for row in 0..<rows.count {
      columns.append((name: try rows.text(row, 0), type: try rows.text(row, 1)))
    }
    return columns
  }
}
