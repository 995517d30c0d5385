import EventLog
import Glibc
import Testing

@Suite struct DamageTests {
  /// Segments of about 20 records, all compressed but the last.
  private func compressedLog(_ scratch: Scratch) throws -> DirectoryLog {
    let log = try makeLog(scratch, segmentBytes: 200, level: 3)
    let appender = try log.appender(of: part)
    for number in 0..<100 { try appender.append("record \(number)") }
    try appender.finishCompression()
    try appender.close()
    return log
  }

  private func segments(_ log: DirectoryLog) -> [String] {
    names(in: log.partitionPath).filter { $0.hasSuffix(".ndjson") || $0.hasSuffix(".ndjson.zst") }
  }

  @Test func aDamagedFrameIsNamedWithItsFileAndOffset() throws {
    let scratch = Scratch()
    let log = try compressedLog(scratch)
    let victim = segments(log)[1]
    let whole = try bytes(of: "\(log.partitionPath)/\(victim)")
    for position in whole.indices {
      var flipped = whole
      flipped[position] ^= 0x04
      try write(flipped, to: "\(log.partitionPath)/\(victim)")
      let error = failure { _ = try log.records() }
      // A few bits of a frame's header change nothing in what is read; all records have to be there then.
      if let error {
        #expect(error.code == .damaged, "byte \(position)")
        #expect(error.message.contains(victim) && error.message.contains("offset "))
      } else {
        #expect(try log.records().count == 100, "byte \(position)")
      }
    }
    try write(Array(whole.dropLast(3)), to: "\(log.partitionPath)/\(victim)")
    #expect(failure { _ = try log.records() }?.code == .damaged)
  }

  @Test func aMissingSegmentIsNamedWithTheOffsetsThatAreGone() throws {
    let scratch = Scratch()
    let log = try compressedLog(scratch)
    let victim = segments(log)[2]
    unlink("\(log.partitionPath)/\(victim)")
    let base = Int64(victim.prefix(20))!
    for start in [0, base, base + 1] {
      let error = failure { _ = try log.records(from: start) }
      #expect(error?.code == .damaged, "from \(start)")
      #expect(error?.message.contains("offset \(base)") == true)
    }
  }

  @Test func aRawSegmentCutShortInTheMiddleIsNotPassedOver() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 200, level: nil)
    let appender = try log.appender(of: part)
    for number in 0..<100 { try appender.append("record \(number)") }
    try appender.close()
    let victim = "\(log.partitionPath)/\(segments(log)[1])"
    try write(Array(try bytes(of: victim).dropLast(5)), to: victim)
    #expect(failure { _ = try log.records() }?.code == .damaged)
  }

  @Test func anOffsetBeyondTheEndIsRefusedForRecordsWereLost() throws {
    let scratch = Scratch()
    let log = try compressedLog(scratch)
    #expect(try log.records(from: 100) == [])
    let error = failure { _ = try log.records(from: 101) }
    #expect(error?.code == .damaged)
    #expect(error?.message.contains("100") == true && error?.message.contains("101") == true)
  }

  @Test func anEscapedRecordThatIsNotBase64IsDamage() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    for line in ["{\"$raw\":\"a\"}", "{\"$raw\":\"!!!!\"}", "{\"$raw\":\"QUJD"] {
      try write(Array("fine\n\(line)\n".utf8), to: log.firstSegment)
      let reader = try log.reader(of: part, from: 0)
      let batch = RecordBatch()
      #expect(try reader.read(into: batch, maxBytes: 1000, waitMilliseconds: 0) == 1)
      #expect(batch.records == [Record(0, "fine")])
      let error = failure {
        _ = try reader.read(into: batch, maxBytes: 1000, waitMilliseconds: 0)
      }
      #expect(error?.code == .damaged, "\(line)")
      #expect(error?.message.contains("offset 1") == true)
    }
  }

  @Test func aPartitionThatIsNotThereIsSaidToBeMissing() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let absent = TopicPartition("absent", 3)
    #expect(failure { _ = try log.endOffset(of: absent) }?.code == .unavailable)
    #expect(failure { _ = try log.reader(of: absent, from: 0) }?.code == .unavailable)
    #expect(failure { _ = try log.writer(to: ["absent"]) }?.code == .unavailable)
    #expect(failure { _ = try log.appender(of: absent) }?.code == .unavailable)
  }
}
