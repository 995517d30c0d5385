import BatchLayer
import EventLog
import EventModel
import Foundation
import Metrics
import Support
import Warehouse

// MARK: sql

let sqlCommand = CommandSpec(
  name: "sql",
  summary: "Runs SQL over the warehouse and prints the rows; without a query, reads it from stdin.",
  operands: "[QUERY]", operandCount: 0...1,
  flags: [
    PlaceFlags.database, PlaceFlags.data, Flag("--csv", nil, "print CSV (RFC 4180) with a header"),
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
  let url = try place.existingDatabaseURL()
  guard let query else { return try runInteractive(url) }
  let connection = try Connection(url: url, applicationName: "polyrhythm sql")
  try connection.script(
    "set search_path = serving, warehouse, batch, speed, public; "
      + "select hll_set_defaults(12, 5, -1, 1)")
  let rows: Rows
  do {
    rows = try connection.run(query)
  } catch let error as WarehouseError where error.code == .statement {
    throw CommandError(.dataError, "sql: \(error.message)")
  }
  print(arguments.has("--csv") ? TextTable.csv(rows) : TextTable.aligned(rows), terminator: "")
}

/// psql, where there is one, in place of this process's own prompt.
private func runInteractive(_ url: String) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/psql")
  process.arguments = [url]
  process.environment = ProcessInfo.processInfo.environment.merging(
    ["PGOPTIONS": "-c search_path=serving,warehouse,batch,speed,public"]) { $1 }
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

/// Rows as text.
enum TextTable {
  /// Columns lined up, numbers to the right.
  static func aligned(_ rows: Rows) -> String {
    guard !rows.columns.isEmpty else { return "\(rows.commandTag)\n" }
    let cells = (0..<rows.count).map { row in
      rows.columns.indices.map { visible(rows.textOrNull(row, $0) ?? "") }
    }
    let names = rows.columns.map(visible)
    // Type OIDs of int2, int4, int8, float4, float8, numeric, oid (pg_type.dat).
    let isNumber = rows.columns.indices.map {
      [21, 23, 20, 700, 701, 1700, 26].contains(rows.typeOID($0))
    }
    let widths = rows.columns.indices.map { column in
      max(names[column].count, cells.map { $0[column].count }.max() ?? 0)
    }
    func line(_ values: [String], right: [Bool]) -> String {
      var out = ""
      for (i, value) in values.enumerated() {
        let padding = String(repeating: " ", count: widths[i] - value.count)
        out += i == 0 ? " " : " | "
        out += right[i] ? padding + value : value + padding
      }
      while out.last == " " { out.removeLast() }
      return out + "\n"
    }
    var text = line(names, right: names.map { _ in false })
    text += widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+") + "\n"
    for row in cells { text += line(row, right: isNumber) }
    return text + "(\(rows.count) row\(rows.count == 1 ? "" : "s"))\n"
  }

  /// A row takes one line, and what listeners wrote gives the terminal no orders.
  private static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      return text
    }
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.properties.generalCategory == .control:
        out += "\\u{\(String(scalar.value, radix: 16))}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// RFC 4180, but for lines that end in a bare line feed. Null is an empty field, as PostgreSQL's own
  /// CSV has it, and an empty text is `""`.
  static func csv(_ rows: Rows) -> String {
    guard !rows.columns.isEmpty else { return "" }
    func field(_ text: String?) -> String {
      guard let text else { return "" }
      guard text.isEmpty || text.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else {
        return text
      }
      return "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
    }
    var text = rows.columns.map(field).joined(separator: ",") + "\n"
    for row in 0..<rows.count {
      text +=
        rows.columns.indices.map { field(rows.textOrNull(row, $0)) }
        .joined(separator: ",") + "\n"
    }
    return text
  }
}

// MARK: check

