import Metrics
import TestKit
import Testing

/// docs/metrics.md says what every number means.
@Suite struct DefinitionDocsTests {
  private let text: String

  init() throws {
    text = try #require(SourceTree.files(below: "docs", ending: "metrics.md")["docs/metrics.md"])
  }

  @Test func everyMeasureIsExplained() {
    for measure in Measure.all {
      let isNamed = text.contains("`\(measure.name)`")
      #expect(isNamed, "docs/metrics.md does not name \(measure.name)")
    }
  }

  @Test func everyRollupIsExplained() {
    for rollup in Rollup.allCases {
      let isNamed = text.contains("`\(rollup.table(.minute).name)`")
      #expect(isNamed, "docs/metrics.md does not name \(rollup.table(.minute).name)")
    }
  }
}
