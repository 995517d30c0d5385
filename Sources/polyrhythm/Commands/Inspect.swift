import BatchLayer
import EventLog
import EventModel
import Foundation
import Support
import Warehouse

// MARK: check

let checkCommand = CommandSpec(
  name: "check",
  summary:
    "Audits the warehouse: every rule of warehouse-sql/checks, and its counts against the lake.",
  flags: [PlaceFlags.database, PlaceFlags.data, PlaceFlags.lake]
) { arguments in
  let place = try Place(arguments)
  defer { place.close() }
  let connection = try Connection(
    url: place.existingDatabaseURL(), applicationName: "polyrhythm check")
  let checks = Checks(library: place.library)
  var findings: [Checks.Finding] = []
  var names = checks.names.count
  try withSchema {
    _ = try connection.run(place.library.sql("batch/last_published"))
    findings = try checks.run(connection, from: nil, to: nil)
    if arguments.has("--lake") || !arguments.has("--database") {
      names += 1
      findings += try LakeCheck(lake: place.lake(), library: place.library).run(connection)
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
