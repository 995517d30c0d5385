import CRdKafka
import Foundation
import TestKit
import Testing

@testable import EventLog

/// What Kafka's topics are called, how they are made, and which of their settings lose records.
@Suite struct KafkaSettingsTests {
  private func settings(_ properties: [String: String]) throws -> KafkaSettings {
    try KafkaSettings(properties)
  }

  private func write(_ count: Int, to log: any EventLog) throws {
    let writer = try log.writer(to: [topic])
    for _ in 0..<count {
      try Array("k".utf8).withUnsafeBytes {
        try writer.append(topic: 0, key: $0, timestamp: 1_000, payload: $0)
      }
    }
    try writer.close()
  }

  @Test func recordsOfLongAgoHaveTheTimeOfWriting() throws {
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try kafka.open()
    let before = DirectoryOptions().clock()
    try write(3, to: log)
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    #expect(try reader.read(into: batch, maxBytes: 1 << 16, waitMilliseconds: 5000) == 3)
    #expect(batch.timestamps.allSatisfy { $0 >= before && $0 <= DirectoryOptions().clock() })
  }

  @Test func topicsHaveTheNamesThatTheyAreGiven() throws {
    let kafka = try MockKafka(hasSources: false)
    for name in ["p.polyrhythm_sources", "plays", "p.auth_events"] {
      try kafka.createTopic(name, partitions: 2)
    }
    let log = try EventLogs.open(
      "kafka:\(kafka.bootstrap)",
      properties: ["topic.prefix": "p.", "topic.name.listen_events": "plays"])
    #expect(try log.partitionCount(of: "auth_events") == 2)
    let writer = try log.writer(to: [topic, "auth_events"])
    let journal = try #require(writer.sources)
    try journal.begin("one", title: "one")
    for number in 0..<2 {
      try Array("k".utf8).withUnsafeBytes {
        try writer.append(topic: number, key: $0, timestamp: 1, payload: $0)
      }
    }
    try journal.finish(extent: 2)
    try writer.close()
    let plain = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let number = Array("k".utf8).withUnsafeBytes { partition(forKey: $0, count: 2) }
    for (ours, theirs) in [(topic, "plays"), ("auth_events", "p.auth_events")] {
      #expect(try plain.endOffset(of: TopicPartition(theirs, number)) == 1)
      #expect(try log.endOffset(of: TopicPartition(ours, number)) == 1)
      #expect(
        try log.records(TopicPartition(ours, number), waitMilliseconds: 5000)
          == [Record(0, "k")])
    }
    #expect(try log.writer(to: [topic]).sources?.known("one").last?.records == 2)
  }

  @Test func whoHasReadNothingYetBeginsWhereTheSettingsSay() throws {
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 1)
    try write(3, to: try kafka.open())
    #expect(try kafka.open().firstOffset(of: part) == 0)
    let latest = try kafka.open(properties: ["topic.start": "latest"])
    #expect(try latest.firstOffset(of: part) == 3)
    #expect(try latest.startOffset(of: part) == 0)
  }

  @Test func aRecordWithoutAValueIsAnOffsetWithoutARecord() throws {
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try kafka.open()
    try write(1, to: log)
    let client = try KafkaClient(RD_KAFKA_PRODUCER, brokers: kafka.bootstrap, properties: [])
    let handle = try #require(rd_kafka_topic_new(client.handle, kafka.prefix + topic, nil))
    defer { rd_kafka_topic_destroy(handle) }
    #expect(rd_kafka_produce(handle, 0, 0, nil, 0, "k", 1, nil) == 0)
    #expect(rd_kafka_flush(client.handle, 10_000) == RD_KAFKA_RESP_ERR_NO_ERROR)
    try write(1, to: log)
    #expect(try log.records(waitMilliseconds: 5000) == [Record(0, "k"), Record(2, "k")])
    let scratch = Scratch()
    let lake = DirectoryLog(path: scratch.path)
    try Archiver(from: log, to: lake, topics: [topic]).run(stop: .init(), untilCaughtUp: true) {
      _ in
    }
    #expect(try lake.records() == [Record(0, "k"), Record(2, "k")])
  }

  @Test func propertiesOfOurOwnAreChecked() throws {
    #expect(try settings(["topic.start": "1700000000000"]).start == .time(1_700_000_000_000))
    #expect(try settings(["topic.prefix": "a-"]).name(of: "users") == "a-users")
    #expect(try settings(["acks": "1", "bootstrap.servers": "x:1"]).client == ["acks": "1"])
    for (name, value) in [
      ("topic.start", "now"), ("topic.retention.ms", "-2"), ("topic.replication.factor", "0"),
      ("topic.prefix", "a b"), ("topic.name.users", "ü"),
    ] {
      #expect(failure { _ = try settings([name: value]) }?.code == .badURL, "\(name)")
      #expect(EventLogs.kafkaProblem(of: name, value) != nil)
    }
    #expect(EventLogs.kafkaProblem(of: "linger.ms", "5") == nil)
    #expect(EventLogs.kafkaProblem(of: "linger.ms", "soon") != nil)
    #expect(EventLogs.kafkaProblem(of: "no.such", "5")?.contains("no.such") == true)
    let twice = failure {
      _ = try settings(["topic.name.users": "a", "topic.name.songs": "a"])
    }
    #expect(twice?.message.contains("songs and users are both a in Kafka") == true)
  }

  @Test func madeTopicsCountRetentionFromWhenKafkaGotTheRecords() throws {
    let kafka = try ScriptedKafka(.topic("other", settings: [:]))
    defer { kafka.stop() }
    let log = try EventLogs.open(
      "kafka:\(kafka.address)",
      properties: ["topic.retention.ms": "86400001", "topic.replication.factor": "1"])
    try log.createTopics([topic], partitions: 1)
    #expect(kafka.wasAsked("LogAppendTime") && kafka.wasAsked("retention.ms"))
    #expect(kafka.wasAsked("86400001") && !kafka.wasAsked("cleanup.policy"))
    try log.createCompactedTopics(["songs"], partitions: 1)
    #expect(kafka.wasAsked("cleanup.policy") && kafka.wasAsked("compact"))
  }

  @Test func settingsThatLoseRecordsAreTold() throws {
    let kafka = try ScriptedKafka(
      .topic(
        topic,
        settings: [
          "cleanup.policy": "compact,delete", "retention.ms": "60000", "retention.bytes": "1000",
          "message.timestamp.type": "LogAppendTime",
        ]))
    defer { kafka.stop() }
    let log = try EventLogs.open("kafka:\(kafka.address)")
    let risks = log.risks(of: [topic], compacted: [])
    try #require(risks.count == 3, "\(risks)")
    for (risk, part) in zip(
      risks, ["cleanup.policy=delete", "for 60 s only", "1000 bytes of a partition"])
    {
      #expect(risk.contains(part) && risk.contains(topic) && !risk.contains("\n"))
    }
    #expect(log.risks(of: [], compacted: [topic]).count == 2)
  }

  @Test func brokersThatDoNotTellTheirSettingsAreNoRisk() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    #expect(
      try EventLogs.open("kafka:\(kafka.bootstrap)").risks(of: [topic], compacted: []) == [])
    let away = try EventLogs.open("kafka:127.0.0.1:1", properties: ["socket.timeout.ms": "300"])
    #expect(away.risks(of: [topic], compacted: []) == [])
  }

  @Test func historyIsAtRiskWhereRetentionCountsFromItsOwnTime() {
    let usual = KafkaTopicSettings(["retention.ms": "604800000", "cleanup.policy": "delete"])
    #expect(usual.dropsHistory && usual.risks("t", isCompacted: false) == [])
    #expect(usual.historyRisk(part).contains("message.timestamp.type=LogAppendTime"))
    let safe = KafkaTopicSettings(["retention.ms": "-1"])
    #expect(!safe.dropsHistory)
    let compacted = KafkaTopicSettings(["cleanup.policy": "compact", "retention.ms": "1"])
    #expect(!compacted.dropsHistory && compacted.risks("t", isCompacted: true) == [])
  }
}
