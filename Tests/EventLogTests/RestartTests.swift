import EventLog
import Glibc
import Testing

@Suite struct RestartTests {
  /// A crash can leave the file cut at any byte of the last record.
  @Test func reopeningCutsATornTailAtEveryByteOfTheLastRecord() throws {
    let first = "{\"n\":0,\"text\":\"whole\"}"
    let last = "{\"n\":1,\"text\":\"torn\"}\n"
    for kept in 0...last.utf8.count {
      let scratch = Scratch()
      let log = try makeLog(scratch)
      try write(Array("\(first)\n".utf8) + last.utf8.prefix(kept), to: log.firstSegment)
      let isWhole = kept == last.utf8.count
      let survivors = [Record(0, first)] + (isWhole ? [Record(1, String(last.dropLast()))] : [])
      #expect(try log.records() == survivors, "before reopening, \(kept) bytes kept")
      let appender = try log.appender(of: part)
      #expect(appender.nextOffset == Int64(survivors.count))
      try appender.append("next")
      try appender.close()
      #expect(
        try log.records() == survivors + [Record(Int64(survivors.count), "next")],
        "\(kept) bytes kept")
    }
  }

  @Test func flushedRecordsSurviveAWriterThatGoesWithoutClosing() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    var appender: PartitionAppender? = try log.appender(of: part)
    try appender?.append("kept")
    try appender?.flush()
    try appender?.append("lost")
    appender = nil
    let next = try log.appender(of: part)
    #expect(next.nextOffset == 1)
    #expect(try log.records() == [Record(0, "kept")])
  }

  @Test func aProcessKilledHardLeavesOnlyWholeRecordsAndNoLock() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    // Another process holds the lock, as a writer would, and dies by SIGKILL.
    let status = shell(
      "flock -n '\(log.partitionPath)/lock' sh -c 'printf \"a\\nb\\nhalf\" > \(log.firstSegment); "
        + "kill -9 $$'")
    #expect(status != 1)
    let appender = try log.appender(of: part)
    #expect(appender.nextOffset == 2)
  }

  @Test func offsetsGoOnAcrossManyRestartsAndSegments() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 100, level: 1)
    var expected: [Record] = []
    for round in 0..<30 {
      let appender = try log.appender(of: part)
      for _ in 0..<(round % 5) {
        let record = Record(Int64(expected.count), "record \(expected.count)")
        try appender.append(record.payload)
        expected.append(record)
      }
      if round % 3 == 0 { try appender.finishCompression() }
      try appender.close()
      #expect(try log.endOffset(of: part) == Int64(expected.count))
    }
    #expect(try log.records() == expected)
  }

  @Test func aLostIndexIsDerivedFromTheSegmentWithItsTimes() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch) { Int64(String(decoding: $0.prefix(6), as: UTF8.self)) }
    let appender = try log.appender(of: part)
    let filler = String(repeating: "z", count: 1000)
    for number in 0..<1000 {
      try appender.append("\(100_000 + number)\(filler)", timestamp: Int64(100_000 + number))
    }
    try appender.close()
    let index = try bytes(of: log.firstIndex)
    let positions = try (0..<10).map { try log.offset(at: Int64(100_000 + $0 * 100), of: part) }
    unlink(log.firstIndex)
    #expect(try log.endOffset(of: part) == 1000)
    #expect(try log.records(from: 777).count == 223)
    try log.appender(of: part).close()
    #expect(try bytes(of: log.firstIndex) == index)
    let derived = try (0..<10).map { try log.offset(at: Int64(100_000 + $0 * 100), of: part) }
    #expect(derived == positions)
  }

  @Test func anIndexTornAtAnyByteStillFindsEveryRecord() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    let filler = String(repeating: "z", count: 4000)
    for number in 0..<60 { try appender.append("\(number)\(filler)") }
    try appender.close()
    let whole = try bytes(of: log.firstIndex)
    #expect(whole.count > 100)
    for kept in 0..<whole.count {
      try write(Array(whole[..<kept]), to: log.firstIndex)
      #expect(try log.endOffset(of: part) == 60)
      #expect(try log.records(from: 59) == [Record(59, "59\(filler)")])
    }
    // The next writer mends the index, and goes on at the next offset.
    let next = try log.appender(of: part)
    #expect(next.nextOffset == 60)
  }

  @Test func anIndexWithFlippedBitsIsNotBelieved() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    let filler = String(repeating: "z", count: 4000)
    for number in 0..<60 { try appender.append("\(number)\(filler)") }
    try appender.close()
    let whole = try bytes(of: log.firstIndex)
    for position in whole.indices {
      var flipped = whole
      flipped[position] ^= 0x10
      try write(flipped, to: log.firstIndex)
      #expect(try log.endOffset(of: part) == 60, "byte \(position)")
      #expect(try log.records(from: 33).first?.offset == 33, "byte \(position)")
    }
  }

  @Test func leftoversOfAnInterruptedCompressionAreCleared() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 10, level: 1)
    let appender = try log.appender(of: part)
    for number in 0..<4 { try appender.append("record \(number)") }
    try appender.finishCompression()
    try appender.close()
    // A crash after the rename of the compressed file and before the removal of the raw one leaves both.
    try write(Array("record 0\nrecord 1\n".utf8), to: log.firstSegment)
    try write([1, 2, 3], to: "\(log.partitionPath)/.writing-00000000000000000000.zst")
    #expect(try log.records().count == 4)
    try log.appender(of: part).close()
    #expect(!names(in: log.partitionPath).contains { $0.hasPrefix(".writing") })
    #expect(access(log.firstSegment, F_OK) != 0)
    #expect(try log.records() == (0..<4).map { Record(Int64($0), "record \($0)") })
  }
}
