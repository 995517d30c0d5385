import Metrics
import Support

/// A repeatable source of random numbers that does not use the hash under test.
struct SketchSeed: RandomNumberGenerator {
  private var random: SplitMix64

  init(state: UInt64) { random = SplitMix64(seed: state) }

  mutating func next() -> UInt64 { random.next() }

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
