import Foundation
import Support
import Synchronization
import TestKit
import Testing

@testable import EventLog

/// A topic that was deleted and created again is told by its id, however long it is. Debian 12's librdkafka has no ids, and so a
/// stand-in tells them here; what a real library tells is tried by scripts/test-topic-ids.sh.
@Suite struct TopicIDTests {
  private func append(_ numbers: Range<Int>, to topic: String, _ log: any EventLog) throws {
    let writer = try log.writer(to: [topic])
    for number in numbers {
      try Array("k\(number)".utf8).withUnsafeBytes { key in
        try writer.append(topic: 0, key: key, timestamp: 0, payload: key)
      }
    }
    try writer.close()
  }

  private func archive(_ log: KafkaLog, _ lake: DirectoryLog) throws {
    try Archiver(from: log, to: lake, topics: ["listen_events"]).run(
      stop: StopToken(), untilCaughtUp: true
    ) { _ in }
  }

  private func count(_ lake: DirectoryLog) throws -> Int64 {
    try lake.bounds(of: lake.partitions(of: ["listen_events"])).values.reduce(0) { $0 + $1.end }
  }

  @Test func anIDIsWrittenAsKafkasToolsWriteIt() {
    // 16 bytes 0x00, 0x11 to 0xff, by Python's urlsafe_b64encode.
    #expect(
      TopicID(mostSignificant: 0x0011_2233_4455_6677, leastSignificant: -0x7766_5544_3322_1101)?
        .rawValue == "ABEiM0RVZneImaq7zN3u_w")
    #expect(
      TopicID(mostSignificant: -1, leastSignificant: -1)?.rawValue == "_____________________w")
    #expect(TopicID(mostSignificant: 0, leastSignificant: 1)?.rawValue == "AAAAAAAAAAAAAAAAAAAAAQ")
    // Brokers that know no ids give zeros.
    #expect(TopicID(mostSignificant: 0, leastSignificant: 0) == nil)
    for wrong in ["", "short", "ABEiM0RVZneImaq7zN3u/w", "ABEiM0RVZneImaq7zN3u_w="] {
      #expect(TopicID(rawValue: wrong) == nil, "\(wrong)")
    }
  }

  @Test func aLakeTakesNothingFromAnotherTopicOfTheSameName() throws {
    let (kafka, scratch, ids) = (try MockKafka(), Scratch(), StandInTopicIDs())
    try kafka.createTopic("listen_events", partitions: 1)
    let log = try ids.log(kafka)
    let lake = DirectoryLog(path: scratch.path)
    try append(0..<10, to: "listen_events", log)
    try archive(log, lake)
    try append(10..<20, to: "listen_events", log)
    // Nobody knows ids for a while, and knows the same ones again.
    ids.tell([:])
    try archive(log, lake)
    ids.tell(["listen_events": StandInTopicIDs.first])
    try archive(log, lake)
    #expect(try count(lake) == 20)
    // Longer than the old one was, so that no offset tells.
    try append(20..<50, to: "listen_events", log)
    ids.tell(["listen_events": StandInTopicIDs.second])
    let error = #expect(throws: EventLogError.self) { try archive(log, lake) }
    #expect(error?.code == .diverged && error?.exitCode == .dataError)
    #expect(
      error?.message.contains(
        "listen_events is another topic than the one that \(lake.url) has a copy of: it was deleted and created again"
      ) == true, "\(String(describing: error))")
    #expect(error?.message.contains("\n") == false)
    #expect(try count(lake) == 20)
  }

  @Test func aTopicThatIsMadeAnewWhileItIsArchivedEndsTheArchive() throws {
    let (kafka, scratch, ids) = (try MockKafka(), Scratch(), StandInTopicIDs())
    try kafka.createTopic("listen_events", partitions: 1)
    let log = try ids.log(kafka)
    let lake = DirectoryLog(path: scratch.path)
    try append(0..<10, to: "listen_events", log)
    let stop = StopToken()
    let ended = Mutex<EventLogError?>(nil)
    let worker = Worker("archive") {
      do throws(EventLogError) {
        try Archiver(from: log, to: lake, topics: ["listen_events"]).run(
          stop: stop, untilCaughtUp: false
        ) { _ in }
      } catch {
        ended.withLock { $0 = error }
      }
    }
    defer { stop.request() }
    try #require(try eventually(within: 60) { try lake.partitionCount(of: "listen_events") == 1 })
    try #require(try eventually(within: 60) { try count(lake) == 10 })
    ids.tell(["listen_events": StandInTopicIDs.second])
    try #require(eventually(within: 60) { ended.withLock { $0 } != nil })
    #expect(ended.withLock { $0?.code } == .diverged)
    try worker.wait()
  }

  @Test func aLakeWhoseTopicNobodyNotedIsOfTheTopicThatIsThere() throws {
    let (kafka, scratch, ids) = (try MockKafka(), Scratch(), StandInTopicIDs())
    try kafka.createTopic("listen_events", partitions: 1)
    let log = try ids.log(kafka)
    let lake = DirectoryLog(path: scratch.path)
    ids.tell([:])
    try append(0..<10, to: "listen_events", log)
    try archive(log, lake)
    #expect(try lake.copiedTopicID(of: "listen_events") == nil)
    ids.tell(["listen_events": StandInTopicIDs.second])
    try archive(log, lake)
    #expect(try lake.copiedTopicID(of: "listen_events") == StandInTopicIDs.second)
    let path = "\(scratch.path)/listen_events/topic_id"
    try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: EventLogError.self) { try archive(log, lake) }
    #expect(error?.code == .damaged && error?.message.contains(path) == true)
  }

  @Test func aLibraryWithoutTopicIDsSaysSo() throws {
    let kafka = try MockKafka()
    try kafka.createTopic("listen_events", partitions: 1)
    let log = try EventLogs.open("kafka:\(kafka.bootstrap)")
    let ids = try log.topicIDs(of: ["listen_events"])
    let version = LibraryTopicIDs.version
    if version.hasPrefix("2.0.") {
      #expect(ids.isEmpty)
      #expect(
        log.topicWatch
          == "told by their length only: librdkafka \(version) has no topic ids, 2.3 and later have"
      )
    } else {
      // The mock of 2.16 gives each topic an id.
      #expect(ids["listen_events"] != nil || log.topicWatch?.hasPrefix("told by their") == true)
    }
    #expect(DirectoryLog(path: "/nowhere").topicWatch == nil)
  }
}

/// Tells ids in place of librdkafka.
final class StandInTopicIDs: KafkaTopicIDSource {
  static let first = TopicID(mostSignificant: 1, leastSignificant: 1)!
  static let second = TopicID(mostSignificant: 2, leastSignificant: 2)!

  private let told = Mutex<[String: TopicID]>(["listen_events": first])

  let absence: String? = nil

  func tell(_ ids: [String: TopicID]) { told.withLock { $0 = ids } }

  func ids(of topics: [String], asking client: KafkaClient) -> [String: TopicID] {
    told.withLock { $0.filter { topics.contains($0.key) } }
  }

  /// The log of these brokers with these ids.
  func log(_ kafka: MockKafka) throws -> KafkaLog {
    try KafkaLog(brokers: kafka.bootstrap, properties: [:], kinds: nil, ids: self)
  }
}
