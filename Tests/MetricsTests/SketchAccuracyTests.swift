import Testing

@testable import Metrics

/// The errors that are stated for distinct counts, measured.
@Suite struct SketchAccuracyTests {
  private struct Seen {
    var estimates = 0
    /// Of these, those whose count is in the stated interval, and in that of the theory alone.
    var within = 0
    var withinTheory = 0
    /// Sums of the errors relative to the count, and of their squares.
    var sum = 0.0
    var squares = 0.0
  }

  /// Many sketches grow from below the range in which the estimator is biased to beyond it.
  private static let seen: [Int: Seen] = {
    var seen: [Int: Seen] = [:]
    for seed in 0..<90 {
      var random = SketchSeed(state: UInt64(seed) &* 0x9e37 &+ 5)
      var sketch = DistinctSketch()
      var next = 4000
      for count in 1...18_000 {
        sketch.insert(hash: random.next())
        guard count == next else { continue }
        next += count / 40
        let estimate = Int(sketch.estimate.rounded())
        let (low, high) = SketchAccuracy.interval(estimate)
        let error = Double(estimate) / Double(count) - 1
        let theory = 1.96 * DistinctSketch.relativeError * Double(estimate)
        var entry = seen[SketchAccuracy.of(estimate).from] ?? Seen()
        entry.estimates += 1
        entry.within += (low...high).contains(count) ? 1 : 0
        entry.withinTheory += abs(Double(estimate - count)) <= theory ? 1 : 0
        entry.sum += error
        entry.squares += error * error
        seen[SketchAccuracy.of(estimate).from] = entry
      }
    }
    return seen
  }()

  @Test(arguments: SketchAccuracy.all.map(\.from))
  func theStatedErrorIsTheMeasuredOne(from: Int) throws {
    let seen = try #require(Self.seen[from])
    let accuracy = SketchAccuracy.of(from)
    #expect(seen.estimates > 200)
    let share = Double(seen.within) / Double(seen.estimates)
    #expect(share > 0.935, "\(from): \(share) of \(seen.estimates)")
    let error = (seen.squares / Double(seen.estimates)).squareRoot()
    #expect(error < accuracy.standardError * 1.05, "\(from): \(error)")
    // Not stated so wide that it says nothing.
    #expect(error > accuracy.standardError * 0.7, "\(from): \(error)")
  }

  /// Why one error for all sizes would not be true.
  @Test func betweenTheTwoEstimatorsTheErrorIsABiasThatTheTheoryHasNot() throws {
    let seen = try #require(Self.seen[9_800])
    #expect(Double(seen.withinTheory) / Double(seen.estimates) < 0.8)
    #expect((0.015...0.03).contains(seen.sum / Double(seen.estimates)))
    let before = try #require(Self.seen[0])
    #expect(abs(before.sum / Double(before.estimates)) < 0.002)
  }

  @Test func anIntervalIsWidenedToWholeMembers() {
    #expect(SketchAccuracy.interval(0) == (0, 0))
    #expect(SketchAccuracy.interval(3) == (2, 4))
    #expect(SketchAccuracy.interval(1234) == (1194, 1274))
    #expect(SketchAccuracy.interval(10_500) == (9_964, 10_784))
    #expect(SketchAccuracy.interval(1_000_000) == (968_150, 1_031_850))
  }
}
