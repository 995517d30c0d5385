import EventLog
import Support
import Testing

/// Offsets without a record at the end of a log: a commit marker of a transaction, mostly.
@Suite struct AdvanceTests {
  @Test func aLogMayEndWithOffsetsThatHaveNoRecord() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    var appender = try log.appender(of: part)
    for text in ["a", "b", "c"] { try appender.append(text) }
    try appender.advance(to: 5)
    try appender.flush()
    #expect(try log.endOffset(of: part) == 5)
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 3)
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 0)
    #expect(reader.position == 5)
    // Back it does not go.
    try appender.advance(to: 4)
    #expect(appender.nextOffset == 5)
    try appender.close()
    appender = try log.appender(of: part)
    #expect(appender.nextOffset == 5)
    // More than is worth lines.
    try appender.advance(to: 50_000)
    #expect(try log.endOffset(of: part) == 50_000)
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 0)
    #expect(reader.position == 50_000)
    try appender.append("d")
    try appender.close()
    #expect(try reader.read(into: batch, maxBytes: 100, waitMilliseconds: 0) == 1)
    #expect(batch.records == [Record(50_000, "d")])
    #expect(
      try log.records() == [
        Record(0, "a"), Record(1, "b"), Record(2, "c"), Record(50_000, "d"),
      ])
  }

  /// A producer whose transactions are all aborted gives nothing but such offsets, one at a time.
  @Test func manyOffsetsWithoutRecordsAreNotManyFiles() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 10, level: 3)
    let appender = try log.appender(of: part)
    try appender.append("the segment is full with this")
    try appender.flush()
    for offset in 2...5 as ClosedRange<Int64> {
      try appender.advance(to: offset)
      try appender.flush()
    }
    #expect(names(in: log.partitionPath).filter { $0.hasSuffix(".gap") }.isEmpty)
    #expect(try log.endOffset(of: part) == 5)
    try appender.append("b")
    try appender.finishCompression()
    try appender.close()
    #expect(
      try log.records() == [Record(0, "the segment is full with this"), Record(5, "b")])
  }

  @Test func anArchiveEndsWhereReadingItsSourceDid() throws {
    let scratch = Scratch()
    let source = try makeLog(scratch)
    let writing = try source.appender(of: part)
    let lake = DirectoryLog(path: scratch.path + "/lake")
    var copied = 0
    func archive() throws {
      try Archiver(from: source, to: lake, topics: [topic])
        .run(stop: StopToken(), untilCaughtUp: true) { copied += $0 }
    }
    // Nothing but a marker, then records with one behind them, then a marker again.
    try writing.advance(to: 1)
    try writing.sync()
    try archive()
    #expect(try lake.endOffset(of: part) == 1)
    #expect(try lake.startOffset(of: part) == 0)
    try writing.append("a", at: 1)
    try writing.append("b", at: 7)
    try writing.advance(to: 9)
    try writing.sync()
    try archive()
    #expect(try lake.endOffset(of: part) == 9)
    try writing.advance(to: 10)
    try writing.sync()
    try archive()
    #expect(try lake.endOffset(of: part) == 10)
    #expect(copied == 2)
    #expect(try lake.records() == [Record(1, "a"), Record(7, "b")])
    try writing.close()
  }
}
