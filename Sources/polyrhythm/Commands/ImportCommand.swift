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
    Flag("--format", "F", "auto, eventsim or csv (default auto: by each file's name)"),
    Flag(
      "--archive", "DIR",
      "move each file there once its events are in the log; for objects a prefix or s3://…"),
    Flag("--again", nil, "take in once more what the log has all of; it counts once all the same"),
  ] + KafkaFlags.all
) { arguments in
  var options = ImportOptions()
  let format = arguments.string("--format") ?? "auto"
  guard let known = ImportFormat(rawValue: format) else {
    throw UsageError("--format: \"\(format)\" is not a format; it is auto, eventsim or csv")
  }
  options.format = known
  options.archive = arguments.string("--archive")
  options.again = arguments.has("--again")
  let locations = try Locations(arguments)
  let log = try locations.log()
  options.partitions = try locations.partitions()
  let progress = ImportProgress()
  let importer = Importer(log, options, stop: Signals.stop, progress: progress.update)
  let start = ContinuousClock.now
  defer { progress.finish() }
  Locations.sayRisks(of: log)
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

/// How many files that the log has already are named; the others are counted.
private let knownShown = 5

/// Says what an import did.
private func report(_ summary: ImportSummary, _ start: ContinuousClock.Instant, _ log: any EventLog)
{
  let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
  if let notice = summary.memoryNotice { Terminal.say(notice) }
  if summary.users + summary.songs > 0 {
    Terminal.say(
      "read \(summary.users.grouped) users and \(summary.songs.grouped) songs"
        + (summary.withoutID > 0
          ? "; \(summary.withoutID.grouped) rows without an id were left out" : ""))
  }
  for (title, records) in summary.known.prefix(knownShown) {
    Terminal.say(
      "already in the log: \(records.grouped) records of \(title), nothing to do")
  }
  if summary.known.count > knownShown {
    Terminal.say(
      "already in the log: \((summary.known.count - knownShown).grouped) files more")
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
  if summary.rows + summary.records == 0,
    !summary.known.isEmpty || summary.catalogueRecords > 0
  {
    return
  }
  Terminal.say(
    "imported \(summary.rows.grouped) lines of \(summary.files) files as "
      + "\(summary.records.grouped) records "
      + "(\(summary.broken) undecodable, which go to quarantine) in \(Terminal.duration(seconds)) "
      + "(\(Int(Double(summary.rows) / seconds).grouped)/s) to \(log.url)", .info,
    [.number(.records, summary.records), .number(.rows, summary.rows), .seconds(seconds)])
  if let first = summary.firstBroken {
    Terminal.say("the first undecodable row: \(first)", .warning)
  }
  if summary.streamsWithoutUser + summary.streamsWithoutSong > 0 {
    Terminal.say(
      "no table describes the user of \(summary.streamsWithoutUser.grouped) streams and "
        + "the song of \(summary.streamsWithoutSong.grouped); they count without those details",
      .warning)
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
