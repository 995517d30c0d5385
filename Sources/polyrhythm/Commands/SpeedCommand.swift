import CPlatform
import EventLog
import SpeedLayer
import Support
import Warehouse

let speedCommand = CommandSpec(
  name: "speed",
  summary: "Follows the log and keeps the minute views of what is not loaded yet, exactly once.",
  flags: [
    LocationFlags.log, LocationFlags.database, LocationFlags.data, CatchUp.flag, LossFlags.accept,
    Flag("--flush-seconds", "S", "between flushes: how old a live chart may be (default 1)"),
    KernelFlags.lateness,
  ] + KafkaFlags.reading
) { arguments in
  // A worker lives for months, and what it remembers grows and shrinks with the traffic: what large blocks took goes back to the
  // kernel, and its threads share two heaps. What comes and goes with each flush is in smaller blocks (FlushJob).
  mallopt(M_MMAP_THRESHOLD, 2 << 20)
  mallopt(M_TRIM_THRESHOLD, 16 << 20)
  mallopt(M_ARENA_MAX, 2)
  let kernel = try KernelFlags.configuration(arguments)
  let flush = try arguments.double("--flush-seconds", in: 0.01...3600) ?? 1
  let locations = try Locations(arguments)
  defer { locations.close() }
  let log = try locations.log()
  var configuration = SpeedWorker.Configuration(databaseURL: try locations.migratedDatabaseURL())
  configuration.kernel = kernel
  configuration.flushInterval = flush
  configuration.acceptsLoss = arguments.has("--accept-loss")
  configuration.untilCaughtUp = arguments.has("--until-caught-up")
  Locations.sayRisks(of: log)
  let tally = SpeedTally(log.url)
  let catchUp = configuration.untilCaughtUp ? try CatchUp(log) : nil
  let worker = SpeedWorker(
    log: log, library: locations.library, configuration: configuration, report: { tally.note($0) })
  locations.keepDatabase(stop: Signals.stop, prefix: "speed: ")
  let isDone = try worker.run(stop: Signals.stop)
  tally.finish()
  try locations.requireSameDatabase()
  if let catchUp, !isDone {
    let committed = try committedOffsets(configuration.databaseURL, locations.library)
    try catchUp.requireCaughtUp("speed") { committed[$0] }
  }
}

/// The next offset that the speed layer will read, for each partition that it has begun.
private func committedOffsets(_ url: String, _ library: SQLLibrary) throws
  -> [TopicPartition: Int64]
{
  let connection = try Connection(url: url, applicationName: "polyrhythm speed")
  let rows = try connection.run(
    library.sql("speed/read_progress"), [.intArray((0..<1024).map(Int64.init))])
  var offsets: [TopicPartition: Int64] = [:]
  for row in 0..<rows.count {
    let source = TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))
    offsets[source] = try rows.int(row, 2)
  }
  return offsets
}
