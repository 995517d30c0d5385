import EventLog
import Glibc
import Synchronization
import TestKit
import Testing

@Suite struct ConcurrencyTests {
  /// Runs `body` on a thread of its own.
  /// - Returns: the thread, to be joined.
  private func onThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
    return thread
  }

  @Test func readersBesideAWriterSeeWholeRecordsInOrder() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 40_000, level: 1)
    let total = 20_000
    let outcomes = Mutex<[String]>([])
    var threads: [pthread_t] = []
    for number in 0..<3 {
      threads.append(
        onThread {
          let outcome: String
          do {
            let reader = try log.reader(of: part, from: 0)
            let batch = RecordBatch()
            var next = 0
            var wrong: String?
            let deadline = ContinuousClock.now + .seconds(60)
            while next < total, wrong == nil, ContinuousClock.now < deadline {
              _ = try reader.read(
                into: batch, maxBytes: 1000 << number, waitMilliseconds: 20)
              for index in 0..<batch.count {
                let text = String(decoding: batch[index], as: UTF8.self)
                if batch.entries[index].offset != next || text != payload(next) {
                  wrong = "at \(next): \(batch.entries[index].offset) \(text)"
                }
                next += 1
              }
            }
            outcome = wrong ?? "\(next)"
          } catch {
            outcome = "\(error)"
          }
          outcomes.withLock { $0.append(outcome) }
        })
    }
    let appender = try log.appender(of: part)
    for number in 0..<total {
      try appender.append(payload(number))
      if number % 7 == 0 { try appender.flush() }
    }
    try appender.close()
    for thread in threads { pthread_join(thread, nil) }
    #expect(outcomes.withLock { $0 } == Array(repeating: "\(total)", count: 3))
  }

  @Test func aReaderWaitsForARecordAndGetsItSoon() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    #expect(try reader.read(into: batch, maxBytes: 1000, waitMilliseconds: 30) == 0)
    try appender.append("at last")
    try appender.flush()
    #expect(try reader.read(into: batch, maxBytes: 1000, waitMilliseconds: 5000) == 1)
    #expect(batch.records == [Record(0, "at last")])
  }

  @Test func aReaderGoesOnWithARawSegmentThatIsCompressedUnderIt() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 5000, level: 1)
    let appender = try log.appender(of: part)
    for number in 0..<50 { try appender.append(payload(number)) }
    try appender.flush()
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch()
    var seen = try reader.read(into: batch, maxBytes: 10, waitMilliseconds: 0)
    for number in 50..<500 { try appender.append(payload(number)) }
    try appender.flush()
    try appender.finishCompression()
    #expect(access(log.firstSegment, F_OK) != 0)
    while try reader.read(into: batch, maxBytes: 10, waitMilliseconds: 0) > 0 {
      for record in batch.records {
        #expect(record == Record(Int64(seen), payload(seen)))
        seen += 1
      }
    }
    #expect(seen == 500)
  }

  @Test func aSecondWriterIsRefusedWithThePid() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    let error = failure { _ = try log.writer(to: [topic]) }
    #expect(error?.code == .locked)
    #expect(error?.message.contains("\(getpid())") == true)
    try appender.close()
    try log.writer(to: [topic]).close()
  }

  @Test func anotherProcessKeepsTheWriterOutUntilItEnds() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let lock = "\(log.partitionPath)/lock"
    // flock(1) takes the very lock that a writer takes.
    shell("flock '\(lock)' sh -c 'echo $$ > \(lock); exec sleep 60' > /dev/null 2>&1 &")
    var pid: pid_t = 0
    #expect(
      try eventually(within: 60) {
        guard access(lock, F_OK) == 0 else { return false }
        pid =
          pid_t(
            String(decoding: try bytes(of: lock), as: UTF8.self).split(separator: "\n").first ?? "")
          ?? 0
        return pid > 0
      })
    try #require(pid > 0)
    let error = failure { _ = try log.appender(of: part) }
    #expect(error?.code == .locked)
    #expect(error?.message.contains("process \(pid)") == true)
    kill(pid, SIGKILL)
    #expect(
      eventually(within: 60) { failure { try log.appender(of: part).close() } == nil })
  }
}

private func payload(_ number: Int) -> String {
  "{\"number\":\(number),\"filler\":\"" + String(repeating: "f", count: number % 97) + "\"}"
}
