import Foundation
import Glibc
import Simulation
import TestKit
import Warehouse

/// Carries out one schedule on a new database and a new log.
final class Episode {
  let schedule: Schedule
  let directory: String
  let log: String
  let database: String
  let server: Server
  let fleet: Fleet
  let proxy: ServerProxy
  let recount: LogRecount
  let watch: Watch
  var tally = Tally()
  /// The action that failed, from 1; 0 while none has.
  private(set) var failed = 0
  private let trace: Bool
  private let start = ContinuousClock.now

  init(_ schedule: Schedule, _ server: Server, in directory: String, trace: Bool) throws {
    self.schedule = schedule
    self.server = server
    self.directory = directory
    self.trace = trace
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    log = "\(directory)/log"
    database = try server.makeDatabase()
    proxy = try ServerProxy(url: database, in: "\(directory)/p")
    fleet = Fleet(schedule, in: directory, log: log, database: database, proxy: proxy)
    recount = LogRecount(log)
    watch = Watch(url: database, log: log)
  }

  /// - Throws: `Verdict` where the system has shown numbers that it must not show, or behaved as it must not.
  func run() throws {
    defer { tally.looks += watch.looks }
    for (index, action) in schedule.actions.enumerated() {
      say("\(index + 1). \(action)")
      do {
        try perform(action)
        try judge()
      } catch let verdict as Verdict {
        failed = index + 1
        throw Verdict("at action \(index + 1), \(action): \(verdict)")
      } catch let error as WarehouseError {
        throw ChaosError("at action \(index + 1), \(action): \(error.message)")
      }
    }
    tally.records += recount.ends.values.reduce(0, +)
  }

  /// Ends all processes of the episode.
  /// - Parameter keepsData: true to leave the files and the database as they are.
  func end(keepsData: Bool) {
    fleet.killAll()
    try? watch.end()
    proxy.stop()
    guard !keepsData else { return }
    server.drop(database)
    try? FileManager.default.removeItem(atPath: directory)
  }

  func say(_ text: String) {
    guard trace else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(String(format: "  %6.1f s  ", seconds) + text)
    fflush(nil)
  }

  private func judge() throws {
    if let first = watch.violations.first { throw Verdict("the reader saw: \(first)") }
    if watch.hasGivenUp { throw Verdict("the reader has given up: \(watch.failure)") }
    if let first = fleet.verdicts().first { throw Verdict(first) }
  }

  private func perform(_ action: Action) throws {
    switch action {
    case .write(let run, let byImport): try write(run, byImport)
    case .live(let run): try fleet.startWriter(liveCommand(run))
    case .killWriter(let ms):
      usleep(UInt32(ms * 1000))
      if fleet.killWriter(isOwed: true) { tally.kills += 1 }
    case .repeatWriter: try fleet.repeatWriter()
    case .startWorker(let slot, let ms): try fleet.startWorker(slot, flushMs: ms)
    case .stopWorker(let slot):
      guard let worker = fleet.worker(slot), !fleet.isFrozen(worker) else { return }
      worker.send(SIGTERM)
      _ = try fleet.waited(worker, 60)
    case .killWorker(let slot):
      guard let worker = fleet.worker(slot) else { return }
      worker.kill()
      tally.kills += 1
    case .freeze(let target): if fleet.freeze(target) { tally.freezes += 1 }
    case .thaw(let target): fleet.thaw(target)
    case .load(let kind, let ending): try load(kind, ending)
    case .startLoad(let kind):
      guard fleet.load?.isRunning != true else { return }
      proxy.reset()
      tally.loads += 1
      _ = try fleet.startLoad(kind)
    case .killLoad:
      guard let load = fleet.load, load.isRunning else { return }
      load.kill()
      tally.kills += 1
      tally.endedLoads += 1
    case .restartServer:
      try server.crash()
      tally.restarts += 1
    case .killBackend(let number): try killBackend(number)
    case .pause(let ms): usleep(UInt32(ms * 1000))
    case .growPartitions: try growPartitions()
    case .firstTopicAlone:
      guard !FileManager.default.fileExists(atPath: "\(log)/listen_events") else { return }
      try makePartitions(["listen_events"], schedule.partitions)
    case .losePower: try losePower()
    case .settle(let settling): try settle(settling)
    }
  }

  // MARK: Writers

