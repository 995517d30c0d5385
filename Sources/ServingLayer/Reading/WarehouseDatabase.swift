import Warehouse

/// The warehouse over a pool of read-only sessions.
struct WarehouseDatabase: Database {
  private let pool: ConnectionPool

  /// - Parameter timeout: seconds after which the server gives up a statement.
  init(url: String, connections: Int, timeout: Int) {
    pool = ConnectionPool(url: url, limit: connections, applicationName: "polyrhythm serve") {
      (connection) throws(WarehouseError) in
      try connection.script(
        """
        set statement_timeout = '\(timeout)s';
        set jit = off
        """)
      try connection.becomeReader()
    }
  }

  func rows(_ statements: [Statement]) throws(WarehouseError) -> [[[String?]]] {
    try pool.withConnection { (connection) throws(WarehouseError) in
      try connection.transaction(.snapshot) { () throws(WarehouseError) in
        // Before the first query takes the snapshot: a full load swaps whole tables, which a snapshot
        // knows nothing of. Either this waits for the swap and sees all of it, or the swap for this.
        try connection.script("lock table batch.published in access share mode")
        var answers: [[[String?]]] = []
        for statement in statements {
          let rows = try connection.run(
            statement.sql, statement.parameters.map { $0.map(SQLValue.text) ?? .null })
          answers.append(
            (0..<rows.count).map { row in
              rows.columns.indices.map { rows.textOrNull(row, $0) }
            })
        }
        return answers
      }
    }
  }
}

extension ServingQueries {
  /// Reads `queries/serving/*.sql`.
  init(_ library: SQLLibrary) throws(WarehouseError) {
    state = try library.sql("serving/state")
    latestMinute = try library.sql("serving/latest_minute")
    loads = try library.sql("serving/loads")
    quarantined = try library.sql("serving/quarantined")
  }
}
