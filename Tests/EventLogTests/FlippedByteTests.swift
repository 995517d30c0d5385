import EventLog
import Glibc
import TestKit
import Testing

/// A byte that changed on the disk moves the offsets of all records behind it where a newline was lost or
/// made.
@Suite struct FlippedByteTests {
  /// A raw segment with several index entries.
  private func rawLog(_ scratch: Scratch, isClosed: Bool) throws -> DirectoryLog {
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    for number in 0..<2000 { try appender.append("\(number) \(String(repeating: "z", count: 90))") }
    if isClosed { try appender.close() } else { try appender.flush() }
    return log
  }

  private func newlines(_ bytes: [UInt8]) -> [Int] { bytes.indices.filter { bytes[$0] == 10 } }

  /// Reads to the end, waiting where the log says that there is more, as a speed worker does.
  private func follow(_ log: DirectoryLog) throws -> Int64 {
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    let end = try log.endOffset(of: part)
    for _ in 0..<1000 where reader.position < end {
      _ = try reader.read(into: batch, maxBytes: 20_000, waitMilliseconds: 1)
    }
    #expect(reader.position >= end, "waits for ever at \(reader.position), the end is \(end)")
    return reader.position
  }

  @Test func aLostNewlineInAGrowingSegmentIsDamageAndNoEndlessWait() throws {
    let seed = UInt64.random(in: 0..<1_000_000)
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let scratch = Scratch()
    let log = try rawLog(scratch, isClosed: true)
    let whole = try bytes(of: log.firstSegment)
    let newlines = newlines(whole)
    for victim in (0..<20).map({ _ in newlines.randomElement(using: &random)! })
      + [newlines[0], newlines[newlines.count - 2], newlines[newlines.count - 1]]
    {
      var flipped = whole
      flipped[victim] ^= 0x04
      try write(flipped, to: log.firstSegment)
      let error = failure { _ = try follow(log) }
      #expect(error?.code == .damaged, "seed \(seed), byte \(victim)")
      #expect(error?.message.contains("its index") == true, "\(error?.message ?? "")")
    }
  }

  @Test func aByteThatBecameANewlineIsDamage() throws {
    let scratch = Scratch()
    let log = try rawLog(scratch, isClosed: true)
    var flipped = try bytes(of: log.firstSegment)
    flipped[1000] = 10
    try write(flipped, to: log.firstSegment)
    #expect(failure { _ = try follow(log) }?.code == .damaged)
  }

  /// Nothing contradicts a newline that is lost behind the last index entry: the log has one record less, and
  /// no reader waits for that record.
  @Test func withoutAnEntryAfterItAllAgreeOnTheEnd() throws {
    let scratch = Scratch()
    let log = try rawLog(scratch, isClosed: false)
    var flipped = try bytes(of: log.firstSegment)
    flipped[flipped.count - 1] ^= 0x04
    try write(flipped, to: log.firstSegment)
    #expect(try log.endOffset(of: part) == 1999)
    #expect(try follow(log) == 1999)
  }

  /// The reader is open before the writer cuts the torn end, and so has read index entries of lines that go.
  @Test func aReaderGoesOnBehindWhatAPowerFailureTore() throws {
    let scratch = Scratch()
    let log = try rawLog(scratch, isClosed: false)
    let epochs = String(decoding: try bytes(of: "\(log.partitionPath)/epochs"), as: UTF8.self)
    let words = epochs.split(separator: " ")
    try write(
      Array("\(words[0]) \(words[1]) before\n".utf8), to: "\(log.partitionPath)/epochs")
    var torn = try bytes(of: log.firstSegment)
    let end = newlines(torn)[999] + 1
    for index in end..<torn.count { torn[index] = 0 }
    try write(torn, to: log.firstSegment)

    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    var read = 0
    func follow(to end: Int) throws {
      for _ in 0..<1000 where read < end {
        read += try reader.read(into: batch, maxBytes: 20_000, waitMilliseconds: 1)
      }
    }
    try follow(to: 1000)
    _ = try reader.read(into: batch, maxBytes: 20_000, waitMilliseconds: 10)
    #expect(read == 1000)
    let appender = try log.appender(of: part)
    #expect(appender.nextOffset == 1000)
    for number in 0..<3000 { try appender.append("another \(number)") }
    try appender.close()
    try follow(to: 4000)
    #expect(read == 4000)
  }

  @Test func aReaderThatFollowsSeesItToo() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    let line = String(repeating: "z", count: 99)
    for _ in 0..<100 { try appender.append(line) }
    try appender.flush()
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    while try reader.read(into: batch, maxBytes: 4096, waitMilliseconds: 0) > 0 {}
    #expect(reader.position == 100)
    for _ in 0..<3000 { try appender.append(line) }
    try appender.flush()
    var flipped = try bytes(of: log.firstSegment)
    flipped[100 * 150 - 1] ^= 0x04
    let file = try #require(fopen(log.firstSegment, "r+"))
    defer { fclose(file) }
    #expect(fwrite(flipped, 1, flipped.count, file) == flipped.count)
    fflush(file)
    let error = failure {
      while try reader.read(into: batch, maxBytes: 4096, waitMilliseconds: 0) > 0 {}
    }
    #expect(error?.code == .damaged)
  }

  @Test func aSegmentWithALostNewlineIsNotCompressed() throws {
    let scratch = Scratch()
    let raw = try rawLog(scratch, isClosed: true)
    var flipped = try bytes(of: raw.firstSegment)
    flipped[newlines(flipped)[700]] ^= 0x04
    try write(flipped, to: raw.firstSegment)
    let log = try makeLog(scratch, segmentBytes: 1000, level: 1)
    let appender = try log.appender(of: part)
    try appender.append("seals it")
    #expect(failure { try appender.finishCompression() }?.code == .damaged)
    #expect(access(raw.firstSegment, F_OK) == 0)
  }
}
