import Foundation
import Glibc
import Support
import TestKit
import Testing

@testable import EventLog

/// What the lake keeps of a record of Kafka beside its bytes.
@Suite struct EnvelopeTests {
  private struct World {
    let kafka: MockKafka
    let log: any EventLog
    let lake: DirectoryLog
    private let scratch = Scratch()

    init(options: DirectoryOptions = .init()) throws {
      kafka = try MockKafka()
      try kafka.createTopic(topic, partitions: 1)
      log = try EventLogs.open("kafka:\(kafka.bootstrap)", properties: ["fetch.wait.max.ms": "5"])
      lake = DirectoryLog(path: scratch.path + "/lake", options: options)
      try File.makeDirectories(lake.path)
    }

    /// - Parameter source: a header says that the records are of it.
    func write(_ keys: [[UInt8]], source: String? = nil) throws {
      let writer = try log.writer(to: [topic])
      if let source { try writer.sources?.begin(source, title: source) }
      for key in keys {
        try key.withUnsafeBytes { key in
          try Array("value \(key.count)".utf8).withUnsafeBytes {
            try writer.append(topic: 0, key: key, timestamp: 1, payload: $0)
          }
        }
      }
      try writer.close()
    }

    func archive() throws {
      try Archiver(from: log, to: lake, topics: [topic])
        .run(stop: StopToken(), untilCaughtUp: true) { _ in }
    }

    func envelopes(from offset: Int64 = 0) throws -> [Record] {
      guard let reader = try lake.envelopes(of: part, from: offset) else { return [] }
      let batch = RecordBatch()
      var found: [Record] = []
      while try reader.read(into: batch, maxBytes: 1 << 20, waitMilliseconds: 0) > 0 {
        found += batch.records
      }
      return found
    }
  }

  private func keys(_ range: Range<Int>) -> [[UInt8]] { range.map { Array("key \($0)".utf8) } }

