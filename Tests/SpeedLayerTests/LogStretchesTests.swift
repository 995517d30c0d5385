import EventLog
import Foundation
import TestKit
import Testing

@testable import SpeedLayer

/// Questions about stretches of a log, against a plain search through all of its records.
@Suite struct LogStretchesTests {
  private static let count = 6000
  private let source = TopicPartition("t", 0)

  /// A log of one partition whose record n says n / 2: each identity twice in a row.
  private func makeLog() throws -> DirectoryLog {
    let log = DirectoryLog(path: try TestDatabase.directory() + "/log-\(UUID().uuidString)")
    try log.createTopics(["t"], partitions: 1)
    let writer = try log.writer(to: ["t"])
    for number in 0..<Self.count {
      let payload = Array("\(number / 2)".utf8)
      try payload.withUnsafeBytes {
        try writer.append(topic: 0, key: .init(start: nil, count: 0), timestamp: 0, payload: $0)
      }
    }
    try writer.close()
    return log
  }

  private func number(_ record: UnsafeRawBufferPointer) -> Int64? {
    Int64(String(decoding: record, as: UTF8.self))
  }

  @Test func whatIsHeldIsWhatAPlainSearchFinds() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let log = try makeLog()
    defer { try? FileManager.default.removeItem(atPath: log.path) }
    let marks = Set((0..<12).map { _ in Int64(Int.random(in: 0..<Self.count, using: &random)) })
      .sorted()
    var stretches = LogStretches(log: log)
    for _ in 0..<3000 {
      let ends = [
        Int64(Int.random(in: 0...Self.count, using: &random)),
        Int64(Int.random(in: 0...Self.count, using: &random)),
      ].sorted()
      // Near an end of the stretch, where a mistake would be.
      let wanted =
        (ends[Int.random(in: 0..<2, using: &random)] + Int64(Int.random(in: 0..<9, using: &random))
          - 4) / 2
      let expected = (2 * wanted..<2 * wanted + 2).overlaps(ends[0]..<ends[1]) && wanted >= 0
      let found = try stretches.hold(
        wanted, ends[0]..<ends[1], of: source, marks: marks, identity: number)
      try #require(found == expected, "\(wanted) in \(ends), marks \(marks), seed \(seed)")
    }
  }

  /// A reader that pauses before its first records, as Kafka's does while a partition gets a new leader.
  private final class PausingReader: LogReader {
    private let reader: any LogReader
    private var pauses: Int
    var partition: TopicPartition { reader.partition }
    var position: Int64 { reader.position }

    init(_ reader: any LogReader, pauses: Int) {
      self.reader = reader
      self.pauses = pauses
    }

    func read(into batch: RecordBatch, maxBytes: Int, waitMilliseconds: Int) throws(EventLogError)
      -> Int
    {
      pauses -= 1
      return pauses >= 0
        ? 0 : try reader.read(into: batch, maxBytes: maxBytes, waitMilliseconds: waitMilliseconds)
    }
  }

  private struct PausingLog: EventLog {
    var log: DirectoryLog
    var pauses: Int
    var url: String { log.url }

    func createTopics(_ topics: [String], partitions: Int) {}
    func partitionCount(of topic: String) throws(EventLogError) -> Int {
      try log.partitionCount(of: topic)
    }
    func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
      try log.startOffset(of: partition)
    }
    func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
      try log.endOffset(of: partition)
    }
    func sync(_ partition: TopicPartition, upTo offset: Int64) {}
    func epoch(of partition: TopicPartition, before offset: Int64) -> LogEpoch? { nil }
    func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
      -> any LogReader
    {
      PausingReader(try log.reader(of: partition, from: offset), pauses: pauses)
    }
    func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
      try log.writer(to: topics)
    }
  }

  @Test func aPauseOfTheLogIsNotTakenForItsEnd() throws {
    let log = try makeLog()
    defer { try? FileManager.default.removeItem(atPath: log.path) }
    for marks in [[100, 200], []] as [[Int64]] {
      var pausing = LogStretches(log: PausingLog(log: log, pauses: 3))
      #expect(try pausing.hold(75, 100..<200, of: source, marks: marks, identity: number))
      var silent = LogStretches(log: PausingLog(log: log, pauses: Int.max))
      do {
        _ = try silent.hold(75, 100..<200, of: source, marks: marks, identity: number)
        Issue.record("a log that gives nothing has answered")
      } catch {
        #expect(error.code == .unavailable)
      }
    }
  }

  @Test func aPieceBetweenMarksIsReadOnceHoweverManyAskForIt() throws {
    var random = SeededRandom(seed: 4)
    let log = try makeLog()
    defer { try? FileManager.default.removeItem(atPath: log.path) }
    let marks = stride(from: Int64(500), to: 5500, by: 500).map { $0 }
    var stretches = LogStretches(log: log)
    var read = 0
    for asked in 0..<2000 {
      // From all over the past, each at a later record than the one before.
      let end = Int64(5000 + asked / 2)
      let first = Int.random(in: 0..<8, using: &random)
      _ = try stretches.hold(
        -1, marks[first]..<(asked % 2 == 0 ? marks[first + 1] : end), of: source, marks: marks
      ) { record in
        read += 1
        return number(record)
      }
    }
    #expect(read <= Self.count, "\(read)")
  }
}
