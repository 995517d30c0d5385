import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// A/B groups: users of one run with different configs.
@Suite struct GroupTests {
  private func group(_ tag: String, weight: Double, stay: Double, _ keys: String = "\"beta\": 7200")
    throws -> Scenario.Group
  {
    var overrides = GeneratorConfig.Overrides()
    overrides.tag = tag
    overrides.seed = 9
    overrides.users = 1000
    overrides.end = monday + day
    let config = try simpleConfig(
      keys + ", \"damping\": 0, \"weekend-damping\": 0", transitions: [("A", "A", stay)],
      overrides: overrides)
    return Scenario.Group(config, weight: weight)
  }

  private func run(_ groups: [Scenario.Group]) throws -> [(event: Seen, tag: String)] {
    var simulation = Simulation(try Scenario(groups: groups, catalogue: smallCatalogue))
    var seen: [(Seen, String)] = []
    simulation.run(until: nil) { event in
      seen.append((Seen(event), event.tag.string))
      return true
    }
    return seen
  }

  @Test func usersAreSpreadByWeightAndStayWhereTheyAre() throws {
    let seen = try run([group("a", weight: 3, stay: 0.5), group("b", weight: 1, stay: 0.5)])
    var tags: [Int64: Set<String>] = [:]
    for (event, tag) in seen { tags[event.user ?? 0, default: []].insert(tag) }
    #expect(tags.values.allSatisfy { $0.count == 1 })
    let share = Double(tags.values.count { $0 == ["a"] }) / Double(tags.count)
    // Four standard errors of a share of 0.75 among 1,000.
    #expect(abs(share - 0.75) < 0.055, "\(share)")
  }

  @Test func eachGroupGoesByItsOwnConfig() throws {
    let seen = try run([
      group("short", weight: 1, stay: 0.2),
      group("long", weight: 1, stay: 0.8, "\"beta\": 7200, \"alpha\": 20"),
    ])
    for (tag, stay) in [("short", 0.2), ("long", 0.8)] {
      let sessions = Dictionary(grouping: seen.filter { $0.tag == tag }, by: \.event.session)
      // The number of requests of a session is geometric, with the mean 1 / (1 - stay).
      let length = mean(sessions.values.map { Double($0.count) })
      #expect(isClose(length, 1 / (1 - stay), 0.05), "\(tag): \(length)")
    }
  }

  @Test func aUserIsTheSameWhateverGroupsThereAre() throws {
    let alone = try run([group("a", weight: 1, stay: 0.5)])
    let split = try run([group("a", weight: 1, stay: 0.5), group("b", weight: 1, stay: 0.5)])
    #expect(alone.map(\.event) == split.map(\.event))
    #expect(Set(split.map(\.tag)) == ["a", "b"])
  }

  @Test func groupsOfTheBuiltInConfigBehaveAsOne() throws {
    func run(_ tags: [String]) throws -> [Seen] {
      var groups: [Scenario.Group] = []
      for tag in tags {
        var overrides = GeneratorConfig.Overrides()
        overrides.users = 300
        overrides.start = monday
        overrides.end = monday + day
        overrides.growthRate = 5
        overrides.tag = tag
        groups.append(Scenario.Group(try .standard(overrides)))
      }
      var simulation = Simulation(try Scenario(groups: groups, catalogue: smallCatalogue))
      return simulation.all()
    }
    let one = try run(["a"])
    #expect(one.count > 3_000)
    #expect(try run(["a", "b", "c"]) == one)
  }

  @Test func valuesOfTheRunComeFromTheFirstGroupAndOthersAreSaid() throws {
    let first = try group("a", weight: 1, stay: 0.5)
    var overrides = GeneratorConfig.Overrides()
    overrides.tag = "b"
    let second = try simpleConfig(
      "\"n-users\": 7, \"seed\": 9, \"end-date\": \"2026-03-03\"", transitions: [("A", "A", 0.5)],
      overrides: overrides)
    let scenario = try Scenario(
      groups: [first, Scenario.Group(second)], catalogue: smallCatalogue)
    #expect(scenario.warnings.count == 1)
    #expect(scenario.warnings[0].contains("group b") && scenario.warnings[0].contains("n-users"))
    #expect(Simulation(scenario).users.count == 1000)
  }

  @Test func tooManyGroupsAreAnError() throws {
    let group = try group("a", weight: 1, stay: 0.5)
    let error = try #require(throws: GeneratorError.self) {
      try Scenario(
        groups: [Scenario.Group](repeating: group, count: 256), catalogue: smallCatalogue)
    }
    #expect(error.message.contains("--groups") && error.exitCode.rawValue == 78)
  }

  /// The first group's growth holds for the run, so that new users come to a group whose own config has none.
  @Test func aGroupThatNoNewUserCanComeToIsAnErrorWhereTheRunGrows() throws {
    let growing = try group("a", weight: 1, stay: 0.5, "\"beta\": 7200, \"growth-rate\": 9")
    let other = try GeneratorConfig.parse(
      Data(
        """
        {"start-date": "2026-03-02", "show-user-details": [{"auth": "In", "show": true}],
         "levels": [{"level": "free", "weight": 1}], "auths": [{"auth": "In", "weight": 1}],
         "new-session": [{"page": "A", "auth": "In", "level": "free", "weight": 1}],
         "transitions": [{"source": {"page": "A", "auth": "In", "level": "free"},
                          "dest": {"page": "A", "auth": "In", "level": "free"}, "p": 0.5}]}
        """.utf8), file: "other.json")
    let error = try #require(throws: GeneratorError.self) {
      try Scenario(groups: [growing, Scenario.Group(other)], catalogue: smallCatalogue)
    }
    #expect(error.message.hasPrefix("other.json: new-session"), "\(error)")
    #expect(error.message.contains("(Guest, free)") && error.exitCode.rawValue == 78)
    _ = try Scenario(groups: [Scenario.Group(other), growing], catalogue: smallCatalogue)
  }
}
