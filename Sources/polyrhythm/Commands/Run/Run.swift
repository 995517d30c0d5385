import BatchLayer
import EventLog
import EventModel
import Foundation
import Metrics
import ServingLayer
import SpeedLayer
import Support
import Warehouse

/// Everything in one process: brings up the stages (database, log, first load, site, speed layer, schedule, page)
/// one after the other, watches them, and takes them down together.
final class Run {
  private let locations: Locations
  private let log: any EventLog
  private let lake: DirectoryLog
  /// Whether the log in the data directory is log and lake at once.
  private let isEmbedded: Bool
  private let server: HTTPServerConfiguration
  private let schedule: LoadSchedule
  private let flags: LoadFlags
  private let partitions: Int
  private let started = ContinuousClock.now
  private let written = SharedCounter()
  private let loads = LoadTally()
  private var tally: SpeedTally?
  private var http: HTTPServer?
  private var workers: [(name: String, worker: Worker<Void>)] = []

  init(
    locations: Locations, server: HTTPServerConfiguration, schedule: LoadSchedule,
    flags: LoadFlags, partitions: Int
  ) throws {
    self.locations = locations
    lake = locations.runLake()
    let kafka = try locations.runLog()
    log = kafka ?? lake
    isEmbedded = kafka == nil
    self.server = server
    self.schedule = schedule
    self.flags = flags
    self.partitions = partitions
  }

  /// What stands in text before the lines of those that follow the stages.
  private static let margin = "            "

  /// Where the log is.
  private var place: String { isEmbedded ? lake.path : log.url }

  private func stage(_ name: String, _ notice: Notice) {
    let seconds = (ContinuousClock.now - started) / .seconds(1)
    let clock = String(format: "%6.1f s", seconds)
    let title = name.padding(toLength: 10, withPad: " ", startingAt: 0)
    Notices(name, prefix: "\(clock)  \(title) ").say(notice)
  }

  private func stage(_ name: String, _ message: String) { stage(name, Notice(message)) }

  /// Brings everything up, and takes it down in the end.
  /// - Parameters:
  ///   - fresh: the site to simulate where the data directory has none yet.
  ///   - users: the value of `--users`; nil where it was not given.
  ///   - lifetime: seconds after which the process ends by itself; nil for never.
  func run(_ fresh: GeneratorState, users: Int?, lifetime: Double?, stop: StopToken) throws {
    do {
      try start(fresh, users: users, stop: stop)
    } catch {
      // The stages that are up already end in order, so that the site's last events reach the log.
      stop.request()
      for (_, worker) in workers { _ = try? worker.wait() }
      http?.stop()
      throw error
    }
    try wait(lifetime: lifetime, stop: stop)
  }

  /// Brings up the stages; returns early where the stop is requested meanwhile.
  private func start(_ fresh: GeneratorState, users: Int?, stop: StopToken) throws {
    // The server comes first: where its port is in use, the command fails at once and not after a minute.
    let url = try locations.migratedDatabaseURL()
    let http = try HTTPServer(server, databaseURL: locations.readerURL())
    let address = try http.start()
    self.http = http
    locations.keepDatabase(stop: stop, prefix: Self.margin)
    if let cluster = locations.cluster {
      stage(
        "postgres",
        "\(cluster.wasRunning ? "already running" : "started") in \(cluster.dataDirectory), "
          + "port \(cluster.port) of 127.0.0.1 for SQL tools")
    }

    let directory = locations.dataDirectory
    let (log, lake) = (self.log, self.lake)
    Locations.sayRisks(of: log)
    try log.createTopics(Topic.allCases.map(\.name), partitions: partitions)
    let kept = try GeneratorState.load(directory)
    if let kept, let users, users != kept.users {
      stage("site", "goes on with its \(kept.users) users; --users is for a new data directory")
    }
    let state = kept ?? fresh
    // The state is saved before the site's first event, so that the next start of a command that was killed in
    // the middle of the history goes on with the same site.
    if kept == nil { try fresh.save(directory) }
    try startSite(state, isNew: kept == nil, log, stop)
    if stop.isRequested { return }
    if !isEmbedded { try startArchive(log, lake, stop) }
    if stop.isRequested { return }
    try firstLoad(url, lake, stop)
    if stop.isRequested { return }
    startSpeed(url, log, stop)
    startSchedule(url, lake, stop)
    http.prepare()
    let scheme = server.tlsCertificate == nil ? "http" : "https"
    stage("serving", "live page and API at \(scheme)://\(address)")
    if LogFormat.current == .text { Terminal.write("\n          \(scheme)://\(address)\n\n") }
  }

  /// Starts the site's thread and waits until the history is in the log; from then on the site is live.
  private func startSite(
    _ state: GeneratorState, isNew: Bool, _ log: any EventLog, _ stop: StopToken
  ) throws {
    let progress = ProgressLine("history")
    let begin = ContinuousClock.now
    let history = BoundedQueue<Int>(limit: 1)
    let worker = Worker("site") { [written, partitions] in
      defer { history.close() }
      let site = try LiveSite(state, log: log, partitions: partitions, written: written)
      let count = try site.write(
        until: Int64(Date().timeIntervalSince1970 * 1000), stop: stop,
        progress: { progress.update($0) })
      _ = history.put(count)
      try site.follow(stop: stop)
    }
    workers.append(("site", worker))
    let count = history.take()
    progress.finish()
    guard let count else { return try worker.wait() }
    let seconds = Terminal.duration((ContinuousClock.now - begin) / .seconds(1))
    let events = count.grouped
    stage(
      "site",
      isNew
        ? "\(state.users) users, \(events) events of history in \(place) (\(seconds)); live now"
        : "\(state.users) users, \(events) events since the last run (\(seconds)); live again")
  }

