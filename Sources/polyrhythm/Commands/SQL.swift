import Foundation
import Support
import Warehouse

let sqlCommand = CommandSpec(
  name: "sql",
  summary: "Runs SQL over the warehouse and prints the rows; without a query, reads it from stdin.",
  operands: "[QUERY]", operandCount: 0...1,
  flags: [
    PlaceFlags.database, PlaceFlags.data, Flag("--csv", nil, "print CSV (RFC 4180) with a header"),
    Flag("--write", nil, "as the database's owner, who may change everything; else it only reads"),
  ]
) { arguments in
  var query = arguments.operands.first
  let isInteractive = query == nil && isatty(STDIN_FILENO) == 1
  if query == nil, !isInteractive {
    query = String(
      decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
  }
  if let query, query.allSatisfy(\.isWhitespace) { throw UsageError("sql: the query is empty") }
  let place = try Place(arguments)
  defer { place.close() }
  let isWriting = arguments.has("--write")
  try place.requireDatabase()
  let url = try isWriting ? place.databaseURL() : place.readerURL()
  let connection = try Connection(url: url, applicationName: "polyrhythm sql")
  if !isWriting { try connection.becomeReader() }
  guard let query else {
    let role = try connection.run("select current_user").text(0, 0)
    return try runInteractive(url, role: isWriting ? nil : role)
  }
  try connection.script(
    "set search_path = serving, warehouse, batch, speed, public; "
      + "select hll_set_defaults(12, 5, -1, 1)")
  let rows: Rows
  do {
    rows = try connection.run(query)
  } catch let error as WarehouseError where error.code == .statement {
    if !isWriting, needsWriting.contains(error.sqlState ?? "") {
      throw CommandError(.noPermission, "sql: this needs --write: \(error.message)")
    }
    throw CommandError(.dataError, "sql: \(error.message)")
  }
  print(arguments.has("--csv") ? TextTable.csv(rows) : TextTable.aligned(rows), terminator: "")
}

/// read_only_sql_transaction, insufficient_privilege.
private let needsWriting: Set<String> = ["25006", "42501"]

/// psql, where there is one, in place of this process's own prompt.
/// - Parameter role: the role that only reads; nil for one that writes.
private func runInteractive(_ url: String, role: String?) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/psql")
  process.arguments = [url]
  var options = "-c search_path=serving,warehouse,batch,speed,public"
  if let role { options += " -c default_transaction_read_only=on -c role=\(role)" }
  process.environment = ProcessInfo.processInfo.environment.merging(["PGOPTIONS": options]) { $1 }
  do {
    try process.run()
  } catch {
    throw CommandError(
      .unavailable,
      "sql: give a query, or install psql (package postgresql-client) for a prompt")
  }
  // The terminal sends Ctrl-C to both; for psql it means the query, not the end.
  process.waitUntilExit()
}
