import EventLog
import Glibc
import Testing

/// What the simulated device takes away, and what it never takes.
@Suite struct SimulatedDiskTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func whatWasSyncedSurvivesAndWhatWasOnlyFlushedMayGo(_ seed: UInt64) throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let disk = try SimulatedDisk(root: log.path)
    var appender: PartitionAppender? = try log.appender(of: part)
    try appender?.append("synced")
    try appender?.sync()
    try appender?.append("flushed, \(String(repeating: "z", count: 3000))")
    try appender?.flush()
    appender = nil
    let written = try bytes(of: log.firstSegment)
    let lost = try disk.powerLoss(seed: seed)
    let left = try bytes(of: log.firstSegment)
    #expect(left.starts(with: Array("synced\n".utf8)), "seed \(seed): \(lost)")
    // The disk names the segment if and only if some of the segment is gone.
    #expect(lost.contains { $0.contains(".ndjson") } == (left != written), "seed \(seed)")
  }

  @Test func everyWayOfLosingATailComesUp() throws {
    var isCut = false
    var isWhole = false
    var hasZeros = false
    for seed in 0..<40 as Range<UInt64> {
      let scratch = Scratch()
      let log = try makeLog(scratch)
      let disk = try SimulatedDisk(root: log.path)
      var appender: PartitionAppender? = try log.appender(of: part)
      try appender?.append("synced")
      try appender?.sync()
      try appender?.append(String(repeating: "z", count: 3000))
      try appender?.flush()
      appender = nil
      try disk.powerLoss(seed: seed)
      let left = try bytes(of: log.firstSegment)
      if left.count == 3008, !left.contains(0) { isWhole = true }
      if (8..<3008).contains(left.count), !left.contains(0) { isCut = true }
      if left.contains(0) { hasZeros = true }
    }
    #expect(isCut && isWhole && hasZeros)
  }

  @Test func aNameThatWasNotSyncedMayBeGoneAndARemovedOneBack() throws {
    var outcomes: Set<String> = []
    for seed in 0..<40 as Range<UInt64> {
      let scratch = Scratch()
      let log = try makeLog(scratch, segmentBytes: 10, level: 1)
      let disk = try SimulatedDisk(root: log.path)
      var appender: PartitionAppender? = try log.appender(of: part)
      for number in 0..<4 { try appender?.append("record \(number)") }
      // The raw segments are removed last, and their directory is not synced after that.
      try appender?.finishCompression()
      try appender?.flush()
      appender = nil
      try disk.powerLoss(seed: seed)
      let segments = names(in: log.partitionPath).filter { $0.contains(".ndjson") }
      outcomes.insert(segments.joined(separator: " "))
      #expect(try log.records().count >= 2, "seed \(seed): \(segments)")
    }
    #expect(outcomes.count > 1, "\(outcomes)")
  }

  @Test func theSameSeedTakesTheSameAway() throws {
    func run() throws -> [UInt8] {
      let scratch = Scratch()
      let log = try makeLog(scratch)
      let disk = try SimulatedDisk(root: log.path)
      var appender: PartitionAppender? = try log.appender(of: part)
      for number in 0..<500 { try appender?.append("record \(number)") }
      try appender?.flush()
      appender = nil
      try disk.powerLoss(seed: 5)
      let path = log.firstSegment
      return access(path, F_OK) == 0 ? try bytes(of: path) : []
    }
    #expect(try run() == run())
  }

  @Test func withoutPowerNothingChangesAndWithItAllGoesOn() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let disk = try SimulatedDisk(root: log.path)
    var appender: PartitionAppender? = try log.appender(of: part)
    try appender?.append("kept")
    try appender?.sync()
    disk.cutPower(after: 0)
    let error = failure {
      try appender?.append("lost")
      try appender?.flush()
    }
    #expect(error?.code == .io)
    #expect(error?.message.contains("no power") == true)
    #expect(try log.records() == [Record(0, "kept")])
    appender = nil
    try disk.powerLoss(seed: 1)
    appender = try log.appender(of: part)
    try appender?.append("next")
    try appender?.close()
    #expect(try log.records() == [Record(0, "kept"), Record(1, "next")])
  }

  /// After a failed sync the system can report success for the next one, although records are lost.
  @Test func aWriterWhoseDirectoryCouldNotBeSyncedTakesNoMore() throws {
    var failed = 0
    for changes in 0..<40 {
      let scratch = Scratch()
      // Each record begins a segment, whose name is then new in the directory.
      let log = try makeLog(scratch, segmentBytes: 1)
      let disk = try SimulatedDisk(root: log.path)
      let appender = try log.appender(of: part)
      try appender.append("first")
      try appender.sync()
      disk.cutPower(after: changes)
      let error = failure {
        try appender.append("second")
        try appender.sync()
      }
      disk.cutPower(after: Int.max)
      guard let error, error.message.contains("\(log.path)/\(topic)/0:") else { continue }
      failed += 1
      for again in [
        failure { try appender.append("third") }, failure { try appender.flush() },
        failure { try appender.sync() },
      ] {
        #expect(again?.code == .unsynced, "after \(changes) changes")
      }
    }
    #expect(failed > 0)
  }

  @Test func whatALogMakesIsItsOwnersAlone() throws {
    let scratch = Scratch()
    let old = umask(0)
    defer { umask(old) }
    let log = DirectoryLog(path: "\(scratch.path)/above/log")
    try log.createTopics([topic], partitions: 2)
    let appender = try log.appender(of: part)
    try appender.append("private")
    try appender.close()
    let open = "find '\(log.path)' -perm /077 | grep -q ."
    #expect(shell(open) == 1)
    #expect(shell("test $(stat -c %a '\(scratch.path)/above') = 755") == 0)
  }
}
