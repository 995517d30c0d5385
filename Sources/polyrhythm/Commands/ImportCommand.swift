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
    LocationFlags.log, LocationFlags.data, LocationFlags.kafka, LocationFlags.partitions,
    LocationFlags.lake,
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
  ]
) { arguments in
  var options = ImportOptions()
  let format = arguments.string("--format") ?? "auto"
  guard let known = ImportFormat(rawValue: format) else {
    throw UsageError("--format: \"\(format)\" is not a format; it is auto, eventsim or csv")
  }
  options.format = known
  options.archive = arguments.string("--archive")
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
      report($0, lookStart, log)
    }
  }
  do {
    try importer.run(arguments.operands, beforeWriting: locations.makeLogDirectory)
  } catch let error as SourceError where error.code == .stopped {
    progress.finish()
    report(importer.summary, start, log)
    let next =
      importer.summary.memoryNotice == nil
      ? "goes on at the next record" : "writes its records again, and both copies count once"
    throw CommandError(
      .temporaryFailure, "stopped before all files were in; the same command \(next)")
  }
  progress.finish()
  report(importer.summary, start, log)
}

/// How many files that give nothing are named; the others are counted.
private let shown = 5

/// Says what an import did.
private func report(_ summary: ImportSummary, _ start: ContinuousClock.Instant, _ log: any EventLog)
{
  let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
  if let notice = summary.memoryNotice { Terminal.say(notice) }
  if summary.users + summary.songs > 0 {
    Terminal.say(
      "read \(summary.users.grouped) users and \(summary.songs.grouped) songs")
  }
  if summary.leftOut > 0 {
    Terminal.say(
      "left out \(summary.leftOut.grouped) rows of users and songs that have no id or are no records"
        + (summary.firstLeftOut.map { "; the first: \($0)" } ?? ""))
  }
  for line in summary.empty.prefix(shown) { Terminal.say("nothing to import: \(line)") }
  if summary.empty.count > shown {
    Terminal.say("nothing to import in \((summary.empty.count - shown).grouped) more")
  }
  for (title, records) in summary.known.prefix(shown) {
    Terminal.say(
      "already in the log: \(records.grouped) records of \(title), nothing to do")
  }
  if summary.known.count > shown {
    Terminal.say(
      "already in the log: \((summary.known.count - shown).grouped) files more")
  }
  if summary.recordsBefore > 0 {
    Terminal.say(
      "\(summary.recordsBefore.grouped) records were in the log from an import that had not "
        + "come to its end; this one went on behind them")
  }
  if summary.catalogueRecords > 0 {
    Terminal.say(
      "\(summary.catalogueRecords.grouped) records of songs and users are in the catalogue's topics"
    )
  }
  if summary.toArchive > 0 {
    Terminal.say(
      "\(summary.toArchive.grouped) files move to the archive once a load that has them is published"
    )
  }
  if summary.rows + summary.records == 0,
    !summary.known.isEmpty || !summary.empty.isEmpty || summary.catalogueRecords > 0
  {
    return
  }
  Terminal.say(
    "imported \(summary.rows.grouped) lines of \(summary.files) files as "
      + "\(summary.records.grouped) records "
      + "(\(summary.broken) undecodable, which go to quarantine) in \(Terminal.duration(seconds)) "
      + "(\(Int(Double(summary.rows) / seconds).grouped)/s) to \(log.url)")
  if let first = summary.firstBroken { Terminal.say("the first undecodable row: \(first)") }
  if summary.streamsWithoutUser + summary.streamsWithoutSong > 0 {
    Terminal.say(
      "no table describes the user of \(summary.streamsWithoutUser.grouped) streams and "
        + "the song of \(summary.streamsWithoutSong.grouped); they count without those details"
    )
  }
}

/// A progress line of its own for each file or table that is read.
private final class ImportProgress {
  private var title = ""
  private var line: ProgressLine?

  func update(_ what: String, _ count: Int) {
    if what != title {
      line?.finish()
      title = what
      line = ProgressLine("import \((what as NSString).lastPathComponent)", unit: "rows")
    }
    line?.update(count)
  }

  func finish() { line?.finish() }
}
