import CRdKafka
import Support
import Synchronization
import TestKit
import Testing

@testable import EventLog

/// Leaders that move while partitions are added: everything that a cluster says meanwhile passes.
@Suite struct KafkaTransientTests {
  @Test(.timeLimit(.minutes(3))) func leadersThatMoveWhilePartitionsAreAddedEndNoArchive() throws {
    let scratch = Scratch()
    let kafka = try MockKafka(brokers: 3)
    try kafka.createTopic(topic, partitions: 6)
    let all = try EventLogs.open(
      "kafka:\(kafka.bootstrap)",
      properties: [
        "fetch.wait.max.ms": "5", "fetch.error.backoff.ms": "20", "retry.backoff.ms": "20",
        "topic.metadata.refresh.fast.interval.ms": "50", "socket.timeout.ms": "2000",
      ])
    let log = GrowingLog(all, partitions: 2)
    let lake = DirectoryLog(path: scratch.path + "/lake")
    let stop = StopToken()
    let ended = Mutex(false)
    let archiving = Worker("archive") {
      defer { ended.withLock { $0 = true } }
      try Archiver(from: log, to: lake, topics: [topic])
        .run(stop: stop, untilCaughtUp: false) { _ in }
    }
    defer { stop.request() }
    let partitions = (0..<Int32(6)).map { TopicPartition(topic, $0) }
    func copied() -> Int64 {
      partitions.reduce(0) { $0 + ((try? lake.endOffset(of: $1)) ?? 0) }
    }
    let writer = try EventLogs.open("kafka:\(kafka.bootstrap)").writer(to: [topic])
    var written: Int64 = 0
    func write(_ count: Int) throws {
      for _ in 0..<count {
        written += 1
        try Array("record \(written)".utf8).withUnsafeBytes {
          try writer.append(topic: 0, key: $0, timestamp: 1, payload: $0)
        }
      }
      try writer.flush()
    }
    try write(300)
    for (round, transient) in MockKafka.transients.enumerated() {
      for partition in 0..<Int32(6) {
        kafka.setLeader((round + Int(partition)) % 3 + 1, of: topic, partition: partition)
      }
      for request in [MockKafka.Request.fetch, .listOffsets, .metadata] {
        kafka.failNext(request, with: [transient, transient])
      }
      if round == 3 { log.grow(to: 4) }
      if round == 6 { log.grow(to: 6) }
      // Records come between one change and the next.
      let before = copied()
      try write(50)
      guard eventually(within: 60, { copied() > before || ended.withLock { $0 } }) else {
        Issue.record("nothing came after \(transient)")
        break
      }
      #expect(!ended.withLock { $0 }, "\(transient)")
      if ended.withLock({ $0 }) { break }
    }
    try writer.close()
    #expect(eventually(within: 60) { copied() == written })
    stop.request()
    try archiving.wait()
    #expect(try partitions.reduce(0) { $0 + (try lake.records($1).count) } == Int(written))
  }

  @Test(arguments: MockKafka.transients)
  func aClusterThatChangesWhileItIsAskedForOffsetsIsAnOutageAtMost(_ transient: rd_kafka_resp_err_t)
    throws
  {
    let kafka = try MockKafka()
    try kafka.createTopic(topic, partitions: 1)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let partition = TopicPartition(topic, 0)
    kafka.failNext(.listOffsets, with: Array(repeating: transient, count: 20))
    for _ in 0..<20 {
      do throws(EventLogError) {
        _ = try log.bounds(of: [partition])
        _ = try log.endOffset(of: partition)
      } catch {
        #expect(error.code == .unavailable, "\(error)")
      }
    }
    #expect(try log.endOffset(of: partition) == 0)
  }
}
