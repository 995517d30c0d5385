import BatchTestKit
import EventLog
import EventModel
import LayerTestKit
import Metrics
import StarSchema
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// What `check` must see: every counter of every rollup, and every fact, against the facts and the lake.
@Suite(.serialized) struct RecomputationTests {
  struct Loaded {
    var layers: Layers
    var records: [LoggedRecord]
  }

  /// One sound warehouse for all, as each test puts back what it breaks.
  private static let loaded = Result {
    let layers = try Layers()
    let records = try simulated(seed: 71, users: 8, faults: .withLateRepeats)
    for part in [records[..<(records.count / 2)], records[(records.count / 2)...]] {
      try layers.log.write(part)
      try layers.load(.incremental)
    }
    return Loaded(layers: layers, records: records)
  }

  private func recompute(_ layers: Layers) throws -> [Checks.Finding] {
    try LakeRecomputation(
      lake: layers.log.lake, library: layers.library,
      configuration: BatchLoader.Configuration(databaseURL: layers.database.url)
    ).run()
  }

  /// - Parameter table: of `batch`; only the rules that read it are asked. nil asks all.
  private func check(
    _ connection: Connection, _ layers: Layers, reading table: String? = nil
  ) throws -> [String] {
    let checks = Checks(library: layers.library)
    let names = try checks.names.filter { name in
      guard let table else { return true }
      let text = try layers.library.text(of: "checks/\(name).sql")
      return text.contains("batch.\(table)") || text.contains("-- for each: rollup")
    }
    return try checks.run(connection, from: nil, to: nil, only: names).map(\.check)
  }

  @Test func aSoundWarehouseHasNoFindings() throws {
    let layers = try Self.loaded.get().layers
    #expect(try check(try layers.connect(), layers) == [])
    let findings = try recompute(layers)
    #expect(findings.isEmpty, "\(findings)")
    let stage = try layers.connect().run(
      "select count(*) from pg_tables where schemaname = 'stage'")
    #expect(try stage.int(0, 0) == 0)
  }

  @Test func nothingPublishedIsNothingToFind() throws {
    #expect(try recompute(try Layers()).isEmpty)
  }

  static let counters = RollupTable.all.flatMap { table in
    table.rollup.counters.map { (table: table, column: $0.column) }
  }

  /// Without the lake, all is compared: with the facts, and the rungs of a rollup with each other.
  @Test(arguments: counters.map { [$0.table.name, $0.column] })
  func oneCounterOfOneRowThatIsWrongIsSeenByTheRules(_ place: [String]) throws {
    let layers = try Self.loaded.get().layers
    let connection = try layers.connect()
    try connection.script("begin")
    try connection.script(
      "update builds.\(place[0]) set \(place[1]) = coalesce(\(place[1]), 0) + 1 "
        + "where ctid = (select max(ctid) from builds.\(place[0]))")
    let findings = try check(connection, layers, reading: place[0])
    #expect(!findings.isEmpty, "\(place)")
  }

  @Test(arguments: Rollup.totals.distincts.map(\.column))
  func aSketchOfTheTotalsThatIsWrongIsSeenByTheRules(_ sketch: String) throws {
    let layers = try Self.loaded.get().layers
    let connection = try layers.connect()
    try connection.script("begin")
    try connection.script(
      "update batch.minute_totals set \(sketch) = hll_add(\(sketch), hll_hash_bigint(12345)) "
        + "where minute = (select max(minute) from batch.minute_totals where \(sketch) is not null)"
    )
    #expect(try check(connection, layers).contains("minute_totals_sketches"))
  }

  /// Changes each column of a rollup, in a row of its own where there are as many, and looks once for all of them.
  @Test(arguments: RollupTable.all)
  func everyCounterAndSketchThatIsWrongIsSeenFromTheLake(_ compared: RollupTable) throws {
    let rollup = compared.rollup
    let layers = try Self.loaded.get().layers
    let connection = try layers.connect()
    let table = "builds.\(compared.name)"
    let key = "row(\(compared.keyColumns.joined(separator: ", ")))::text"
    let rows = try connection.run("select \(key) from \(table) order by ctid desc limit 40")
    var columns: [String] = []
    try connection.script("create table kept as select * from \(table)")
    defer {
      try? connection.script(
        "delete from \(table); insert into \(table) select * from kept; drop table kept")
    }
    for (row, counter) in rollup.counters.enumerated() {
      try connection.run(
        "update \(table) set \(counter.column) = coalesce(\(counter.column), 0) - 1 "
          + "where \(key) = $1", [.text(rows.text(row % rows.count, 0))])
      columns.append(counter.column)
    }
    for (index, distinct) in rollup.distincts.enumerated() {
      try connection.run(
        "update \(table) set \(distinct.column) = "
          + "hll_add(coalesce(\(distinct.column), hll_empty(12)), hll_hash_bigint(12345)) "
          + "where \(key) = $1",
        [.text(rows.text((rollup.counters.count + index) % rows.count, 0))])
      columns.append(distinct.column)
    }
    let findings = try recompute(layers)
    #expect(findings.map(\.check) == ["lake_\(compared.name)"])
    #expect(findings.first?.rows == min(columns.count, rows.count))
    #expect(findings.first?.examples.count == min(3, rows.count))
    #expect(findings.first?.examples.allSatisfy { $0.contains(" in the lake, ") } == true)
  }

