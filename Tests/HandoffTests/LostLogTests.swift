import BatchTestKit
import EventLog
import EventModel
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import SpeedLayer

/// Both layers over a log that is not what they have counted, or not whole.
@Suite struct LostLogTests {
  /// Two stretches of records are committed; the log that is there afterwards has the first one only.
  private final class Restored {
    let layers: Layers
    let log: DirectoryLog
    let first: [LoggedRecord]
    let others: [LoggedRecord]

    init(seed: UInt64, loads: Bool) throws {
      print("seed \(seed)")
      let records = try simulated(seed: seed)
      let (half, most) = (records.count / 2, records.count * 3 / 4)
      first = Array(records[..<half])
      others = Array(records[most...])
      layers = try Layers()
      try layers.log.write(first)
      let path = "\(layers.log.lake.path)-restored"
      try FileManager.default.copyItem(atPath: layers.log.lake.path, toPath: path)
      log = DirectoryLog(path: path)
      try layers.log.write(records[half..<most])
      try layers.catchUp()
      if loads { try layers.load(.full) }
    }

    deinit { try? FileManager.default.removeItem(atPath: log.path) }

    func write(_ records: [LoggedRecord]) throws {
      let writer = try log.writer(to: Topic.allCases.map(\.name))
      for record in records { try writer.append(record) }
      try writer.close()
    }

    func speed() throws {
      var configuration = layers.speedConfiguration()
      configuration.untilCaughtUp = true
      try SpeedWorker(log: log, library: layers.library, configuration: configuration)
        .run(stop: StopToken())
    }

    func load(_ kind: BatchLoader.Kind) throws {
      let configuration = BatchLoader.Configuration(databaseURL: layers.database.url)
      _ = try BatchLoader(lake: log, library: layers.library, configuration: configuration)
        .load(kind)
    }
  }

