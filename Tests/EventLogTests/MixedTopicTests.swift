import Support
import TestKit
import Testing

@testable import EventLog

/// One topic of Kafka with records of several kinds, each of which is read as a topic of its own.
@Suite struct MixedTopicTests {
  private static let topics = ["a", "b"]
  /// A record `{"a…` is of the topic a.
  private static let kinds = RecordKinds(
    topics: topics,
    kind: { record in
      record.count < 3 ? nil : topics.firstIndex { $0.utf8.first == record[2] }
    },
    strays: 1, marked: { Array("stray ".utf8) + $0 },
    openings: topics.map { Array("{\"\($0)\":0,".utf8) })

  private struct World {
    let kafka: MockKafka
    let log: any EventLog

    init(partitions: Int = 1, properties: [String: String] = [:]) throws {
      kafka = try MockKafka()
      try kafka.createTopic("all", partitions: partitions)
      log = try EventLogs.open(
        "kafka:\(kafka.bootstrap)",
        properties: ["topic.mixed": "all", "fetch.wait.max.ms": "5"].merging(properties) { $1 },
        kinds: kinds)
    }

    /// Writes records as another program does.
    func write(_ records: [String]) throws {
      let writer = try EventLogs.open("kafka:\(kafka.bootstrap)").writer(to: ["all"])
      for record in records {
        try Array(record.utf8).withUnsafeBytes {
          try writer.append(topic: 0, key: .init(rebasing: $0[..<1]), timestamp: 1, payload: $0)
        }
      }
      try writer.close()
    }
  }

  @Test func eachTopicHasItsOwnRecordsAndOneHasTheStrays() throws {
    let world = try World()
    try world.write([#"{"a":1}"#, #"{"b":2}"#, #"{"c":3}"#, #"{"a":4}"#, "x", #"{"b":6}"#])
    let a = try world.log.records(.init("a", 0), waitMilliseconds: 5000)
    let b = try world.log.records(.init("b", 0), waitMilliseconds: 5000)
    #expect(a == [Record(0, #"{"a":1}"#), Record(3, #"{"a":4}"#)])
    #expect(
      b == [
        Record(1, #"{"b":2}"#), Record(2, #"stray {"c":3}"#), Record(4, "stray x"),
        Record(5, #"{"b":6}"#),
      ])
    // Both have come to the end of the topic, whatever it ends with.
    for topic in Self.topics {
      let reader = try world.log.reader(of: .init(topic, 0), from: 4)
      let batch = RecordBatch()
      #expect(
        try eventually(within: 60) {
          _ = try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0)
          return reader.position == 6
        })
      #expect(batch.nextOffset == 6)
    }
    #expect(world.log.mixedTopics == ["a", "b"])
    let bounds = try world.log.bounds(of: [.init("a", 0), .init("b", 0)])
    #expect(Set(bounds.values) == [LogBounds(start: 0, end: 6)] && bounds.count == 2)
  }

  @Test func manyRecordsOfAnotherKindHoldUpNobody() throws {
    let world = try World()
    try world.write((0..<20_000).map { "{\"b\":\($0)}" } + [#"{"a":1}"#])
    let reader = try world.log.reader(of: .init("a", 0), from: 0)
    let batch = RecordBatch()
    // A small read, with a wait, gives a record as long as one is there.
    #expect(try reader.read(into: batch, maxBytes: 1000, waitMilliseconds: 20_000) == 1)
    #expect(batch.entries.first?.offset == 20_000)
  }

  @Test func whatIsWrittenNamesItsKindAndComesBackInItsTopic() throws {
    let world = try World(partitions: 2)
    try world.log.createTopics(Self.topics, partitions: 2)
    let writer = try world.log.writer(to: Self.topics)
    let journal = try #require(writer.sources)
    try journal.begin("one", title: "one")
    for number in 0..<40 {
      try Array("{\"n\":\(number)}".utf8).withUnsafeBytes { payload in
        try Array("k\(number / 2)".utf8).withUnsafeBytes {
          try writer.append(topic: number % 2, key: $0, timestamp: 1, payload: payload)
        }
      }
    }
    // What is no object stays as it is, and is read as a stray of the other topic; the source has given it to this one.
    try Array("{}".utf8).withUnsafeBytes {
      try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
    }
    try writer.flush()
    let known = try #require(try world.log.writer(to: Self.topics).sources?.known("one").last)
    #expect(known.records == 41)
    let given = Dictionary(grouping: known.given) { $0.key.prefix(1) }
      .mapValues { $0.reduce(0) { $0 + $1.value } }
    #expect(given == ["a": 21, "b": 20])
    try writer.close()
    var all = 0
    for (index, topic) in Self.topics.enumerated() {
      for partition in 0..<Int32(2) {
        let records = try world.log.records(.init(topic, partition), waitMilliseconds: 5000)
          .filter { $0.payload != Array("stray {}".utf8) }
        #expect(
          records.allSatisfy {
            $0.payload.starts(with: "{\"\(topic)\":0,\"n\":".utf8)
              && ($0.payload.dropLast().last! - 48) % 2 == UInt8(index)
          })
        all += records.count
      }
    }
    #expect(all == 40)
  }

  @Test func anArchiveGivesEachKindADirectoryWithKafkasOffsetsAndFewFiles() throws {
    let scratch = Scratch()
    let world = try World()
    // A kind that is rare: an own record behind each 6,000 of the other one.
    var records: [String] = []
    for number in 0..<18_003 { records.append(number % 6001 == 6000 ? "{\"a\":1}" : "{\"b\":1}") }
    try world.write(records)
    let lake = DirectoryLog(path: scratch.path + "/lake")
    func archive() throws {
      try Archiver(from: world.log, to: lake, topics: Self.topics)
        .run(stop: StopToken(), untilCaughtUp: true) { _ in }
    }
    try archive()
    #expect(
      try lake.records(.init("a", 0)).map(\.offset) == [6000, 12001, 18002])
    #expect(try lake.records(.init("b", 0)).count == 18_000)
    for topic in Self.topics {
      #expect(try lake.startOffset(of: .init(topic, 0)) == 0)
      #expect(try lake.endOffset(of: .init(topic, 0)) == 18_003)
      let files = names(in: "\(lake.path)/\(topic)/0")
      #expect(files.filter { $0.contains(".ndjson") }.count == 1, "\(files)")
      #expect(!files.contains { $0.hasSuffix(".gap") }, "\(files)")
    }
    try world.write(["{\"b\":2}"])
    try archive()
    #expect(try lake.endOffset(of: .init("a", 0)) == 18_004)
    #expect(try lake.records(.init("b", 0)).count == 18_001)
    // The group is where the last of the topics is.
    world.log.note(progress: [.init("a", 0): 7, .init("b", 0): 5], of: "g")
    #expect(
      try eventually(within: 60) {
        try world.kafka.committed("g", topic: "all", partition: 0) == 5
      })
  }

  @Test func aMixedTopicWantsToBeTold() {
    let error = failure {
      _ = try EventLogs.open("kafka:127.0.0.1:1", properties: ["topic.mixed": "all"])
    }
    #expect(error?.code == .badURL && error?.message.contains("topic.mixed") == true)
    #expect(EventLogs.kafkaProblem(of: "topic.mixed", "a b") != nil)
    #expect(EventLogs.kafkaProblem(of: "topic.mixed", "all") == nil)
    #expect(EventLogs.kafkaProblem(of: "topic.mixed.field", "kind") == nil)
  }
}
