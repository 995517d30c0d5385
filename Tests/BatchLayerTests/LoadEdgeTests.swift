import EventLog
import EventModel
import Foundation
import Metrics
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// Loads of little or nothing, of logs with holes, and what becomes of what is no event.
@Suite struct LoadEdgeTests {
  @Test(arguments: [BatchLoader.Kind.incremental, .full])
  func aLoadOfAnEmptyLogWorksAndSoDoesOneOfNothingNew(_ kind: BatchLoader.Kind) throws {
    let layers = try Layers()
    #expect(try layers.load(kind).counts.records == 0)
    #expect(try layers.load(kind).counts.records == 0)
    let records = try simulated(seed: 31, users: 20)
    try layers.log.write(records)
    try layers.load(kind)
    try layers.load(kind)
    try layers.expectTruth(Truth(records))
    try layers.load(.full)
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records))
  }

  @Test(arguments: TestLog.Kind.allCases)
  func aLoadBeforeAnySpeedAndSpeedBeforeAnyLoadBothCountEverything(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 32, users: 30)
    let half = records.count / 2
    let loadFirst = try Layers(kind)
    try loadFirst.log.write(records[..<half])
    try loadFirst.load(.full)
    try loadFirst.log.write(records[half...])
    try loadFirst.catchUp()
    try loadFirst.expectTruth(Truth(records), "load first")
    try loadFirst.load(.incremental)
    try loadFirst.expectTruth(Truth(records), "load first")
    let speedFirst = try Layers(over: loadFirst.log)
    try speedFirst.catchUp()
    try speedFirst.load(.incremental)
    try speedFirst.expectTruth(Truth(records), "speed first")
    try speedFirst.expectSame(as: loadFirst, "one or the other first")
  }

  @Test(arguments: TestLog.Kind.allCases)
  func partitionsWithoutRecordsAreNoTrouble(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 33, users: 2, days: 4)
    let layers = try Layers(kind, partitions: 7)
    try layers.log.write(records)
    try layers.catchUp()
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records))
    let connection = try layers.connect()
    let empty = "select count(*) from batch.progress where next_offset = 0"
    #expect(try connection.run(empty).int(0, 0) > 5)
  }

  @Test func aLakeThatIsNotThereYetMakesTheLoadWaitAndThenFailWithNothingLost() throws {
    let records = try simulated(seed: 34, users: 20)
    let layers = try Layers(.kafka)
    try layers.log.write(records)
    try layers.catchUp()
    let error = #expect(throws: LoadError.self) {
      try layers.loader(patience: 0.3).load(.incremental)
    }
    #expect(error?.code == .lakeBehind)
    try layers.expectTruth(Truth(records), "without a lake")
    let load = Worker("test-load") { try layers.loader().load(.incremental).counts.records }
    try layers.log.archive()
    #expect(try load.wait() == records.count)
    try layers.expectTruth(Truth(records), "with it")
  }

  @Test func offsetsWithoutRecordsAreNotMissed() throws {
    let records = try simulated(seed: 35, users: 20)
    let log = try TestLog(.directory, partitions: 1)
    var appenders: [PartitionAppender] = []
    for topic in Topic.allCases {
      appenders.append(try log.lake.appender(of: TopicPartition(topic.name, 0)))
    }
    // As a Kafka log with transactions is archived.
    var random = SeededRandom(seed: 35)
    for record in records {
      let appender = appenders[Int(record.topic.rawValue)]
      let gap = random.chance(0.1) ? Int64.random(in: 1...5, using: &random) : 0
      try record.payload.withUnsafeBytes {
        _ = try appender.append(
          at: appender.nextOffset + gap, timestamp: record.arrival, payload: $0)
      }
    }
    for appender in appenders { try appender.close() }
    let layers = try Layers(over: log)
    let counts = try layers.load(.full).counts
    #expect(counts.records == records.count)
    #expect(counts.absent > 50)
    try layers.expectTruth(Truth(records))
    let check = LakeCheck(lake: log.lake, library: layers.library)
    #expect(try check.run(layers.connect()).isEmpty)
    // Nor those that retention has dropped since.
    try log.lake.moveStart(of: TopicPartition("page_view_events", 0), to: 10)
    #expect(try check.run(layers.connect()).isEmpty)
  }

  @Test(arguments: TestLog.Kind.allCases)
  func quarantineHoldsExactlyTheMalformedRecordsAndTheLedgerAddsUp(_ kind: TestLog.Kind) throws {
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    var faults = Faults.withLateRepeats
    faults.malformed = 0.05
    let records = try simulated(seed: seed, users: 40, faults: faults)
    let layers = try Layers(kind)
    let half = records.count / 2
    let connection = try layers.connect()
    for part in [records[..<half], records[half...]] {
      try layers.log.write(part)
      try layers.catchUp()
      try layers.load(.incremental)
    }
    // By their bytes, found in the log with where they are.
    let broken = Dictionary(
      Truth(records).malformed.map { ($0.payload, $0.topic) }, uniquingKeysWith: { a, _ in a })
    var expected: [String: [UInt8]] = [:]
    for (source, offset, raw) in try layers.log.contents() where broken[raw] != nil {
      expected["\(source)/\(offset)"] = raw
    }
    #expect(expected.count == Truth(records).malformed.count)
    let rows = try connection.run(
      "select topic, partition, record_offset, raw, reason from warehouse.quarantine")
    #expect(rows.count == expected.count)
    for row in 0..<rows.count {
      let place = "\(try rows.text(row, 0))/\(try rows.int(row, 1))/\(try rows.int(row, 2))"
      #expect(try rows.bytes(row, 3) == expected[place], "\(place)")
      #expect(try !rows.text(row, 4).isEmpty)
    }
    let ledger = try connection.run(
      "select sum(events_read)::bigint, sum(listens + auths + page_views)::bigint, "
        + "sum(redelivered)::bigint, sum(quarantined)::bigint from warehouse.load_run")
    #expect(try ledger.int(0, 0) == Int64(records.count))
    #expect(try ledger.int(0, 1) == Int64(Truth(records).events))
    #expect(try ledger.int(0, 3) == Int64(expected.count))
    #expect(
      try ledger.int(0, 2) == Int64(records.count - Truth(records).events - expected.count))
    #expect(try LakeCheck(lake: layers.log.lake, library: layers.library).run(connection).isEmpty)
  }

  /// Counters and sketches of the rollups that can be told from the facts alone, by SQL.
  @Test func rollupsAreWhatTheFactsSay() throws {
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    let records = try simulated(seed: seed, faults: .withLateRepeats)
    let layers = try Layers()
    for part in [records[..<(records.count / 2)], records[(records.count / 2)...]] {
      try layers.log.write(part)
      try layers.load(.incremental)
    }
    let connection = try layers.connect()
    func sketch(_ values: String, _ filter: String = "") -> String {
      "nullif(hll_add_agg(hll_hash_bigint(\(values)), 12) \(filter), hll_empty(12))"
    }
    for (rollup, key, keyOf) in [
      ("minute_totals", "", ""), ("minute_user", ", user_key", ", f.user_key"),
      ("minute_location", ", location_key", ", f.location_key"),
      ("minute_device", ", device_key", ", f.device_key"),
      (
        "minute_audience", ", gender, level",
        ", coalesce(u.gender, 'unknown'), coalesce(f.level, 'unknown')"
      ),
    ] {
      let users = rollup == "minute_user" ? "" : ", listeners, active_users"
      let countUsers =
        rollup == "minute_user"
        ? ""
        : ", \(sketch("u.user_id", "filter (where is_listen)")), \(sketch("u.user_id"))"
      let columns = [
        "listens", "listened_ms", "completed", "skipped", "partial", "page_views", "errors",
        "logins", "failed_logins",
      ]
      let expected = try ComparableRows(
        connection, rollup,
        query: """
          with f as (
            select ts, user_key, location_key, device_key, session_id, level, true as is_listen,
              song_key, outcome, coalesce(listened_ms, 0) as listened_ms, null::integer as status,
              null::boolean as success
            from warehouse.fact_listen
            union all
            select ts, user_key, location_key, device_key, session_id, level, false, 0, null, 0,
              null, success
            from warehouse.fact_auth
            union all
            select ts, user_key, location_key, device_key, session_id, level, false, 0, null, 0,
              coalesce(status, 0), null
            from warehouse.fact_page_view
          )
          select date_trunc('minute', f.ts) as minute\(keyOf),
            nullif(count(*) filter (where is_listen), 0) as listens,
            nullif(sum(listened_ms), 0)::bigint as listened_ms,
            nullif(count(*) filter (where outcome = 'completed'), 0) as completed,
            nullif(count(*) filter (where outcome = 'skipped'), 0) as skipped,
            nullif(count(*) filter (where outcome = 'partial'), 0) as partial,
            nullif(count(status), 0) as page_views,
            nullif(count(*) filter (where status >= 400), 0) as errors,
            nullif(count(*) filter (where success), 0) as logins,
            nullif(count(*) filter (where not success), 0) as failed_logins,
            \(sketch("session_id")),
            \(sketch("nullif(song_key, 0)", "filter (where is_listen)"))
            \(countUsers)
          from f join warehouse.dim_user as u using (user_key)
          group by 1\(keyOf)
          """)
      let found = try ComparableRows(
        connection, rollup,
        query: "select minute\(key), \(columns.joined(separator: ", ")), sessions, songs\(users) "
          + "from batch.\(rollup)")
      let differences = try found.differences(from: expected, connection, namesMatter: false)
      #expect(differences.isEmpty, "\(differences.joined(separator: "\n")), seed \(seed)")
      #expect(expected.rows.count > 100 || rollup == "minute_totals")
    }
  }
}
