import Testing

@testable import Metrics

/// Compares sketches with those that PostgreSQL made of the same values.
@Suite struct SketchGoldenTests {
  @Test(arguments: SketchGolden.grown)
  func addingValuesGivesTheServersBytesAndCardinality(_ golden: SketchGolden.Grown) {
    var sketch = DistinctSketch()
    if golden.count > 0 {
      for value in SketchGolden.values(seed: golden.seed, 1...golden.count) {
        sketch.insert(hash: Murmur3.hash64(value))
      }
    }
    #expect(digest(sketch) == golden.digest)
    #expect(abs(sketch.estimate - golden.cardinality) <= 1e-9 * golden.cardinality)
  }

  @Test(arguments: SketchGolden.dense)
  func everySizeTo2000HasTheServersBytes(_ golden: (seed: Int64, digest: Int64)) {
    var sketch = DistinctSketch()
    var digests = ["\(digest(sketch))"]
    for value in SketchGolden.values(seed: golden.seed, 1...2000) {
      sketch.insert(hash: Murmur3.hash64(value))
      digests.append("\(digest(sketch))")
    }
    #expect(Int64(bitPattern: Murmur3.hash64(digests.joined(separator: ","))) == golden.digest)
  }

  @Test(arguments: SketchGolden.unions)
  func unionsHaveTheServersBytes(_ golden: SketchGolden.Union) {
    let left = DistinctSketch(SketchGolden.values(seed: 5, golden.left))
    let right = DistinctSketch(SketchGolden.values(seed: 5, golden.right))
    #expect(digest(left.union(right)) == golden.digest)
    #expect(digest(right.union(left)) == golden.digest)
  }

  @Test(arguments: SketchGolden.levels)
  func everyRangeOfTheEstimatorAgreesWithTheServer(
    _ golden: (register: UInt8, cardinality: Double)
  ) {
    let word = Int64(bitPattern: UInt64(golden.register) * 0x0101_0101_0101_0101)
    let sketch = DistinctSketch(
      registers: [Int64](repeating: word, count: DistinctSketch.registerWords))
    if golden.cardinality.isNaN {
      #expect(sketch.estimate.isNaN)
    } else {
      #expect(abs(sketch.estimate - golden.cardinality) <= 1e-9 * golden.cardinality)
    }
  }

  private func digest(_ sketch: DistinctSketch) -> Int64 {
    Int64(bitPattern: sketch.serialized.withUnsafeBytes { Murmur3.hash64($0) })
  }
}

extension DistinctSketch {
  fileprivate init(_ values: some Sequence<Int64>) {
    self.init()
    for value in values { insert(hash: Murmur3.hash64(value)) }
  }
}
