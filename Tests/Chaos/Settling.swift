import Foundation
import Glibc
import Simulation
import TestKit
import Warehouse

/// A system at rest: all writers have ended and all records are read, so that the views must equal the log.
extension Episode {
  /// Seconds for which the speed layer may lag when no process writes: enough for a lease, a replay and a busy
  /// machine.
  private static let patience = 180.0

  func settle(_ settling: Action.Settling) throws {
    if !settling.keepsFrozen { fleet.thawAll() }
    try fleet.finishWriter()
    try fleet.finishLoads(within: 120)
    if !FileManager.default.fileExists(atPath: "\(log)/page_view_events") { return }
    try recount.follow()
    try catchUp(settling)
    try compare("before the load")
    fleet.thawAll()
    if let kind = settling.load {
      try loadAtRest(kind)
      try compare("after the load")
      try check()
    }
    if settling.comparesFull, settling.load != nil { try compareFull() }
    tally.settlings += 1
    guard watch.looks > 0 else { throw Verdict("the reader has not seen the views once") }
  }

  private func connect() throws -> Connection {
    var failure: (any Error)?
    for _ in 0..<100 {
      do { return try Connection(url: database, applicationName: "chaos") } catch {
        failure = error
        usleep(100_000)
      }
    }
    throw failure ?? ChaosError("no connection")
  }

  private func catchUp(_ settling: Action.Settling) throws {
    let awake = fleet.workers.values.filter { $0.isRunning && !fleet.isFrozen($0) }
    if !settling.byWorkers || awake.isEmpty {
      let kept = settling.keepsFrozen ? fleet.frozenProcesses : []
      tally.kills += fleet.killWorkers(except: kept)
      let outcome = try fleet.waited(
        fleet.run(["speed", "--until-caught-up", "--log", "dir:\(log)", "--database", database]),
        Self.patience)
      guard outcome.status == 0 else { throw Verdict("\(outcome)") }
      let lag = try MergedViews(connect()).lag(of: recount)
      guard lag == 0 else { throw Verdict("speed --until-caught-up has ended with lag \(lag)") }
      return
    }
    let views = MergedViews(try connect())
    var lag: Int64 = -1
    let isThere = try eventually(within: Self.patience) {
      usleep(50_000)
      lag = try views.lag(of: recount)
      return lag == 0
    }
    guard isThere else {
      let workers = awake.map { "worker: \($0.errorsSoFar.suffix(600))" }.joined(separator: "\n")
      throw Verdict("the lag is still \(lag) after \(Self.patience) s\n\(workers)")
    }
  }

  private func compare(_ when: String) throws {
    let views = MergedViews(try connect())
    let lag = try views.lag(of: recount)
    guard lag == 0 else { throw Verdict("\(when): the lag is \(lag)") }
    let differences = try views.differences(from: recount)
    guard differences.isEmpty else {
      throw Verdict(
        "\(when): lag 0, but \(differences.count) and more cells differ:\n    "
          + differences.joined(separator: "\n    "))
    }
    let quarantined = try views.quarantined()
    guard quarantined == recount.malformed else {
      throw Verdict(
        "\(when): \(quarantined) records in quarantine, the log has \(recount.malformed) malformed ones"
      )
    }
    say(
      "   equal \(when): \(recount.events) events, \(recount.redelivered) redelivered, \(quarantined) malformed"
    )
  }

  /// Runs a load with no other process in its way. It is repeated where the sessions of a killed process are
  /// not gone yet.
  private func loadAtRest(_ kind: Action.LoadKind) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    var tries = 0
    while true {
      tries += 1
      tally.loads += 1
      // A load that was frozen goes on now, and may publish.
      try fleet.finishLoads(within: 120)
      proxy.reset()
      let outcome = try fleet.waited(fleet.startLoad(kind), 120)
      if outcome.status == 0 { break }
      guard [75, 69].contains(outcome.status), ContinuousClock.now < deadline else {
        throw Verdict("a load at rest fails (try \(tries)): \(outcome)")
      }
      usleep(500_000)
    }
    tally.publishedLoads += 1
  }

  private func check() throws {
    let outcome = try fleet.waited(
      fleet.run(["check", "--lake", log, "--database", database]), 120)
    guard outcome.status == 0 else { throw Verdict("check is not green: \(outcome)") }
  }

  /// Compares all rows with those of a full load into another database.
  private func compareFull() throws {
    let other = try server.makeDatabase()
    defer { server.drop(other) }
    let outcome = try fleet.waited(
      fleet.run(
        ["load", "full", "--lake", log, "--database", other] + fleet.schedule.retention), 120)
    guard outcome.status == 0 else { throw Verdict("a full load fails: \(outcome)") }
    let mine = try connect()
    let theirs = try Connection(url: other)
    let rollups = try View.allCases.flatMap(\.names).map {
      ($0, try mine.rowsWithoutLoad(of: "batch.\($0)"))
    }
    let tables = ["fact_listen", "fact_auth", "fact_page_view", "user_level_history"]
    let rest = try (tables + mine.memberTables()).map {
      ($0, try mine.rowsWithoutLoad(of: "warehouse.\($0)"))
    }
    for (table, query) in rollups + rest {
      let found = try ComparableRows.differences(table, query: query, mine, theirs)
      guard found.isEmpty else {
        throw Verdict(
          "incremental is not full:\n    " + found.prefix(6).joined(separator: "\n    "))
      }
    }
    tally.comparisons += 1
    say("   full = incremental")
  }
}
