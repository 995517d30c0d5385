import BatchTestKit
import EventModel
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import EventLog

/// Both layers where there is little or nothing to hand over, and what becomes of what is no event.
@Suite struct HandoffEdgeTests {
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

  @Test(arguments: TestLog.Kind.allCases)
  func quarantineHoldsExactlyTheMalformedRecordsAndTheLedgerAddsUp(_ kind: TestLog.Kind) throws {
    let seed = TestSeed.drawn()
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
    // Malformed records are found in the log by their bytes.
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

  /// Such copies come from a producer that tries again after the topic has grown, or that gives its records no key.
  @Test func anEventInTwoPartitionsStopsNoLoadAndCheckNamesIt() throws {
    let records = try simulated(seed: 83, users: 20)
    let layers = try Layers(.directory, partitions: 1)
    let directory = try #require(layers.log.log as? DirectoryLog)
    try layers.log.write(records)
    for topic in Topic.allCases { try directory.addPartitions(topic.name, upTo: 2) }
    // The event lies in the window of both partitions.
    let twice = try #require(
      records.filter { $0.topic == .pageView && $0.identity != nil }
        .max { $0.identity!.ts < $1.identity!.ts })
    let appender = try directory.appender(of: TopicPartition("page_view_events", 1))
    _ = try twice.payload.withUnsafeBytes {
      try appender.append(timestamp: twice.arrival, payload: $0)
    }
    try appender.close()
    try layers.catchUp()
    try layers.load(.full)
    try layers.load(.incremental)
    let findings = try Checks(library: layers.library).run(layers.connect(), from: nil, to: nil)
    #expect(findings.map(\.check) == ["fact_page_view_unique"])
    #expect(findings.first?.isError == true)
  }
}
