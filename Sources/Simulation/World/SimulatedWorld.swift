import BatchLayer
import EventLog
import Foundation
import SpeedLayer
import Support
import Warehouse

/// The site, its log, the layers and their database, on which a simulation takes one step at a time.
final class SimulatedWorld {
  private let url: String
  private let library: SQLLibrary
  private let server: SimulationServer
  private let log: SimulatedLog
  private var site: Site
  private let recount: LogRecount
  private let workerProxy: ServerProxy
  private let heldProxy: ServerProxy
  private let loadProxy: ServerProxy
  private var last = MergedViews.Look.none
  private var held: (worker: Worker<Void>, stop: StopToken, release: StopToken)?
  /// Seconds for which loads keep minutes; nil: all.
  private let minuteRetention: Double?
  private(set) var looks = 0

  /// Seconds after which a worker or load that has not ended counts as hanging.
  private static let patience = 120.0

  init(
    _ sequence: StepSequence, server: SimulationServer, library: SQLLibrary, directory: String
  ) throws {
    self.server = server
    self.library = library
    url = try server.makeDatabase()
    log = try SimulatedLog("\(directory)/log", partitions: sequence.partitions)
    site = Site(seed: sequence.seed)
    minuteRetention = [nil, 3600, 3 * 3600][Int(sequence.seed % 3)]
    recount = LogRecount(log.path)
    workerProxy = try ServerProxy(url: url, in: "\(directory)/w")
    heldProxy = try ServerProxy(url: url, in: "\(directory)/h")
    loadProxy = try ServerProxy(url: url, in: "\(directory)/l")
    try Migrator(library: library).migrate(connect())
  }

  func end() {
    release()
    for proxy in [workerProxy, heldProxy, loadProxy] { proxy.stop() }
    log.close()
    server.drop(url)
  }

  private func connect() throws -> Connection {
    try Connection(url: url, applicationName: "polyrhythm simulate")
  }

  /// Takes one step, and looks at the views after it.
  /// - Throws: `Discrepancy` where the views do not show what they must.
  func perform(_ step: Step) throws {
    switch step {
    case .append(let topics, let count):
      for stream in PlainEvent.Stream.allCases where topics & 1 << stream.rawValue != 0 {
        // A site has far fewer logins than listens and page views.
        let share = stream == .auth ? max(1, count / 8) : count
        try log.append(site.next(stream, share))
      }
    case .sync: try log.sync()
    case .losePower(let seed):
      // A worker that is held has lost the power too.
      release()
      _ = try log.losePower(seed: seed)
      if let phantom = try log.giveAgain() { throw Discrepancy("after a power loss \(phantom)") }
      recount.forget()
    case .addPartition:
      site.replaceUsers()
      try log.addPartition()
    case .work(let flushes, let records):
      try work(untilCaughtUp: false, flushes: flushes, recordsPerFlush: records)
    case .workDies(let statement, let isAnswered): try workDies(statement, isAnswered)
    case .holdWorker(let statement): try hold(statement)
    case .releaseWorker: release()
    case .workers(let count):
      let running = (0..<count).map { _ in startWorker(untilCaughtUp: true, url) }
      for worker in running { try finish(worker, "a worker among \(count)") }
    case .load(let kind): _ = try load(kind, url)
    case .loadDies(let kind, let statement, let isAnswered):
      loadProxy.reset(ServerProxy.Trap(at: statement, afterAnswer: isAnswered) { .cut })
      _ = try load(kind, loadProxy.url(instead: url))
      loadProxy.reset()
    case .crashServer: try server.crash()
    case .settle(let kind): try settle(kind)
    }
    try look()
  }

  // MARK: Speed

  private func startWorker(
    untilCaughtUp: Bool, _ url: String, flushes: Int = .max, recordsPerFlush: Int = 500,
    stop: StopToken = StopToken()
  ) -> Worker<Void> {
    var configuration = SpeedWorker.Configuration(databaseURL: url)
    configuration.untilCaughtUp = untilCaughtUp
    configuration.recordsPerFlush = recordsPerFlush
    configuration.flushInterval = 0.05
    configuration.silence = 2
    let done = SharedCounter()
    return Worker("simulated-speed") { [log = log.log, library, configuration] in
      let worker = SpeedWorker(log: log, library: library, configuration: configuration) { report in
        guard case .flushed = report else { return }
        if done.add(1) >= flushes { stop.request() }
      }
      try worker.run(stop: stop)
    }
  }

  private func finish(_ worker: Worker<Void>, _ what: String, mayFail: Bool = false) throws {
    let deadline = ContinuousClock.now + .seconds(Self.patience)
    while !worker.isFinished {
      guard ContinuousClock.now < deadline else {
        throw Discrepancy("\(what) is still at it after \(Int(Self.patience)) s")
      }
      usleep(2000)
    }
    do { try worker.wait() } catch  where mayFail {} catch {
      throw Discrepancy("\(what) fails: \((error as? any UserFacingError)?.message ?? "\(error)")")
    }
  }