  private func object(_ record: Record) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(record.payload)) as? [String: Any])
  }

  @Test func keysTimesAndHeadersAreKeptAtTheOffsetsOfTheirRecords() throws {
    let world = try World()
    let begin = DirectoryOptions().clock()
    let odd: [[UInt8]] = [
      [], Array("plain".utf8), Array("é\"\\\n\u{1}\u{1f}".utf8), [0xff, 0, 0x80], [0],
    ]
    try world.write(odd)
    try world.write([Array("with".utf8)], source: "files")
    try world.archive()
    #expect(try world.lake.records().count == 6)
    let found = try world.envelopes()
    #expect(found.map(\.offset) == Array(0..<6))
    let objects = try found.map(object)
    for (object, key) in zip(objects, odd) {
      if let text = String(validating: key, as: UTF8.self) {
        #expect(object["key"] as? String == text)
      } else {
        #expect(
          (object["key_base64"] as? String).flatMap { Data(base64Encoded: $0) } == Data(key))
      }
      let time = try #require(object["create_time"] as? Int64)
      #expect((begin...DirectoryOptions().clock()).contains(time))
      #expect(object["headers"] == nil)
    }
    #expect(objects[5]["headers"] as? [[String]] == [["polyrhythm-source", "files-1"]])
    #expect(try world.envelopes(from: 4).map(\.offset) == [4, 5])
    #expect(try world.envelopes(from: 6) == [])
  }

  @Test func headersOfAllKindsAreJSON() throws {
    let batch = EnvelopeBatch()
    func bytes(_ text: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
      text.withUnsafeBytes(body)
    }
    batch.add(offset: 1, time: 2) { _ in }
    batch.add(offset: 3, time: 4) { envelope in
      envelope.headers { envelope in
        bytes(Array("a".utf8)) { envelope.header($0, nil) }
        bytes([0xff, 1]) { value in bytes(Array("b\"".utf8)) { envelope.header($0, value) } }
        bytes([]) { value in bytes(Array("c".utf8)) { envelope.header($0, value) } }
      }
    }
    batch.add(offset: 5, time: 6) { $0.headers { _ in } }
    #expect(batch.entries.map(\.offset) == [3, 5])
    let texts = batch.entries.indices.map { String(decoding: batch[$0], as: UTF8.self) }
    #expect(
      texts == [
        #"{"headers":[["a",null],["b\"",{"base64":"/wE="}],["c",""]]}"#, #"{"headers":[]}"#,
      ])
  }

  /// Of records that an earlier version has copied there are no envelopes, and the source is not read again for them.
  @Test func anOlderLakeIsGoneOnWithAndItsSegmentsMeanWhatTheyMeant() throws {
    let world = try World()
    try world.write(keys(0..<30))
    try world.archive()
    let values = try bytes(of: world.lake.firstSegment)
    shell("rm -r '\(world.lake.partitionPath)/envelopes'")
    #expect(try world.lake.envelopes(of: part, from: 0) == nil)
    try world.write(keys(30..<40))
    try world.archive()
    #expect(try world.lake.records().count == 40)
    #expect(try world.envelopes().map(\.offset) == Array(30..<40))
    #expect(try bytes(of: world.lake.firstSegment).starts(with: values))
  }

  @Test func aLogWithoutKeysHasNoFilesForThem() throws {
    let scratch = Scratch()
    let source = try makeLog(scratch)
    let appender = try source.appender(of: part)
    for number in 0..<10 { try appender.append("record \(number)") }
    try appender.close()
    let lake = DirectoryLog(path: scratch.path + "/lake")
    try Archiver(from: source, to: lake, topics: [topic])
      .run(stop: StopToken(), untilCaughtUp: true) { _ in }
    #expect(try lake.records().count == 10)
    #expect(!names(in: lake.partitionPath).contains("envelopes"))
    #expect(try lake.envelopes(of: part, from: 0) == nil)
  }

  @Test func damagedEnvelopesAreNamedAndTheRecordsAreReadAllTheSame() throws {
    var options = DirectoryOptions()
    options.segmentBytes = 500
    let world = try World(options: options)
    try world.write(keys(0..<100))
    try world.archive()
    let path = "\(world.lake.partitionPath)/envelopes"
    let segments = names(in: path).filter { $0.hasSuffix(".envelopes.zst") }
    #expect(segments.count > 3)
    let victim = "\(path)/\(segments[1])"
    let whole = try bytes(of: victim)
    var flipped = whole
    flipped[whole.count / 2] ^= 0x04
    try write(flipped, to: victim)
    let error = failure { _ = try world.envelopes() }
    #expect(error?.code == .damaged && error?.message.contains(segments[1]) == true)
    unlink(victim)
    #expect(failure { _ = try world.envelopes() }?.code == .damaged)
    #expect(try world.lake.records().count == 100)
    // An end that is gone is read from the source again, as that of a copy is.
    try write(whole, to: victim)
    for last in names(in: path).filter({ $0.contains(".envelopes") }).suffix(2) {
      unlink("\(path)/\(last)")
    }
    #expect(try world.envelopes().count < 100)
    try world.archive()
    #expect(try world.envelopes().map(\.offset) == Array(0..<100))
    #expect(try world.lake.records().count == 100)
  }

  /// Wherever the power goes: in the end each record is there once, and so is its envelope.
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func aPowerLossTakesNeitherRecordsNorEnvelopes(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var options = DirectoryOptions()
    options.segmentBytes = Int.random(in: 200...4000, using: &random)
    options.compressionLevel = random.chance(0.5) ? 1 : nil
    let world = try World(options: options)
    let disk = try SimulatedDisk(root: world.lake.path)
    var written = 0
    for round in 0..<6 {
      let count = Int.random(in: 0...60, using: &random)
      try world.write(keys(written..<(written + count)))
      written += count
      disk.cutPower(after: Int.random(in: 0...40, using: &random))
      // It may come to its end before the power goes.
      try? world.archive()
      let restored = try disk.powerLoss(seed: seed &* 100 &+ UInt64(round))
      print("round \(round): \(restored.count) changes")
    }
    try world.archive()
    let records = try world.lake.records()
    #expect(records.map(\.offset) == Array(0..<Int64(written)))
    let found = try world.envelopes()
    #expect(found.map(\.offset) == Array(0..<Int64(written)))
    for record in found {
      #expect(try object(record)["key"] as? String == "key \(record.offset)")
    }
  }
}
