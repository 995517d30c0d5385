import Foundation
import TestKit
import Testing

@testable import EventLog

/// What a log remembers of its sources: where a writer died, the next one goes on at the very next record of
/// the source.
@Suite struct SourceJournalTests {
  private static let topics = ["a", "b"]

  private func withLog(_ body: (DirectoryLog) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "polyrhythm-journal-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = DirectoryOptions()
    // Small, so that a writer that dies has written some of what it was given.
    options.bufferBytes = 200
    let log = DirectoryLog(path: path, options: options)
    try log.createTopics(Self.topics, partitions: 3)
    try body(log)
  }

  /// Gives the records `range` of a source whose record n is always the same.
  private func give(
    _ range: Range<Int>, of source: String, to writer: any LogWriter
  ) throws {
    for number in range {
      let key = Array("user \(number % 7)".utf8)
      let payload = Array("\(source) \(number)".utf8)
      let topic = number % 2
      try key.withUnsafeBytes { key in
        if writer.sources?.drop(topic: topic, key: key) == true { return }
        try payload.withUnsafeBytes {
          try writer.append(topic: topic, key: key, timestamp: Int64(number), payload: $0)
        }
      }
    }
  }

  /// Takes the source up where the log has some of it, and begins it otherwise.
  private func begin(_ source: String, _ writer: any LogWriter) throws -> SourceJournal {
    let journal = try #require(writer.sources)
    if let known = try journal.known(source).last {
      try journal.resume(known)
    } else {
      try journal.begin(source, title: "the source \(source)")
    }
    return journal
  }

