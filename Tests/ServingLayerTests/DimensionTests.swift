import Metrics
import TestKit
import Testing

@testable import ServingLayer

/// Every rollup can be asked for, and every dimension leads to one.
@Suite struct DimensionTests {
  @Test func `each rollup can be chosen, and is ranked once`() {
    #expect(Rollup.cheapestFirst.count == Rollup.allCases.count)
    #expect(Set(Rollup.cheapestFirst) == Set(Rollup.allCases))
  }

  @Test(arguments: Rollup.allCases)
  func `what tells the rows of a rollup apart can be asked for`(rollup: Rollup) {
    let dimensions = Dimension.all(in: rollup).filter { $0 != .layer }
    #expect(dimensions.isEmpty == rollup.keyColumns.isEmpty)
    for column in rollup.keyColumns where !column.hasSuffix("_key") {
      #expect(dimensions.contains { $0.rawValue == column }, "\(column)")
    }
    #expect((rollup.dimensionTable != nil) == rollup.keyColumns.contains { $0.hasSuffix("_key") })
  }

  @Test(arguments: Dimension.allCases)
  func `each dimension is of some rollup, and in docs and api`(dimension: Dimension) throws {
    #expect(Rollup.allCases.contains { dimension.columns(in: $0) != nil })
    let text = try #require(SourceTree.files(below: "docs", ending: "api.md")["docs/api.md"])
    let section = text.split(separator: "\n## ").flatMap { $0.split(separator: "\n### ") }
      .first { $0.hasPrefix("Dimensions\n") }
    let words = try #require(section).split { !$0.isLetter && $0 != "_" }
    #expect(words.contains(Substring(dimension.rawValue)), "\(dimension.rawValue)")
  }
}
