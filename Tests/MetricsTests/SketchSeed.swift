import Metrics

/// Steele, Lea, Flood's SplitMix64: repeatable, and not the hash under test.
struct SketchSeed: RandomNumberGenerator {
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
      var value = SketchSeed(state: next() % 8000)
      sketch.insert(hash: value.next())
    }
    return sketch
  }
}
