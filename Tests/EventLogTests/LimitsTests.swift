import EventLog
import Foundation
import TestKit
import Testing

@Suite struct LimitsTests {
  @Test func anyBytesComeBackAsTheyWere() throws {
    let seed: UInt64 = 20_261_120
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    var payloads: [[UInt8]] = [
      [], [10], [0], [13, 10], Array("{\"$raw\":\"QUJD\"}".utf8), Array("{\"$raw\":\"".utf8),
      Array("{\"$raw\":".utf8), Array("{\"$raw\"".utf8), Array("\n\n".utf8), Array("a\n".utf8),
    ]
    for _ in 0..<2000 {
      let count = Int.random(in: 0..<300, using: &random)
      payloads.append((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    for level in [nil, 1] as [Int32?] {
      let scratch = Scratch()
      let log = try makeLog(scratch, segmentBytes: 100_000, level: level)
      let appender = try log.appender(of: part)
      for payload in payloads { try appender.append(payload) }
      try appender.finishCompression()
      try appender.close()
      #expect(try log.records() == payloads.enumerated().map { Record(Int64($0), $1) })
    }
  }

  @Test func everyOffsetIsFoundAcrossCompressedSegments() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 700_000, level: 1)
    let appender = try log.appender(of: part)
    let filler = String(repeating: "z", count: 2000)
    for number in 0..<1500 { try appender.append("\(number) \(filler)") }
    try appender.finishCompression()
    try appender.close()
    #expect(names(in: log.partitionPath).filter { $0.hasSuffix(".zst") }.count == 4)
    let batch = RecordBatch()
    for start in 0..<Int64(1500) {
      let reader = try log.reader(of: part, from: start)
      #expect(try reader.read(into: batch, maxBytes: 1, waitMilliseconds: 0) > 0)
      #expect(batch.records.first == Record(start, "\(start) \(filler)"))
    }
  }

  @Test func aCompressedSegmentHasManyFramesAndIsSoughtByThem() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 5 << 20, level: 1)
    let appender = try log.appender(of: part)
    let filler = String(repeating: "z", count: 2000)
    for number in 0..<5000 { try appender.append("\(number) \(filler)") }
    try appender.finishCompression()
    try appender.close()
    let frames = try bytes(of: log.firstSegment + ".zst").withUnsafeBytes { file in
      var count = 0
      for position in 0..<(file.count - 3) {
        let word = file.loadUnaligned(fromByteOffset: position, as: UInt32.self)
        if word == 0xfd2f_b528 { count += 1 }
      }
      return count
    }
    #expect((4...6).contains(frames))
    for start in stride(from: Int64(0), to: 5000, by: 37) {
      let batch = RecordBatch()
      let reader = try log.reader(of: part, from: start)
      _ = try reader.read(into: batch, maxBytes: 1, waitMilliseconds: 0)
      #expect(batch.records.first == Record(start, "\(start) \(filler)"))
    }
    // The tool `zstd` reads all frames as one file.
    #expect(shell("zstd -dc '\(log.firstSegment).zst' | head -c 3 | grep -q '^0 z'") == 0)
    unlink("\(log.partitionPath)/00000000000000000000.zst.index")
    #expect(try log.records().count == 5000)
    let writer = try log.appender(of: part)
    try writer.finishCompression()
    try writer.close()
    #expect(access("\(log.partitionPath)/00000000000000000000.zst.index", F_OK) == 0)
  }

  @Test func recordsLargerThanAllBuffersComeBackAndTooLargeOnesAreRefused() throws {
    let scratch = Scratch()
    var options = DirectoryOptions()
    options.recordBytesMax = 5_000_000
    options.segmentBytes = 6_000_000
    options.bufferBytes = 1000
    let log = DirectoryLog(path: scratch.path, options: options)
    try log.createTopics([topic], partitions: 1)
    let appender = try log.appender(of: part)
    let large = [UInt8](repeating: 65, count: 5_000_000)
    let largeEscaped = [UInt8](repeating: 10, count: 5_000_000)
    try appender.append("first")
    try appender.append(large)
    try appender.append(largeEscaped)
    let error = failure { try appender.append(large + [65]) }
    #expect(error?.code == .tooLarge)
    #expect(error?.message.contains("5000001") == true)
    try appender.append("last")
    try appender.finishCompression()
    try appender.close()
    let read = try log.records(maxBytes: 10_000)
    #expect(read.map(\.payload.count) == [5, 5_000_000, 5_000_000, 4])
    #expect(read[2].payload == largeEscaped)
  }

  @Test func gapsKeepTheirOffsetsAndYieldNothing() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 150, level: 1)
    let offsets: [Int64] = [70, 71, 75, 100, 101, 100_000, 100_001, 100_010, 7_000_000_000]
    var appender = try log.appender(of: part)
    for (number, offset) in offsets.enumerated() {
      #expect(try appender.append("at \(offset)", at: offset))
      #expect(try !appender.append("again", at: offset))
      #expect(try !appender.append("before", at: 3))
      if number % 4 == 3 {
        try appender.close()
        appender = try log.appender(of: part)
        #expect(appender.nextOffset == offset + 1)
      }
    }
    try appender.finishCompression()
    try appender.close()
    #expect(try log.startOffset(of: part) == 70)
    #expect(try log.endOffset(of: part) == 7_000_000_001)
    for start in [0, 70, 72, 74, 75, 76, 102, 9999, 99_999, 100_000, 100_002, 6_000_000_000] {
      let expected = offsets.filter { $0 >= start }.map { Record($0, "at \($0)") }
      #expect(try log.records(from: Int64(start)) == expected, "from \(start)")
    }
  }

  @Test func aGapAtTheEndIsWaitedThrough() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    try appender.append("a", at: 0)
    try appender.flush()
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 1)
    try appender.append("b", at: 50_000)
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 0)
    try appender.flush()
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 1)
    #expect(batch.records == [Record(50_000, "b")])
  }

  private static let badOptions:
    [(change: @Sendable (inout DirectoryOptions) -> Void, message: String)] = [
      ({ $0.segmentBytes = 0 }, "segmentBytes is 0; give it a value from 1 to 1099511627776"),
      ({ $0.segmentBytes = -1 }, "segmentBytes is -1; give it a value from 1 to 1099511627776"),
      (
        { $0.segmentBytes = (1 << 40) + 1 },
        "segmentBytes is 1099511627777; give it a value from 1 to 1099511627776"
      ),
      (
        { $0.segmentMilliseconds = 0 },
        "segmentMilliseconds is 0; give it a value from 1 to 1099511627776"
      ),
      (
        { $0.segmentBytesMin = 0 },
        "segmentBytesMin is 0; give it a value from 1 to 1099511627776"
      ),
      ({ $0.recordBytesMax = 0 }, "recordBytesMax is 0; give it a value from 1 to 1073741824"),
      (
        { $0.recordBytesMax = Int.max },
        "recordBytesMax is 9223372036854775807; give it a value from 1 to 1073741824"
      ), ({ $0.bufferBytes = 0 }, "bufferBytes is 0; give it a value from 1 to 1073741824"),
      ({ $0.bufferBytes = -4096 }, "bufferBytes is -4096; give it a value from 1 to 1073741824"),
      (
        { $0.bufferBytes = 2 << 30 },
        "bufferBytes is 2147483648; give it a value from 1 to 1073741824"
      ),
      ({ $0.compressionLevel = 0 }, "compressionLevel is 0; give it a value from 1 to 19"),
      ({ $0.compressionLevel = 20 }, "compressionLevel is 20; give it a value from 1 to 19"),
    ]

  @Test(arguments: badOptions.indices)
  func anOptionOutsideItsRangeIsNamedBeforeAnythingIsOpened(_ number: Int) throws {
    let scratch = Scratch()
    let path = try makeLog(scratch).path
    var options = DirectoryOptions()
    Self.badOptions[number].change(&options)
    let log = DirectoryLog(path: path, options: options)
    for error in [
      failure { _ = try log.appender(of: part) }, failure { _ = try log.writer(to: [topic]) },
      failure { _ = try log.reader(of: part, from: 0) },
    ] {
      #expect(error?.code == .badOption)
      #expect(error?.exitCode == .software)
      #expect(error?.message == "DirectoryOptions.\(Self.badOptions[number].message)")
    }
    #expect(names(in: log.partitionPath) == [])
  }

  @Test func theSmallestOptionsMakeALogThatWorks() throws {
    let scratch = Scratch()
    var options = DirectoryOptions()
    options.segmentBytes = 1
    options.recordBytesMax = 1
    options.bufferBytes = 1
    options.compressionLevel = 1
    let log = DirectoryLog(path: scratch.path, options: options)
    try log.createTopics([topic], partitions: 1)
    let appender = try log.appender(of: part)
    for text in ["a", "b", "\n"] { try appender.append(text) }
    #expect(failure { try appender.append("cc") }?.code == .tooLarge)
    try appender.append("d", at: 9)
    try appender.close()
    let expected = [Record(0, "a"), Record(1, "b"), Record(2, "\n"), Record(9, "d")]
    #expect(try log.records() == expected)
  }

  /// The process of this test has a limit on the size of its files: the system refuses a write in the middle
  /// of a record, as on a full disk, and no small file system has to be mounted for that.
  @Test func aFileThatCannotGrowLosesNothingAcceptedAndGoesOnWhenThereIsRoom() async {
    await #expect(processExitsWith: .success) { try LimitsTests.appendBeyondTheLimit() }
  }

  private static func appendBeyondTheLimit() throws {
    let scratch = Scratch()
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit()
    let files = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    getrlimit(files, &limit)
    let before = limit
    limit.rlim_cur = 700_001
    try #require(setrlimit(files, &limit) == 0)
    var options = DirectoryOptions()
    options.bufferBytes = 10_000
    let log = DirectoryLog(path: "\(scratch.path)/log", options: options)
    try log.createTopics([topic], partitions: 1)
    let appender = try log.appender(of: part)
    var taken: [Record] = []
    var error: EventLogError?
    while error == nil, taken.count < 100_000 {
      let record = Record(Int64(taken.count), "record \(taken.count) of some length")
      error = failure { try appender.append(record.payload) }
      if error == nil { taken.append(record) }
    }
    #expect(error?.code == .io)
    #expect(error?.message.contains("File too large") == true)
    // The file has whole records only: the first ones of those that the appender took.
    let file = try bytes(of: log.firstSegment)
    #expect(file.last == 10)
    let visible = try log.records()
    #expect(visible == Array(taken.prefix(visible.count)) && visible.count > 1000)
    #expect(failure { try appender.flush() }?.code == .io)
    limit = before
    try #require(setrlimit(files, &limit) == 0)
    try appender.flush()
    try appender.append("after")
    try appender.close()
    #expect(try log.records() == taken + [Record(Int64(taken.count), "after")])
  }

  /// A closed writer has no lock, and so must not write anything, not even the mark of a gap.
  @Test func aWriterThatWasClosedLeavesNothingBehindAGap() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    try appender.append("kept")
    try appender.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(log.path)/\(topic)/0")
    let error = failure {
      _ = try "far".utf8.withContiguousStorageIfAvailable {
        try appender.append(at: 1_000_000, timestamp: 0, payload: UnsafeRawBufferPointer($0))
      }
    }
    #expect(error?.code == .closed)
    let after = try FileManager.default.contentsOfDirectory(atPath: "\(log.path)/\(topic)/0")
    #expect(after.sorted() == names.sorted())
  }
}
