import Support
import Testing

@Suite struct SplitMix64Tests {
  /// The first numbers of the reference implementation for that seed (Vigna, splitmix64.c).
  @Test func theNumbersAreThoseOfTheReference() {
    var random = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in random.next() } == expected)
  }

  @Test func boundsAndSharesAreKept() {
    var random = SplitMix64(seed: 5)
    let drawn = (0..<3000).map { _ in random.below(3) }
    #expect(Set(drawn) == [0, 1, 2])
    #expect(random.below(0) == 0 && random.below(1) == 0)
    #expect((0..<4000).count { _ in random.chance(0.25) } > 800)
    #expect((0..<100).allSatisfy { _ in !random.chance(0) && random.chance(1) })
  }
}
