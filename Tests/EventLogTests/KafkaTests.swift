import EventLog
import Glibc
import Support
import TestKit
import Testing

/// A log in Kafka, with librdkafka's mock brokers.
@Suite struct KafkaTests {
  private func produce(_ log: any EventLog, _ range: Range<Int>) throws {
    let writer = try log.writer(to: [topic])
    for number in range {
      try Array("key\(number % 17)".utf8).withUnsafeBytes { key in
        try Array(payload(number).utf8).withUnsafeBytes { payload in
          try writer.append(
            topic: 0, key: key, timestamp: 1_700_000_000_000 + Int64(number), payload: payload)
        }
      }
    }
    try writer.close()
  }

  private func payload(_ number: Int) -> String { "{\"n\":\(number),\"key\":\(number % 17)}" }

  @Test func recordsGoWhereTheEmbeddedLogPutsThemAndComeBackFromAnyOffset() throws {
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 3)
    let log = try kafka.open()
    #expect(try log.partitionCount(of: topic) == 3)
    try log.createTopics([topic], partitions: 9)
    #expect(try log.partitionCount(of: topic) == 3)
    try produce(log, 0..<500)
    for number in 0..<Int32(3) {
      let expected = (0..<500).filter {
        Array("key\($0 % 17)".utf8).withUnsafeBytes { partition(forKey: $0, count: 3) } == number
      }.enumerated().map { Record(Int64($0), payload($1)) }
      let place = TopicPartition(topic, number)
      #expect(try log.startOffset(of: place) == 0)
      #expect(try log.endOffset(of: place) == Int64(expected.count))
      for start in [0, 1, expected.count / 2, expected.count - 1] {
        let read = try log.records(place, from: Int64(start), waitMilliseconds: 5000)
        #expect(read == Array(expected[start...]), "partition \(number) from \(start)")
      }
    }
  }

  @Test func twoReadersOfOnePartitionDoNotDisturbEachOther() throws {
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try kafka.open()
    try produce(log, 0..<100)
    let first = try log.reader(of: part, from: 0)
    let second = try log.reader(of: part, from: 50)
    let batch = RecordBatch(capacity: 16)
    var seen: [Int64] = []
    while seen.count < 100,
      try first.read(into: batch, maxBytes: 100, waitMilliseconds: 5000) > 0
    {
      seen += batch.entries.map(\.offset)
    }
    #expect(seen == Array(0..<100))
    #expect(try second.read(into: batch, maxBytes: 1, waitMilliseconds: 5000) > 0)
    #expect(batch.records.first == Record(50, payload(50)))
    // A reader at the end goes on with what is written later.
    try produce(log, 100..<101)
    #expect(try first.read(into: batch, maxBytes: 100, waitMilliseconds: 5000) == 1)
    #expect(batch.records == [Record(100, payload(100))])
  }

  @Test func archivingCopiesEachRecordOnceAcrossRestarts() throws {
    let scratch = Scratch()
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 2)
    let log = try kafka.open()
    var options = DirectoryOptions()
    options.segmentBytes = 2000
    let lake = DirectoryLog(path: scratch.path + "/lake", options: options)
    let archiver = Archiver(from: log, to: lake, topics: [topic])
    var copied = 0
    for round in 0..<4 {
      try produce(log, (round * 100)..<(round * 100 + 100))
      if round == 1 {
        // A run that stops at its first progress leaves a state from which the next run goes on.
        let stop = StopToken()
        try archiver.run(stop: stop, untilCaughtUp: false) {
          copied += $0
          stop.request()
        }
      }
      var inRun = 0
      try archiver.run(stop: StopToken(), untilCaughtUp: true) { inRun = $0 }
      copied += inRun
      #expect(copied == round * 100 + 100)
      for number in 0..<Int32(2) {
        let partition = TopicPartition(topic, number)
        #expect(
          try lake.records(partition) == log.records(partition, waitMilliseconds: 5000))
      }
    }
    // The times at which records were written are copied too, so that the lake finds an offset by a time.
    let first = TopicPartition(topic, 0)
    #expect(try lake.offset(at: 1_700_000_000_000 + 399, of: first) == 0)
    #expect(try lake.offset(at: .max, of: first) > 0)
  }

  @Test func archivingKeepsAnyBytesAndTheOffsetsOfAnotherLog() throws {
    let scratch = Scratch()
    let source = try makeLog(scratch)
    let appender = try source.appender(of: part)
    let payloads: [[UInt8]] = [[], [10, 0, 10], Array("{\"$raw\":\"x".utf8), [255]]
    for (number, payload) in payloads.enumerated() {
      try payload.withUnsafeBytes {
        _ = try appender.append(at: Int64(1000 + number * 7), timestamp: 5, payload: $0)
      }
    }
    try appender.close()
    let lake = DirectoryLog(path: scratch.path + "/lake")
    let archiver = Archiver(from: source, to: lake, topics: [topic])
    for _ in 0..<2 { try archiver.run(stop: StopToken(), untilCaughtUp: true) { _ in } }
    #expect(try lake.records() == source.records())
    #expect(try lake.records().map(\.payload) == payloads)
    #expect(try lake.endOffset(of: part) == source.endOffset(of: part))
  }

  @Test func recordsDroppedBeforeTheyWereArchivedAreNotPassedOver() throws {
    let scratch = Scratch()
    let source = try makeLog(scratch)
    let lake = DirectoryLog(path: scratch.path + "/lake")
    try lake.createTopics([topic], partitions: 1)
    var appender = try lake.appender(of: part)
    try appender.append("old", at: 4)
    try appender.close()
    appender = try source.appender(of: part)
    try appender.append("new", at: 9)
    try appender.close()
    let error = failure {
      try Archiver(from: source, to: lake, topics: [topic])
        .run(stop: StopToken(), untilCaughtUp: true) { _ in }
    }
    #expect(error?.code == .lost)
    #expect(error?.message.contains("4 records of listen_events/0, offsets 5 to 8") == true)
    try Archiver(from: source, to: lake, topics: [topic], acceptsLoss: true)
      .run(stop: StopToken(), untilCaughtUp: true) { _ in }
    #expect(try lake.records() == [Record(4, "old"), Record(9, "new")])
  }

  @Test func aBrokerThatIsNotThereIsNamedWithinSeconds() throws {
    let address = "127.0.0.1:1"
    #expect(
      failure { _ = try EventLogs.open("kafka:\(address)").partitionCount(of: topic) }?.code
        == .unavailable)
    let log = try EventLogs.open("kafka:\(address)", properties: ["socket.timeout.ms": "300"])
    let attempts: [() throws -> Void] = [
      { _ = try log.partitionCount(of: topic) }, { _ = try log.endOffset(of: part) },
      { _ = try log.reader(of: part, from: 0) }, { _ = try log.writer(to: [topic]) },
    ]
    for attempt in attempts {
      let start = ContinuousClock.now
      let error = failure(attempt)
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains(address) == true)
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }

  @Test func aWriterThatWasClosedTakesNoMore() throws {
    let kafka = try TestKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try kafka.open()
    let writer = try log.writer(to: [topic])
    let append = {
      try Array("k".utf8).withUnsafeBytes {
        try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
      }
    }
    try append()
    try writer.close()
    // Closing once more does nothing, so that cleaning up need not know whether the writer is closed.
    try writer.close()
    for error in [
      failure(append), failure { try writer.flush() }, failure { try writer.sync() },
    ] {
      #expect(error?.code == .closed)
      #expect(error?.exitCode == .software)
      #expect(error?.message == "\(log.url) was closed by this writer; open another writer")
    }
    #expect(try log.endOffset(of: part) == 1)
  }

  @Test func recordsThatABrokerNeverAcknowledgedFailTheFlush() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try EventLogs.open(
      "kafka:\(kafka.bootstrap)", properties: ["message.timeout.ms": "1500"])
    let writer = try log.writer(to: [topic])
    kafka.stop()
    try Array("k".utf8).withUnsafeBytes {
      try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
    }
    let error = failure { try writer.flush() }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains(topic) == true)
  }

  @Test func aTopicOrOffsetThatIsNotThereIsSaidToBeMissing() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    #expect(failure { _ = try log.reader(of: part, from: 5) }?.code == .damaged)
    #expect(failure { _ = try log.writer(to: ["absent"]) }?.code == .unavailable)
    #expect(try log.partitionCount(of: "absent") == 0)
    let wrong = try EventLogs.open("kafka:\(kafka.bootstrap)", properties: ["no.such": "1"])
    let error = failure { _ = try wrong.partitionCount(of: topic) }
    #expect(error?.code == .badURL)
    #expect(error?.message.contains("no.such") == true)
  }
}
