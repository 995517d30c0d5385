import EventLog
import EventModel
import LayerTestKit
import SpeedLayer
import SpeedTestKit
import Support
import Synchronization
import TestKit
import Testing

/// The speed layer counts nothing of a topic that was deleted and created again, however long it is by then.
@Suite struct RemadeTopicTests {
  private static let old = TopicID(rawValue: "AAAAAAAAAAAAAAAAAAAAAQ")!
  private static let new = TopicID(rawValue: "AAAAAAAAAAAAAAAAAAAAAg")!

  private func worker(
    _ layers: Layers, _ log: any EventLog, untilCaughtUp: Bool
  ) -> SpeedWorker {
    var configuration = layers.speedConfiguration()
    configuration.untilCaughtUp = untilCaughtUp
    return SpeedWorker(log: log, library: layers.library, configuration: configuration)
  }

  private func committed(_ layers: Layers) throws -> Int64 {
    try layers.connect().run("select coalesce(sum(next_offset), 0)::bigint from speed.progress")
      .int(0, 0)
  }

  private func ids(_ layers: Layers) throws -> [String?] {
    let rows = try layers.connect().run(
      "select distinct topic_id from speed.progress order by topic_id")
    return (0..<rows.count).map { rows.textOrNull($0, 0) }
  }

  @Test func aWorkerDoesNotBeginWithAnotherTopicOfTheSameName() throws {
    let records = try simulated(seed: 5, users: 40)
    try #require(records.count >= 700)
    let layers = try Layers()
    let log = IdentifiedLog(layers.log.log, id: nil)
    try layers.log.write(records[..<300])
    try worker(layers, log, untilCaughtUp: true).run(stop: StopToken())
    #expect(try ids(layers) == [nil])
    // What nobody had noted is of the topic that is there, and stays known where nobody can tell.
    for (round, id) in [Self.old, nil, Self.old].enumerated() {
      try layers.log.write(records[(300 + round)...(300 + round)])
      log.tell(id)
      try worker(layers, log, untilCaughtUp: true).run(stop: StopToken())
      #expect(try ids(layers) == [Self.old.rawValue])
    }
    log.tell(Self.new)
    // Also where there is nothing to count, as the new one is as long.
    #expect(throws: EventLogError.self) {
      try worker(layers, log, untilCaughtUp: true).run(stop: StopToken())
    }
    try layers.log.write(records[303..<700])
    let error = #expect(throws: EventLogError.self) {
      try worker(layers, log, untilCaughtUp: true).run(stop: StopToken())
    }
    #expect(error?.code == .diverged)
    #expect(
      error?.message.contains(
        "it was deleted and created again (topic id \(Self.new), and \(Self.old) before)")
        == true, "\(String(describing: error))")
    #expect(try committed(layers) == 303)
    #expect(try ids(layers) == [Self.old.rawValue])
  }

  @Test func nothingIsCountedOfATopicThatIsMadeAnewWhileItIsRead() throws {
    let records = try simulated(seed: 6, users: 40)
    try #require(records.count >= 700)
    let layers = try Layers()
    let log = IdentifiedLog(layers.log.log, id: Self.old)
    try layers.log.write(records[..<300])
    let stop = StopToken()
    let ended = Mutex<EventLogError?>(nil)
    let speed = Worker("test-speed") { [self] in
      do {
        try worker(layers, log, untilCaughtUp: false).run(stop: stop)
      } catch let error as EventLogError {
        ended.withLock { $0 = error }
      }
    }
    defer { stop.request() }
    try #require(try eventually(within: 60) { try committed(layers) == 300 })
    log.tell(Self.new)
    try layers.log.write(records[300..<700])
    try #require(eventually(within: 60) { ended.withLock { $0 } != nil })
    #expect(ended.withLock { $0?.code } == .diverged)
    #expect(try committed(layers) == 300)
    try speed.wait()
  }
}

/// A log whose topics have an id.
private final class IdentifiedLog: EventLog {
  private let log: any EventLog
  private let id: Mutex<TopicID?>

  init(_ log: any EventLog, id: TopicID?) {
    self.log = log
    self.id = Mutex(id)
  }

  /// From now on the topics have this one; nil: nobody can tell.
  func tell(_ id: TopicID?) { self.id.withLock { $0 = id } }

  func topicIDs(of topics: [String]) throws(EventLogError) -> [String: TopicID] {
    guard let id = id.withLock({ $0 }) else { return [:] }
    return Dictionary(uniqueKeysWithValues: topics.map { ($0, id) })
  }

  var url: String { log.url }
  var dropsRecords: Bool { log.dropsRecords }

  func createTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    try log.createTopics(topics, partitions: partitions)
  }

  func partitionCount(of topic: String) throws(EventLogError) -> Int {
    try log.partitionCount(of: topic)
  }

  func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try log.startOffset(of: partition)
  }

  func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    try log.endOffset(of: partition)
  }

  func epoch(of partition: TopicPartition, before offset: Int64) throws(EventLogError) -> LogEpoch?
  {
    try log.epoch(of: partition, before: offset)
  }

  func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader
  {
    try log.reader(of: partition, from: offset)
  }

  func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
    try log.writer(to: topics)
  }
}
