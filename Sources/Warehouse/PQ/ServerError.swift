import CLibPQ

/// Turns libpq's errors into a `WarehouseError` whose message is one line without row values.
enum ServerError {
  /// The error that a result carries.
  /// - Parameter statement: the SQL text, or a name for the action (`COPY x`), by which the message says where
  ///   the error is.
  static func make(_ result: OpaquePointer, statement: String, connectionLost: Bool)
    -> WarehouseError
  {
    let sqlState = field(result, PQ_SQLSTATE)
    var message = withoutValue(
      field(result, PQ_MESSAGE_PRIMARY)
        ?? oneLine(String(cString: PQresultErrorMessage(result))), sqlState: sqlState)
    let context = field(result, PQ_CONTEXT)
    if let place = context.flatMap(copyPlace) {
      message += " (\(place))"
    } else if let position = field(result, PQ_STATEMENT_POSITION).flatMap({ Int($0) }) {
      message += " (line \(line(at: position, in: statement)) of: \(opening(of: statement)))"
    } else {
      message += " (in: \(opening(of: statement)))"
    }
    if let hint = field(result, PQ_MESSAGE_HINT) { message += "; " + oneLine(hint) }
    if let sqlState { message = "\(sqlState) \(message)" }
    return WarehouseError(
      code(sqlState, connectionLost: connectionLost), "PostgreSQL: \(message)",
      sqlState: sqlState, isRetriable: connectionLost || isRetriable(sqlState),
      constraint: field(result, PQ_CONSTRAINT_NAME),
      detail: [field(result, PQ_MESSAGE_DETAIL), context].compactMap { $0 }
        .joined(separator: "\n"))
  }

  /// SQLSTATE disk_full. It is retriable, as there may be room again later.
  private static let diskFull = "53100"

  static func isRetriable(_ sqlState: String?) -> Bool {
    guard let sqlState else { return false }
    return sqlState.hasPrefix("08")
      || ["40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", diskFull].contains(
        sqlState)
  }

  /// Everything on one line, runs of white space as one space.
  static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The first words of the SQL without its comments, enough to find the statement.
  static func opening(of sql: String) -> String {
    let code = sql.split(whereSeparator: \.isNewline)
      .map { $0.drop(while: \.isWhitespace) }
      .filter { !$0.isEmpty && !$0.hasPrefix("--") }
    let words = oneLine(code.joined(separator: " "))
    return words.count <= 60 ? words : words.prefix(57) + "..."
  }

  private static func code(_ sqlState: String?, connectionLost: Bool) -> WarehouseError.Code {
    guard let sqlState else { return connectionLost ? .connection : .statement }
    if sqlState.hasPrefix("08") || sqlState.hasPrefix("28") || sqlState.hasPrefix("57P")
      || sqlState == "53300" || connectionLost
    {
      return .connection
    }
    if sqlState == diskFull { return .diskFull }
    return ["40001", "40P01", "55P03"].contains(sqlState) ? .conflict : .statement
  }

  /// The message of a data exception (class 22) without the value that such messages quote at their end.
  private static func withoutValue(_ message: String, sqlState: String?) -> String {
    let text = oneLine(message)
    guard sqlState?.hasPrefix("22") == true, let quote = text.firstIndex(of: "\"") else {
      return text
    }
    let head = text[..<quote]
    return String(head.hasSuffix(": ") ? head.dropLast(2) : head) + " (value not shown)"
  }

  /// The part `COPY table, line n, column c` of a context, without the value that may follow.
  private static func copyPlace(_ context: String) -> String? {
    guard let line = context.split(separator: "\n").first(where: { $0.hasPrefix("COPY ") }) else {
      return nil
    }
    return oneLine(String(line.prefix { $0 != ":" }))
  }

  private static func line(at position: Int, in sql: String) -> Int {
    1 + sql.unicodeScalars.prefix(max(0, position - 1)).count { $0 == "\n" }
  }

  private static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
    PQresultErrorField(result, code).map { String(cString: $0) }
  }
}
