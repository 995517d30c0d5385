import Warehouse

/// A file of `warehouse-sql/questions`: SQL whose first comment says what it answers, and whose lines `-- by:`, `-- chart:`
/// and, where they are needed, `-- rung:`, `-- buckets:` and `-- none:` say how to ask it.
struct Question {
  /// How the answer is drawn.
  enum Chart: Equatable {
    /// A bar for each row, under a heading for each bucket.
    case bars(labels: [String], value: String)
    /// A sparkline over the buckets.
    case line(value: String)
  }

  static let directory = "questions"

  /// The rollups that a question can read, by the name of their place in its SQL, and the view of facts that has the same
  /// columns.
  private static let facts = [
    "totals": "layers.event", "song": "layers.song_event", "user": "layers.event",
    "location": "layers.event", "device": "layers.event", "audience": "layers.audience_event",
    "page": "layers.page_event",
  ]

  let name: String
  /// What it answers, in one sentence.
  let sentence: String
  /// What it can be asked by; the first is taken unless another is asked for.
  let buckets: [QuestionBucket]
  let chart: Chart
  /// The widest rows that it can be answered from.
  let rung: QuestionRung?
  /// What an answer without rows may lack.
  let whyNone: String
  /// How many buckets the usual range has; nil for as many as fit the chart.
  private let usualCount: Int?
  private let text: String

  /// Every question, by name.
  static func names(_ library: SQLLibrary) -> [String] { library.names(in: directory) }

  /// - Throws: `.configuration` for a file whose comments do not say all that is needed.
  init(_ name: String, _ library: SQLLibrary) throws {
    self.name = name
    text = try library.text(of: "\(Self.directory)/\(name).sql")
    let comments = text.split(separator: "\n").prefix { $0.hasPrefix("-- ") }.map {
      String($0.dropFirst(3))
    }
    func words(_ key: String) -> [String] {
      let line = comments.first { $0.hasPrefix("\(key): ") }
      return line?.split(separator: " ").dropFirst().map(String.init) ?? []
    }
    func wrong(_ what: String) -> CommandError {
      CommandError(.configuration, "\(Self.directory)/\(name).sql: \(what)")
    }
    guard let first = comments.first, first.hasSuffix("?") else {
      throw wrong("the first line is no comment with the question that it answers")
    }
    sentence = first
    buckets = try words("by").map {
      guard let bucket = QuestionBucket(rawValue: $0) else {
        throw wrong("-- by: \($0) is no bucket")
      }
      return bucket
    }
    guard !buckets.isEmpty else { throw wrong("there is no line -- by: with its buckets") }
    let chart = words("chart")
    switch (chart.first, chart.count) {
    case ("bars", 3):
      self.chart = .bars(
        labels: chart[1].split(separator: ",").map(String.init), value: chart[2])
    case ("line", 2): self.chart = .line(value: chart[1])
    default: throw wrong("there is no line -- chart: bars LABEL,… VALUE or -- chart: line VALUE")
    }
    rung = try words("rung").first.map {
      guard let rung = QuestionRung(rawValue: $0) else { throw wrong("-- rung: \($0) is no rung") }
      return rung
    }
    let none = words("none").joined(separator: " ")
    whyNone = none.isEmpty ? "nothing of it in this range; --from begins it earlier" : none
    usualCount = words("buckets").first.flatMap { Int($0) }
  }

  /// The places in the SQL that rollups are filled into.
  var places: [String] { Self.facts.keys.filter { text.contains("{\($0)}") }.sorted() }

  /// Whether it reads facts, whatever it is asked by.
  var readsOnlyFacts: Bool { text.contains(" warehouse.fact_") }

  /// Whether it reads rollups that give up their minutes after a while, as all do but the totals.
  var needsKeptMinutes: Bool { places.contains { $0 != "totals" } }

  /// How many buckets the range has unless one is given: a series is looked at as a whole, of lists the last two.
  func usualCount(by bucket: QuestionBucket) -> Int {
    if let usualCount { return usualCount }
    if case .line = chart { return bucket.usualCount }
    return 2
  }

  /// The statement that answers it; $1 and $2 are the ends of the range.
  func sql(
    by bucket: QuestionBucket, from rung: QuestionRung, _ library: SQLLibrary
  ) throws -> String {
    var values = ["bucket": bucket.rawValue]
    for place in places {
      values[place] = rung == .facts ? Self.facts[place] : "serving.\(rung.rawValue)_\(place)"
      values["time"] = rung.column
    }
    return try library.sql(name, values, in: Self.directory)
  }
}
