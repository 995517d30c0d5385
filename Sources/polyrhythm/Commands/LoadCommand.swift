import BatchLayer

let loadCommand = CommandSpec(
  name: "load",
  summary: "Loads the lake into the warehouse: everything, or what came since the last load.",
  operands: "full | incremental", operandCount: 1...1,
  flags: [
    LocationFlags.lake, LocationFlags.database, LocationFlags.data, KernelFlags.lateness,
    LoadFlags.minutes,
    Flag(
      "--far-behind", "N",
      "records of a partition that a speed worker may lag before the load counts them in its place "
        + "(default 5000000)"),
  ]
) { arguments in
  guard let kind = BatchLoader.Kind(rawValue: arguments.operands[0]) else {
    throw UsageError("load \(arguments.operands[0]): it is load full or load incremental")
  }
  let flags = try LoadFlags(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  let lake = try locations.lake()
  var configuration = flags.configuration(
    databaseURL: try locations.migratedDatabaseURL())
  if let records = try arguments.int("--far-behind", in: 0...Int.max) {
    configuration.farBehind = Int64(records)
  }
  let progress = ProgressLine("load \(kind.rawValue)")
  let loader = BatchLoader(
    lake: lake, library: locations.library, configuration: configuration,
    progress: { progress.update($0, of: $1) })
  defer { progress.finish() }
  let summary = try loader.load(kind, stop: Signals.stop)
  progress.finish()
  for line in summary.lines { Terminal.say(line) }
}
