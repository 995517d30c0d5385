import TestKit
import Testing

@testable import Metrics

/// The questions of `warehouse-sql` read on their own, so rates are written out in them. Here they are held to the one
/// definition.
@Suite struct QuestionRateTests {
  private func questions() throws -> [String: String] {
    try SourceTree.files(below: "warehouse-sql/questions", ending: ".sql")
  }

  @Test func everyRateOfAQuestionIsWrittenAsItIsDefined() throws {
    var count = 0
    for (path, text) in try questions() {
      for measure in Measure.all {
        guard case .ratio(let counter, let over) = measure.rule else { continue }
        let denominator = over.map(\.column).joined(separator: " + ")
        let definition = "round(\(counter.column) / nullif(\(denominator), 0), "
        for line in text.split(separator: "\n") where line.contains(measure.name) {
          count += 1
          let code = line.drop { $0 == " " }
          let isDefinition =
            code.hasPrefix(definition)
            && code.dropFirst(definition.count).wholeMatch(of: /\d\) as [a-z_]+,?/) != nil
          #expect(isDefinition, "\(path): \(line), not \(definition)N) as \(measure.name)")
        }
      }
    }
    #expect(count > 8)
  }

  @Test func everyRateOfADashboardIsWrittenAsItIsDefined() throws {
    let views = try SourceTree.files(below: "warehouse-sql/migrations", ending: "_dashboard.sql")
    var count = 0
    for (path, text) in views {
      for measure in Measure.all {
        guard case .ratio(let counter, let over) = measure.rule else { continue }
        let denominator = over.map(\.column).joined(separator: " + ")
        for line in text.split(separator: "\n") where line.hasSuffix(" as \(measure.name),") {
          count += 1
          #expect(
            line == "  layers.rate(\(counter.column), \(denominator)) as \(measure.name),",
            "\(path): \(line)")
        }
      }
    }
    #expect(count >= 20)
  }

  /// A counter keeps its name on its way through a question.
  @Test func whatIsCalledLikeACounterIsItsSum() throws {
    let counters = Set(Counter.allCases.map(\.column))
    for (path, text) in try questions() {
      for match in text.matches(of: /sum\(([a-z_.]+)\) as ([a-z_]+)/)
      where counters.contains(String(match.2)) {
        #expect(match.1.split(separator: ".").last == match.2, "\(path): \(match.0)")
      }
    }
  }
}
