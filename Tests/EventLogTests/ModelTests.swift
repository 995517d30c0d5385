import EventLog
import TestKit
import Testing

/// Random actions on a directory log against a list in memory.
@Suite struct ModelTests {
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func randomActionsAgreeWithAModel(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let scratch = Scratch()
    let log = try makeLog(
      scratch, segmentBytes: Int.random(in: 1...3000, using: &random),
      level: seed % 3 == 0 ? nil : 1)
    var accepted: [Record] = []
    var queued: [Record] = []
    var next: Int64 = 0
    var appender: PartitionAppender? = try log.appender(of: part)
    var reader = try log.reader(of: part, from: 0)
    var readerPosition: Int64 = 0
    let batch = RecordBatch()
    for step in 0..<400 {
      let place: Comment = "seed \(seed), step \(step)"
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<45:
        let payload = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
          UInt8.random(in: 9...40, using: &random)
        }
        var offset = next
        if Int.random(in: 0..<10, using: &random) == 0 {
          offset += Int64([1, 3, 5000].randomElement(using: &random)!)
        }
        let taken = try payload.withUnsafeBytes {
          try appender!.append(at: offset, timestamp: Int64(step), payload: $0)
        }
        #expect(taken, place)
        queued.append(Record(offset, payload))
        next = offset + 1
      case 45..<60:
        try appender!.flush()
        accepted += queued
        queued = []
      case 60..<66:
        // A crash: what was written by itself, when segments changed, may have been accepted.
        appender = nil
        appender = try log.appender(of: part)
        next = appender!.nextOffset
        accepted += queued.filter { $0.offset < next }
        queued = []
      case 66..<70:
        try appender!.close()
        accepted += queued
        queued = []
        appender = try log.appender(of: part)
        #expect(appender!.nextOffset == next, place)
      case 70..<73: try appender!.finishCompression()
      case 73..<90:
        _ = try reader.read(into: batch, maxBytes: 300, waitMilliseconds: 0)
        let all = accepted + queued
        let from = all.firstIndex { $0.offset >= readerPosition } ?? all.count
        #expect(batch.records == Array(all[from...].prefix(batch.count)), place)
        readerPosition = batch.nextOffset
        // Everything flushed is there to be read.
        if batch.count == 0 { #expect(from >= accepted.count, place) }
      default:
        let start = Int64.random(in: 0...(accepted.last.map { $0.offset + 1 } ?? 0), using: &random)
        reader = try log.reader(of: part, from: start)
        readerPosition = start
        let read = try log.records(from: start)
        let all = (accepted + queued).filter { $0.offset >= start }
        #expect(read == Array(all.prefix(read.count)), place)
        #expect(read.count >= accepted.filter { $0.offset >= start }.count, place)
      }
    }
    try appender!.close()
    accepted += queued
    #expect(try log.records() == accepted, "seed \(seed)")
    #expect(try log.endOffset(of: part) == next, "seed \(seed)")
  }
}
