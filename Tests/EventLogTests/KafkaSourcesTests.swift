import CRdKafka
import Foundation
import TestKit
import Testing

@testable import EventLog

/// What a log in Kafka remembers of its sources: where a writer died, the next one goes on at the very next
/// record of the source.
@Suite struct KafkaSourcesTests {
  private static let topics = ["a", "b"]
  private static let partitions = 3

  private func give(_ range: Range<Int>, of source: String, to writer: any LogWriter) throws {
    for number in range {
      let key = Array("user \(number % 7)".utf8)
      let payload = Array("\(source) \(number)".utf8)
      try key.withUnsafeBytes { key in
        if writer.sources?.drop(topic: number % 2, key: key) == true { return }
        try payload.withUnsafeBytes {
          try writer.append(topic: number % 2, key: key, timestamp: 1, payload: $0)
        }
      }
    }
  }

  private func begin(_ source: String, _ writer: any LogWriter) throws -> SourceJournal {
    let journal = try #require(writer.sources)
    if let known = try journal.known(source).last {
      try journal.resume(known)
    } else {
      try journal.begin(source, title: source)
    }
    return journal
  }

  private func records(_ log: any EventLog) throws -> [String] {
    var found: [String] = []
    for topic in Self.topics {
      for number in 0..<Self.partitions {
        let partition = TopicPartition(topic, Int32(number))
        let end = try log.endOffset(of: partition)
        let reader = try log.reader(of: partition, from: 0)
        let batch = RecordBatch()
        while reader.position < end {
          let count = try reader.read(into: batch, maxBytes: 1 << 16, waitMilliseconds: 1000)
          for index in 0..<count { found.append(String(decoding: batch[index], as: UTF8.self)) }
        }
      }
    }
    return found
  }

  private func withLog(_ body: (any EventLog) throws -> Void) throws {
    let kafka = try TestKafka()
    for topic in Self.topics { try kafka.createTopic(topic, partitions: Self.partitions) }
    try body(try kafka.open())
    kafka.stop()
  }

  @Test func aWriterThatDiesAgainAndAgainBesideAnotherOneWritesEachRecordOnce() throws {
    let seed = UInt64.random(in: 1...1_000_000)
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    try withLog { log in
      let other = try log.writer(to: Self.topics)
      let otherJournal = try begin("other", other)
      for life in 0..<4 {
        let dying = try log.writer(to: Self.topics)
        _ = try begin("one", dying)
        try give(0..<Int.random(in: 1...500, using: &random), of: "one", to: dying)
        // A writer that does not flush takes its queued records with it.
        if Bool.random(using: &random) { try dying.flush() }
        try give(100 * life..<100 * (life + 1), of: "other", to: other)
        try other.flush()
      }
      try otherJournal.finish(extent: 400)
      let last = try log.writer(to: Self.topics)
      let journal = try begin("one", last)
      try give(0..<500, of: "one", to: last)
      try journal.finish(extent: 500, check: "c")
      try last.close()
      let expected =
        (0..<500).map { "one \($0)" } + (0..<400).map { "other \($0)" }
      #expect(try records(log).sorted() == expected.sorted(), "seed \(seed)")
      let known = try #require(try log.writer(to: Self.topics).sources?.known("one").last)
      #expect(known.isFinished && known.records == 500 && known.extent == 500 && known.check == "c")
    }
  }

  @Test func howFarASourceWasReadIsKnownAfterItDied() throws {
    try withLog { log in
      let dying = try log.writer(to: Self.topics)
      let journal = try begin("one", dying)
      try journal.reached(40, check: "a")
      try journal.reached(80, check: "b")
      try give(0..<10, of: "one", to: dying)
      try dying.flush()
      let known = try #require(try log.writer(to: Self.topics).sources?.known("one").last)
      #expect(!known.isFinished && known.extent == 80 && known.check == "b" && known.records == 10)
    }
  }

  @Test func aClusterThatLetsUsMakeNoTopicIsWrittenToAndSaysThatItRemembersNothing() throws {
    let kafka = try MockKafka(hasSources: false)
    for topic in Self.topics { try kafka.createTopic(topic, partitions: Self.partitions) }
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let writer = try log.writer(to: Self.topics)
    #expect(writer.sources == nil)
    #expect(try #require(writer.whyNoSources).message.contains("polyrhythm_sources"))
    try give(0..<10, of: "one", to: writer)
    try writer.close()
    #expect(try records(log).count == 10)
  }

  @Test func aSourceIsForgottenByARecordWithoutAValue() throws {
    let kafka = try TestKafka()
    for topic in Self.topics { try kafka.createTopic(topic, partitions: Self.partitions) }
    let log = try kafka.open()
    let writer = try log.writer(to: Self.topics)
    for source in ["one", "two"] {
      let journal = try begin(source, writer)
      try give(0..<10, of: source, to: writer)
      try journal.finish(extent: 10)
    }
    try forget("one-1", kafka)
    let journal = try #require(try log.writer(to: Self.topics).sources)
    #expect(try journal.known("one").isEmpty)
    #expect(try journal.known("two").count == 1)
  }

  /// Writes a record without a value to the topic in which the log remembers its sources.
  private func forget(_ key: String, _ kafka: TestKafka) throws {
    let client = try KafkaClient(
      RD_KAFKA_PRODUCER, brokers: kafka.bootstrap, properties: [])
    let topic = try #require(
      rd_kafka_topic_new(client.handle, kafka.prefix + "polyrhythm_sources", nil))
    defer { rd_kafka_topic_destroy(topic) }
    let key = Array(key.utf8)
    let code = rd_kafka_produce(topic, 0, 0, nil, 0, key, key.count, nil)
    #expect(code == 0)
    #expect(rd_kafka_flush(client.handle, 10_000) == RD_KAFKA_RESP_ERR_NO_ERROR)
  }
}
