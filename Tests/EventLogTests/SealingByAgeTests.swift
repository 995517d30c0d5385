import EventLog
import Support
import TestKit
import Testing

/// A segment that is not full is sealed, and so compressed, when it has become old: after an hour, unless it is small.
@Suite struct SealingByAgeTests {
  private let scratch = Scratch()
  private let clock = MovedClock()
  /// More than a segment needs to be sealed for its age.
  private static let text = String(repeating: "All of it is played again. ", count: 40)

  /// A log that compresses, whose segments need 1,000 bytes to be sealed for their age.
  private func makeLog(change: (inout DirectoryOptions) -> Void = { _ in }) throws -> DirectoryLog {
    try EventLogTests.makeLog(
      scratch, level: 3,
      change: {
        $0.segmentBytesMin = 1000
        $0.clock = clock.now
        change(&$0)
      })
  }

  private func segments(_ log: DirectoryLog) -> [String] {
    names(in: log.partitionPath).filter { $0.contains(".ndjson") || $0.hasSuffix(".gap") }
      .map { String($0.drop { $0 == "0" }) }
  }

  enum Call: CaseIterable, Sendable { case flush, sync }

  /// A partition that gets no more events is sealed by whoever has the writer open.
  @Test(arguments: Call.allCases)
  func anIdlePartitionIsSealedAndCompressedAnHourAfterItsFirstRecord(_ call: Call) throws {
    let log = try makeLog()
    let appender = try log.appender(of: part)
    let look = { call == .flush ? try appender.flush() : try appender.sync() }
    try appender.append(Self.text)
    try look()
    clock.pass(minutes: 30)
    try appender.append("half an hour later")
    try look()
    clock.pass(minutes: 29)
    try look()
    #expect(segments(log) == [".ndjson"])
    clock.pass(minutes: 1)
    try look()
    try appender.finishCompression()
    #expect(segments(log) == [".ndjson.zst"])
    #expect(try log.endOffset(of: part) == 2)
    // Nothing more happens until there is a record, which begins the next segment.
    clock.pass(minutes: 600)
    try look()
    #expect(segments(log) == [".ndjson.zst"])
    try appender.append("next")
    try appender.close()
    #expect(segments(log) == [".ndjson.zst", "2.ndjson"])
    let expected = [Record(0, Self.text), Record(1, "half an hour later"), Record(2, "next")]
    #expect(try log.records() == expected)
    #expect(shell("cd '\(log.partitionPath)' && zstd -qdc 0*.zst | grep -c . | grep -qx 2") == 0)
  }

  /// A source that gives without a pause writes when its buffer is full, and need not flush.
  @Test func aWriterThatNeverFlushesSealsToo() throws {
    let log = try makeLog { $0.bufferBytes = 5000 }
    let appender = try log.appender(of: part)
    for _ in 0..<20 { try appender.append(Self.text) }
    clock.pass(minutes: 60)
    for _ in 0..<20 { try appender.append(Self.text) }
    try appender.finishCompression()
    #expect(segments(log).count == 2)
    try appender.close()
    #expect(try log.records() == (0..<40).map { Record($0, Self.text) })
  }

  /// Of a topic with four partitions, three get nothing any more.
  @Test func aWriterOfManyPartitionsSealsTheIdleOnesToo() throws {
    let log = try makeLog()
    try log.createTopics(["page_view_events"], partitions: 4)
    let writer = try log.writer(to: ["page_view_events"])
    func append(_ key: String) throws {
      try Array(key.utf8).withUnsafeBytes { key in
        try Array(Self.text.utf8).withUnsafeBytes {
          try writer.append(topic: 0, key: key, timestamp: 0, payload: $0)
        }
      }
    }
    for key in 0..<40 { try append("user \(key)") }
    try writer.flush()
    clock.pass(minutes: 61)
    try append("user 1")
    try writer.flush()
    try (writer as? DirectoryWriter)?.finishCompression()
    let path = "\(log.path)/page_view_events"
    #expect(shell("test $(ls \(path)/*/*.ndjson.zst | wc -l) = 4") == 0)
    #expect(shell("ls \(path)/*/*.ndjson 2>/dev/null | grep -q .") == 1)
  }

