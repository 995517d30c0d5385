import BatchTestKit
import EventLog
import EventModel
import Foundation
import LayerTestKit
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

  @Test func offsetsWithoutRecordsAreNotMissed() throws {
    let records = try simulated(seed: 35, users: 20)
    let log = try TestLog(.directory, partitions: 1)
    var appenders: [PartitionAppender] = []
    for topic in Topic.allCases {
      appenders.append(try log.lake.appender(of: TopicPartition(topic.name, 0)))
    }
    // A Kafka log with transactions, archived, has offsets without records.
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
    // Records that retention has dropped since the load are not missed either.
    try log.lake.moveStart(of: TopicPartition("page_view_events", 0), to: 10)
    #expect(try check.run(layers.connect()).isEmpty)
  }
}