  private func records(_ log: DirectoryLog) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for topic in Self.topics {
      for number in 0..<3 {
        let partition = TopicPartition(topic, Int32(number))
        let reader = try log.reader(of: partition, from: 0)
        let batch = RecordBatch()
        var lines: [String] = []
        while try reader.read(into: batch, maxBytes: 1 << 16, waitMilliseconds: 0) > 0 {
          for index in 0..<batch.count {
            lines.append(String(decoding: batch[index], as: UTF8.self))
          }
        }
        found[partition.description] = lines
      }
    }
    return found
  }

  @Test func aWriterThatDiesAnywhereAndAnywhereAgainGoesOnAtTheNextRecord() throws {
    let seed = UInt64.random(in: 1...1_000_000)
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    var expected: [String: [String]] = [:]
    try withLog { log in
      let writer = try log.writer(to: Self.topics)
      let journal = try begin("one", writer)
      try give(0..<500, of: "one", to: writer)
      try journal.finish(extent: 500)
      try writer.close()
      expected = try records(log)
    }
    for _ in 0..<20 {
      try withLog { log in
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          // The writer goes without being closed, as in a crash: what is in its buffers is lost.
          let writer = try log.writer(to: Self.topics)
          _ = try begin("one", writer)
          try give(0..<Int.random(in: 0..<500, using: &random), of: "one", to: writer)
        }
        let writer = try log.writer(to: Self.topics)
        let journal = try begin("one", writer)
        try give(0..<500, of: "one", to: writer)
        try journal.finish(extent: 500)
        #expect(try journal.known("one").map(\.records) == [500])
        #expect(try journal.known("one").allSatisfy { $0.isFinished })
        try writer.close()
        #expect(try records(log) == expected)
      }
    }
  }

  @Test func whatOthersAppendBetweenADeathAndItsResumeIsNotTakenForTheSources() throws {
    let seed = UInt64.random(in: 1...1_000_000)
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    try withLog { log in
      for _ in 0..<12 {
        for source in ["one", "two"] {
          let writer = try log.writer(to: Self.topics)
          _ = try begin(source, writer)
          try give(0..<Int.random(in: 0..<400, using: &random), of: source, to: writer)
        }
        // Another writer appends records that have no source.
        let writer = try log.writer(to: Self.topics)
        try give(0..<Int.random(in: 0..<40, using: &random), of: "stranger", to: writer)
        try writer.close()
      }
      let writer = try log.writer(to: Self.topics)
      for source in ["one", "two"] {
        let journal = try begin(source, writer)
        try give(0..<400, of: source, to: writer)
        try journal.finish(extent: 400)
      }
      try writer.close()
      for (partition, lines) in try records(log) {
        for source in ["one", "two"] {
          let own = lines.filter { $0.hasPrefix("\(source) ") }
          let numbers = own.compactMap { Int($0.split(separator: " ")[1]) }
          #expect(
            numbers == numbers.sorted() && Set(numbers).count == numbers.count, "\(partition)")
        }
      }
      for source in ["one", "two"] {
        let all = try records(log).values.joined().filter { $0.hasPrefix("\(source) ") }
        #expect(all.count == 400)
      }
    }
  }

  @Test func recordsThatAPowerFailureTakesComeAgain() throws {
    try withLog { log in
      do {
        let writer = try log.writer(to: Self.topics)
        _ = try begin("one", writer)
        try give(0..<300, of: "one", to: writer)
        try writer.flush()
      }
      // No record was synced, so that a power failure can take any tail of any partition.
      for (number, topic) in Self.topics.enumerated() {
        let path = "\(log.path)/\(topic)/\(number)/00000000000000000000.ndjson"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.prefix(bytes.count / 3).write(to: URL(fileURLWithPath: path))
      }
      let writer = try log.writer(to: Self.topics)
      let journal = try begin("one", writer)
      try give(0..<300, of: "one", to: writer)
      try journal.finish(extent: 300)
      try writer.close()
      let lines = try records(log).values.joined()
      #expect(lines.count == 300 && Set(lines).count == 300)
    }
  }

  @Test func aTopicThatHasGrownPartitionsMeanwhileIsSaidAndNotGuessedAt() throws {
    try withLog { log in
      do {
        let writer = try log.writer(to: Self.topics)
        _ = try begin("one", writer)
        try give(0..<300, of: "one", to: writer)
        try writer.flush()
      }
      try log.addPartitions("b", upTo: 4)
      let writer = try log.writer(to: Self.topics)
      let known = try #require(try writer.sources?.known("one").last)
      #expect(writer.sources?.canResume(known) == false)
      let error = #expect(throws: EventLogError.self) { try writer.sources?.resume(known) }
      #expect(error?.message.contains("b had 3 partitions") == true, "\(String(describing: error))")
    }
  }

  @Test func whatIsRememberedIsNoTopicAndNobodyElsesToRead() throws {
    try withLog { log in
      let writer = try log.writer(to: Self.topics)
      let journal = try begin("one", writer)
      try journal.reached(17, check: "abc")
      let open = try #require(try journal.known("one").last)
      #expect(open.extent == 17 && open.check == "abc" && !open.isFinished)
      #expect(try log.topics() == Self.topics)
      func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: "\(log.path)/sources\(name)")[
          .posixPermissions] as? Int
      }
      #expect(try mode("") == 0o700)
      for name in ["/one-1.open", "/one-1.progress"] { #expect(try mode(name) == 0o600) }
      try journal.finish(extent: 20, check: "def")
      #expect(try mode("/one-1.json") == 0o600)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(log.path)/sources")
          == ["one-1.json"])
      try writer.close()
    }
  }

  /// The log loses all records of a partition and what it knew of their end, as where an older copy is
  /// restored.
  @Test(arguments: [false, true], [false, true])
  func aSourceOfWhichTheLogHasLostRecordsIsNotKnownAnyMore(
    isFinished: Bool, isWrittenAgain: Bool
  ) throws {
    try withLog { log in
      do {
        let writer = try log.writer(to: Self.topics)
        let journal = try begin("one", writer)
        try give(0..<500, of: "one", to: writer)
        if isFinished { try journal.finish(extent: 500) }
        try writer.close()
      }
      // The next writer counts what the unfinished source has given.
      if !isFinished { try log.writer(to: Self.topics).close() }
      let expected = Set(try records(log).values.joined())
      let partition = "\(log.path)/a/0"
      unlink("\(partition)/\(PartitionDirectory.digits(0)).ndjson")
      unlink("\(partition)/\(PartitionDirectory.digits(0)).index")
      unlink("\(partition)/epochs")
      if isWrittenAgain {
        let writer = try log.writer(to: Self.topics)
        try give(1000..<3000, of: "other", to: writer)
        try writer.close()
      }
      let writer = try log.writer(to: Self.topics)
      #expect(try #require(writer.sources).known("one").isEmpty)
      _ = try begin("one", writer)
      try give(0..<500, of: "one", to: writer)
      try writer.close()
      #expect(try Set(records(log).values.joined()).isSuperset(of: expected))
    }
  }
}
