import Foundation
import Support
import Testing

@testable import EventGenerator

@Suite struct ConfigTests {
  private func parse(_ text: String) throws -> GeneratorConfig {
    try .parse(Data(text.utf8), file: "site.json")
  }

  @Test func theEmbeddedConfigIsTheFileInTheRepository() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = try String(
      contentsOf: root.appendingPathComponent("config/default.json"), encoding: .utf8)
    #expect(file == GeneratorConfig.standardText)
  }

  @Test func theEmbeddedConfigHasNoWarnings() throws {
    #expect(try GeneratorConfig.standard().warnings == [])
  }

  @Test func aChurnedStateThatNobodyGetsToIsWarnedOf() throws {
    let config = try simpleConfig(
      "\"churned-state\": \"Canceled\"", transitions: [("A", "A", 0.5)])
    #expect(config.warnings.count == 1)
    #expect(
      config.warnings.first?.contains("churned-state: no transition has the auth Canceled") == true)
  }

  @Test func valuesOfTheFileAreHonoured() throws {
    let config = try GeneratorConfig.standard()
    #expect(config.alpha == 90)
    #expect(config.beta == 172_800)
    #expect(config.sessionGap == 1800)
    #expect(config.users == 1000)
    #expect(config.start == 1_767_225_600_000)
    #expect(config.end == 1_767_225_600_000 + 7 * day)
    #expect(config.churnedState == "Cancelled")
  }

  @Test func theCommandLineWinsOverTheFile() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 3
    overrides.start = 5
    overrides.end = 10
    overrides.seed = .max
    overrides.growthRate = 0.5
    overrides.attritionRate = 0.25
    overrides.tag = "b"
    overrides.firstUserId = 1000
    let config = try GeneratorConfig.standard(overrides)
    #expect(config.users == 3)
    #expect(config.start == 5)
    #expect(config.end == 10)
    #expect(config.seed == .max)
    #expect(config.growthRate == 0.5)
    #expect(config.attritionRate == 0.25)
    #expect(config.tag == "b")
    #expect(config.firstUserId == 1000)
    overrides.endless = true
    #expect(try GeneratorConfig.standard(overrides).end == nil)
  }

  @Test func eachUnknownKeyIsNamedOnceByItsPath() throws {
    let text = GeneratorConfig.standardText
      .replacingOccurrences(of: "\"seed\": 1,", with: "\"seed\": 1, \"sede\": 2,")
      .replacingOccurrences(of: "\"p\":", with: "\"q\": 7, \"p\":")
      .replacingOccurrences(of: "\"source\": {", with: "\"source\": {\"pages\": [{\"x\": 1}],")
      .replacingOccurrences(of: "\"show\":", with: "\"shown\": null, \"show\":")
    let paths = ["sede", "show-user-details.shown", "transitions.q", "transitions.source.pages"]
    #expect(
      try parse(text).warnings
        == paths.map { "site.json: \($0) is not a key that the generator knows; it has no effect" })
  }

  @Test func aStateWithoutAWayInIsNamedWithItsTransition() throws {
    // Two states that only lead to each other cannot be reached.
    let error = try #require(throws: GeneratorError.self) {
      try simpleConfig(
        "\"seed\": 1",
        transitions: [("A", "A", 0.5), ("Isle", "Reef", 0.5), ("Reef", "Isle", 1)])
    }
    #expect(error.code == .noWayIn)
    #expect(
      error.message
        == "test.json: transitions[1].source: no session can get to Isle GET 200 "
        + "(Logged In, free); add it to new-session, or a transition to it")
  }

  @Test func aWayInThatIsClosedByAZeroIsNoMistake() throws {
    let config = try simpleConfig(
      "\"seed\": 1", transitions: [("A", "B", 0), ("B", "A", 0.5), ("C", "A", 0.5)],
      starts: ["A": 1, "C": 0])
    #expect(config.warnings == [])
  }

  @Test func aDampingThatWouldTurnTheClockBackIsWeakenedWithAWarning() throws {
    let text = GeneratorConfig.standardText.replacingOccurrences(
      of: "\"damping\": 0.09375", with: "\"damping\": 0.2137")
    let config = try parse(text)
    #expect(config.damping == 0.159)
    #expect(config.warnings.count == 1)
    #expect(config.warnings.first?.contains("site.json: damping: 0.2137") == true)
  }

  /// A config with the features of eventsim's own files that ours lacks: no dates, whole numbers written with
  /// a decimal point, weights of 0, and an auth with which no session begins.
  @Test func aConfigAsEventsimHasThemNeedsOnlyAStart() throws {
    let json = """
      {"seed" : 1, "alpha" : 90.0, "beta" : 604800.0, "session-gap" : 1800,
       "weekend-damping-offset" : 180.0, "churned-state" : "Cancelled",
       "show-user-details" : [{"auth" : "Logged In", "show" : true},
         {"auth" : "Cancelled", "show" : true}],
       "levels" : [{"level":"free","weight":10}],
       "auths" : [{"auth":"Guest","weight":0}, {"auth":"Logged In","weight":10}],
       "new-session" : [{"page":"Home","method":"GET","status":200,"auth":"Logged In",
         "level":"free","weight":1000}],
       "new-user-auth":"Guest", "new-user-level":"free", "upgrades" : [], "downgrades" : [],
       "transitions" : [{
         "source":{"page":"Home","method":"GET","status":200,"auth":"Logged In","level":"free"},
         "dest":{"page":"Bye","method":"PUT","status":307,"auth":"Cancelled","level":"free"},
         "p":1}]}
      """
    var overrides = GeneratorConfig.Overrides()
    overrides.start = monday
    let config = try GeneratorConfig.parse(Data(json.utf8), file: "site.json", overrides)
    #expect(config.warnings == [])
    #expect(config.seed == 1 && config.beta == 604_800 && config.weekendDampingOffset == 180)
    overrides.growthRate = 0.1
    let error = try #require(throws: GeneratorError.self) {
      try GeneratorConfig.parse(Data(json.utf8), file: "site.json", overrides)
    }
    #expect(error.code == .noWayIn && error.message.contains("(Guest, free)"))
  }

  struct Mistake: CustomTestStringConvertible, Sendable {
    var old: String
    var new: String
    var code: GeneratorError.Code
    var says: [String]
    var testDescription: String { "\(old) -> \(new)" }
  }

  @Test(arguments: [
    Mistake(old: "{", new: "", code: .notJSON, says: ["site.json", "not JSON"]),
    Mistake(
      old: "\"alpha\": 90", new: "\"alpha\": \"x\"", code: .badValue,
      says: ["alpha: \"x\" must be a number"]),
    Mistake(
      old: "\"alpha\": 90", new: "\"alpha\": true", code: .badValue, says: ["alpha", "number"]),
    Mistake(old: "\"alpha\": 90", new: "\"alpha\": 0", code: .badValue, says: ["alpha", "0.0"]),
    Mistake(old: "\"beta\": 172800", new: "\"beta\": -1", code: .badValue, says: ["beta", "-1"]),
    Mistake(
      old: "\"damping\": 0.09375", new: "\"damping\": 1.2", code: .badValue,
      says: ["damping: 1.2 must be from 0 to 1"]),
    Mistake(old: "\"seed\": 1", new: "\"seed\": 1.5", code: .badValue, says: ["seed", "1.5"]),
    Mistake(old: "\"n-users\": 1000", new: "\"n-users\": 0", code: .badValue, says: ["n-users"]),
    Mistake(
      old: "\"n-users\": 1000", new: "\"n-users\": 10.5", code: .badValue,
      says: ["n-users", "10.5", "whole"]),
    Mistake(
      old: "2026-01-01", new: "2026-13-01", code: .badValue, says: ["start-date", "2026-13-01"]),
    Mistake(
      old: "2026-01-01", new: "2026-02-30", code: .badValue, says: ["start-date", "2026-02-30"]),
    Mistake(
      old: "2026-01-08", new: "2025-12-31", code: .badValue,
      says: [
        "end-date: 2025-12-31T00:00:00Z is not after start-date, 2026-01-01T00:00:00Z", "--to",
      ]),
    Mistake(
      old: "\"start-date\"", new: "\"started\"", code: .missingKey, says: ["start-date", "--from"]),
    Mistake(
      old: "\"growth-rate\": 0.0", new: "\"growth-rate\": -0.1", code: .badValue,
      says: ["growth-rate", "-0.1"]),
    Mistake(
      old: "\"attrition-rate\": 0.0", new: "\"attrition-rate\": 1", code: .badValue,
      says: ["attrition-rate: 1 must be from 0 to below 1"]),
    Mistake(
      old: "\"p\": 0.765", new: "\"p\": 0.9", code: .probabilityAboveOne,
      says: ["NextSong PUT 200 (Logged In, free)", "1.1086;"]),
    Mistake(
      old: "\"p\": 0.765", new: "\"p\": 1.1", code: .badValue, says: ["transitions[0].p", "1.1"]),
    Mistake(old: "\"p\": 0.765", new: "\"q\": 0.7", code: .missingKey, says: ["transitions[0].p"]),
    Mistake(
      old: "\"transitions\": [", new: "\"transitions\": [7, ", code: .badValue,
      says: ["transitions[0]", "7", "object"]),
    Mistake(
      old: "\"show\": false", new: "\"show\": 0", code: .badValue,
      says: ["show-user-details[0].show", "true or false"]),
    Mistake(
      old: "{\"auth\": \"Cancelled\", \"show\": true}", new: "{\"auth\": \"X\", \"show\": true}",
      code: .missingKey, says: ["show-user-details", "Cancelled"]),
    Mistake(
      old: "{\"auth\": \"Guest\", \"weight\": 0}", new: "{\"auth\": \"Gone\", \"weight\": 1}",
      code: .noWayIn, says: ["new-session", "Gone"]),
    Mistake(old: "\"levels\": [", new: "\"lvls\": [", code: .missingKey, says: ["levels"]),
    Mistake(
      old: "\"new-session\": [",
      new: "\"new-session\": [{\"page\": \"Blog\", \"auth\": \"Guest\", \"weight\": 1},",
      code: .badValue, says: ["new-session[0].page", "Blog"]),
  ])
  func eachMistakeIsNamedWithItsFileKeyAndValue(mistake: Mistake) throws {
    let text = GeneratorConfig.standardText
    let range = try #require(text.range(of: mistake.old))
    let error = try #require(throws: GeneratorError.self) {
      try parse(text.replacingCharacters(in: range, with: mistake.new))
    }
    #expect(error.code == mistake.code)
    #expect(!error.message.contains("\n"))
    for part in ["site.json"] + mistake.says {
      #expect(error.message.contains(part), "\(error.message) should name \(part)")
    }
    #expect((64...78).contains(error.exitCode.rawValue))
  }

  @Test func valuesOfTheCommandLineAreCheckedToo() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.attritionRate = 1.5
    let error = try #require(throws: GeneratorError.self) {
      try GeneratorConfig.standard(overrides)
    }
    #expect(error.code == .badValue)
    #expect(error.message == "--attrition-rate: 1.5 must be from 0 to below 1")
    overrides.attritionRate = nil
    overrides.users = 0
    let other = try #require(throws: GeneratorError.self) {
      try GeneratorConfig.standard(overrides)
    }
    #expect(other.message.hasPrefix("--users: 0 must be"))
  }

  @Test func aFileThatIsNotThereIsNamed() throws {
    let error = try #require(throws: GeneratorError.self) {
      try GeneratorConfig.load(path: "/nonexistent/site.json")
    }
    #expect(error.code == .unreadable)
    #expect(error.message.contains("/nonexistent/site.json"))
  }

  @Test func weekdaysAgreeWithFoundation() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for number in stride(from: Int64(0), to: 47_000, by: 13) {
      let date = Date(timeIntervalSince1970: Double(number) * 86_400)
      let weekday = calendar.component(.weekday, from: date)
      #expect((CivilTime.weekday(ofDay: number) + 1) % 7 + 1 == weekday)
    }
  }

  @Test(arguments: [
    ("2026-01-01", true), ("2026-01-19", true), ("2026-02-16", true), ("2026-05-25", true),
    ("2026-06-19", true), ("2026-09-07", true), ("2026-10-12", true), ("2026-11-26", true),
    ("2026-12-25", true), ("2026-03-02", false), ("2026-11-27", false), ("2026-05-18", false),
    ("2026-03-07", true), ("2026-03-08", true),
  ])
  func weekendsAndHolidaysAreFree(date: String, free: Bool) throws {
    let time = try #require(ISOTime.parse(date))
    #expect(CivilTime.isFree(day: CivilTime.day(of: time)) == free)
  }
}
