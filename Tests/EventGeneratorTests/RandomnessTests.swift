import Foundation
import Testing

@testable import EventGenerator

@Suite struct RandomnessTests {
  private let seed: UInt64 = 31

  @Test func theFunctionsAgreeWithTheCLibrary() {
    var random = RandomSource(seed: seed, purpose: .user)
    for _ in 0..<5_000 {
      let x = Foundation.exp(random.uniform() * 80 - 40)
      #expect(abs(Elementary.log(x) - log(x)) <= 2e-15 * max(1, abs(log(x))), "log \(x)")
      let y = random.uniform() * 100 - 50
      #expect(isClose(Elementary.exp(y), exp(y), 1e-14), "exp \(y)")
      let turns = random.uniform() * 8 - 4
      #expect(abs(Elementary.sin(turns: turns) - sin(2 * .pi * turns)) < 1e-14, "sin \(turns)")
      #expect(abs(Elementary.cos(turns: turns) - cos(2 * .pi * turns)) < 1e-14, "cos \(turns)")
    }
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.log(0x1p-53).isFinite)
  }

  /// The first outputs of xoshiro256** from the state 1, 2, 3, 4, as its authors' code gives them.
  @Test func theGeneratorIsXoshiro256StarStar() {
    var random = RandomSource(state: (1, 2, 3, 4))
    #expect(
      (0..<4).map { _ in random.next() } == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
  }

  @Test func streamsOfOtherPurposeIndexOrSeedAreOthers() {
    var firsts: Set<UInt64> = []
    for seed: UInt64 in 0..<10 {
      for index: UInt64 in 0..<100 {
        for purpose in [RandomSource.Purpose.user, .growth, .catalogue] {
          var random = RandomSource(seed: seed, purpose: purpose, index: index)
          firsts.insert(random.next())
        }
      }
    }
    #expect(firsts.count == 3_000)
  }

  @Test func normalsHaveTheirMoments() {
    var random = RandomSource(seed: seed, purpose: .user)
    let values = (0..<20_000).map { _ in random.gaussian() }
    #expect(abs(mean(values)) < 0.03)
    #expect(isClose(variance(values), 1, 0.04))
    #expect(isClose(mean(values.map { $0 * $0 * $0 * $0 }), 3, 0.12))
  }

  @Test func weightedDrawsFollowTheirWeights() {
    var random = RandomSource(seed: seed, purpose: .user)
    let weights: [Double] = [1, 0, 5, 0.5, 20, 3]
    let table = AliasTable(weights: weights)
    var counts = [Double](repeating: 0, count: weights.count)
    for _ in 0..<30_000 { counts[table.draw(&random)] += 1 }
    #expect(counts[1] == 0)
    let total = weights.reduce(0, +)
    let chiSquare = zip(counts, weights).filter { $0.1 > 0 }.reduce(0.0) {
      let expected = 30_000 * $1.1 / total
      return $0 + pow($1.0 - expected, 2) / expected
    }
    // 4 degrees of freedom: above 23.5 in one of 10,000 runs.
    #expect(chiSquare < 23.5)
  }
}
