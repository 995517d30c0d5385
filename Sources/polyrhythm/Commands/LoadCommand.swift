import BatchLayer
import Warehouse

let loadCommand = CommandSpec(
  name: "load",
  summary:
    "Loads the lake into the warehouse: everything, or what came since the last load; or takes the last load back.",
  operands: "full | incremental | rollback | publish", operandCount: 1...1,
  flags: [
    LocationFlags.lake, LocationFlags.database, LocationFlags.data, KernelFlags.lateness,
    LoadFlags.minutes, LossFlags.accept,
    Flag(
      "--shadow", nil,
      "with full: builds beside what is published, shows what would change, and leaves it for load publish"
    ),
    Flag(
      "--from-date", "DATE",
      "with full: makes the days (UTC) from this one on anew, and nothing else (default: the first)"
    ),
    Flag("--to-date", "DATE", "with full: the last day that is made anew (default: the last)"),
    Flag("--dry-run", nil, "says what the load would read and touch, and changes nothing"),
    Flag(
      "--far-behind", "N",
      "records of a partition that a speed worker may lag before the load counts them in its place "
        + "(default 5000000)"),
    LoadFlags.requestedBy,
  ]
) { arguments in
  let operation = arguments.operands[0]
  let isShadow = arguments.has("--shadow")
  guard !isShadow || operation == "full" else {
    throw UsageError(
      "load \(operation) --shadow: only a full load makes a build beside what is published")
  }
  let days = try LoadFlags.days(arguments)
  guard days == nil || (operation == "full" && !isShadow) else {
    throw UsageError("--from-date and --to-date go with load full, without --shadow")
  }
  guard ["full", "incremental", "rollback", "publish"].contains(operation) else {
    throw UsageError(
      "load \(operation): it is load full, load incremental, load rollback or load publish")
  }
  let flags = try LoadFlags(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  switch operation {
  case "full", "incremental":
    let lake = try locations.lake()
    var configuration = flags.configuration(databaseURL: try locations.migratedDatabaseURL())
    configuration.isShadow = isShadow
    configuration.acceptsLoss = arguments.has("--accept-loss")
    configuration.days = days
    if let records = try arguments.int("--far-behind", in: 0...Int.max) {
      configuration.farBehind = Int64(records)
    }
    let progress = ProgressLine("load \(operation)")
    let loader = BatchLoader(
      lake: lake, library: locations.library, configuration: configuration,
      progress: { progress.update($0, of: $1) })
    defer { progress.finish() }
    let kind: BatchLoader.Kind = operation == "full" ? .full : .incremental
    if arguments.has("--dry-run") {
      for line in try loader.plan(kind).lines { Terminal.say(line) }
      return
    }
    let summary = try loader.load(kind, stop: Signals.stop)
    progress.finish()
    for notice in summary.notices { Notices().say(notice) }
    if isShadow {
      try showShadow(locations, configuration)
    } else {
      PublishedSources(lake, library: locations.library, configuration, stop: Signals.stop)
        .moveAfterPublication { Notices().say($0) }
    }
  default:
    let configuration = flags.configuration(databaseURL: try locations.migratedDatabaseURL())
    let publications = Publications(library: locations.library, configuration: configuration)
    if arguments.has("--dry-run") {
      let lines =
        try operation == "publish" ? publications.publicationPlan() : publications.rollbackPlan()
      for line in lines { Terminal.say(line) }
      return
    }
    let change =
      operation == "publish"
      ? try publications.publishShadow(stop: Signals.stop)
      : try publications.rollBack(stop: Signals.stop)
    let run: [Notice.Field] = [.number(.loadRun, change.run)]
    for warning in change.warnings { Notices(prefix: "warning: ").say("\(warning)", .warning, run) }
    Terminal.say(change.line(isPublished: operation == "publish"), .info, run)
    // These two read nothing of the lake, and so may be told none.
    if operation == "publish", let lake = try? locations.lake() {
      PublishedSources(lake, library: locations.library, configuration, stop: Signals.stop)
        .moveAfterPublication { Notices().say($0) }
    }
  }
}

/// Says what would change for readers if the build that waits were published.
private func showShadow(
  _ locations: Locations, _ configuration: BatchLoader.Configuration
) throws {
  let comparison = try ShadowComparison(
    Connection(url: configuration.databaseURL, applicationName: "polyrhythm load shadow"),
    locations.library)
  for line in comparison.lines { Terminal.say(line) }
  Terminal.say("polyrhythm load publish puts it in place; the next full load discards it")
}
