import BatchLayer
import EventLog
import Foundation
import Metrics
import Warehouse

let checkCommand = CommandSpec(
  name: "check",
  summary:
    "Audits the warehouse: every rule of warehouse-sql/checks, and everything computed again from the "
    + "lake, which takes about as long as a full load.",
  flags: [
    LocationFlags.database, LocationFlags.data, LocationFlags.lake, KernelFlags.lateness,
    Flag("--quick", nil, "compute nothing again from the lake: rules and sums only"),
  ]
) { arguments in
  let kernel = try KernelFlags.configuration(arguments)
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
  try explainingDatabaseErrors(connection, locations.library) {
    // The rules are those of this program's tables.
    try requirePresentSchema(connection, locations.library)
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

/// What differs between the warehouse and all of its rows computed again from the lake.
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
