import BatchLayer
import BatchTestKit
import EventLog
import EventModel
import Feed
import Foundation
import LayerTestKit
import SpeedTestKit
import TestKit
import Testing
import Warehouse

/// Both layers over one topic of Kafka that has all kinds of events.
@Suite struct MixedTopicLayersTests {
  /// Of no kind that is known, although it has all the fields of any event.
  private static let stray =
    #"{"ts":1767225600000,"sessionId":1,"itemInSession":2,"page":"Home","success":true,"type":"other"}"#

  private func writeStrays(_ count: Int, _ kafka: TestKafka) throws {
    let writer = try kafka.open().writer(to: ["events"])
    for number in 0..<count {
      try Array("\(number)".utf8).withUnsafeBytes { key in
        try Array(Self.stray.utf8).withUnsafeBytes {
          try writer.append(topic: 0, key: key, timestamp: 1, payload: $0)
        }
      }
    }
    try writer.close()
  }

  @Test func eachRecordOfAMixedTopicCountsOnceInBothLayers() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, users: 30)
    let kafka = try TestKafka()
    defer { kafka.stop() }
    try kafka.createTopic("events", partitions: 2)
    let log = try EventLogs.open(
      "kafka:\(kafka.bootstrap)",
      properties: kafka.properties.merging([
        "topic.mixed": kafka.prefix + "events", "fetch.wait.max.ms": "5",
      ]) { $1 }, kinds: EventKinds().recordKinds)
    let layers = try Layers(over: TestLog(over: log))
    var truth = Truth()
    let third = records.count / 3 + 1
    for (number, kind) in [BatchLoader.Kind.full, .incremental, .incremental].enumerated() {
      let part = records[(number * third)..<min(records.count, (number + 1) * third)]
      try layers.log.write(part)
      try writeStrays(5, kafka)
      for record in part { truth.add(record) }
      try layers.catchUp()
      try layers.expectTruth(truth, "before load \(number)")
      try layers.load(kind)
      try layers.expectTruth(truth, "after load \(number)")
    }
    let connection = try layers.connect()
    let quarantined = try connection.run(
      """
      select count(*), count(*) filter (where raw = convert_to($1, 'UTF8') and topic = 'page_view_events'
        and reason = 'field type: expected a kind of event, found "other"')
      from warehouse.quarantine
      """, [.text(Self.stray)])
    #expect(try quarantined.int(0, 0) == Int64(truth.malformed.count + 15))
    #expect(try quarantined.int(0, 1) == 15)
    let read = try connection.run("select sum(events_read)::bigint from warehouse.load_run")
    #expect(try read.int(0, 0) == Int64(records.count + 15))
    let again = try Layers(over: layers.log)
    try again.load(.full)
    try again.expectSame(as: layers, "a full load")
    #expect(
      try LakeCheck(lake: layers.log.lake, library: layers.library).run(connection).isEmpty)
  }
}