  @Test func aSmallSegmentStaysOpenHoweverOldItIs() throws {
    let log = try makeLog { $0.segmentBytesMin = 256 << 10 }
    let appender = try log.appender(of: part)
    for _ in 0..<24 {
      try appender.append(Self.text)
      clock.pass(minutes: 60)
      try appender.flush()
    }
    try appender.close()
    #expect(segments(log) == [".ndjson"])
  }

  /// Ten records an hour for a year would be 8,760 segments by age alone.
  @Test func segmentsAreFewBecauseEachHasItsShareOfThePartition() throws {
    let log = try makeLog {
      $0.segmentBytesMin = 1
      $0.compressionLevel = 1
    }
    // Syncing costs nothing there.
    let disk = try SimulatedDisk(root: log.path)
    defer { withExtendedLifetime(disk) {} }
    let appender = try log.appender(of: part)
    let hours = 365 * 24
    var longestTail: Int64 = 0
    for hour in 0..<hours {
      for _ in 0..<10 { try appender.append("{\"hour\":\(hour)}") }
      clock.pass(minutes: 60)
      try appender.flush()
      guard hour % 50 == 0 else { continue }
      try appender.finishCompression()
      let open = segments(log).last { $0.hasSuffix(".ndjson") }
      let base = open.map { Int64($0.prefix { $0 != "." }) ?? 0 } ?? appender.nextOffset
      longestTail = max(longestTail, appender.nextOffset - base)
    }
    try appender.finishCompression()
    // 50 segments of an hour each, then 50 for each time the log grows e-fold.
    #expect((200...400).contains(segments(log).count), "\(segments(log).count) segments")
    #expect(longestTail > 1000)
    #expect(longestTail <= hours * 10 / 50, "\(longestTail) records in the open segment")
  }

  @Test func theShareIsOfWhatThePartitionHasAndNotOfItsOffsets() throws {
    let log = try makeLog()
    let appender = try log.appender(of: part)
    // A copy of a Kafka log that has dropped a billion records.
    try appender.append(Self.text, at: 1_000_000_000)
    try appender.flush()
    clock.pass(minutes: 60)
    try appender.close()
    #expect(segments(log) == ["1000000000.ndjson.zst"])
  }

  private static let never: [@Sendable (inout DirectoryOptions) -> Void] = [
    { $0.segmentMilliseconds = nil }, { $0.compressionLevel = nil },
  ]

  /// Where nothing is compressed, smaller segments would be more files and nothing else.
  @Test(arguments: never.indices)
  func nothingIsSealedWhereAgeIsOffOrSegmentsStayRaw(_ number: Int) throws {
    let log = try makeLog(change: Self.never[number])
    let appender = try log.appender(of: part)
    try appender.append(Self.text)
    try appender.flush()
    clock.pass(minutes: 1_000_000)
    try appender.append("next")
    try appender.close()
    #expect(segments(log) == [".ndjson"])
  }

  @Test func theAgeIsSetByAProperty() throws {
    func options(_ properties: [String: String]) throws -> DirectoryOptions? {
      (try EventLogs.open("dir:/tmp/x", properties: properties) as? DirectoryLog)?.options
    }
    #expect(try options([:])?.segmentMilliseconds == 3_600_000)
    #expect(try options(["segment.ms": "60000"])?.segmentMilliseconds == 60_000)
    #expect(try options(["segment.ms": "never"]).map { $0.segmentMilliseconds == nil } == true)
    #expect(try options(["segment.bytes.min": "77"])?.segmentBytesMin == 77)
    let error = failure { _ = try options(["segment.ms": "0"]) }
    #expect(error?.code == .badURL)
    #expect(error?.message == "segment.ms=0 is not a number from 1 to 1099511627776")
  }

  // MARK: - Writers that come and go

  // The file system says when an earlier writer has begun a segment, by a clock that goes on beside the test's.

