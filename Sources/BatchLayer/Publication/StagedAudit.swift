import Foundation
import Metrics
import StarSchema
import Support
import Synchronization
import Warehouse

/// Audits what a full load has staged before anything that readers use is locked, on several connections. What is
/// staged is made whole for that: late rows are added to their tables, outcomes and credits that have changed are written.
///
/// An incremental load is audited in the transaction that publishes it, which nobody waits for: its rows mean
/// something only together with those that are there.
struct StagedAudit {
  let connection: Connection
  let library: SQLLibrary
  let databaseURL: String
  /// How many checks run at the same time.
  let connections: Int
  let stop: StopToken
  /// Events that are staged.
  let events: Int

  /// The view, of a session of its own, with the page views that are staged.
  private static let pageViews = "staged_page_views"

  /// The names under which checks find what is staged, by the names of the tables that it will be.
  static func names(_ run: Int64) -> [String: String] {
    var names: [String: String] = [:]
    for fact in FactTable.allCases {
      for name in [fact.qualifiedName, fact.ownRows].compactMap({ $0 }) {
        names[name] = parent(fact, run)
      }
    }
    names[FactTable.pageView.qualifiedName] = "pg_temp.\(pageViews)"
    for table in RollupTable.all {
      names["batch.\(table.name)"] = "stage.\(RollupWriter.name(table, run))"
    }
    return names
  }

  /// The table, with its schema, that has a full load's facts until they are handed over to `builds`.
  static func parent(_ fact: FactTable, _ run: Int64) -> String {
    "stage.\(BuildTables(build: run).name(fact))"
  }

  /// - Returns: what is left to publish: every rollup has its table, and `lateRollups` and `changes` are done.
  /// - Throws: `LoadError.auditFailed` with each rule that is broken, `LoadError.stopped`, and errors of the server.
  func run(_ staged: Staged) throws -> Staged {
    var whole = staged
    try completeRollups(&whole)
    // No rule of loads is about sums of days, so that these are made beside the audits.
    let sums = makeSums(whole)
    do {
      try joinFacts(whole)
      try rows.apply(whole.changes) { Self.parent($0, whole.run) }
      whole.changes = []
      whole.warnings = try audit(whole)
    } catch {
      sums.sessions.cancel()
      _ = try? sums.worker.wait()
      throw error
    }
    try wait(for: [sums.worker], sums.sessions)
    try sums.worker.wait()
    return whole
  }

  private func makeSums(_ staged: Staged) -> (worker: Worker<Void>, sessions: Sessions) {
    let sessions = Sessions()
    let worker = Worker("load-sums") { [databaseURL, library] in
      let connection = try Connection(url: databaseURL, applicationName: "polyrhythm load sums")
      try sessions.add(connection.canceller())
      try DaySums(connection: connection, library: library).make(staged)
      let statistics = Statistics(connection: connection, library: library)
      try statistics.look(at: statistics.stagedSums(staged.run))
    }
    return (worker, sessions)
  }

  /// Waits for the end of the workers, whose statements a stop cancels.
  private func wait<Success>(for workers: [Worker<Success>], _ sessions: Sessions) throws {
    while !workers.allSatisfy(\.isFinished) {
      if stop.isRequested { sessions.cancel() }
      usleep(20_000)
    }
    if stop.isRequested { throw LoadError.stopped }
  }

  private var rows: StagedRows { StagedRows(connection: connection, library: library) }

  /// Beyond so many events, rules of which a breach is a warning in loads are asked of one session in sixteen, at each load
  /// of another sixteenth. What breaks them does so for many sessions: a topic that has grown, records without keys.
  private static let manyEvents = 1_000_000

  // MARK: Rollups

  private func completeRollups(_ staged: inout Staged) throws(WarehouseError) {
    for table in RollupTable.all {
      let name = RollupWriter.name(table, staged.run)
      if staged.rollups[table] == nil {
        try connection.script(
          library.sql(
            "rollup/stage", staged.numbers.values(["table": name, "rollup": table.name])))
        try connection.script(
          library.sql("rollup/index", ["table": name], lists: ["keys": table.keyColumns]))
      }
      if let late = staged.lateRollups[table] {
        try rows.mergeLate(late, of: table, into: "stage.\(name)")
      }
    }
    staged.lateRollups = [:]
  }

  // MARK: Facts

