import BatchLayer
import EventLog
import EventModel
import Foundation
import Metrics
import Support
import Warehouse

// MARK: check

let checkCommand = CommandSpec(
  name: "check",
  summary:
    "Audits the warehouse: every rule of warehouse-sql/checks, and everything computed again from the "
    + "lake, which takes about as long as a full load.",
  flags: [
    LocationFlags.database, LocationFlags.data, LocationFlags.lake, latenessFlag,
    Flag("--quick", nil, "compute nothing again from the lake: rules and sums only"),
  ]
) { arguments in
  let kernel = try kernelConfiguration(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  let connection = try Connection(
    url: locations.existingDatabaseURL(), applicationName: "polyrhythm check")
  let watch = try StopWatch(connection)
  defer { watch.end() }
  let checks = Checks(library: locations.library)
  var findings: [Checks.Finding] = []
  var names = checks.names.count
  var unfinished: LoadError?
  try withSchema {
    _ = try connection.run(locations.library.sql("batch/last_published"))
    findings = try checks.run(connection, from: nil, to: nil)
    if arguments.has("--lake") || !arguments.has("--database") {
      let lake = try locations.lake()
      names += 1
      findings += try LakeCheck(lake: lake, library: locations.library).run(connection)
      if !arguments.has("--quick") {
        names += 1
        do {
          findings += try recompute(lake, locations, kernel)
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

private func recompute(_ lake: any EventLog, _ locations: Locations, _ kernel: Kernel.Configuration)
  throws -> [Checks.Finding]
{
  var configuration = BatchLoader.Configuration(databaseURL: try locations.existingDatabaseURL())
  configuration.kernel = kernel
  let progress = ProgressLine("check")
  defer { progress.finish() }
  return try LakeRecomputation(
    lake: lake, library: locations.library, configuration: configuration,
    progress: { progress.update($0, of: $1) }
  ).run(stop: Signals.stop)
}

/// Says it in words where the database is not ours yet.
private func withSchema<T>(_ body: () throws -> T) throws -> T {
  do {
    return try body()
  } catch let error as WarehouseError where error.sqlState == "57014" && Signals.stop.isRequested {
    throw CommandError(.temporaryFailure, "stopped before it was done")
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
    LocationFlags.data, LocationFlags.database, LocationFlags.log, LocationFlags.lake,
    LocationFlags.kafka,
    Flag("--json", nil, "print one JSON object"),
  ]
) { arguments in
  let locations = try Locations(arguments)
  defer { locations.close() }
  let connection = try Connection(
    url: locations.existingDatabaseURL(), applicationName: "polyrhythm status")
  let watch = try StopWatch(connection)
  defer { watch.end() }
  let rows = try withSchema { try connection.run(locations.library.sql("status")) }
  var fields = rows.columns.indices.map { (rows.columns[$0], rows.textOrNull(0, $0)) }
  if arguments.has("--log") || arguments.has("--lake") || !arguments.has("--database") {
    let committed = Int(rows.textOrNull(0, try rows.column("speed_records")) ?? "") ?? 0
    do {
      let log = try locations.log()
      let ends = try logEnds(log)
      fields.append(("log_records", "\(ends)"))
      fields.append(("speed_lag_records", "\(max(0, ends - committed))"))
      try verifyCommitted(log, connection, locations.library)
    } catch let error as EventLogError {
      // A log that is not there or cannot be reached has always been no reason for status to fail.
      if error.code != .unavailable { fields.append(("log_problem", error.message)) }
    }
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

/// - Throws: `EventLogError` where the speed layer has committed other records than the log has.
private func verifyCommitted(
  _ log: any EventLog, _ connection: Connection, _ library: SQLLibrary
) throws {
  let rows = try connection.run(library.sql("batch/read_speed_progress"))
  for row in 0..<rows.count {
    try log.verify(
      TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1))),
      committed: try rows.int(row, 2), epoch: LogEpoch(rawValue: try rows.intOrNull(row, 3) ?? 0))
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
