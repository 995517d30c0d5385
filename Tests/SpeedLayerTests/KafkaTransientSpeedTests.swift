import EventLog
import EventModel
import LayerTestKit
import SpeedLayer
import SpeedTestKit
import Support
import Synchronization
import TestKit
import Testing

/// A speed worker over a cluster that moves leaders while partitions are added.
@Suite struct KafkaTransientSpeedTests {
  @Test(.timeLimit(.minutes(4))) func leadersThatMoveWhilePartitionsAreAddedEndNoWorker() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, users: 20)
    let kafka = try MockKafka(brokers: 3)
    let topics = Topic.allCases.map(\.name)
    for topic in topics { try kafka.createTopic(topic, partitions: 4) }
    let all = try EventLogs.open(
      "kafka:\(kafka.bootstrap)",
      properties: [
        "fetch.wait.max.ms": "5", "fetch.error.backoff.ms": "20", "retry.backoff.ms": "20",
        "topic.metadata.refresh.fast.interval.ms": "50", "socket.timeout.ms": "2000",
      ])
    var visible: Int32 = 2
    let log = GrowingLog(all, partitions: Int(visible))
    let layers = try Layers(over: TestLog(over: log))
    let stop = StopToken()
    let ended = Mutex(false)
    let said = Mutex<[String]>([])
    let begin = ContinuousClock.now
    let note = { @Sendable (line: String) in
      said.withLock { $0.append("\(ContinuousClock.now - begin) \(line)") }
    }
    let speed = Worker("test-speed") {
      defer { ended.withLock { $0 = true } }
      do {
        _ = try SpeedWorker(
          log: log, library: layers.library, configuration: layers.speedConfiguration(),
          report: { note("\($0)") }
        ).run(stop: stop)
      } catch {
        note("ended: \(error)")
        throw error
      }
    }
    defer { stop.request() }
    let connection = try layers.connect()
    let offsets = "select coalesce(sum(next_offset), 0)::bigint from speed.progress"
    let step = records.count / MockKafka.transients.count + 1
    for (round, transient) in MockKafka.transients.enumerated() {
      note("round \(round): \(transient)")
      for (number, topic) in topics.enumerated() {
        for partition in 0..<Int32(4) {
          let broker = (round + number + Int(partition)) % 3 + 1
          kafka.setLeader(broker, of: topic, partition: partition)
        }
      }
      for request in MockKafka.Request.allCases {
        kafka.failNext(request, with: [transient, transient])
      }
      if round == 3 { visible = 3 }
      if round == 6 { visible = 4 }
      log.grow(to: Int(visible))
      let end = min(records.count, (round + 1) * step)
      try layers.log.write(records[(round * step)..<end])
      // The records of a round may all be in partitions that the worker cannot see yet.
      let seen = records[..<end].count {
        $0.key.withUnsafeBytes { partition(forKey: $0, count: 4) } < visible
      }
      let goesOn = try eventually(within: 60) {
        try connection.run(offsets).int(0, 0) >= seen || ended.withLock { $0 }
      }
      try #require(
        goesOn && !ended.withLock { $0 },
        "\(transient): \(said.withLock { $0.joined(separator: "\n") })")
    }
    #expect(try layers.awaitSpeed(within: 90))
    stop.request()
    try speed.wait()
    try layers.expectTruth(Truth(records))
  }
}