let checkCommand = CommandSpec(
  name: "check",
  summary:
    "Audits the warehouse: every rule of warehouse-sql/checks, and everything computed again from the "
    + "lake, which takes about as long as a full load.",
  flags: [
    PlaceFlags.database, PlaceFlags.data, PlaceFlags.lake, latenessFlag,
    Flag("--quick", nil, "compute nothing again from the lake: rules and sums only"),
  ]
) { arguments in
  let kernel = try kernelConfiguration(arguments)
  let place = try Place(arguments)
  defer { place.close() }
  let connection = try Connection(
    url: place.existingDatabaseURL(), applicationName: "polyrhythm check")
  let checks = Checks(library: place.library)
  var findings: [Checks.Finding] = []
  var names = checks.names.count
  var unfinished: LoadError?
  try withSchema {
    _ = try connection.run(place.library.sql("batch/last_published"))
    findings = try checks.run(connection, from: nil, to: nil)
    if arguments.has("--lake") || !arguments.has("--database") {
      let lake = try place.lake()
      names += 1
      findings += try LakeCheck(lake: lake, library: place.library).run(connection)
      if !arguments.has("--quick") {
        names += 1
        do {
          findings += try recompute(lake, place, kernel)
        } catch let error as LoadError {
          unfinished = error
        }
      }
    }
  }
  for finding in findings {
    print("\(finding.isError ? "ERROR" : "warning") \(finding.check): \(finding.rule)")
    print("  broken by \(finding.rows) rows, such as:")
    for example in finding.examples { print("  \(example)") }
  }
  print("\(names) checks, \(findings.count) broken")
  fflush(nil)
  let errors = findings.filter(\.isError)
  if !errors.isEmpty {
    throw CommandError(
      .dataError,
      "check: \(errors.map(\.check).joined(separator: ", ")) found rows that break a rule")
  }
  if let unfinished { throw unfinished }
}

private func recompute(_ lake: any EventLog, _ place: Place, _ kernel: Kernel.Configuration)
  throws -> [Checks.Finding]
{
  var configuration = BatchLoader.Configuration(databaseURL: try place.existingDatabaseURL())
  configuration.kernel = kernel
  let progress = ProgressLine("check")
  defer { progress.finish() }
  return try LakeRecomputation(
    lake: lake, library: place.library, configuration: configuration,
    progress: { progress.update($0, of: $1) }
  ).run(stop: Signals.stop)
}

/// Says it in words where the database is not ours yet.
private func withSchema<T>(_ body: () throws -> T) throws -> T {
  do {
    return try body()
  } catch let error as WarehouseError where ["42P01", "3F000"].contains(error.sqlState ?? "") {
    throw CommandError(
      .configuration,
      "the database has no Polyrhythm schema yet; polyrhythm load full or speed makes it")
  }
}

// MARK: status

let statusCommand = CommandSpec(
  name: "status",
  summary: "Says how far each layer is.",
  flags: [
    PlaceFlags.data, PlaceFlags.database, PlaceFlags.log, PlaceFlags.lake, PlaceFlags.kafka,
    Flag("--json", nil, "print one JSON object"),
  ]
) { arguments in
  let place = try Place(arguments)
  defer { place.close() }
  let connection = try Connection(
    url: place.existingDatabaseURL(), applicationName: "polyrhythm status")
  let rows = try withSchema { try connection.run(place.library.sql("status")) }
  var fields = rows.columns.indices.map { (rows.columns[$0], rows.textOrNull(0, $0)) }
  if arguments.has("--log") || arguments.has("--lake") || !arguments.has("--database"),
    let ends = try? logEnds(place.log())
  {
    let committed = Int(rows.textOrNull(0, try rows.column("speed_records")) ?? "") ?? 0
    fields.append(("log_records", "\(ends)"))
    fields.append(("speed_lag_records", "\(max(0, ends - committed))"))
  }
  if arguments.has("--json") {
    var object: [String: Any] = [:]
    for (name, value) in fields { object[name] = value.map { Int($0) as Any? ?? $0 } ?? NSNull() }
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
    print(String(decoding: data, as: UTF8.self))
  } else {
    let width = fields.map(\.0.count).max() ?? 0
    for (name, value) in fields {
      print("\(name)\(String(repeating: " ", count: width - name.count + 2))\(value ?? "-")")
    }
  }
}

private func logEnds(_ log: any EventLog) throws -> Int {
  var records = 0
  for topic in Topic.allCases {
    for partition in 0..<Int32(try log.partitionCount(of: topic.name)) {
      records += Int(try log.endOffset(of: TopicPartition(topic.name, partition)))
    }
  }
  return records
}
