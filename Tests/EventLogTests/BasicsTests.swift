import EventLog
import TestKit
import Testing

@Suite struct BasicsTests {
  @Test func recordsComeBackInOrderAtDenseOffsets() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    for number in 0..<1000 { try appender.append("{\"n\":\(number)}") }
    try appender.close()
    #expect(try log.records() == (0..<1000).map { Record(Int64($0), "{\"n\":\($0)}") })
    #expect(try log.startOffset(of: part) == 0)
    #expect(try log.endOffset(of: part) == 1000)
  }

  @Test func aSegmentIsOneLineARecord() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    try appender.append("{\"a\":1}")
    try appender.append("{\"b\":2}")
    try appender.close()
    #expect(try bytes(of: log.firstSegment) == Array("{\"a\":1}\n{\"b\":2}\n".utf8))
  }

  @Test func aReaderStartsAtAnyOffset() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    for number in 0..<50 { try appender.append("r\(number)") }
    try appender.close()
    for start in 0...50 {
      let read = try log.records(from: Int64(start))
      #expect(read == (start..<50).map { Record(Int64($0), "r\($0)") })
    }
  }

  @Test func aBatchHoldsAboutTheBytesAskedForAndSaysWhereTheNextBegins() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    let payload = String(repeating: "x", count: 999)
    for _ in 0..<100 { try appender.append(payload) }
    try appender.close()
    let reader = try log.reader(of: part, from: 0)
    let batch = RecordBatch(capacity: 64)
    #expect(try reader.read(into: batch, maxBytes: 10_000, waitMilliseconds: 0) == 10)
    #expect(batch.nextOffset == 10)
    #expect(reader.position == 10)
  }

  @Test func whatIsNotFlushedIsNotSeen() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch)
    let appender = try log.appender(of: part)
    try appender.append("one")
    #expect(try log.endOffset(of: part) == 0)
    try appender.flush()
    try appender.append("two")
    #expect(try log.records() == [Record(0, "one")])
    #expect(try log.endOffset(of: part) == 1)
  }

  @Test func aWriterPutsEachKeyWhereKafkaWould() throws {
    let scratch = Scratch()
    let log = DirectoryLog(path: scratch.path)
    try log.createTopics(["a", "b"], partitions: 4)
    let writer = try log.writer(to: ["a", "b"])
    for number in 0..<100 {
      try Array("\(number)".utf8).withUnsafeBytes {
        try writer.append(topic: number % 2, key: $0, timestamp: 0, payload: $0)
      }
    }
    try writer.close()
    var seen = 0
    for (index, name) in ["a", "b"].enumerated() {
      for number in 0..<Int32(4) {
        for record in try log.records(TopicPartition(name, number)) {
          let key = record.payload
          #expect(key.withUnsafeBytes { partition(forKey: $0, count: 4) } == number)
          #expect(Int(String(decoding: key, as: UTF8.self))! % 2 == index)
          seen += 1
        }
      }
    }
    #expect(seen == 100)
  }

  @Test(
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829),
      ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ] as [(String, Int32)])
  func murmur2IsThatOfKafkasOwnTests(_ key: String, _ hash: Int32) {
    let bytes = Array(key.utf8)
    #expect(Int32(bitPattern: bytes.withUnsafeBytes { murmur2($0) }) == hash)
    let positive = Int32(hash & 0x7fff_ffff)
    #expect(bytes.withUnsafeBytes { partition(forKey: $0, count: 7) } == positive % 7)
  }

  @Test func topicsAreListedWithTheirPartitionsAndMadeOnce() throws {
    let scratch = Scratch()
    let log = DirectoryLog(path: scratch.path + "/deep/er")
    #expect(try log.topics() == [])
    #expect(try log.partitionCount(of: "a") == 0)
    try log.createTopics(["b", "a"], partitions: 3)
    try log.createTopics(["a", "c"], partitions: 5)
    #expect(try log.topics() == ["a", "b", "c"])
    #expect(try log.partitionCount(of: "a") == 3)
    #expect(try log.partitionCount(of: "c") == 5)
    #expect(try log.endOffset(of: TopicPartition("c", 4)) == 0)
  }

  @Test func timeFindsAnOffsetBeforeWhichAllIsEarlier() throws {
    let scratch = Scratch()
    let log = try makeLog(scratch, segmentBytes: 300_000, level: 1)
    let appender = try log.appender(of: part)
    var times: [Int64] = []
    var random = SeededRandom(seed: 5)
    let payload = String(repeating: "y", count: 500)
    for number in 0..<3000 {
      // The times are out of order by up to 50 records.
      times.append(Int64(number) * 10 + Int64.random(in: 0..<500, using: &random))
      try appender.append(payload, timestamp: times[number])
    }
    try appender.finishCompression()
    try appender.close()
    for time in stride(from: Int64(-5), through: 31_000, by: 97) {
      let offset = try Int(log.offset(at: time, of: part))
      #expect(times[..<offset].allSatisfy { $0 < time })
      // The offset is too early by at most one stretch of the index, which is a frame in a compressed
      // segment.
      let best = times.firstIndex { $0 >= time } ?? times.count
      #expect(best - offset <= 300_000 / 500 + 1)
    }
    #expect(try log.offset(at: Int64.max, of: part) == 3000)
  }

  @Test(arguments: [
    "ftp:x", "dir:", "", "dir", "kafka:", "kafka:host", "kafka:host:notaport", "kafka::9092",
  ])
  func aURLThatIsNotUnderstoodIsSaidToBe(_ url: String) {
    let error = failure { _ = try EventLogs.open(url) }
    #expect(error?.code == .badURL)
  }

  @Test func aURLOpensADirectoryWithItsProperties() throws {
    let log = try EventLogs.open("dir:/tmp/x/", properties: ["segment.bytes": "77"])
    #expect(log.url == "dir:/tmp/x")
    #expect((log as? DirectoryLog)?.options.segmentBytes == 77)
    let error = failure { _ = try EventLogs.open("dir:/tmp/x", properties: ["acks": "all"]) }
    #expect(error?.code == .badURL)
    #expect(error?.message.contains("acks") == true)
  }
}