  /// Writes the events of six hours by new users; each stretch begins where the one before ends.
  private func write(_ run: Int, _ byImport: Bool) throws {
    let day = 1_767_571_200 + run * 6 * 3600
    func time(_ seconds: Int) -> String {
      ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(seconds)))
    }
    let site =
      [
        "generate", "--users", "1500", "--from", time(day), "--to", time(day + 6 * 3600), "--seed",
        "\(schedule.seed &* 100 &+ UInt64(run))", "--first-user-id", "\(run * 100_000)",
      ] + schedule.faults
    guard byImport else {
      return try fleet.startWriter(
        site + ["--log", "dir:\(log)", "--partitions", "\(schedule.partitions)"])
    }
    let files = "\(directory)/run\(run)"
    if !FileManager.default.fileExists(atPath: files) {
      try fleet.succeed(site + ["--output", files])
    }
    let topics = ["listen_events", "auth_events", "page_view_events"]
    try fleet.startWriter(
      ["import"] + topics.map { "\(files)/\($0).ndjson" }
        + ["--log", "dir:\(log)", "--partitions", "\(schedule.partitions)"])
  }

  private func liveCommand(_ run: Int) -> [String] {
    [
      "generate", "--users", "4000", "--from", "0.02d", "--continuous", "--speedup", "600",
      "--seed", "\(schedule.seed &* 100 &+ UInt64(run))", "--first-user-id", "\(run * 100_000)",
      "--log", "dir:\(log)", "--partitions", "\(schedule.partitions)",
    ] + schedule.faults
  }

  private func makePartitions(_ topics: [String], _ count: Int) throws {
    for topic in topics {
      for number in 0..<count {
        try FileManager.default.createDirectory(
          atPath: "\(log)/\(topic)/\(number)", withIntermediateDirectories: true)
      }
    }
  }

  private func growPartitions() throws {
    try fleet.finishWriter()
    let topics = try? FileManager.default.contentsOfDirectory(atPath: "\(log)/listen_events")
    let count = (topics ?? []).compactMap { Int($0) }.count
    guard count > 0, count < 6 else { return }
    try makePartitions(["listen_events", "auth_events", "page_view_events"], count + 1)
  }

  // MARK: Loads

  private func load(_ kind: Action.LoadKind, _ ending: Action.Ending?) throws {
    if let running = fleet.load, running.isRunning, !fleet.isFrozen(running) {
      _ = try fleet.waited(running, 120)
    }
    tally.loads += 1
    guard let ending else {
      proxy.reset()
      _ = try fleet.waited(fleet.startLoad(kind), 120)
      return
    }
    // The load's process id is known only once the load runs, and the trap waits for the id.
    let victim = ProcessSlot()
    let sprung = ProcessSlot()
    proxy.reset(
      ServerProxy.Trap(at: ending.statement, afterAnswer: ending.isAnswered) { [database] in
        let process = victim.wait()
        defer { sprung.set(process) }
        switch ending.means {
        case .kill:
          Glibc.kill(process, SIGKILL)
          return .cut
        case .freeze:
          Glibc.kill(process, SIGSTOP)
          return .goOn
        case .cutConnections: return .cut
        case .terminate:
          _ = try? Connection(url: database, applicationName: "chaos").run(
            "select pg_terminate_backend(pid) from pg_stat_activity "
              + "where datname = current_database() and application_name like 'polyrhythm load%'")
          return .goOn
        }
      })
    let load = try fleet.startLoad(kind)
    victim.set(load.processID)
    let isOver = eventually(within: 120) {
      !load.isRunning || (ending.means == .freeze && sprung.isSet)
    }
    guard isOver else {
      load.send(SIGABRT)
      throw Verdict("load \(kind.rawValue) is still running after 120 s: \(load.errorsSoFar)")
    }
    if sprung.isSet {
      tally.endedLoads += 1
      tally.endings.insert("\(kind)/\(ending.statement)/\(ending.isAnswered)")
      switch ending.means {
      case .kill: tally.kills += 1
      case .freeze:
        tally.freezes += 1
        fleet.noteFrozen(load.processID)
      case .terminate: tally.backends += 1
      case .cutConnections: break
      }
      // A frozen load keeps its connections through the proxy, so the proxy is not reset.
      if ending.means != .freeze { proxy.reset() }
    }
  }

  private func killBackend(_ number: Int) throws {
    guard let connection = try? Connection(url: database, applicationName: "chaos") else { return }
    let rows = try connection.run(
      "select pid from pg_stat_activity where datname = current_database() "
        + "and application_name like 'polyrhythm%' order by backend_start, pid")
    guard rows.count > 0 else { return }
    _ = try connection.run(
      "select pg_terminate_backend($1::int)", [.int(try rows.int(number % rows.count, 0))])
    tally.backends += 1
  }
}
