import EventLog
import Glibc
import Support
import Synchronization
import TestKit
import Testing

/// What Kafka does to readers: retention, many partitions, outages, groups.
@Suite struct KafkaReadingTests {
  /// The mock brokers keep about 5 MB of a partition.
  fileprivate func fill(_ log: any EventLog, megabytes: Int) throws {
    let writer = try log.writer(to: [topic])
    let payload = [UInt8](repeating: 65, count: 10_000)
    for number in 0..<(megabytes * 100) {
      try payload.withUnsafeBytes {
        try writer.append(topic: 0, key: .init(rebasing: $0[..<1]), timestamp: 1, payload: $0)
      }
      if number % 50 == 0 { try writer.flush() }
    }
    try writer.close()
  }

  /// Little is fetched ahead, so that retention overtakes a reader that stands still.
  private func slowLog(_ kafka: MockKafka) throws -> any EventLog {
    try EventLogs.open(
      "kafka:\(kafka.bootstrap)",
      properties: [
        "queued.max.messages.kbytes": "100", "queued.min.messages": "1",
        "fetch.message.max.bytes": "20000", "fetch.wait.max.ms": "5",
      ])
  }

  @Test func aReaderFromBelowWhatRetentionLeftSaysWhatIsGone() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    try fill(log, megabytes: 10)
    let start = try log.startOffset(of: part)
    #expect(try log.endOffset(of: part) == 1000)
    #expect((450...600).contains(start))
    #expect(try log.bounds(of: [part]) == [part: LogBounds(start: start, end: 1000)])
    let error = failure { _ = try log.reader(of: part, from: 7) }
    #expect(error?.code == .lost && error?.exitCode == .dataError)
    #expect(error?.lost == LostRange(part, 7..<start))
    #expect(
      error?.message.contains(
        "\(start - 7) records of listen_events/0, offsets 7 to \(start - 1)") == true)
    let batch = RecordBatch()
    let reader = try log.reader(of: part, from: start)
    #expect(try reader.read(into: batch, maxBytes: 1, waitMilliseconds: 5000) > 0)
    #expect(batch.entries.first?.offset == start)
  }

  @Test func aReaderThatRetentionOvertakesSaysWhatIsGone() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try slowLog(kafka)
    try fill(log, megabytes: 1)
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    #expect(try reader.read(into: batch, maxBytes: 1, waitMilliseconds: 5000) > 0)
    try fill(log, megabytes: 15)
    let start = try log.startOffset(of: part)
    let error = failure {
      for _ in 0..<2000 {
        _ = try reader.read(into: batch, maxBytes: 10_000, waitMilliseconds: 100)
      }
    }
    #expect(error?.code == .lost)
    #expect(error?.lost?.offsets == reader.position..<start)
    let since = try #require(error?.lost?.since)
    #expect(abs(since - DirectoryOptions().clock()) < 600_000)
    // It stays that way until somebody opens another reader.
    #expect(
      failure { _ = try reader.read(into: batch, maxBytes: 1, waitMilliseconds: 0) }?.code == .lost)
  }

  @Test func anArchiveGoesOnWithoutLostRecordsOnlyWhereToldTo() throws {
    let scratch = Scratch()
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let lake = DirectoryLog(path: scratch.path + "/lake")
    func archive(acceptsLoss: Bool = false) throws -> [String] {
      var said: [String] = []
      try Archiver(from: log, to: lake, topics: [topic], acceptsLoss: acceptsLoss)
        .run(
          stop: StopToken(), untilCaughtUp: true, say: { line, _ in said.append(line) },
          onProgress: { _ in })
      return said
    }
    try fill(log, megabytes: 10)
    let first = try log.startOffset(of: part)
    let fresh = failure { _ = try archive() }
    #expect(fresh?.lost == LostRange(part, 0..<first))
    #expect(try archive(acceptsLoss: true).first?.hasPrefix("goes on without \(first) rec") == true)
    #expect(try lake.startOffset(of: part) == first)
    #expect(try lake.endOffset(of: part) == 1000)
    try fill(log, megabytes: 10)
    let second = try log.startOffset(of: part)
    #expect(second > 1000)
    let later = failure { _ = try archive() }
    #expect(later?.lost?.offsets == 1000..<second)
    #expect(later?.lost?.since != nil)
    _ = try archive(acceptsLoss: true)
    #expect(
      try lake.acceptedLosses(of: part).map(\.range.offsets) == [0..<first, 1000..<second])
    #expect(try lake.endOffset(of: part) == 2000)
    let offsets = try lake.records(from: first).map(\.offset)
    #expect(offsets == Array(first..<1000) + Array(second..<2000))
    // Nothing is lost twice.
    #expect(try archive().isEmpty)
  }

  @Test func anArchiveThatRetentionOvertakesWhileItRunsGoesOnWhereToldTo() throws {
    let scratch = Scratch()
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try slowLog(kafka)
    let writing = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let lake = DirectoryLog(path: scratch.path + "/lake")
    try fill(writing, megabytes: 1)
    var isOvertaken = false
    let stop = StopToken()
    try Archiver(from: log, to: lake, topics: [topic], acceptsLoss: true)
      .run(stop: stop, untilCaughtUp: false) { _ in
        if !isOvertaken {
          isOvertaken = true
          try? fill(writing, megabytes: 15)
        }
        if (try? lake.endOffset(of: part)) == 1600 { stop.request() }
      }
    let losses = try lake.acceptedLosses(of: part)
    #expect(losses.count == 1)
    let lost = try #require(losses.first?.range.offsets)
    #expect(
      try lake.records().map(\.offset) == Array(0..<lost.lowerBound) + Array(lost.upperBound..<1600)
    )
  }

  /// The lake does not have them, so that no load would take them from it.
  @Test func anArchiveThatRetentionOvertakesWhileItRunsSaysWhoCanGoOnWithoutThem() throws {
    let scratch = Scratch()
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try slowLog(kafka)
    let writing = try EventLogs.open("kafka:\(kafka.bootstrap)")
    try fill(writing, megabytes: 1)
    var isOvertaken = false
    let error = failure {
      try Archiver(
        from: log, to: DirectoryLog(path: scratch.path + "/lake"), topics: [topic]
      ).run(stop: StopToken(), untilCaughtUp: false) { _ in
        if !isOvertaken {
          isOvertaken = true
          try? fill(writing, megabytes: 15)
        }
      }
    }
    #expect(error?.code == .lost)
    #expect(
      error?.message.hasSuffix(
        "restore them, or let polyrhythm archive --accept-loss go on without them") == true,
      "\(error?.message ?? "no error")")
  }

  @Test(.timeLimit(.minutes(2))) func aTopicOfManyIdlePartitionsStartsAtOnce() throws {
    let scratch = Scratch()
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 200)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let lake = DirectoryLog(path: scratch.path + "/lake")
    let stop = StopToken()
    let archiving = Worker("archive") {
      try Archiver(from: log, to: lake, topics: [topic])
        .run(stop: stop, untilCaughtUp: false) { _ in }
    }
    defer {
      stop.request()
      _ = try? archiving.wait()
    }
    let writer = try log.writer(to: [topic])
    let partitions = (0..<Int32(200)).map { TopicPartition(topic, $0) }
    var written: Int64 = 0
    // Before, 150 partitions took 40 s to start and 10 to 24 s to show an event.
    for round in 0..<10 {
      let key = Array("\(round)".utf8)
      try key.withUnsafeBytes {
        try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
      }
      try writer.flush()
      written += 1
      let begin = ContinuousClock.now
      #expect(
        eventually(within: 30) {
          partitions.reduce(0) { $0 + ((try? lake.endOffset(of: $1)) ?? 0) } == written
        })
      let took = ContinuousClock.now - begin
      #expect(took < .seconds(round == 0 ? 20 : 5), "event \(round)")
    }
    try writer.close()
  }

  /// The end of a partition is a message of librdkafka too, and may lie in the queue before a record.
  @Test func aReaderThatNeverWaitsGetsWhatComes() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let readers = try (0..<20).map { _ in try log.reader(of: part, from: 0) }
    let batch = RecordBatch()
    // By now all of them have come to the end of the empty partition.
    #expect(try readers[19].read(into: batch, maxBytes: 1, waitMilliseconds: 500) == 0)
    let writer = try log.writer(to: [topic])
    try Array("k".utf8).withUnsafeBytes {
      try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
    }
    try writer.close()
    #expect(try readers[19].read(into: batch, maxBytes: 1, waitMilliseconds: 5000) == 1)
    for (number, reader) in readers.dropLast().enumerated() {
      #expect(
        try eventually(within: 60) {
          try reader.read(into: batch, maxBytes: 1, waitMilliseconds: 0) == 1
        }, "reader \(number)")
    }
  }

  @Test func anArchiveWaitsThroughAnOutage() throws {
    let scratch = Scratch()
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 2)
    let log = try EventLogs.open(
      "kafka:\(kafka.bootstrap)",
      properties: ["socket.timeout.ms": "1000", "reconnect.backoff.max.ms": "200"])
    let lake = DirectoryLog(path: scratch.path + "/lake")
    let writer = try log.writer(to: [topic])
    func write(_ text: String) throws {
      try Array(text.utf8).withUnsafeBytes {
        try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
      }
      try writer.flush()
    }
    func copied() -> Int64 {
      (0..<Int32(2)).reduce(0) {
        $0 + ((try? lake.endOffset(of: TopicPartition(topic, $1))) ?? 0)
      }
    }
    let said = Said()
    try write("a")
    // Away before it begins.
    kafka.setDown(true)
    let stop = StopToken()
    let archiving = Worker("archive") {
      try Archiver(from: log, to: lake, topics: [topic])
        .run(
          stop: stop, untilCaughtUp: false, say: { line, _ in said.add(line) }, onProgress: { _ in }
        )
    }
    #expect(eventually(within: 30) { said.lines.contains { $0.hasSuffix("waiting for it") } })
    kafka.setDown(false)
    #expect(eventually(within: 30) { copied() == 1 })
    // Away while it runs.
    kafka.setDown(true)
    usleep(300_000)
    kafka.setDown(false)
    try write("b")
    #expect(eventually(within: 30) { copied() == 2 })
    stop.request()
    try archiving.wait()
  }

  @Test func progressIsCommittedForAGroupThatLagToolsCanSee() throws {
    let scratch = Scratch()
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    for group in [Archiver.group, "somebody-else"] {
      let properties = group == Archiver.group ? [:] : ["group.id": group]
      do {
        let log = try EventLogs.open("kafka:\(kafka.bootstrap)", properties: properties)
        if group == Archiver.group { try fill(log, megabytes: 1) }
        let lake = DirectoryLog(path: "\(scratch.path)/\(group)")
        try Archiver(from: log, to: lake, topics: [topic])
          .run(stop: StopToken(), untilCaughtUp: true) { _ in }
      }
      #expect(
        try eventually(within: 60) {
          try kafka.committed(group, topic: topic, partition: 0) == 100
        }, "\(group)")
    }
  }
}

extension KafkaReadingTests {
  /// Leaving a group waits for its coordinator; so a service could not be stopped during an outage.
  @Test(.timeLimit(.minutes(2))) func whoseBrokersAreGoneEndsAllTheSame() throws {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    var log: (any EventLog)? = try EventLogs.open("kafka:\(kafka.bootstrap)")
    try fill(try #require(log), megabytes: 1)
    log?.note(progress: [part: 1], of: "g")
    #expect(
      try eventually(within: 60) { try kafka.committed("g", topic: topic, partition: 0) == 1 })
    var reader = try log?.reader(of: part, from: 0)
    let read = try reader?.read(into: RecordBatch(), maxBytes: 1, waitMilliseconds: 5000)
    #expect((read ?? 0) > 0)
    kafka.stop()
    log?.note(progress: [part: 2], of: "g")
    let begin = ContinuousClock.now
    reader = nil
    log = nil
    #expect(ContinuousClock.now - begin < .seconds(30))
  }
}

/// Lines that an archive has said.
private final class Said: Sendable {
  private let all = Mutex<[String]>([])
  var lines: [String] { all.withLock { $0 } }
  func add(_ line: String) { all.withLock { $0.append(line) } }
}
