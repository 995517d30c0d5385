import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// One run on several threads.
@Suite struct ParallelRunTests {
  private func scenario(users: Int = 120, finishesSessions: Bool = false) throws -> Scenario {
    var overrides = GeneratorConfig.Overrides()
    overrides.seed = 17
    overrides.users = users
    overrides.start = monday
    overrides.end = monday + day
    // The users become a hundred times as many in a year, so that some come during this day.
    overrides.growthRate = 100
    overrides.attritionRate = 0.9
    var groups: [Scenario.Group] = []
    for (tag, weight) in [("control", 3.0), ("test", 1)] {
      overrides.tag = tag
      groups.append(Scenario.Group(try .standard(overrides), weight: weight))
    }
    return try Scenario(
      groups: groups, catalogue: smallCatalogue, finishesSessions: finishesSessions)
  }

  private func bytes(_ scenario: Scenario, threads: Int, _ plan: FaultPlan = FaultPlan()) throws
    -> (bytes: Data, cut: Int?)
  {
    var bytes = Data()
    var injector = FaultInjector(plan, seed: 1)
    func take(_ line: EventLine) -> Bool {
      bytes.append(contentsOf: line.bytes)
      bytes.append(10)
      return true
    }
    let cut = try ParallelRun(scenario, threads: threads).run { injector.accept($0, take) }
    _ = injector.release(through: .max, take)
    return (bytes, cut)
  }

  @Test(arguments: [2, 3, 8])
  func theBytesAreThoseOfOneThread(threads: Int) throws {
    for finishes in [false, true] {
      let scenario = try scenario(finishesSessions: finishes)
      let one = try bytes(scenario, threads: 1)
      let many = try bytes(scenario, threads: threads)
      #expect(one.bytes.count > 500_000)
      #expect(many.bytes == one.bytes)
      #expect(many.cut == one.cut)
    }
  }

  @Test func theBytesAreThoseOfTheSimulation() throws {
    var simulation = Simulation(try scenario())
    #expect(try bytes(scenario(), threads: 3).bytes == simulation.bytes())
  }

  @Test func faultsAreTheSameForAnyNumberOfThreads() throws {
    var plan = FaultPlan()
    plan.lateFraction = 0.1
    plan.duplicateFraction = 0.1
    plan.malformedFraction = 0.1
    plan.outOfOrderBy = 60_000
    #expect(
      try bytes(scenario(), threads: 1, plan).bytes == bytes(scenario(), threads: 4, plan).bytes)
  }

  @Test func thereAreNoMoreThreadsThanUsers() throws {
    #expect(try ParallelRun(scenario(users: 3), threads: 16).threads == 3)
    #expect(
      try bytes(scenario(users: 3), threads: 16).bytes
        == bytes(scenario(users: 3), threads: 1).bytes)
  }

  @Test(arguments: [1, 4])
  func aRunCanBeEndedAnywhere(threads: Int) throws {
    for limit in [1, 2, 777] {
      var count = 0
      let cut = try ParallelRun(scenario(), threads: threads).run { _ in
        count += 1
        return count < limit
      }
      #expect(count == limit && cut == nil)
    }
  }

  @Test(arguments: [1, 4])
  func whatTheWriterThrowsEndsTheRun(threads: Int) throws {
    struct Full: Error {}
    var count = 0
    #expect(throws: Full.self) {
      try ParallelRun(scenario(), threads: threads).run { _ in
        count += 1
        if count == 500 { throw Full() }
        return true
      }
    }
    #expect(count == 500)
  }

  @Test func linesSayWhatTheirEventsSay() throws {
    var simulation = Simulation(try scenario())
    let seen = simulation.all()
    let pages = simulation.scenario.pages
    var index = 0
    _ = try ParallelRun(scenario(), threads: 2).run { line in
      let event = seen[index]
      let header = line.header
      #expect(header.ts == event.ts && header.topic == event.topic)
      #expect(header.userId == event.user && header.sessionId == event.session)
      if header.topic == .pageView { #expect(pages[Int(header.page)] == event.page) }
      if header.topic == .auth { #expect(header.success == event.success) }
      #expect(header.beginsSession == (header.topic == .pageView && event.item == 0))
      index += 1
      return true
    }
    #expect(index == seen.count)
  }
}