  /// An import every ten minutes never has a writer open for an hour.
  @Test func theAgeGoesOnFromOneWriterToTheNext() throws {
    let log = try makeLog()
    for round in 0..<8 {
      #expect(segments(log) == (round == 0 ? [] : [".ndjson"]))
      let appender = try log.appender(of: part)
      try appender.append(Self.text)
      try appender.close()
      clock.pass(minutes: round < 5 ? 10 : 3)
    }
    clock.pass(minutes: 10)
    try log.appender(of: part).close()
    #expect(segments(log) == [".ndjson.zst"])
    #expect(try log.records() == (0..<8).map { Record($0, Self.text) })
  }

  @Test func aClockThatWasSetBackOnlyMakesASegmentYounger() throws {
    let log = try makeLog()
    let appender = try log.appender(of: part)
    try appender.append(Self.text)
    try appender.flush()
    clock.pass(minutes: -600)
    try appender.flush()
    clock.pass(minutes: 59)
    try appender.flush()
    #expect(segments(log) == [".ndjson"])
    clock.pass(minutes: 1)
    try appender.close()
    #expect(segments(log) == [".ndjson.zst"])
  }

  /// A writer that is open for a second only would leave its small segments to the next one, and that one too.
  @Test func aWriterThatClosesCompressesWhatIsSmall() throws {
    let log = try makeLog()
    try log.createTopics(["page_view_events"], partitions: 40)
    let topics = ["page_view_events"]
    func fill() throws {
      let writer = try log.writer(to: topics)
      for number in 0..<400 {
        try Array("user \(number)".utf8).withUnsafeBytes { key in
          try Array(Self.text.utf8).withUnsafeBytes {
            try writer.append(topic: 0, key: key, timestamp: 0, payload: $0)
          }
        }
      }
      try writer.close()
    }
    try fill()
    clock.pass(minutes: 120)
    try fill()
    let path = "\(log.path)/page_view_events"
    #expect(shell("test $(ls \(path)/*/*.ndjson.zst | wc -l) = 40") == 0)
    #expect(shell("ls \(path)/*/*.ndjson 2>/dev/null | grep -q .") == 1)
  }

  @Test func anArchivesCopyIsSealedToo() throws {
    let source = DirectoryLog(path: "\(scratch.path)/source")
    try source.createTopics([topic], partitions: 1)
    let writer = try source.appender(of: part)
    for _ in 0..<5 { try writer.append(Self.text) }
    try writer.flush()
    let lake = try makeLog()
    func archive() throws {
      try Archiver(from: source, to: lake, topics: [topic])
        .run(stop: StopToken(), untilCaughtUp: true) { _ in }
    }
    try archive()
    #expect(segments(lake) == [".ndjson"])
    clock.pass(minutes: 120)
    // The source has nothing new.
    try archive()
    #expect(segments(lake) == [".ndjson.zst"])
    try writer.append("next")
    try writer.close()
    try archive()
    #expect(try lake.records() == source.records())
  }

  /// Nobody appends, and the archive goes on running.
  @Test func anArchiveThatWaitsForRecordsSealsWhatItHas() throws {
    let source = DirectoryLog(path: "\(scratch.path)/source")
    try source.createTopics([topic], partitions: 1)
    let writer = try source.appender(of: part)
    try writer.append(Self.text)
    try writer.close()
    let lake = try makeLog()
    let stop = StopToken()
    let worker = Worker("archive") {
      try Archiver(from: source, to: lake, topics: [topic])
        .run(stop: stop, untilCaughtUp: false) { _ in }
    }
    try #require(try eventually(within: 30) { try lake.endOffset(of: part) == 1 })
    clock.pass(minutes: 60)
    #expect(eventually(within: 30) { segments(lake) == [".ndjson.zst"] })
    stop.request()
    try worker.wait()
  }

  // MARK: - Readers

