import BatchLayer
import EventLog
import EventModel
import Foundation
import Metrics
import ServingLayer
import SpeedLayer
import Support
import Synchronization
import Warehouse

let latenessFlag = Flag(
  "--lateness-seconds", "N",
  "how far behind its partition an event may come and still be in time (default 600)",
  environment: "POLYRHYTHM_LATENESS_SECONDS")

func kernelConfiguration(_ arguments: Arguments) throws -> Kernel.Configuration {
  Kernel.Configuration(
    allowedLatenessMs: Int64(try arguments.int("--lateness-seconds", in: 0...86_400) ?? 600) * 1000)
}

// MARK: speed

let speedCommand = CommandSpec(
  name: "speed",
  summary: "Follows the log and keeps the minute views of what is not loaded yet, exactly once.",
  flags: [
    LocationFlags.log, LocationFlags.database, LocationFlags.data, LocationFlags.kafka,
    Flag(
      "--until-caught-up", nil,
      "work up to the log's present end, then exit 0; stopped before, exit 75"),
    Flag("--flush-seconds", "S", "between flushes: how old a live chart may be (default 1)"),
    latenessFlag,
  ]
) { arguments in
  let kernel = try kernelConfiguration(arguments)
  let flush = try arguments.double("--flush-seconds", in: 0.01...3600) ?? 1
  let locations = try Locations(arguments)
  defer { locations.close() }
  let log = try locations.log()
  var configuration = SpeedWorker.Configuration(databaseURL: try locations.migratedDatabaseURL())
  configuration.kernel = kernel
  configuration.flushInterval = flush
  configuration.untilCaughtUp = arguments.has("--until-caught-up")
  let tally = SpeedTally(log.url)
  let catchUp = configuration.untilCaughtUp ? try CatchUp(log) : nil
  let worker = SpeedWorker(
    log: log, library: locations.library, configuration: configuration, report: { tally.note($0) })
  locations.keepDatabase(stop: Signals.stop, say: { Terminal.say("speed: \($0)") })
  let isDone = try worker.run(stop: Signals.stop)
  tally.finish()
  try locations.requireSameDatabase()
  if let catchUp, !isDone {
    let committed = try committedOffsets(configuration.databaseURL, locations.library)
    try catchUp.requireCaughtUp("speed") { committed[$0] }
  }
}

/// Where the speed layer stands in each partition.
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

/// Says what the speed worker does, and what it has done in the end.
final class SpeedTally: Sendable {
  struct Totals: Sendable {
    var records = 0
    var rows = 0
    var flushes = 0
    var isStandby = false
  }

  private let source: String
  private let start = ContinuousClock.now
  private let progress = ProgressLine("speed")
  private let totals = Mutex(Totals())

  init(_ source: String) { self.source = source }

  var current: Totals { totals.withLock { $0 } }

  func note(_ report: SpeedWorker.Report) {
    switch report {
    case .started(let partitions, let replayed):
      totals.withLock { $0.isStandby = false }
      progress.finish()
      Terminal.say(
        "speed: partitions \(partitions.map(String.init).joined(separator: ", ")) of \(source), "
          + "state rebuilt from \(Terminal.grouped(replayed)) records")
    case .standby:
      let isNew = totals.withLock { totals in
        defer { totals.isStandby = true }
        return !totals.isStandby
      }
      if isNew { Terminal.say("speed: other workers have all partitions; standing by") }
    case .waiting(let partitions, let load):
      progress.finish()
      Terminal.say(
        "speed: partitions \(partitions.map(String.init).joined(separator: ", ")) wait for load \(load), "
          + "which counts what no speed worker had; until it is published they lag behind")
    case .lost(let partition, let offsets):
      progress.finish()
      Terminal.say(
        "speed: \(source) has dropped the records of \(partition) from offset \(offsets.lowerBound) up to "
          + "\(offsets.upperBound) before they were counted (retention); partition \(partition.partition) "
          + "lags until a load has taken them from the lake")
    case .noTopics:
      Terminal.say("speed: \(source) has no topics yet; waiting for them")
    case .partitionsAdded(let topic, let before, let now):
      progress.finish()
      Terminal.say(
        "speed: \(topic) has \(now) partitions now (\(before) before): users move between them, and a "
          + "session that is open across the change is seen as two")
    case .flushed(let records, let rows):
      let done = totals.withLock {
        $0.records += records
        $0.rows += rows
        $0.flushes += 1
        return $0.records
      }
      progress.update(done)
    case .restarting(let reason):
      progress.finish()
      Terminal.say("speed: starting again: \(reason)")
    }
  }

