import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// Sessions at the end of a run.
@Suite struct SessionEdgeTests {
  private let end = monday + day / 2

  private func simulation(until end: Int64, finishes: Bool = false) throws -> Simulation {
    var overrides = GeneratorConfig.Overrides()
    overrides.seed = 5
    overrides.users = 800
    overrides.start = monday
    overrides.end = end
    overrides.growthRate = 20
    return Simulation(
      try Scenario(
        groups: [Scenario.Group(.standard(overrides))], catalogue: smallCatalogue,
        finishesSessions: finishes))
  }

  /// The sessions, by number, of the same run with a much later end.
  private func wholeSessions() throws -> [Int64: [Seen]] {
    var longer = try simulation(until: end + 5 * day)
    return Dictionary(grouping: longer.all(), by: \.session)
  }

  @Test func sessionsThatTheEndCutsAreCounted() throws {
    var cut = try simulation(until: end)
    #expect(cut.all().allSatisfy { $0.ts < end })
    let expected = try wholeSessions().values.count { session in
      session.contains { $0.ts < end } && session.contains { $0.ts >= end }
    }
    #expect(expected > 10)
    #expect(cut.sessionsUnderWay == expected)
  }

  @Test func sessionsThatMayFinishDoAndNoneBeginsLater() throws {
    var finishing = try simulation(until: end, finishes: true)
    let seen = finishing.all()
    let expected = try wholeSessions().filter { $0.value.contains { $0.ts < end } }
    #expect(Dictionary(grouping: seen, by: \.session) == expected)
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.ts <= $1.ts })
    #expect(seen.contains { $0.ts >= end })
    #expect(finishing.sessionsUnderWay == 0)
  }

  @Test func theTruthHasTheSessionsThatBeganAndTheCutOnes() throws {
    var simulation = try simulation(until: end)
    var truth = GeneratorTruth(pages: simulation.scenario.pages)
    var sessions: Set<Int64> = []
    _ = simulation.runLines(until: nil) {
      truth.record($0.header)
      sessions.insert($0.header.sessionId)
      return true
    }
    truth.cutSessions = simulation.sessionsUnderWay
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(truth.json.utf8)) as? [String: Any])
    #expect(json["sessions"] as? Int == sessions.count)
    #expect(json["cut_sessions"] as? Int == simulation.sessionsUnderWay)
    truth.cutSessions = nil
    #expect(truth.json.contains("\"cut_sessions\": null"))
  }

  /// B and C lead to each other with certainty.
  @Test func sessionsThatNeverEndCannotBeFinished() throws {
    func scenario(_ moves: [(String, String, Double)], finishes: Bool) throws -> Scenario {
      try Scenario(
        groups: [Scenario.Group(simpleConfig("\"beta\": 7200", transitions: moves))],
        catalogue: smallCatalogue, finishesSessions: finishes)
    }
    let endless = [("A", "B", 0.5), ("B", "C", 1), ("C", "B", 1)]
    let error = try #require(throws: GeneratorError.self) {
      try scenario(endless, finishes: true)
    }
    #expect(error.message.hasPrefix("test.json: transitions:") && error.exitCode.rawValue == 78)
    #expect(error.message.contains("B GET 200") || error.message.contains("C GET 200"))
    _ = try scenario(endless, finishes: false)
    // In the first scenario a session can end from C; in the second the endless state cannot be reached.
    _ = try scenario([("A", "B", 1), ("B", "C", 1), ("C", "B", 0.999)], finishes: true)
    _ = try scenario([("A", "B", 0), ("A", "A", 0.5), ("B", "B", 1)], finishes: true)
  }
}