  /// Gives the staged tables of each fact to one parent, by months.
  private func joinFacts(_ staged: Staged) throws(WarehouseError) {
    try connection.transaction { () throws(WarehouseError) in
      for fact in FactTable.allCases {
        let parent = Self.parent(fact, staged.run)
        try connection.script(
          library.sql(
            "batch/stage_fact_parent",
            ["table": parent, "fact": fact.name, "build": "\(staged.build)"]))
        var tree = Self.tree(of: fact, staged)
        for (part, table) in Self.days(of: fact, staged) {
          try tree.attach(table, as: part.day, connection, library)
        }
        if let rest = Self.rest(of: fact, staged) {
          try connection.script(
            library.sql("batch/join_staged_rest", ["parent": parent, "table": rest]))
        }
      }
    }
  }

  /// The staged tables of a fact by their day, in order.
  static func days(of fact: FactTable, _ staged: Staged) -> [(FactWriter.Part, String)] {
    staged.parts.filter { $0.key.fact == fact }.map { ($0.key, $0.value.name) }
      .sorted { $0.1 < $1.1 }
  }

  /// The tables that the staged days of a fact stand in, before the first of them is there: those that share a table are in none
  /// of their months.
  static func tree(of fact: FactTable, _ staged: Staged) -> FactTree {
    FactTree(
      fact, build: staged.run, schema: "stage",
      days: staged.rare.filter { $0.fact == fact }.map(\.day))
  }

  /// The staged table that days of a fact share; nil where there is none.
  static func rest(of fact: FactTable, _ staged: Staged) -> String? {
    staged.rare.contains { $0.fact == fact } ? FactWriter.rareName(fact, staged.run) : nil
  }

  // MARK: Audit

  /// What is left to do on one of the connections.
  private enum Work: Sendable {
    case check(String)
    case look(Statistics.Table)
  }

  private func work(
    _ staged: Staged, _ checks: Checks, _ names: [String: String]
  ) throws -> BoundedQueue<Work> {
    let asked = try checks.names.filter { try checks.reads(names, in: $0) }
      .sorted { try checks.weight($0) > checks.weight($1) }
    let looks = try Statistics(connection: connection, library: library).staged(staged)
    let due = BoundedQueue<Work>(limit: asked.count + looks.count + 1)
    // Looks take little each, so that all connections are at work until the end.
    for work in asked.map(Work.check) + looks.map(Work.look) { _ = due.put(work) }
    due.close()
    return due
  }

  /// Audits what is staged, and looks at its tables for PostgreSQL's planner.
  /// - Returns: the rules that are broken, warnings all of them.
  private func audit(_ staged: Staged) throws -> [Checks.Finding] {
    let checks = Checks(library: library)
    let names = Self.names(staged.run)
    let due = try work(staged, checks, names)
    let sixteenth = events > Self.manyEvents ? Int(staged.run % 16) : nil
    let pageViews = try library.sql(
      "facts/page_views",
      [
        "views": Self.parent(.pageView, staged.run), "listens": Self.parent(.listen, staged.run),
      ])
    let sessions = Sessions()
    let workers = (0..<connections).map { _ in
      Worker("load-audit") { [databaseURL, library, stop] in
        let connection = try Connection(
          url: databaseURL, applicationName: "polyrhythm load audit")
        try sessions.add(connection.canceller())
        try connection.script("create temporary view \(Self.pageViews) as \(pageViews)")
        defer { try? connection.script("drop view \(Self.pageViews)") }
        let statistics = Statistics(connection: connection, library: library)
        var findings: [Checks.Finding] = []
        while !stop.isRequested, let work = due.take() {
          switch work {
          case .check(let name):
            findings += try checks.run(
              connection, from: nil, to: nil, on: .fullLoad, only: [name], renamed: names,
              sixteenth: sixteenth)
          case .look(let table): try statistics.look(at: [table])
          }
        }
        return findings
      }
    }
    try wait(for: workers, sessions)
    let findings = try workers.flatMap { try $0.wait() }.sorted { $0.check < $1.check }
    try LoadError.requireNoError(findings)
    return findings
  }

  /// The sessions of the workers, whose statements a stop cancels.
  private final class Sessions: Sendable {
    private let cancellers = Mutex<[Canceller]>([])

    func add(_ canceller: Canceller) { cancellers.withLock { $0.append(canceller) } }

    func cancel() { cancellers.withLock { for canceller in $0 { try? canceller.cancel() } } }
  }
}
