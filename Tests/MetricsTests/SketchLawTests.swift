import Testing

@testable import Metrics

@Suite struct SketchLawTests {
  /// Sizes on both sides of every change of representation.
  static let sizes = [0, 1, 2, 3, 160, 319, 320, 321, 400, 1300, 1600, 6000]

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func unionIsAssociativeCommutativeAndIdempotentWithAnIdentity(seed: UInt64) {
    var random = SplitMix(state: seed)
    for _ in 0..<12 {
      let a = random.sketch()
      let b = random.sketch()
      let c = random.sketch()
      #expect(a.union(b).union(c) == a.union(b.union(c)), "seed \(seed)")
      #expect(a.union(b) == b.union(a), "seed \(seed)")
      #expect(a.union(a) == a, "seed \(seed)")
      #expect(a.union(DistinctSketch()) == a, "seed \(seed)")
      #expect(DistinctSketch().union(a) == a, "seed \(seed)")
    }
  }

  @Test(arguments: sizes)
  func orderRepetitionAndSplittingLeaveNoTrace(count: Int) {
    let seed = UInt64(count) + 17
    var random = SplitMix(state: seed)
    let hashes = (0..<count).map { _ in random.next() }
    var inOrder = DistinctSketch()
    for hash in hashes { inOrder.insert(hash: hash) }

    var shuffled = DistinctSketch()
    for hash in (hashes + hashes.prefix(100)).shuffled(using: &random) {
      shuffled.insert(hash: hash)
    }
    #expect(shuffled == inOrder, "seed \(seed)")

    var parts = [DistinctSketch](repeating: DistinctSketch(), count: 7)
    for hash in hashes { parts[Int(random.next() % 7)].insert(hash: hash) }
    #expect(parts.reduce(DistinctSketch()) { $0.union($1) } == inOrder, "seed \(seed)")
  }

  @Test(arguments: sizes)
  func countsToTheUnitWhileExactAndWithinFourStandardErrorsBeyond(count: Int) {
    var random = SplitMix(state: 99)
    var sketch = DistinctSketch()
    for _ in 0..<count { sketch.insert(hash: random.next()) }
    #expect(sketch.isExact == (count <= 320))
    #expect(sketch.isEmpty == (count == 0))
    if count <= 320 {
      #expect(sketch.estimate == Double(count))
    } else {
      let error = abs(sketch.estimate - Double(count)) / Double(count)
      #expect(error < 4 * DistinctSketch.relativeError)
    }
  }

  @Test func theHashZeroIsAValueLikeAnyOther() {
    var sketch = DistinctSketch()
    sketch.insert(hash: 0)
    #expect(sketch.estimate == 1)
    #expect(!sketch.isEmpty)
    sketch.insert(hash: 0)
    sketch.insert(hash: 7)
    #expect(sketch.estimate == 2)

    var other = DistinctSketch()
    other.insert(hash: 7)
    other.insert(hash: 0)
    #expect(other == sketch)
    #expect(sketch.serialized.suffix(16) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7])
  }

  @Test(arguments: sizes)
  func aCopyDoesNotChangeWithItsOriginal(count: Int) {
    var random = SplitMix(state: 5)
    var sketch = DistinctSketch()
    for _ in 0..<count { sketch.insert(hash: random.next()) }
    let copy = sketch
    let before = copy.serialized
    for _ in 0..<500 { sketch.insert(hash: random.next()) }
    #expect(copy.serialized == before)
    #expect(sketch != copy)
  }

  @Test func aSketchTakes16BytesAndNoneOrOneValueNoHeap() {
    #expect(MemoryLayout<DistinctSketch>.stride == 16)
    var sketch = DistinctSketch()
    sketch.insert(hash: 1)
    sketch.insert(hash: 1)
    #expect(sketch.words.capacity == 0)
  }
}

@Suite struct SketchStorageTests {
  @Test(arguments: SketchLawTests.sizes)
  func whatIsStoredReadsBackTheSame(count: Int) throws {
    var random = SplitMix(state: 31)
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
      (
        [0x12, 0x8c, 0x7f] + [UInt8](repeating: 1, count: 8 * 321),
        .malformed("too many explicit values")
      ),
      ([0x13, 0x8c, 0x7f, 0], .malformed("part of a sparse register")),
      ([0x13, 0x8c, 0x7f, 0, 0, 0], .malformed("sparse registers out of order")),
      ([0x14, 0x8c, 0x7f, 0], .malformed("1 bytes of registers")),
    ] as [([UInt8], SketchError)])
  func whatIsNotASketchIsRefusedWithTheReason(bytes: [UInt8], error: SketchError) {
    #expect(throws: error) { try DistinctSketch(serialized: bytes) }
  }

  @Test func anyDamageIsRefusedOrReadsAsSomeSketch() {
    var random = SplitMix(state: 2024)
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

/// Steele, Lea, Flood's SplitMix64: repeatable, and not the hash under test.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// A sketch of a size from the list, drawn from few enough values that sketches overlap.
  mutating func sketch() -> DistinctSketch {
    var sketch = DistinctSketch()
    for _ in 0..<SketchLawTests.sizes[Int(next() % UInt64(SketchLawTests.sizes.count))] {
      var value = SplitMix(state: next() % 8000)
      sketch.insert(hash: value.next())
    }
    return sketch
  }
}
