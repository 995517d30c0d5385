import EventLog
import Glibc
import TestKit
import Testing

/// What readers, writers, and databases that have counted a log's records find after a power loss. `LogModel`
/// loses power at random.
@Suite struct PowerLossTests {
  /// A writer begins a segment and dies before the segment has a record; the next one fills it.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func aSegmentThatADeadWriterLeftEmptyIsThereOnceItsRecordsAreSynced(_ seed: UInt64) throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 1)
    let disk = try SimulatedDisk(root: log.path)
    var appender: PartitionAppender? = try log.appender(of: part)
    try appender?.append("first")
    try appender?.close()
    appender = try log.appender(of: part)
    try appender?.append("never flushed")
    appender = nil
    appender = try log.appender(of: part)
    try appender?.append("second")
    try appender?.sync()
    appender = nil
    try disk.powerLoss(seed: seed)
    #expect(try log.records() == [Record(0, "first"), Record(1, "second")])
  }

  /// Records are committed without having been synced, as if the disk had lied about a sync; they are lost,
  /// and other records take their offsets.
  @Test func offsetsOfALostEndThatAreUsedAgainAreTold() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    var appender: PartitionAppender? = try log.appender(of: part)
    for number in 0..<50 { try appender?.append("synced \(number)") }
    try appender?.sync()
    let sound = try bytes(of: log.firstSegment).count
    for number in 50..<150 { try appender?.append("lost \(number)") }
    try appender?.flush()
    let epoch = try #require(try log.epoch(of: part, before: 150))
    #expect(try log.epoch(of: part, before: 50) == epoch)
    appender = nil
    #expect(truncate(log.firstSegment, sound) == 0)

    let isShort = try #require(failure { try log.verify(part, committed: 150, epoch: epoch) })
    #expect(isShort.code == .diverged)
    for word in ["listen_events/0", "offset 50", "below 150", "polyrhythm load full"] {
      #expect(isShort.message.contains(word), "\(isShort.message)")
    }
    let next = try log.appender(of: part)
    #expect(next.nextOffset == 50)
    for number in 50..<150 { try next.append("phantom \(number)") }
    try next.close()
    let isOther = try #require(failure { try log.verify(part, committed: 150, epoch: epoch) })
    #expect(isOther.code == .diverged)
    #expect(isOther.message.contains("another record at offset 149"))
    // Records that were not lost still fit, and so do those that are committed from now on; without a log
    // epoch only the end can be compared.
    try log.verify(part, committed: 50, epoch: epoch)
    try log.verify(part, committed: 150, epoch: try log.epoch(of: part, before: 150))
    try log.verify(part, committed: 150, epoch: nil)
  }

  @Test func eachWriterThatAppendsHasAnEpochAndOneThatDoesNotHasNone() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    var epochs: [LogEpoch?] = []
    for round in 0..<6 {
      let appender = try log.appender(of: part, isCopy: round >= 4)
      if round != 2 { try appender.append("record") }
      try appender.close()
      epochs.append(try log.epoch(of: part, before: try log.endOffset(of: part)))
    }
    #expect(epochs[1] == epochs[2])
    #expect(Set(epochs).count == 5)
    #expect(epochs.map { $0?.isCopy } == [false, false, false, false, true, true])
    #expect(try log.epoch(of: part, before: 0) == nil)
    #expect(try log.epoch(of: part, before: 1) == epochs[0])
    #expect(try log.epoch(of: part, before: 4) == epochs[4])
  }

  @Test func epochsStayBoundedAndTheLatestOnesStayRight() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    var appender = try log.appender(of: part)
    for _ in 0..<1200 { try appender.append("r") }
    try appender.close()
    // The file says that each of the records has a writer of its own.
    let lines = (0..<1200).map { "\(String(0x1000_0000_0000_0000 + $0 * 2, radix: 16)) \($0) -\n" }
    try write(Array(lines.joined().utf8), to: "\(log.partitionPath)/epochs")
    #expect(try log.epoch(of: part, before: 10)?.rawValue == 0x1000_0000_0000_0012)
    appender = try log.appender(of: part)
    try appender.append("r")
    try appender.close()
    #expect(try bytes(of: "\(log.partitionPath)/epochs").filter { $0 == 10 }.count == 502)
    #expect(try log.epoch(of: part, before: 1200)?.rawValue == 0x1000_0000_0000_095e)
    #expect(try log.epoch(of: part, before: 1201) != log.epoch(of: part, before: 1200))
    // Of older records no log epoch is kept, so that a database's offset among them is not questioned.
    #expect(try log.epoch(of: part, before: 10) == nil)
  }

  @Test func aDamagedFileOfEpochsIsNamed() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    for _ in 0..<2 {
      let appender = try log.appender(of: part)
      try appender.append("r")
      try appender.close()
    }
    var epochs = try bytes(of: "\(log.partitionPath)/epochs")
    epochs[3] = UInt8(ascii: "?")
    try write(epochs, to: "\(log.partitionPath)/epochs")
    let error = failure { _ = try log.epoch(of: part, before: 1) }
    #expect(error?.code == .damaged && error?.message.contains("epochs") == true)
  }

  /// A log of 100 records that was closed, and the names of its segments.
  private func segmented(_ scratch: Scratch) throws -> (log: DirectoryLog, segments: [String]) {
    let log = try makeLog(scratch, segmentBytes: 200, level: 1)
    let appender = try log.appender(of: part)
    for number in 0..<100 { try appender.append("record \(number)") }
    try appender.finishCompression()
    try appender.close()
    return (log, names(in: log.partitionPath).filter { $0.contains(".ndjson") })
  }

  // MARK: Where a log ends

  @Test(arguments: ["all segments", "the last segment", "the last line"])
  func aLostEndThatWasOnTheDiskIsRefusedUntilItIsGivenUp(_ what: String) throws {
    let scratch = Scratch()
    let (log, segments) = try segmented(scratch)
    let last = try #require(segments.last)
    let path = "\(log.partitionPath)/\(last)"
    let left: Int64
    switch what {
    case "all segments":
      for name in segments { unlink("\(log.partitionPath)/\(name)") }
      left = 0
    case "the last segment":
      unlink(path)
      left = try #require(Int64(last.prefix(20)))
    default:
      #expect(last.hasSuffix(".ndjson"))
      try write(Array(try bytes(of: path).dropLast("record 99\n".utf8.count)), to: path)
      left = 99
    }
    let told = try #require(failure { _ = try log.endOffset(of: part) })
    #expect(told.code == .damaged)
    for word in ["offset \(left) up to 100", "rm \(log.partitionPath)/epochs"] {
      #expect(told.message.contains(word), "\(told.message)")
    }
    #expect(failure { _ = try log.appender(of: part) }?.message == told.message)
    unlink("\(log.partitionPath)/epochs")
    #expect(try log.endOffset(of: part) == left)
    let next = try log.appender(of: part)
    #expect(next.nextOffset == left)
  }

  @Test func whatLayBelowALostEpochIsMissedToo() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    for _ in 0..<2 {
      // The appender goes without being closed, so that its log epoch has no known end.
      let appender = try log.appender(of: part)
      try appender.append("record")
      try appender.flush()
    }
    try write(Array("rec".utf8), to: log.firstSegment)
    #expect(
      failure { _ = try log.endOffset(of: part) }?.message.contains("offset 0 up to 1") == true)
  }

  @Test func aCopyThatLostItsEndIsMadeAgain() throws {
    let scratch = Scratch()
    let source = try makeLog(scratch)
    let writer = try source.appender(of: part)
    for number in 0..<5 { try writer.append("record \(number)") }
    try writer.close()
    let lake = DirectoryLog(path: scratch.path + "/lake")
    func archive() throws {
      try Archiver(from: source, to: lake, topics: [topic])
        .run(stop: .init(), untilCaughtUp: true) { _ in }
    }
    try archive()
    try write(Array("record 0\nrecord 1\n".utf8), to: lake.firstSegment)
    try archive()
    #expect(try lake.records() == source.records())
  }

  // MARK: Where a log begins

  @Test func aLostHeadIsToldFromOneThatWasGivenUp() throws {
    let scratch = Scratch()
    let (log, segments) = try segmented(scratch)
    let second = try #require(Int64(segments[1].prefix(20)))
    unlink("\(log.partitionPath)/\(segments[0])")
    let told = try #require(failure { _ = try log.startOffset(of: part) })
    #expect(told.code == .damaged)
    for word in ["offset 0 up to \(second)", "echo \(second) > \(log.partitionPath)/start"] {
      #expect(told.message.contains(word), "\(told.message)")
    }
    #expect(failure { _ = try log.records() }?.message == told.message)
    // A reader that begins above the lost head misses nothing.
    #expect(try log.records(from: second).count == 100 - Int(second))
    try log.moveStart(of: part, to: second)
    #expect(try log.startOffset(of: part) == second)
    #expect(try log.records().first?.offset == second)
  }

  @Test func aLogThatBeganAboveZeroSaysSo() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    try appender.append("first", at: 70)
    try appender.close()
    #expect(try log.startOffset(of: part) == 70)
    #expect(try log.records() == [Record(70, "first")])
    unlink("\(log.partitionPath)/start")
    #expect(failure { _ = try log.startOffset(of: part) }?.code == .damaged)
  }

  @Test func aLakeOfAnEarlierVersionThatBeginsAboveZeroIsTakenAsItIs() throws {
    let scratch = Scratch()
    let source = try makeLog(scratch)
    let writer = try source.appender(of: part)
    for number in 0..<5 { try writer.append("record \(number)", at: Int64(70 + number)) }
    try writer.close()
    let lake = DirectoryLog(path: scratch.path + "/lake")
    try lake.createTopics([topic], partitions: 1)
    try write(
      Array("record 0\nrecord 1\n".utf8), to: "\(lake.partitionPath)/00000000000000000070.ndjson")
    #expect(failure { _ = try lake.startOffset(of: part) }?.code == .damaged)
    try Archiver(from: source, to: lake, topics: [topic])
      .run(stop: .init(), untilCaughtUp: true) { _ in }
    #expect(try lake.startOffset(of: part) == 70)
    #expect(try lake.records() == source.records())
    #expect(try lake.epoch(of: part, before: 75)?.isCopy == true)
    #expect(try lake.epoch(of: part, before: 71) == nil)
  }

  @Test func aMissingPartitionIsNotTakenForTheEndOfTheTopic() throws {
    let scratch = Scratch()
    let log = DirectoryLog(path: scratch.path + "/log")
    try log.createTopics([topic], partitions: 3)
    shell("rm -r '\(log.path)/\(topic)/1'")
    let error = failure { _ = try log.partitionCount(of: topic) }
    #expect(error?.code == .damaged && error?.message.contains("no partition 1") == true)
  }
}
