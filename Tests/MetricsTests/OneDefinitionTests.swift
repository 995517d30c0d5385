import TestKit
import Testing

@testable import Metrics

/// I1: a measure is defined once, in `Metrics`, and in no other code or SQL. The audits of
/// `warehouse-sql/checks` repeat definitions on purpose, as they judge the code. The questions, which read on their own,
/// write rates out, and `everyRateOfAQuestionIsWrittenAsItIsDefined` holds them to the definition.
@Suite struct OneDefinitionTests {
  @Test func noSQLDefinesARateOrAnOutcome() throws {
    let sql = try SourceTree.files(below: "warehouse-sql", ending: ".sql")
      .filter { !$0.key.hasPrefix("warehouse-sql/checks/") }
    #expect(sql.count > 50)
    let rates = Measure.all.compactMap { measure -> String? in
      if case .ratio = measure.rule { measure.name } else { nil }
    }
    #expect(rates.count >= 4)
    for (path, text) in sql {
      // What people read by itself has rates in it; QuestionRateTests holds them to the one definition.
      let readsByItself =
        path.hasPrefix("warehouse-sql/questions/") || path.hasSuffix("_dashboard.sql")
      for word in (readsByItself ? [] : rates) + engagementPages.keys + ["30000", "30_000", "0.9"] {
        #expect(!text.contains(word), "\(path) says \(word)")
      }
    }
  }

  @Test func noLayerKnowsWhatAPageOrAnOutcomeStandsFor() throws {
    for layer in ["SpeedLayer", "BatchLayer", "ServingLayer", "Feed", "StarSchema"] {
      let swift = try SourceTree.files(below: "Sources/\(layer)", ending: ".swift")
      #expect(!swift.isEmpty)
      for (path, text) in swift {
        for word in Array(engagementPages.keys) + ["\"completed\"", "\"skipped\"", "30_000"] {
          #expect(!text.contains(word), "\(path) says \(word)")
        }
      }
    }
  }
}