  private func work(untilCaughtUp: Bool, flushes: Int = .max, recordsPerFlush: Int = 500) throws {
    let stop = StopToken()
    let worker = startWorker(
      untilCaughtUp: untilCaughtUp, url, flushes: flushes, recordsPerFlush: recordsPerFlush,
      stop: stop)
    guard !untilCaughtUp else { return try finish(worker, "a worker that is to catch up") }
    // With no records left to read the worker would wait for ever.
    let deadline = ContinuousClock.now + .seconds(2)
    while !worker.isFinished, ContinuousClock.now < deadline { usleep(2000) }
    stop.request()
    try finish(worker, "a worker that was stopped", mayFail: true)
  }

  private func workDies(_ statement: Int, _ isAnswered: Bool) throws {
    let stop = StopToken()
    workerProxy.reset(
      ServerProxy.Trap(at: statement, afterAnswer: isAnswered) {
        stop.request()
        return .cut
      })
    let worker = startWorker(
      untilCaughtUp: true, workerProxy.url(instead: url), recordsPerFlush: 100, stop: stop)
    try finish(worker, "a worker whose connections were cut", mayFail: true)
    workerProxy.reset()
  }

  private func hold(_ statement: Int) throws {
    release()
    let release = StopToken()
    let isHeld = StopToken()
    heldProxy.reset(
      ServerProxy.Trap(at: statement, afterAnswer: false) {
        isHeld.request()
        while !release.isRequested { usleep(2000) }
        return .goOn
      })
    let stop = StopToken()
    let worker = startWorker(
      untilCaughtUp: true, heldProxy.url(instead: url), recordsPerFlush: 100, stop: stop)
    let deadline = ContinuousClock.now + .seconds(Self.patience)
    while !isHeld.isRequested, !worker.isFinished, ContinuousClock.now < deadline { usleep(2000) }
    held = (worker, stop, release)
  }

  private func release() {
    guard let held else { return }
    held.stop.request()
    held.release.request()
    heldProxy.reset()
    _ = try? finish(held.worker, "a worker that was frozen", mayFail: true)
    self.held = nil
  }

  // MARK: Batch

  /// - Returns: why the load failed; nil where it was published.
  private func load(_ kind: Step.Load, _ url: String) throws -> String? {
    var configuration = BatchLoader.Configuration(databaseURL: url)
    configuration.lakePatience = 20
    configuration.minuteRetention = minuteRetention
    configuration.isShadow = kind == .shadow
    let load = Worker("simulated-load") { [log = log.log, library, configuration] in
      let loader = BatchLoader(lake: log, library: library, configuration: configuration)
      let publications = Publications(library: library, configuration: configuration)
      switch kind {
      case .full, .shadow: _ = try loader.load(.full, stop: StopToken())
      case .incremental: _ = try loader.load(.incremental, stop: StopToken())
      case .publish: _ = try publications.publishShadow()
      case .rollback: _ = try publications.rollBack()
      }
    }
    // Where a load had counted in place of workers, readers see less until these have counted anew. The lag says so.
    if kind == .rollback { last = .none }
    do {
      try finish(load, "load \(kind.rawValue)")
      return nil
    } catch let discrepancy as Discrepancy where load.isFinished {
      return discrepancy.description
    }
  }

  // MARK: Looking

  /// Looks at the views, whose counts must never be less than before and never more than the log has.
  private func look() throws {
    try recount.follow()
    let look = try MergedViews(connect()).look()
    looks += 1
    let found = look.violations(after: last, log: recount.minutes)
    guard found.isEmpty else { throw Discrepancy(found.prefix(5).joined(separator: "; ")) }
    last = look
  }

  private func settle(_ kind: Step.Load?) throws {
    try recount.follow()
    try work(untilCaughtUp: true)
    try compare("before the load")
    guard let kind else { return }
    if let failure = try load(kind, url) { throw Discrepancy("a load at rest: \(failure)") }
    try compare("after the load")
  }

  private func compare(_ when: String) throws {
    let views = MergedViews(try connect())
    let lag = try views.lag(of: recount)
    guard lag == 0 else { throw Discrepancy("\(when) the lag is \(lag)") }
    let differences = try views.differences(from: recount)
    guard differences.isEmpty else {
      throw Discrepancy(
        "\(when) the lag is 0, but:\n  " + differences.joined(separator: "\n  "))
    }
    let quarantined = try views.quarantined()
    guard quarantined == recount.malformed else {
      throw Discrepancy(
        "\(when) \(quarantined) records are in quarantine, the log has \(recount.malformed) such")
    }
  }

  /// A hash of all rows of the views, including sketches, and the number of events in them.
  func fingerprint() throws -> (hash: String, events: Int) {
    (try MergedViews(connect()).fingerprint(), recount.events)
  }
}

/// A description of how the layers differ from what they must show.
public struct Discrepancy: Error, CustomStringConvertible {
  public var description: String
  init(_ description: String) { self.description = description }
}
