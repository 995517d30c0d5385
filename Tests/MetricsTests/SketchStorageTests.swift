import Testing

@testable import Metrics

@Suite struct SketchStorageTests {
  @Test(arguments: SketchLawTests.sizes)
  func whatIsStoredReadsBackTheSame(count: Int) throws {
    var random = SketchSeed(state: 31)
    var sketch = DistinctSketch()
    for _ in 0..<count { sketch.insert(hash: random.next()) }
    let bytes = sketch.serialized
    #expect(bytes.count == sketch.serializedCount)
    #expect(bytes.count <= DistinctSketch.maxSerializedCount)
    #expect(try DistinctSketch(serialized: bytes) == sketch)
  }

  /// The specification's example header bytes for log2m 12, regwidth 5, auto, sparse on.
  @Test func emptyIsThreeBytesAndOneValueEleven() {
    #expect(DistinctSketch().serialized == [0x11, 0x8c, 0x7f])
    var one = DistinctSketch()
    one.insert(hash: 0x0102_0304_0506_0708)
    #expect(one.serialized == [0x12, 0x8c, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test(
    arguments: [
      ([], .truncated(count: 0)),
      ([0x11, 0x8c], .truncated(count: 2)),
      ([0x21, 0x8c, 0x7f], .version(2)),
      ([0x11, 0x8b, 0x7f], .parameters(0x8b, 0x7f)),
      ([0x11, 0x8c, 0x3f], .parameters(0x8c, 0x3f)),
      ([0x10, 0x8c, 0x7f], .malformed("type 0")),
      ([0x15, 0x8c, 0x7f], .malformed("type 5")),
      ([0x11, 0x8c, 0x7f, 0], .malformed("data after an empty sketch")),
      ([0x12, 0x8c, 0x7f, 0], .malformed("part of an explicit value")),
      (
        [0x12, 0x8c, 0x7f] + [UInt8](repeating: 1, count: 16),
        .malformed("explicit values out of order")
      ),
      ([0x13, 0x8c, 0x7f, 0], .malformed("part of a sparse register")),
      ([0x13, 0x8c, 0x7f, 0, 0, 0], .malformed("sparse registers out of order")),
      ([0x14, 0x8c, 0x7f, 0], .malformed("1 bytes of registers")),
    ] as [([UInt8], SketchError)])
  func whatIsNotASketchIsRefusedWithTheReason(bytes: [UInt8], error: SketchError) {
    #expect(throws: error) { try DistinctSketch(serialized: bytes) }
  }

  @Test func moreValuesThanTheExtensionKeepsOneByOneAreRefused() throws {
    func explicit(_ count: Int64) -> [UInt8] {
      (1...count).reduce(into: [0x12, 0x8c, 0x7f]) { bytes, value in
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
      }
    }
    #expect(try DistinctSketch(serialized: explicit(320)).estimate == 320)
    #expect(throws: SketchError.malformed("too many explicit values")) {
      try DistinctSketch(serialized: explicit(321))
    }
  }

  @Test func anyDamageIsRefusedOrReadsAsSomeSketch() {
    var random = SketchSeed(state: 2024)
    for size in SketchLawTests.sizes {
      var sketch = DistinctSketch()
      for _ in 0..<size { sketch.insert(hash: random.next()) }
      let whole = sketch.serialized
      for _ in 0..<20 {
        var bytes = whole
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        bytes.removeLast(Int(random.next() % 3))
        guard let read = try? DistinctSketch(serialized: bytes) else { continue }
        #expect(read.serialized.count <= DistinctSketch.maxSerializedCount)
      }
    }
  }
}
