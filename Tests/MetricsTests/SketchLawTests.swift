import Testing

@testable import Metrics

@Suite struct SketchLawTests {
  /// Sizes on both sides of every change of representation.
  static let sizes = [0, 1, 2, 3, 160, 319, 320, 321, 400, 1300, 1600, 6000]

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func unionIsAssociativeCommutativeAndIdempotentWithAnIdentity(seed: UInt64) {
    var random = SketchSeed(state: seed)
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
    var random = SketchSeed(state: seed)
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
    var random = SketchSeed(state: 99)
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
    var random = SketchSeed(state: 5)
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
