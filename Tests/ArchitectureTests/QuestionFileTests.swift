import Foundation
import TestKit
import Testing

/// The files of `warehouse-sql/questions` begin as docs/questions.md says, and that page lists them.
@Suite struct QuestionFileTests {
  private static let buckets: Set<Substring> = [
    "second", "minute", "hour", "day", "week", "month", "quarter", "year",
  ]

  private func questions() throws -> [(name: String, text: String)] {
    try SourceTree.files(below: "warehouse-sql/questions", ending: ".sql").map {
      (String($0.key.split(separator: "/")[2].dropLast(4)), $0.value)
    }
  }

  @Test func everyQuestionSaysWhatItAnswersAndHowToAskIt() throws {
    let questions = try questions()
    #expect(questions.count > 20)
    for (name, text) in questions {
      let first = try #require(text.split(separator: "\n").first)
      #expect(first.wholeMatch(of: /-- [A-Z].*\?/) != nil, "\(name): \(first)")
      #expect(name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(name)")
      let by = try #require(text.firstMatch(of: /\n-- by: (.+)\n/), "\(name)").1
        .split(separator: " ")
      #expect(Set(by).isSubset(of: Self.buckets) && Set(by).count == by.count, "\(name): \(by)")
      #expect(text.contains(/\n-- chart: (bars \S+|line) \S+\n/), "\(name)")
      for place in ["$1", "$2", "{bucket}"] { #expect(text.contains(place), "\(name): \(place)") }
    }
  }

  /// DESIGN's questions are asked at each granularity that a calendar has.
  @Test(arguments: [
    "users-logged-in", "top-songs", "top-artists", "top-locations", "songs-played",
    "users-by-gender-and-level", "songs-per-user",
  ])
  func theQuestionsOfThePipelineAreAnsweredByEveryBucket(name: String) throws {
    let text = try #require(questions().first { $0.name == name }).text
    let by = try #require(text.firstMatch(of: /\n-- by: (.+)\n/)).1.split(separator: " ")
    #expect(Set(by) == Self.buckets)
  }

  @Test func everyQuestionIsListedInItsPageWithItsBuckets() throws {
    let page = try String(
      contentsOf: SourceTree.root.appendingPathComponent("docs/questions.md"), encoding: .utf8)
    let rows = page.matches(of: /(?m)^\| `([a-z-]+)` \| [^|]+ \| ([a-z]+) to ([a-z]+) \|/)
    let order = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"]
    let questions = try questions()
    #expect(Set(rows.map { String($0.1) }) == Set(questions.map(\.name)))
    for row in rows {
      let text = try #require(questions.first { $0.name == row.1 }).text
      let by = try #require(text.firstMatch(of: /\n-- by: (.+)\n/)).1.split(separator: " ")
      let first = try #require(order.firstIndex(of: String(row.2)))
      let last = try #require(order.firstIndex(of: String(row.3)))
      #expect(Set(by.map(String.init)) == Set(order[first...last]), "\(row.1)")
    }
  }
}
