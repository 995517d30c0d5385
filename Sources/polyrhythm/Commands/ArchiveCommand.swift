import EventLog
import EventModel
import Foundation
import Support

let archiveCommand = CommandSpec(
  name: "archive",
  summary: "Copies a Kafka log to the lake, byte for byte, with its partitions and offsets, once.",
  flags: [
    LocationFlags.log, LocationFlags.lake, LocationFlags.data, CatchUp.flag, LossFlags.accept,
  ] + KafkaFlags.reading
) { arguments in
  let locations = try Locations(arguments)
  let log = try locations.log()
  guard log.url.hasPrefix("kafka:") else {
    throw UsageError(
      "archive copies from Kafka: say --log kafka:HOST:PORT (a directory log is a lake itself)")
  }
  let lake: DirectoryLog =
    arguments.has("--lake")
    ? try locations.lake() : DirectoryLog(path: "\(locations.dataDirectory)/log")
  if !arguments.has("--lake") { try DataDirectory.make(locations.dataDirectory) }
  let untilCaughtUp = arguments.has("--until-caught-up")
  let catchUp = untilCaughtUp ? try CatchUp(log) : nil
  Locations.sayRisks(of: log)
  let progress = ProgressLine("archive", unit: "records")
  let start = ContinuousClock.now
  var copied = 0
  try Archiver(
    from: log, to: lake, topics: Topic.allCases.map(\.name),
    optional: CatalogueTopic.allCases.map(\.name), acceptsLoss: arguments.has("--accept-loss")
  ).run(
    stop: Signals.stop, untilCaughtUp: untilCaughtUp,
    say: { Terminal.say("archive: \($0)") }
  ) {
    copied = $0
    progress.update(copied)
  }
  progress.finish()
  let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
  Terminal.say(
    "archived \(copied.grouped) records in \(Terminal.duration(seconds)) to \(lake.path)")
  if let catchUp, Signals.stop.isRequested {
    try catchUp.requireCaughtUp("archive") { try lake.endOffset(of: $0) }
  }
}
