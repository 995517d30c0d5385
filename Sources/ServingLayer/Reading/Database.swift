import Warehouse

/// What the serving layer needs of the warehouse. Tests put failures in its place.
protocol Database: Sendable {
  /// Runs the statements in one read-only snapshot.
  ///
  /// - Returns: an answer for each statement.
  /// - Throws: `WarehouseError`.
  func answers(_ statements: [Statement]) throws(WarehouseError) -> [StatementAnswer]

  /// The database for the work on one answer, which may be cancelled.
  ///
  /// - Parameter seen: gets the commits that its snapshots see, where the database knows them.
  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database

  /// Runs a statement in a read-only snapshot, and gives its rows in pieces, as they are wanted.
  ///
  /// - Parameter take: returns false where no more are wanted.
  func pieces(
    of statement: Statement, after others: [Statement], _ begin: ([StatementAnswer]) -> Void,
    _ take: (StatementAnswer) -> Bool
  ) throws(WarehouseError)

  /// Opens so many connections, has the statements planned on each, and the first one run for half a second at most, so that nobody
  /// waits for what a session does but once.
  ///
  /// - Throws: `WarehouseError`.
  func prepare(_ connections: Int, for statements: [Statement]) throws(WarehouseError)

  /// What its connections are at; nil where it has none.
  var usage: DatabaseUsage? { get }
}

extension Database {
  func bound(to cancellation: Cancellation, seen: SeenCommits) -> any Database { self }

  func prepare(_ connections: Int, for statements: [Statement]) throws(WarehouseError) {}

  var usage: DatabaseUsage? { nil }

  func pieces(
    of statement: Statement, after others: [Statement], _ begin: ([StatementAnswer]) -> Void,
    _ take: (StatementAnswer) -> Bool
  ) throws(WarehouseError) {
    let answers = try answers(others + [statement])
    begin(Array(answers.dropLast()))
    if let last = answers.last { _ = take(last) }
  }

  func pieces(
    of statement: Statement, _ take: (StatementAnswer) -> Bool
  ) throws(WarehouseError) {
    try pieces(of: statement, after: [], { _ in }, take)
  }
}

/// Rows of text in the columns that the statement names.
struct StatementAnswer: Sendable {
  struct Column: Sendable {
    var name: String
    /// Whether PostgreSQL's text for a value is a value in JSON too: integers, `json` and `jsonb`.
    var isJSON: Bool
  }

  var columns: [Column] = []
  /// One text for each column; nil is null.
  var rows: [[String?]] = []
}

extension Database {
  func answer(
    _ sql: String, _ parameters: [String?] = []
  ) throws(WarehouseError) -> StatementAnswer {
    try answers([Statement(sql: sql, parameters: parameters)]).first ?? StatementAnswer()
  }

  func rows(_ sql: String, _ parameters: [String?] = []) throws(WarehouseError) -> [[String?]] {
    try answer(sql, parameters).rows
  }

  func rows(_ statements: [Statement]) throws(WarehouseError) -> [[[String?]]] {
    try answers(statements).map(\.rows)
  }

  /// The point in time that a statement answers with, in epoch milliseconds; nil where it says null, or nothing.
  func time(_ sql: String) throws(WarehouseError) -> Instant? {
    try rows(sql).first?[0].flatMap { Int64($0) }.map(Instant.init(milliseconds:))
  }
}