  private func code(_ body: () throws -> Void) -> EventLogError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? EventLogError)?.code
    }
  }

  private func published(_ layers: Layers) throws -> Int64 {
    try layers.connect().run(
      "select count(*) from warehouse.load_run where status = 'published'"
    ).int(0, 0)
  }

  @Test(arguments: [false, true], [false, true])
  func aLogThatLostItsEndIsRefusedUntilAFullLoadCountsAgainWhatItHas(
    hasLoads: Bool, isWrittenAgain: Bool
  ) throws {
    let restored = try Restored(seed: TestSeed.drawn(), loads: hasLoads)
    if isWrittenAgain {
      // Beyond the offsets that were committed, so that only the epochs can tell.
      try restored.write(restored.others + restored.others.map { $0 })
      try restored.write(restored.others)
    }
    let loads = try published(restored.layers)
    #expect(code { try restored.speed() } == .diverged)
    #expect(code { try restored.load(.incremental) } == .diverged)
    #expect(try published(restored.layers) == loads)
    let findings = try LakeCheck(lake: restored.log, library: restored.layers.library)
      .run(restored.layers.connect())
    #expect(findings.isEmpty != hasLoads)

    try restored.load(.full)
    var truth = Truth(restored.first)
    if isWrittenAgain { for record in restored.others { truth.add(record) } }
    try restored.layers.expectTruth(truth, "after the full load")
    try restored.speed()
    try restored.layers.expectTruth(truth, "after the speed layer came back")
    if !isWrittenAgain {
      try restored.write(restored.others)
      for record in restored.others { truth.add(record) }
      try restored.speed()
      try restored.layers.expectTruth(truth, "after more was written")
    }
    try restored.load(.incremental)
    try restored.layers.expectTruth(truth, "after an incremental load")
  }

  /// Kafka drops records by age, counted or not; the lake has them.
  @Test func aPartitionWhoseUncountedRecordsWereDroppedLagsUntilALoadHasThem() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed)
    let layers = try Layers(.directory, partitions: 2)
    let third = records.count / 3
    try layers.log.write(records[..<third])
    try layers.catchUp()
    try layers.load(.full)
    try layers.log.write(records[third..<(2 * third)])
    let log = DirectoryLog(path: "\(layers.log.lake.path)-kafka")
    try FileManager.default.copyItem(atPath: layers.log.lake.path, toPath: log.path)
    defer { try? FileManager.default.removeItem(atPath: log.path) }
    let dropped = TopicPartition("page_view_events", 0)
    let end = try log.endOffset(of: dropped)
    try log.moveStart(of: dropped, to: end - 1)
    let connection = try layers.connect()
    func committed(_ partition: Int) throws -> [Int64] {
      let rows = try connection.run(
        "select next_offset from speed.progress where partition = $1 order by topic",
        [.int(Int64(partition))])
      return try (0..<rows.count).map { try rows.int($0, 0) }
    }
    let before = try committed(0)

    let stop = StopToken()
    let (library, following) = (layers.library, layers.speedConfiguration())
    let running = Worker("speed") {
      _ = try SpeedWorker(log: log, library: library, configuration: following).run(stop: stop)
    }
    let others = try Topic.allCases.map(\.name).sorted()
      .map { try log.endOffset(of: TopicPartition($0, 1)) }
    #expect(try eventually(within: 60) { try committed(1) == others })
    #expect(try committed(0) == before)
    stop.request()
    try running.wait()
    var configuration = layers.speedConfiguration()
    configuration.untilCaughtUp = true
    let catchingUp = SpeedWorker(log: log, library: layers.library, configuration: configuration)
    #expect(code { _ = try catchingUp.run(stop: StopToken()) } == .lost)
    try layers.load(.incremental)
    _ = try catchingUp.run(stop: StopToken())
    try layers.expectTruth(Truth(records[..<(2 * third)]), "after the load")
  }

  /// Such a worker would never commit the partition, so a cut at its offset would cover nothing of it.
  @Test(arguments: [true, false])
  func aLoadTakesOverWhatTheLogDroppedBeforeALiveWorkerNoticed(isFull: Bool) throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed)
    let layers = try Layers()
    let half = records.count / 2
    try layers.log.write(records[..<half])
    try layers.catchUp()
    try layers.load(.full)
    try layers.log.write(records[half...])
    let dropped = TopicPartition("page_view_events", 0)
    let end = try layers.log.lake.endOffset(of: dropped)
    try layers.log.lake.moveStart(of: dropped, to: end - 1)
    let worker = try layers.connect()
    _ = try worker.run(
      """
      with worker as (
        insert into speed.worker (process, backend_pid, lease_until)
        values ('a worker that lives', pg_backend_pid(), now() + interval '1 minute')
        returning worker_id
      )
      insert into speed.assignment select 0, worker_id from worker
      """)
    if isFull {
      try layers.load(.full)
    } else {
      // What an incremental load has to count is gone, and only a full load counts all anew.
      #expect(code { try layers.load(.incremental) } == .lost)
      try layers.load(.full)
    }
    _ = try worker.run("delete from speed.worker")
    for layer in ["speed", "batch"] {
      let rows = try worker.run(
        "select next_offset, replay_from from \(layer).progress where topic = $1 and partition = $2",
        [.text(dropped.topic), .int(Int64(dropped.partition))])
      #expect(try rows.int(0, 0) == end, "\(layer)")
      #expect(try rows.int(0, 1) <= end, "\(layer)")
    }
    try layers.catchUp()
    try layers.load(.incremental)
  }

  @Test func aFullLoadOfALogWithoutItsHeadPublishesNothing() throws {
    let restored = try Restored(seed: TestSeed.drawn(), loads: false)
    let partition = "\(restored.log.path)/listen_events/0"
    try restored.write(restored.others)
    // As if the first segment had ended before the last record.
    let segment = "\(partition)/00000000000000000000.ndjson"
    // Bytes: a malformed record need not be UTF-8.
    let lines = try Data(contentsOf: URL(fileURLWithPath: segment)).split(separator: 10)
    try FileManager.default.removeItem(atPath: segment)
    let number = String(lines.count - 1)
    let name = String(repeating: "0", count: 20 - number.count) + number + ".ndjson"
    try (lines[lines.count - 1] + [10]).write(to: URL(fileURLWithPath: "\(partition)/\(name)"))
    let fresh = try Layers(over: restored.layers.log)
    var configuration = BatchLoader.Configuration(databaseURL: fresh.database.url)
    configuration.lakePatience = 600
    let loader = BatchLoader(
      lake: restored.log, library: fresh.library, configuration: configuration)
    #expect(code { _ = try loader.load(.full) } == .damaged)
    #expect(try published(fresh) == 0)
  }

  /// Patience is for an archive that is behind, and damage is none.
  @Test func aDamagedLogEndsALoadAndAWorkerAtOnceWithItsOwnError() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed)
    for damage in ["cut", "missing", "flipped"] {
      let layers = try Layers()
      var options = DirectoryOptions()
      options.segmentBytes = 30_000
      let log = DirectoryLog(path: "\(layers.log.lake.path)-\(damage)", options: options)
      defer { try? FileManager.default.removeItem(atPath: log.path) }
      try log.createTopics(Topic.allCases.map(\.name), partitions: 1)
      let appender = try log.appender(of: TopicPartition("listen_events", 0))
      for record in records where record.topic == .listen {
        _ = try record.payload.withUnsafeBytes {
          try appender.append(timestamp: record.arrival, payload: $0)
        }
      }
      try appender.finishCompression()
      try appender.close()
      let partition = "\(log.path)/listen_events/0"
      let segments = try FileManager.default.contentsOfDirectory(atPath: partition)
        .filter { $0.hasSuffix(".zst") }.sorted()
      let victim = "\(partition)/\(try #require(segments.dropFirst().first))"
      var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: victim)))
      switch damage {
      case "missing": try FileManager.default.removeItem(atPath: victim)
      case "cut": try Data(bytes.dropLast(20)).write(to: URL(fileURLWithPath: victim))
      default:
        bytes[bytes.count / 2] ^= 0x20
        try Data(bytes).write(to: URL(fileURLWithPath: victim))
      }
      var configuration = BatchLoader.Configuration(databaseURL: layers.database.url)
      configuration.lakePatience = 600
      let loader = BatchLoader(lake: log, library: layers.library, configuration: configuration)
      let begin = ContinuousClock.now
      #expect(code { _ = try loader.load(.full) } == .damaged, "\(damage)")
      #expect(ContinuousClock.now - begin < .seconds(120), "\(damage)")
      var speed = layers.speedConfiguration()
      speed.untilCaughtUp = true
      let worker = SpeedWorker(log: log, library: layers.library, configuration: speed)
      #expect(code { try worker.run(stop: StopToken()) } == .damaged, "\(damage)")
    }
  }
}
