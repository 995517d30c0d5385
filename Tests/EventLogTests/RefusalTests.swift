import EventLog
import Glibc
import Testing

/// A writer that takes no record says why: each cause has a code and a message of its own.
@Suite struct RefusalTests {
  @Test func aCallThatTheSystemRefusesIsNamedWithItsFile() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    #expect(mkdir(log.firstSegment, 0o700) == 0)
    let error = failure { _ = try log.appender(of: part) }
    #expect(error?.code == .io)
    #expect(error?.exitCode == .ioError)
    #expect(error?.message == "cannot open \(log.firstSegment): Is a directory")
  }

  @Test func aWriterThatWasClosedIsAMistakeOfTheProgram() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    try appender.append("kept")
    try appender.close()
    // Closing once more does nothing, so that cleaning up need not know whether the writer is closed.
    try appender.close()
    let writer = try log.writer(to: [topic])
    try writer.close()
    let key = Array("k".utf8)
    for error in [
      failure { try appender.append("late") }, failure { try appender.append("late", at: 1) },
      failure { try appender.append("late", at: 9_000_000) }, failure { try appender.flush() },
      failure { try appender.sync() }, failure { try writer.flush() },
      failure {
        try key.withUnsafeBytes {
          try writer.append(topic: 0, key: $0, timestamp: 0, payload: $0)
        }
      },
    ] {
      #expect(error?.code == .closed)
      #expect(error?.exitCode == .software)
      #expect(error?.message == "\(part) was closed by this writer; open another writer")
    }
    #expect(try log.records() == [Record(0, "kept")])
  }

  @Test func aWriterWhoseSyncFailedSaysThatItWasTheSync() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let disk = try SimulatedDisk(root: log.path)
    let appender = try log.appender(of: part)
    try appender.append("synced")
    try appender.sync()
    try appender.append("flushed")
    try appender.flush()
    disk.cutPower(after: 0)
    let first = failure { try appender.sync() }
    #expect(first?.code == .io)
    disk.cutPower(after: Int.max)
    for error in [
      failure { try appender.append("late") }, failure { try appender.append("late", at: 9) },
      failure { try appender.flush() }, failure { try appender.sync() },
      failure { try appender.close() },
    ] {
      #expect(error?.code == .unsynced)
      #expect(error?.exitCode == .ioError)
      let message = error?.message ?? ""
      #expect(message.hasPrefix("\(part) could not be synced to the device before"), "\(message)")
      #expect(
        message.hasSuffix("check the disk of \(log.partitionPath), then open another writer"),
        "\(message)")
    }
  }
}
