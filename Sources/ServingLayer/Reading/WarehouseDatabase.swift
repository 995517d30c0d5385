import Warehouse

/// The warehouse, read over a pool of sessions that cannot write.
struct WarehouseDatabase: Database {
  private let pool: ConnectionPool
  private var cancellation: Cancellation?

  /// Connects when the first statement comes.
  ///
  /// - Parameters:
  ///   - connections: sessions at a time; further statements wait for one of them, at most 5 s.
  ///   - timeout: seconds after which PostgreSQL gives up a statement.
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

  func answers(_ statements: [Statement]) throws(WarehouseError) -> [StatementAnswer] {
    try pool.withConnection { (connection) throws(WarehouseError) in
      guard let cancellation else { return try Self.answers(statements, on: connection) }
      return try cancellation.during(connection) { () throws(WarehouseError) in
        try Self.answers(statements, on: connection)
      }
    }
  }

  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database {
    var bound = self
    bound.cancellation = cancellation
    return bound
  }

  private static func answers(
    _ statements: [Statement], on connection: Connection
  ) throws(WarehouseError) -> [StatementAnswer] {
    try connection.transaction(.snapshot) { () throws(WarehouseError) in
      var answers: [StatementAnswer] = []
      for statement in statements {
        let rows = try connection.run(
          statement.sql, statement.parameters.map { $0.map(SQLValue.text) ?? .null })
        answers.append(StatementAnswer(rows))
      }
      return answers
    }
  }
}

extension StatementAnswer {
  /// Type OIDs of int8, int2, int4, json, jsonb (pg_type.dat).
  private static let jsonTypes: Set<UInt32> = [20, 21, 23, 114, 3802]

  init(_ result: Rows) {
    columns = result.columns.enumerated().map { index, name in
      Column(name: name, isJSON: Self.jsonTypes.contains(result.typeOID(index)))
    }
    rows = (0..<result.count).map { row in
      result.columns.indices.map { result.textOrNull(row, $0) }
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
    committed = try library.sql("serving/committed")
    lag = try library.sql("serving/lag")
    firstDay = try library.sql("serving/first_day")
    firstMinute = try library.sql("serving/first_minute")
    trending = try library.sql("serving/trending")
    anomalies = try library.sql("serving/anomalies")
    newcomers = try Newcomers(library)
    brokenRules = try library.sql("serving/broken_rules")
  }
}
