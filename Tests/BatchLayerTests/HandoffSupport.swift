import EventLog
import EventModel
import Foundation
import Metrics
import Support
import Synchronization
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import EventGenerator
@testable import SpeedLayer

/// 2026-03-02, a Monday.
let monday: Int64 = 1_772_409_600_000
let dayMs: Int64 = 86_400_000

/// A generated stretch of the site's life, with faults, in the order in which a log gets it.
func simulated(
  seed: UInt64, users: Int = 60, days: Double = 1, from start: Int64 = monday,
  faults: Faults? = Faults()
) throws -> [LoggedRecord] {
  var overrides = GeneratorConfig.Overrides()
  overrides.seed = seed
  overrides.users = users
  overrides.start = start
  overrides.end = start + Int64(days * Double(dayMs))
  var simulation = Simulation(
    config: try .standard(overrides), catalogue: Catalogue(seed: 5, artists: 40, songs: 200))
  var records: [LoggedRecord] = []
  simulation.run(until: nil) { event in
    records.append(LoggedRecord(event))
    return true
  }
  guard let faults else { return records }
  var random = SeededRandom(seed: seed)
  return faults.apply(to: records, random: &random)
}

/// A database, a log, and both layers over them.
final class Layers: Sendable {
  let database: TestDatabase
  let log: TestLog
  let library: SQLLibrary

  init(_ kind: TestLog.Kind = .directory, partitions: Int = 2) throws {
    database = try TestDatabase.make()
    log = try TestLog(kind, partitions: partitions)
    library = try SQLLibrary()
  }

  /// Another database over the same log.
  init(over log: TestLog) throws {
    database = try TestDatabase.make()
    self.log = log
    library = try SQLLibrary()
  }

  // MARK: Layers

  func speedConfiguration(_ flushInterval: Double = 0.02) -> SpeedWorker.Configuration {
    var configuration = SpeedWorker.Configuration(databaseURL: database.url)
    configuration.flushInterval = flushInterval
    configuration.recordsPerFlush = 700
    configuration.lookInterval = 0.2
    return configuration
  }

  /// Runs the speed layer up to the log's present end.
  func catchUp() throws {
    var configuration = speedConfiguration()
    configuration.untilCaughtUp = true
    try SpeedWorker(log: log.log, library: library, configuration: configuration)
      .run(stop: StopToken())
  }

  /// A speed worker on a thread of its own, until the token is pulled.
  func startSpeed(
    _ stop: StopToken, flushInterval: Double = 0.02, lookInterval: Double = 0.2,
    report: @escaping @Sendable (SpeedWorker.Report) -> Void = { _ in }
  ) -> Worker<Void> {
    var settings = speedConfiguration(flushInterval)
    settings.lookInterval = lookInterval
    let configuration = settings
    return Worker("test-speed") { [log, library] in
      try SpeedWorker(
        log: log.log, library: library, configuration: configuration, report: report
      ).run(stop: stop)
    }
  }

  func loader(
    patience: Double = 20, lockPatience: Double = 0.8,
    publishPauses: [Double] = [Double](repeating: 0.2, count: 50), ownDays: Int? = nil
  ) -> BatchLoader {
    var configuration = BatchLoader.Configuration(databaseURL: database.url)
    configuration.lakePatience = patience
    configuration.rollupRows = 3000
    configuration.lockPatience = lockPatience
    configuration.publishPauses = publishPauses
    configuration.ownDays = ownDays
    return BatchLoader(lake: log.lake, library: library, configuration: configuration)
  }

  /// Archives, where there is something to archive, and loads.
  @discardableResult
  func load(_ kind: BatchLoader.Kind) throws -> BatchLoader.Summary {
    try log.archive()
    return try loader().load(kind)
  }

  // MARK: Looks

  func connect() throws -> Connection { try database.connect() }

  /// The merged view says what was written, minute by minute and counter by counter.
  func expectTruth(
    _ truth: Truth, _ when: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try connect().minuteCounts("serving.minute_totals", LoggedRecord.counters)
    var wrong: [String] = []
    for minute in Set(found.keys).union(truth.minutes.keys).sorted()
    where found[minute] != truth.minutes[minute] {
      wrong.append(
        "\(minute): \(found[minute] ?? []), but written were \(truth.minutes[minute] ?? [])")
    }
    let count = wrong.count
    #expect(count == 0, "\(when): minutes \(wrong.prefix(3))", sourceLocation: sourceLocation)
  }

  /// Waits until the speed layer has committed all that is in the log.
  func awaitSpeed(within seconds: Double = 30) throws -> Bool {
    let connection = try connect()
    var ends: [TopicPartition: Int64] = [:]
    for topic in Topic.allCases {
      for number in 0..<Int32(try log.log.partitionCount(of: topic.name)) {
        let source = TopicPartition(topic.name, number)
        ends[source] = try log.log.endOffset(of: source)
      }
    }
    return try eventually(within: seconds) {
      let rows = try connection.run("select topic, partition, next_offset from speed.progress")
      var committed: [TopicPartition: Int64] = [:]
      for row in 0..<rows.count {
        committed[TopicPartition(try rows.text(row, 0), Int32(try rows.int(row, 1)))] =
          try rows.int(row, 2)
      }
      return ends.allSatisfy { (committed[$0.key] ?? 0) >= $0.value }
    }
  }

