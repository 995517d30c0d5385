import Foundation
import Support
import Synchronization
import TestKit
import Testing

@testable import EventLog

/// An archive follows topics and partitions that appear after its start.
@Suite struct ArchiverTests {
  private func append(_ count: Int, to topic: String, _ log: DirectoryLog) throws {
    let writer = try log.writer(to: [topic])
    for number in 0..<count {
      try Array("k\(number)".utf8).withUnsafeBytes { key in
        try writer.append(topic: 0, key: key, timestamp: 0, payload: key)
      }
    }
    try writer.close()
  }

  private func count(_ topic: String, _ log: DirectoryLog) throws -> Int64 {
    try (0..<(try log.partitionCount(of: topic))).reduce(0) {
      try $0 + log.endOffset(of: TopicPartition(topic, Int32($1)))
    }
  }

  @Test func topicsAndPartitionsThatAppearAreFollowedAndSaid() throws {
    let scratch = Scratch()
    let source = DirectoryLog(path: "\(scratch.path)/source")
    let lake = DirectoryLog(path: "\(scratch.path)/lake")
    try source.createTopics(["a"], partitions: 1)
    let stop = StopToken()
    let said = Mutex<[String]>([])
    let worker = Worker("archive") {
      try Archiver(from: source, to: lake, topics: ["a", "b"]).run(
        stop: stop, untilCaughtUp: false, say: { line, _ in said.withLock { $0.append(line) } }
      ) { _ in }
    }
    try append(10, to: "a", source)
    try #require(try eventually(within: 30) { try count("a", lake) == 10 })
    let start = ContinuousClock.now
    try source.createTopics(["b"], partitions: 2)
    try append(20, to: "b", source)
    try #require(try eventually(within: 30) { try count("b", lake) == 20 })
    try source.addPartitions("a", upTo: 3)
    try append(60, to: "a", source)
    try #require(try eventually(within: 30) { try count("a", lake) == 70 })
    print("both followed after \(ContinuousClock.now - start)")
    stop.request()
    try worker.wait()
    #expect(try lake.partitionCount(of: "a") == 3)
    let lines = said.withLock { $0 }
    try #require(lines.count >= 3, "\(lines)")
    #expect(lines[0].hasPrefix("no topic b in ") && lines[0].hasSuffix("waiting for it"))
    #expect(lines[1] == "topic b is there now, with 2 partitions")
    // The partitions are added one after the other, so that the archiver may say this of each of them.
    #expect(lines.last?.hasPrefix("a has 3 partitions now instead of ") == true, "\(lines)")
  }

  @Test func anArchiveUpToTheEndRequiresItsTopics() throws {
    let scratch = Scratch()
    let source = DirectoryLog(path: "\(scratch.path)/source")
    try source.createTopics(["a"], partitions: 1)
    let archiver = Archiver(
      from: source, to: DirectoryLog(path: "\(scratch.path)/lake"), topics: ["a", "b"])
    let error = #expect(throws: EventLogError.self) {
      try archiver.run(stop: StopToken(), untilCaughtUp: true) { _ in }
    }
    #expect(error?.message.hasPrefix("no topic b in ") == true)
  }

  /// So many that several threads copy.
  @Test func manyPartitionsAreCopiedEachAsItIs() throws {
    let scratch = Scratch()
    let source = DirectoryLog(path: "\(scratch.path)/source")
    let lake = DirectoryLog(path: "\(scratch.path)/lake")
    try source.createTopics(["a"], partitions: 40)
    for _ in 0..<3 {
      try append(3000, to: "a", source)
      try Archiver(from: source, to: lake, topics: ["a"])
        .run(stop: StopToken(), untilCaughtUp: true) { _ in }
      for number in 0..<Int32(40) {
        let partition = TopicPartition("a", number)
        #expect(try lake.records(partition) == source.records(partition))
      }
    }
  }

  @Test func whatIsOnTheDeviceIsNotSyncedAgain() throws {
    let scratch = Scratch()
    let log = DirectoryLog(path: "\(scratch.path)/log")
    try log.createTopics(["a"], partitions: 1)
    let disk = try SimulatedDisk(root: log.path)
    let appender = try log.appender(of: TopicPartition("a", 0))
    try Array("record".utf8).withUnsafeBytes { try appender.append(timestamp: 0, payload: $0) }
    try appender.sync()
    disk.cutPower(after: 0)
    try appender.sync()
    try Array("record".utf8).withUnsafeBytes { try appender.append(timestamp: 0, payload: $0) }
    #expect(throws: EventLogError.self) { try appender.sync() }
  }
}