  /// Copies what Kafka has to the lake, and from then on whatever comes to be there.
  private func startArchive(_ log: any EventLog, _ lake: DirectoryLog, _ stop: StopToken) throws {
    @Sendable func archiver() -> Archiver {
      Archiver(
        from: log, to: lake, topics: Topic.allCases.map(\.name),
        optional: CatalogueTopic.allCases.map(\.name))
    }
    let progress = ProgressLine("archive", unit: "records")
    defer { progress.finish() }
    var copied = 0
    try archiver().run(stop: stop, untilCaughtUp: true) {
      copied = $0
      progress.update(copied)
    }
    progress.finish()
    stage("archive", "copied \(copied.grouped) records of \(log.url) to \(lake.path); following")
    workers.append(
      (
        "archive",
        Worker("archive") {
          try archiver().run(stop: stop, untilCaughtUp: false, onProgress: { _ in })
        }
      ))
  }

  /// Loads everything where nothing was loaded before, so that the speed layer begins behind the history and
  /// follows only what is new. Where there was a load, the schedule makes the next one.
  private func firstLoad(_ url: String, _ lake: DirectoryLog, _ stop: StopToken) throws {
    let connection = try Connection(url: url, applicationName: "polyrhythm run")
    let published = try connection.run(locations.library.sql("batch/last_published"))
    guard published.isNull(0, 0) else {
      stage("warehouse", "last load published \(try published.text(0, 0))")
      return
    }
    let progress = ProgressLine("load full")
    defer { progress.finish() }
    let loader = BatchLoader(
      lake: lake, library: locations.library, configuration: flags.configuration(databaseURL: url),
      progress: { progress.update($0, of: $1) })
    do {
      let summary = try loader.load(.full, stop: stop)
      progress.finish()
      loads.note(summary)
      for notice in summary.notices { stage("warehouse", notice) }
    } catch let error as LoadError where error.code == .stopped {
      stage("warehouse", "not loaded: stopped before")
    } catch let error as any UserFacingError
      where [.unavailable, .temporaryFailure].contains(error.exitCode) && !stop.isRequested
    {
      // `keepDatabase` starts a private cluster again that is gone, and the schedule makes up for the load.
      stage(
        "warehouse",
        Notice("not loaded yet, the schedule tries again: \(error.message)", .warning))
    }
  }

  private func startSpeed(_ url: String, _ log: any EventLog, _ stop: StopToken) {
    var configuration = SpeedWorker.Configuration(databaseURL: url)
    configuration.kernel = flags.kernel
    let tally = SpeedTally(log.url)
    self.tally = tally
    let library = locations.library
    let settings = configuration
    workers.append(
      (
        "speed",
        Worker("speed") {
          let worker = SpeedWorker(
            log: log, library: library, configuration: settings, report: { tally.note($0) })
          try worker.run(stop: stop)
        }
      ))
    stage("speed", "following \(place)")
  }

  private func startSchedule(_ url: String, _ lake: DirectoryLog, _ stop: StopToken) {
    let library = locations.library
    let schedule = schedule
    let loads = loads
    let configuration = flags.configuration(databaseURL: url)
    workers.append(
      (
        "schedule",
        Worker("schedule") {
          try schedule.run(
            configuration, library: library, lake: lake, stop: stop,
            notices: Notices("schedule", prefix: Self.margin), onLoad: { loads.note($0) })
        }
      ))
    stage("schedule", schedule.description)
  }

  // MARK: The end

  /// Waits until the stop, the end of the lifetime or the end of a worker, then takes everything down.
  /// - Throws: the first worker's error; the others are said.
  private func wait(lifetime: Double?, stop: StopToken) throws {
    let deadline = lifetime.map { started + .seconds($0) }
    while !stop.isRequested {
      if let deadline, ContinuousClock.now >= deadline { break }
      if workers.contains(where: { $0.worker.isFinished }) { break }
      stop.wait(seconds: 0.1)
    }
    stop.request()
    var failures: [CommandError] = []
    for (name, worker) in workers {
      do {
        try worker.wait()
      } catch let error as LoadError where error.code == .stopped {
        // The stop was asked for: no failure. The next start loads what this load would have loaded.
      } catch {
        let known = error as? any UserFacingError
        failures.append(
          CommandError(known?.exitCode ?? .software, "\(name): \(known?.message ?? "\(error)")"))
      }
    }
    http?.stop()
    summarize()
    try locations.requireSameDatabase()
    guard let first = failures.first else { return }
    for failure in failures.dropFirst() { Terminal.fail(failure.message) }
    throw first
  }

  private func summarize() {
    let seconds = (ContinuousClock.now - started) / .seconds(1)
    let speed = tally?.current
    Terminal.say(
      "ran \(Terminal.duration(seconds)): \(written.count.grouped) events written, "
        + "\((speed?.records ?? 0).grouped) of them followed live in "
        + "\((speed?.flushes ?? 0).grouped) flushes, \(loads.description)")
  }
}
