import EventLog
import EventSources
import Foundation
import Support

let importCommand = CommandSpec(
  name: "import",
  summary:
    "Brings events into the log: eventsim's files, or users, songs and streams as CSV or tables.",
  operands: "FILE… | DIR | s3://BUCKET/PREFIX | postgresql://…", operandCount: 1...100_000,
  flags: [
    LocationFlags.log, LocationFlags.data, LocationFlags.partitions,
    // Without a variable: one that is set for loads must not lead an import into the lake of an archive.
    Flag(
      "--lake", "DIR", "with --archive and a Kafka log: the lake, which remembers what is to move"),
    Flag("--format", "F", "auto, eventsim or csv (default auto: by each file's name)"),
    Flag(
      "--archive", "DIR",
      "each file moves there once a load that has its events is published; for objects a prefix or s3://… (Kafka: with --lake)"
    ),
    Flag(
      "--watch", nil,
      "take what arrives in directories and s3://…, until stopped; names such as x.part and .x are left alone"
    ),
    Flag("--watch-every", "SECONDS", "how often to look with --watch, 0.1 to 86400 (default 5)"),
    Flag("--again", nil, "take in once more what the log has all of; it counts once all the same"),
  ] + KafkaFlags.all
) { arguments in
  var options = try importOptions(arguments)
  options.again = arguments.has("--again")
  let isWatch = arguments.has("--watch")
  let interval = try arguments.double("--watch-every", in: SourceWatch.intervals)
  guard isWatch || interval == nil else { throw UsageError("--watch-every goes with --watch") }
  guard !isWatch || !options.again else {
    throw UsageError("--again and --watch exclude each other: a watch takes each file once")
  }
  if isWatch, let database = arguments.operands.first(where: Importer.isDatabase) {
    throw UsageError(
      "--watch takes directories and s3://…; import \(database.prefix { $0 != ":" })://… by a timer"
    )
  }
  let locations = try Locations(arguments)
  let log = try locations.log()
  options.partitions = try locations.partitions()
  let progress = ImportProgress()
  let lake = arguments.has("--lake") ? try locations.lake() : nil
  let importer = Importer(
    log, options, lake: lake, stop: Signals.stop, progress: progress.update)
  let start = ContinuousClock.now
  defer { progress.finish() }
  Locations.sayRisks(of: log)
  if isWatch {
    let watch = SourceWatch(importer, interval: interval ?? 5, stop: Signals.stop) {
      progress.finish()
      Terminal.say("import: \($0)")
    }
    var lookStart = ContinuousClock.now
    return try watch.run(
      arguments.operands,
      beforeWriting: {
        lookStart = ContinuousClock.now
        try locations.makeLogDirectory()
      }
    ) {
      progress.finish()
      $0.say(since: lookStart, to: log)
    }
  }
  do {
    try importer.run(arguments.operands, beforeWriting: locations.makeLogDirectory)
  } catch let error as SourceError where error.code == .stopped {
    progress.finish()
    importer.summary.say(since: start, to: log)
    let next =
      importer.summary.memoryNotice == nil
      ? "goes on at the next record" : "writes its records again, and both copies count once"
    throw CommandError(
      .temporaryFailure, "stopped before all files were in; the same command \(next)")
  }
  progress.finish()
  importer.summary.say(since: start, to: log)
}

/// What sources are taken for and where they go in the end, for the commands that import.
/// - Throws: `UsageError` for a format that there is not.
func importOptions(_ arguments: Arguments) throws -> ImportOptions {
  var options = ImportOptions()
  let format = arguments.string("--format") ?? "auto"
  guard let known = ImportFormat(rawValue: format) else {
    throw UsageError("--format: \"\(format)\" is not a format; it is auto, eventsim or csv")
  }
  options.format = known
  options.archive = arguments.string("--archive")
  return options
}