  func finish() {
    progress.finish()
    let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
    let done = current
    Terminal.say(
      "speed: \(Terminal.grouped(done.records)) events as \(Terminal.grouped(done.rows)) rows in "
        + "\(Terminal.grouped(done.flushes)) flushes, \(Terminal.duration(seconds)) "
        + "(\(Terminal.grouped(Int(Double(done.records) / seconds)))/s)")
  }
}

// MARK: load

let loadCommand = CommandSpec(
  name: "load",
  summary: "Loads the lake into the warehouse: everything, or what came since the last load.",
  operands: "full | incremental", operandCount: 1...1,
  flags: [
    LocationFlags.lake, LocationFlags.database, LocationFlags.data, latenessFlag,
    Flag(
      "--far-behind", "N",
      "records of a partition that a speed worker may lag before the load counts them in its place "
        + "(default 5000000)"),
  ]
) { arguments in
  guard let kind = BatchLoader.Kind(rawValue: arguments.operands[0]) else {
    throw UsageError("load \(arguments.operands[0]): it is load full or load incremental")
  }
  let kernel = try kernelConfiguration(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  let lake = try locations.lake()
  var configuration = BatchLoader.Configuration(databaseURL: try locations.migratedDatabaseURL())
  configuration.kernel = kernel
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
  Terminal.say(describe(summary))
}

/// One line for a person.
func describe(_ summary: BatchLoader.Summary) -> String {
  let counts = summary.counts
  let seconds = max(0.001, summary.totalSeconds)
  let phases = summary.seconds.map { "\($0.phase) \(Terminal.duration($0.seconds))" }
  return
    "load \(summary.kind.rawValue) \(summary.run): \(Terminal.grouped(counts.records)) records "
    + "(\(Terminal.grouped(counts.listens)) listens, \(Terminal.grouped(counts.auths)) auths, "
    + "\(Terminal.grouped(counts.pageViews)) page views, \(counts.late) late, "
    + "\(counts.redelivered) redelivered, \(counts.quarantined) quarantined) in "
    + "\(Terminal.duration(seconds)) (\(Terminal.grouped(Int(Double(counts.records) / seconds)))/s): "
    + phases.joined(separator: ", ")
}

// MARK: serve

let serveCommand = CommandSpec(
  name: "serve",
  summary: "Serves the merged views: HTTP API and live page.",
  flags: [
    LocationFlags.database, LocationFlags.data,
    Flag("--listen", "HOST:PORT", "(default 127.0.0.1:8080)", environment: "POLYRHYTHM_LISTEN"),
    Flag("--token-file", "FILE", "the token that requests must carry; needed off loopback"),
    Flag("--tls-cert", "FILE", "certificate chain in PEM"),
    Flag("--tls-key", "FILE", "private key in PEM"),
  ]
) { arguments in
  let configuration = try serverConfiguration(arguments)
  let locations = try Locations(arguments)
  defer { locations.close() }
  _ = try locations.migratedDatabaseURL()
  let server = try HTTPServer(configuration, databaseURL: locations.readerURL())
  let address = try server.start()
  locations.keepDatabase(stop: Signals.stop, say: { Terminal.say("serve: \($0)") })
  Terminal.say("serving http\(configuration.tlsCertificate == nil ? "" : "s")://\(address)")
  while !Signals.stop.isRequested { Signals.stop.wait(seconds: 3600) }
  server.stop()
  try locations.requireSameDatabase()
}

func serverConfiguration(_ arguments: Arguments) throws -> HTTPServerConfiguration {
  var token: String?
  if let path = arguments.string("--token-file") {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandError(.noInput, "--token-file: cannot read \(path)")
    }
    token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    if token?.isEmpty != false {
      throw CommandError(
        .dataError, "--token-file: \(path) is empty; put a long random text into it")
    }
  }
  guard arguments.has("--tls-cert") == arguments.has("--tls-key") else {
    throw UsageError("--tls-cert and --tls-key go together")
  }
  var configuration = HTTPServerConfiguration(
    listen: arguments.string("--listen") ?? "127.0.0.1:8080")
  configuration.token = token
  configuration.tlsCertificate = arguments.string("--tls-cert")
  configuration.tlsKey = arguments.string("--tls-key")
  // An address or a file that cannot be used is said before a database is made or started.
  _ = try HTTPServer(configuration, databaseURL: "postgresql://")
  return configuration
}
