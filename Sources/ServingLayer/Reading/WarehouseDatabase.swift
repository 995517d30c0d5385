import Warehouse

/// The warehouse, read over a pool of sessions that cannot write.
struct WarehouseDatabase: Database {
  private let pool: ConnectionPool
  private let times = QueryTimes()
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
      try times.during { () throws(WarehouseError) in
        try cancellable(connection) { () throws(WarehouseError) in
          try connection.transaction(.snapshot) { () throws(WarehouseError) in
            try Self.answers(statements, on: connection)
          }
        }
      }
    }
  }

  /// Rows of the first piece, so that the client has something soon, and of the others.
  private static let pieceRows = (first: 200, others: 2000)

  func pieces(
    of statement: Statement, after others: [Statement], _ begin: ([StatementAnswer]) -> Void,
    _ take: (StatementAnswer) -> Bool
  ) throws(WarehouseError) {
    try pool.withConnection { (connection) throws(WarehouseError) in
      try cancellable(connection) { () throws(WarehouseError) in
        try connection.transaction(.snapshot) { () throws(WarehouseError) in
          begin(try Self.answers(others, on: connection))
          // The time limit of a statement is that of each piece. All rows are wanted, and not the first ones soon.
          try connection.script("set local cursor_tuple_fraction = 1")
          try connection.run(
            "declare answer no scroll cursor for " + statement.sql, Self.values(statement))
          var count = Self.pieceRows.first
          while true {
            let rows = try times.during { () throws(WarehouseError) in
              try connection.run("fetch \(count) from answer")
            }
            guard rows.count > 0, take(StatementAnswer(rows)), rows.count == count else { return }
            count = Self.pieceRows.others
          }
        }
      }
    }
  }

  func prepare(_ connections: Int, for statements: [Statement]) throws(WarehouseError) {
    try pool.open(connections) { (connection) throws(WarehouseError) in
      for statement in statements {
        try connection.run("explain " + statement.sql, Self.values(statement))
      }
      guard let trial = statements.first else { return }
      try connection.script("begin; set local statement_timeout = '500ms'")
      do throws(WarehouseError) {
        try connection.run(trial.sql, Self.values(trial))
      } catch  where error.sqlState == "57014" {
        // It takes longer here, and has done what it was for.
      }
      try connection.script("rollback")
    }
  }

  private func cancellable<T>(
    _ connection: Connection, _ body: () throws(WarehouseError) -> T
  ) throws(WarehouseError) -> T {
    guard let cancellation else { return try body() }
    return try cancellation.during(connection, body)
  }

  var usage: DatabaseUsage? {
    DatabaseUsage(limit: pool.limit, connections: pool.usage, queryTimes: times.all)
  }

  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database {
    var bound = self
    bound.cancellation = cancellation
    return bound
  }

  private static func answers(
    _ statements: [Statement], on connection: Connection
  ) throws(WarehouseError) -> [StatementAnswer] {
    var answers: [StatementAnswer] = []
    for statement in statements {
      answers.append(StatementAnswer(try connection.run(statement.sql, values(statement))))
    }
    return answers
  }

  private static func values(_ statement: Statement) -> [SQLValue] {
    statement.parameters.map { $0.map(SQLValue.text) ?? .null }
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
    uncounted = try library.sql("serving/uncounted")
    committed = try library.sql("serving/committed")
    lag = try library.sql("serving/lag")
    firstDay = try library.sql("serving/first_day")
    firstMinute = try library.sql("serving/first_minute")
    trending = try library.sql("serving/trending")
    anomalies = try library.sql("serving/anomalies")
    newcomers = try Newcomers(library)
    brokenRules = try library.sql("serving/broken_rules")
    partitions = try library.sql("serving/partitions")
    work = try library.sql("serving/work")
    runningLoad = try library.sql("serving/running_load")
  }
}
