import Foundation
import Support
import Warehouse

let sqlCommand = CommandSpec(
  name: "sql",
  summary: "Runs SQL over the warehouse and prints the rows; without a query, reads it from stdin.",
  operands: "[QUERY]", operandCount: 0...1,
  flags: [
    LocationFlags.database, LocationFlags.data,
    Flag("--csv", nil, "print CSV (RFC 4180) with a header"),
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
  let locations = try Locations(arguments)
  defer { locations.close() }
  let isWriting = arguments.has("--write")
  try locations.requireDatabase()
  let url = try isWriting ? locations.databaseURL() : locations.readerURL()
  let connection = try Connection(url: url, applicationName: "polyrhythm sql")
  let watch = try StopWatch(connection)
  defer { watch.end() }
  if !isWriting { try connection.becomeReader() }
  guard let query else {
    let role = try connection.run("select current_user").text(0, 0)
    return try runInteractive(url, role: isWriting ? nil : role)
  }
  try connection.script(
    "set search_path = serving, warehouse, mart, batch, speed, public; "
      + "select hll_set_defaults(12, 5, -1, 1)")
  let rows: Rows
  do {
    rows = try connection.run(query)
  } catch let error as WarehouseError where error.code == .statement {
    if Signals.stop.isRequested { throw CommandError(.temporaryFailure, "sql: stopped") }
    if !isWriting, needsWriting.contains(error.sqlState ?? "") {
      throw CommandError(.noPermission, "sql: this needs --write: \(error.message)")
    }
    throw CommandError(.dataError, "sql: \(error.message)")
  }
  print(arguments.has("--csv") ? TextTable.csv(rows) : TextTable.aligned(rows), terminator: "")
}

/// SQL states of a statement that needs `--write`: read_only_sql_transaction, insufficient_privilege.
private let needsWriting: Set<String> = ["25006", "42501"]

/// Runs psql on the database, and waits for its end.
/// - Parameter role: the role that only reads; nil with `--write`.
/// - Throws: `.unavailable` where there is no psql.
private func runInteractive(_ url: String, role: String?) throws {
  var options = "-c search_path=serving,warehouse,mart,batch,speed,public"
  if let role { options += " -c default_transaction_read_only=on -c role=\(role)" }
  // Every user of the machine can see a process's arguments, so the password goes into psql's environment.
  let (conninfo, password) = try Connection.splitPassword(of: url)
  setenv("PGOPTIONS", options, 1)
  if let password { setenv("PGPASSWORD", password, 1) }
  // psql stays in this process's group: in a group of its own the terminal would stop it. Ctrl-C therefore reaches
  // both, and is to cancel the query in psql and do nothing here.
  signal(SIGINT, SIG_IGN)
  var psql = ProcessStart(["psql", conninfo])
  psql.isLookedUp = true
  psql.defaultSignals = [SIGINT, SIGPIPE]
  psql.unblocksSignals = false
  guard let child = try? psql.start() else {
    throw CommandError(
      .unavailable,
      "sql: give a query, or install psql (package postgresql-client) for a prompt")
  }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {
    if Signals.stop.isRequested { kill(child, SIGTERM) }
  }
}
