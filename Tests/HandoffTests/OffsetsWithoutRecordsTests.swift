import BatchLayer
import BatchTestKit
import EventLog
import Foundation
import LayerTestKit
import SpeedLayer
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

/// Logs whose offsets do not all have records, and logs that drop records before they are counted.
@Suite struct OffsetsWithoutRecordsTests {
  private struct World {
    let log: TransactionalLog
    let layers: Layers
    let records: [LoggedRecord]

    init(seed: UInt64) throws {
      records = try simulated(seed: seed)
      log = try TransactionalLog(
        path: TestDatabase.directory() + "/transactional-\(UUID().uuidString)",
        topics: ["listen_events", "auth_events", "page_view_events"], partitions: 2)
      layers = try Layers(over: TestLog(over: log))
    }

    func speed(acceptsLoss: Bool = false) throws {
      var configuration = layers.speedConfiguration()
      configuration.untilCaughtUp = true
      configuration.acceptsLoss = acceptsLoss
      _ = try SpeedWorker(log: log, library: layers.library, configuration: configuration)
        .run(stop: StopToken())
    }

    func archive(acceptsLoss: Bool = false) throws {
      try Archiver(
        from: log, to: layers.log.lake,
        topics: ["listen_events", "auth_events", "page_view_events"], acceptsLoss: acceptsLoss
      ).run(stop: StopToken(), untilCaughtUp: true) { _ in }
    }

    func load(_ kind: BatchLoader.Kind) throws {
      _ = try layers.loader(patience: 5).load(kind)
    }

    func number(_ query: String) throws -> Int64 {
      try layers.connect().run(query).int(0, 0)
    }

    func findings() throws -> [Checks.Finding] {
      let connection = try layers.connect()
      var configuration = BatchLoader.Configuration(databaseURL: layers.database.url)
      configuration.rollupRows = 3000
      return try LakeCheck(lake: layers.log.lake, library: layers.library).run(connection)
        + LakeRecomputation(
          lake: layers.log.lake, library: layers.library, configuration: configuration
        ).run()
    }
  }

  /// The cut is behind a commit marker, where reading the log ends: the lake has to come there too.
  @Test func loadsDoNotWaitForOffsetsThatHaveNoRecord() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let world = try World(seed: seed)
    let third = world.records.count / 3
    var truth = Truth([])
    for (number, kind) in [BatchLoader.Kind.full, .incremental, .incremental].enumerated() {
      let part = world.records[(number * third)..<((number + 1) * third)]
      try world.layers.log.write(part)
      for record in part { truth.add(record) }
      try world.speed()
      try world.archive()
      for topic in ["listen_events", "auth_events", "page_view_events"] {
        for partition in 0..<Int32(2) {
          let source = TopicPartition(topic, partition)
          #expect(
            try world.layers.log.lake.endOffset(of: source) == world.log.endOffset(of: source))
        }
      }
      try world.load(kind)
      try world.layers.expectTruth(truth, "after load \(number)")
    }
    #expect(try world.findings().isEmpty)
    #expect(
      try world.number("select sum(events_read)::bigint from warehouse.load_run")
        == Int64(3 * third))
    #expect(
      try world.number("select sum(offsets_without_record)::bigint from warehouse.load_run") > 0)
  }

  /// What retention took before anybody read it is an error with a name, and accepted it is a row that adds up.
  @Test func recordsThatAreGoneAreAnErrorUntilTheLossIsAccepted() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let world = try World(seed: seed)
    try world.layers.log.write(world.records)
    let source = TopicPartition("page_view_events", 1)
    try world.log.drop(source, below: 20)
    for attempt in [{ try world.speed() }, { try world.archive() }] {
      let error = eventLogError(attempt)
      #expect(error?.code == .lost)
      #expect(error?.lost?.partition == source)
      #expect(error?.lost?.offsets == 0..<20)
      #expect(
        error?.message.contains("20 records of page_view_events/1, offsets 0 to 19") == true)
      #expect(error?.message.contains("--accept-loss") == true)
    }
    try world.speed(acceptsLoss: true)
    #expect(
      try world.number(
        "select to_offset from warehouse.lost_range where noticed_by = 'speed' and from_offset = 0")
        == 20)
    try world.archive(acceptsLoss: true)
    let losses = try world.layers.log.lake.acceptedLosses(of: source)
    #expect(losses.map(\.range.offsets) == [0..<20])
    try world.load(.full)
    // Both have noticed it, and it is lost once.
    #expect(try world.number("select count(*) from warehouse.lost_range") == 2)
    #expect(try world.number("select sum(records)::bigint from warehouse.lost_records") == 20)
    #expect(try world.findings().isEmpty)
    let found = try Checks(library: world.layers.library)
      .run(world.layers.connect(), from: nil, to: nil)
    let lost = try #require(found.first { $0.check == "lost_records" })
    #expect(!lost.isError)
    #expect(lost.examples.first?.contains("records=20") == true)
    // What was lost stays lost, and nothing is lost twice.
    try world.speed()
    try world.archive()
    try world.load(.incremental)
    #expect(try world.number("select sum(records)::bigint from warehouse.lost_records") == 20)
  }

  /// A speed worker may go on; the records are not lost as long as the lake has them.
  @Test func aLoadCountsWhatASpeedWorkerHadToPassOver() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let world = try World(seed: seed)
    let half = world.records.count / 2
    try world.layers.log.write(world.records[..<half])
    try world.speed()
    try world.layers.log.write(world.records[half...])
    try world.archive()
    let source = TopicPartition("listen_events", 0)
    let before = try world.number(
      "select next_offset from speed.progress where topic = 'listen_events' and partition = 0")
    try world.log.drop(source, below: before + 9)
    #expect(eventLogError { try world.speed() }?.lost?.offsets == before..<(before + 9))
    try world.speed(acceptsLoss: true)
    #expect(try world.number("select sum(records)::bigint from warehouse.lost_records") == 9)
    try world.load(.full)
    #expect(try world.number("select count(*) from warehouse.lost_records") == 0)
    #expect(try world.number("select count(*) from warehouse.lost_range where counted_by > 0") == 1)
    try world.layers.expectTruth(Truth(world.records), "after the load")
    #expect(try world.findings().isEmpty)
  }

  private func eventLogError(_ body: () throws -> Void) -> EventLogError? {
    do {
      try body()
      return nil
    } catch {
      return error as? EventLogError
    }
  }
}