  /// Everything that two ways of loading the same log must agree on.
  static let comparedTables: [(name: String, query: String)] =
    [
      ("fact_listen", "select * from warehouse.fact_listen"),
      ("fact_auth", "select * from warehouse.fact_auth"),
      ("fact_page_view", "select * from warehouse.fact_page_view"),
      ("dim_user", "select * from warehouse.dim_user"),
      ("dim_song", "select * from warehouse.dim_song"),
      ("dim_location", "select * from warehouse.dim_location"),
      ("dim_device", "select * from warehouse.dim_device"),
      ("user_level_history", "select * from warehouse.user_level_history"),
      (
        "quarantine",
        "select topic, partition, record_offset, reason, raw from warehouse.quarantine"
      ),
      ("progress", "select topic, partition, next_offset from batch.progress"),
    ] + Rollup.allCases.map { ($0.table, "select * from batch.\($0.table)") }

  /// What differs between the two databases' warehouses.
  func differences(from other: Layers) throws -> [String] {
    let mine = try connect()
    let theirs = try other.connect()
    return try Self.comparedTables.flatMap { table in
      try ComparableRows(mine, table.name, query: table.query)
        .differences(from: ComparableRows(theirs, table.name, query: table.query), mine)
    }
  }

  /// Both databases' warehouses hold the same rows.
  func expectSame(
    as other: Layers, _ when: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try differences(from: other)
    #expect(
      found.isEmpty, "\(when): \(found.joined(separator: "\n"))", sourceLocation: sourceLocation)
  }

  /// What differs between this speed layer's rows, added up, and the other one's batch rows.
  func speedDifferences(fromBatchOf other: Layers) throws -> [String] {
    let mine = try connect()
    let theirs = try other.connect()
    return try Rollup.allCases.flatMap { rollup in
      let counters = rollup.counters.map(\.column)
      let sketches = rollup.distincts.map(\.column)
      let keys = (["minute"] + rollup.keyColumns).joined(separator: ", ")
      let columns =
        // Null and 0 say the same; a speed row that was corrected adds up to 0.
        counters.map { "nullif(sum(\($0)), 0)::bigint as \($0)" }
        + sketches.map { "hll_union_agg(\($0)) as \($0)" }
      // A credit that moved on to another song leaves a row of nothing.
      let isSomething =
        counters.map { "sum(\($0)) <> 0" }
        + sketches.map { "hll_union_agg(\($0)) is not null" }
      func rows(_ connection: Connection, _ schema: String) throws -> ComparableRows {
        try ComparableRows(
          connection, rollup.table,
          query: "select \(keys), \(columns.joined(separator: ", ")) "
            + "from \(schema).\(rollup.table) group by \(keys) "
            + "having \(isSomething.joined(separator: " or "))")
      }
      return try rows(mine, "speed").differences(from: rows(theirs, "batch"), mine)
    }
  }
}

/// Looks at the merged view all the time: sums never fall, and are never above what was written.
final class WatchingReader: Sendable {
  private let stop: StopToken
  private let worker: Worker<(looks: Int, complaints: [String])>

  init(_ layers: Layers) {
    let stop = StopToken()
    self.stop = stop
    worker = Worker("test-reader") {
      let connection = try layers.connect()
      var before: [Int64] = [0, 0]
      var looks = 0
      var complaints: [String] = []
      while !stop.isRequested {
        let rows = try connection.run(
          "select coalesce(sum(listens), 0)::bigint, coalesce(sum(page_views), 0)::bigint "
            + "from serving.minute_totals")
        let now = [try rows.int(0, 0), try rows.int(0, 1)]
        let written = [layers.log.given(.listen), layers.log.given(.pageView)]
        if zip(now, before).contains(where: { $0 < $1 }) {
          complaints.append("\(before), then \(now)")
        }
        if zip(now, written).contains(where: { $0 > $1 }) {
          complaints.append("\(now), but written were \(written)")
        }
        before = now
        looks += 1
      }
      return (looks, complaints)
    }
  }

  /// Ends the looking.
  func expectContent(sourceLocation: SourceLocation = #_sourceLocation) throws {
    stop.request()
    let (looks, complaints) = try worker.wait()
    #expect(looks > 3, sourceLocation: sourceLocation)
    #expect(complaints.isEmpty, "\(complaints.prefix(3))", sourceLocation: sourceLocation)
  }
}

/// Ends sessions of the server, as a failing network or an administrator would.
func terminate(_ connection: Connection, where condition: String) throws(WarehouseError) -> Int {
  try connection.run(
    "select pg_terminate_backend(pid) from pg_stat_activity "
      + "where datname = current_database() and pid <> pg_backend_pid() and \(condition)"
  ).count
}