  @Test func rowsThatOnlyOneSideHasAreSeen() throws {
    let layers = try Self.loaded.get().layers
    let connection = try layers.connect()
    try connection.script("create table kept as select * from builds.minute_song")
    defer {
      try? connection.script(
        "delete from builds.minute_song; insert into builds.minute_song select * from kept; "
          + "drop table kept")
    }
    try connection.script(
      """
      delete from builds.minute_song where ctid = (
        select min(ctid) from builds.minute_song where listens > 0);
      insert into builds.minute_song (build, minute, song_key, shares)
      select build, '2031-01-01 00:00Z', 7, 1 from batch.published
      """)
    #expect(try recompute(layers).map { "\($0.check) \($0.rows)" } == ["lake_minute_song 2"])
  }

  @Test(arguments: FactTable.allCases)
  func aFactThatIsMissingDoubledOrAnotherIsSeen(_ fact: FactTable) throws {
    let layers = try Self.loaded.get().layers
    let connection = try layers.connect()
    let table = "builds.\(fact.name)"
    try connection.script("create table kept as select * from \(table)")
    defer {
      try? connection.script(
        "delete from \(table); insert into \(table) select * from kept; drop table kept")
    }
    try connection.script(
      "update \(table) set level = 'gold' where ts = (select min(ts) from \(table))")
    let changed = try recompute(layers)
    // A play may stand for its page view too.
    #expect(changed.first { $0.check == "lake_\(fact.name)" }?.rows ?? 0 >= 2)
    #expect(changed.allSatisfy { $0.check == "lake_\(fact.name)" || fact == .listen })
    let isOne = fact == .listen ? "not has_page_view" : "true"
    try connection.script(
      "delete from \(table); insert into \(table) select * from kept; insert into \(table) "
        + "select * from kept where \(isOne) order by ts limit 1")
    #expect(try recompute(layers).map { "\($0.check) \($0.rows)" } == ["lake_\(fact.name) 1"])
    guard fact == .listen else { return }
    // One that has lost its page view is seen where page views are compared.
    try connection.script(
      "delete from \(table); insert into \(table) select * from kept; update \(table) set has_page_view = false "
        + "where ts = (select min(ts) from \(table) where has_page_view)")
    #expect(try recompute(layers).map(\.check) == ["lake_fact_page_view"])
  }

  /// The defect to be found: records below the published cut that no layer has counted.
  @Test func recordsOfTheLakeThatWereNeverCountedAreSeen() throws {
    let layers = try Layers(partitions: 1)
    let records = try simulated(seed: 72, users: 10, faults: nil)
    try layers.log.write(records)
    try layers.load(.full)
    #expect(try recompute(layers).isEmpty)
    let extra = try simulated(seed: 73, users: 20, from: monday + 5 * dayMs, faults: nil)
    try #require(extra.contains { $0.topic == .listen })
    try layers.log.write(extra)
    let connection = try layers.connect()
    for topic in Topic.allCases {
      let end = try layers.log.lake.endOffset(of: TopicPartition(topic.name, 0))
      _ = try connection.run(
        "update batch.progress set next_offset = $2 where topic = $1",
        [.text(topic.name), .int(end)])
    }
    let findings = try recompute(layers)
    #expect(findings.map(\.check).contains("lake_fact_listen"))
    #expect(findings.map(\.check).contains("lake_minute_totals"))
  }

  @Test func aLoadThatIsRunningIsSaid() throws {
    let layers = try Self.loaded.get().layers
    let load = try layers.connect()
    _ = try load.run(layers.library.sql("batch/lock_loads"))
    let run = try load.run(
      layers.library.sql("batch/begin_run"), [.text("full"), .text("a test"), .double(60), .null]
    ).int(0, 0)
    defer {
      _ = try? load.run("delete from warehouse.load_run where load_run_id = $1", [.int(run)])
      _ = try? load.run(layers.library.sql("batch/unlock_loads"))
    }
    let error = #expect(throws: LoadError.self) { try recompute(layers) }
    #expect(error?.code == .busy)
    #expect(error?.message.contains("a test") == true)
  }

  @Test func aLoadThatBeginsEndsTheCheckAndNotTheOtherWayRound() throws {
    let layers = try Layers(partitions: 1)
    try layers.log.write(try simulated(seed: 75, users: 10, faults: nil))
    try layers.load(.full)
    let held = try Connection(url: layers.database.url, applicationName: "polyrhythm load check")
    _ = try held.run(layers.library.sql("batch/lock_loads"))
    try layers.load(.incremental)
    #expect(throws: WarehouseError.self) { try held.run("select 1") }
    #expect(try recompute(layers).isEmpty)
  }

  /// The state that an import leaves behind that loses listens.
  @Test func nextSongsWithoutTheirListenAreSaidByDay() throws {
    let layers = try Layers()
    let records = try simulated(seed: 74, users: 25, faults: nil)
    var lost = 0
    try layers.log.write(
      records.filter { record in
        guard record.topic == .listen else { return true }
        lost += 1
        return lost % 12 != 0
      })
    try layers.load(.full)
    let findings = try Checks(library: layers.library).run(
      try layers.connect(), from: nil, to: nil)
    #expect(findings.map(\.check) == ["next_song_without_listen"])
    #expect(findings.first?.isError == false)
    #expect(findings.first?.rows == 1)
    #expect(findings.first?.examples.first?.contains("without_listen=\(lost / 12)") == true)
  }
}