  @Test func readersGoOnWhereverTheyWereWhenTheSegmentWasSealed() throws {
    let log = try makeLog()
    let appender = try log.appender(of: part)
    for number in 0..<9 { try appender.append("\(number) \(Self.text)", timestamp: Int64(number)) }
    try appender.flush()
    let batch = RecordBatch()
    // One for each offset, the end included; each has the raw segment open.
    let readers = try (0...9).map { try log.reader(of: part, from: $0) }
    clock.pass(minutes: 60)
    try appender.flush()
    try appender.finishCompression()
    #expect(segments(log) == [".ndjson.zst"])
    #expect(try readers[9].read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) == 0)
    #expect(try log.offset(at: 0, of: part) == 0)
    #expect(try log.offset(at: 9, of: part) == 9)
    let late = try log.reader(of: part, from: 9)
    #expect(try late.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) == 0)
    try appender.append("next", timestamp: 9)
    try appender.flush()
    let all = (0..<9).map { Record($0, "\($0) \(Self.text)") } + [Record(9, "next")]
    for (start, reader) in zip(Array(0...9) + [9], readers + [late]) {
      var found: [Record] = []
      while try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0 {
        found += batch.records
      }
      #expect(found == Array(all[start...]), "from \(start)")
    }
    #expect(try log.offset(at: 9, of: part) == 9)
    try log.sync(part, upTo: 10)
  }

  @Test func offsetsThatAreLeftOutAfterASealedSegmentAreAGap() throws {
    let log = try makeLog()
    var appender = try log.appender(of: part)
    try appender.append(Self.text)
    try appender.flush()
    clock.pass(minutes: 60)
    try appender.flush()
    try appender.append("next", at: 4)
    try appender.close()
    #expect(segments(log) == [".ndjson.zst", "1.gap", "4.ndjson"])
    appender = try log.appender(of: part)
    #expect(appender.nextOffset == 5)
    #expect(try log.records() == [Record(0, Self.text), Record(4, "next")])
  }

  // MARK: - Crashes

  /// The power goes at each step of sealing and compressing. All was synced before, or is by then.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func noStepOfSealingLosesARecord(_ seed: UInt64) throws {
    var stopped = 0
    for changes in 0..<40 {
      let scratch = Scratch()
      let log = try EventLogTests.makeLog(
        scratch, level: 1,
        change: {
          $0.segmentBytesMin = 1000
          $0.clock = clock.now
        })
      let disk = try SimulatedDisk(root: log.path)
      var appender: PartitionAppender? = try log.appender(of: part)
      try appender?.append(Self.text)
      try appender?.append("second")
      try appender?.sync()
      let epoch = try log.epoch(of: part, before: 2)
      clock.pass(minutes: 60)
      disk.cutPower(after: changes)
      // What was synced is compressed at once, beside the appender.
      let isStopped = failure {
        try appender?.flush()
        try appender?.finishCompression()
      }
      if isStopped != nil { stopped += 1 }
      appender = nil
      let lost = try disk.powerLoss(seed: seed)
      let expected = [Record(0, Self.text), Record(1, "second")]
      #expect(try log.records() == expected, "after \(changes) changes: \(lost)")
      try log.verify(part, committed: 2, epoch: epoch)
      let next = try log.appender(of: part)
      #expect(next.nextOffset == 2)
      try next.append("third")
      try next.close()
      #expect(try log.records() == expected + [Record(2, "third")], "after \(changes) changes")
      #expect(!names(in: log.partitionPath).contains { $0.hasPrefix(".writing") })
    }
    #expect(stopped > 0)
  }

  /// A writer died, and the next one seals what it left before it appends anything of its own.
  @Test func whatADeadWriterLeftIsSealedAndKeepsItsEpoch() throws {
    let log = try makeLog()
    var appender: PartitionAppender? = try log.appender(of: part)
    try appender?.append(Self.text)
    try appender?.flush()
    appender = nil
    let epoch = try #require(try log.epoch(of: part, before: 1))
    clock.pass(minutes: 120)
    let next = try log.appender(of: part)
    try next.flush()
    try next.finishCompression()
    #expect(segments(log) == [".ndjson.zst"])
    #expect(try log.epoch(of: part, before: 1) == epoch)
    try next.append("next")
    try next.close()
    #expect(try log.epoch(of: part, before: 1) == epoch)
    #expect(try log.epoch(of: part, before: 2) != epoch)
    #expect(try log.records() == [Record(0, Self.text), Record(1, "next")])
  }
}
