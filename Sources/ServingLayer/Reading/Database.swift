import Warehouse

/// The way to the warehouse, as little of it as the serving layer needs. Tests put failures here.
protocol Database: Sendable {
  /// Runs the statements in one read-only snapshot; each answers rows of text, nil for null.
  ///
  /// - Throws: `WarehouseError`.
  func rows(_ statements: [Statement]) throws(WarehouseError) -> [[[String?]]]
}

extension Database {
  func rows(_ sql: String, _ parameters: [String?] = []) throws(WarehouseError) -> [[String?]] {
    try rows([Statement(sql: sql, parameters: parameters)]).first ?? []
  }
}
