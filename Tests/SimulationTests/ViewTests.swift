import Metrics
import Testing

@testable import Simulation

/// The oracle defines everything a second time, so a counter or a rollup that it does not know would be judged by
/// nobody.
@Suite struct ViewTests {
  @Test func theOracleKnowsEveryCounter() {
    #expect(Set(View.counters) == Set(Counter.allCases.map(\.column)))
  }

  @Test func theOracleKnowsEveryRollup() {
    #expect(Set(View.allCases.map(\.name)) == Set(Rollup.allCases.map { $0.table(.minute).name }))
  }

  @Test(arguments: Rollup.allCases)
  func theOracleKnowsWhatARollupKeeps(_ rollup: Rollup) throws {
    let view = try #require(View.allCases.first { $0.name == rollup.table(.minute).name })
    #expect(
      Set(view.counters.map { View.counters[$0] }) == Set(rollup.counters.map(\.column)))
  }
}
