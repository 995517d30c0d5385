import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// The number of users under growth and attrition, against docs/generator.md ("Users"), and where users live.
@Suite struct PopulationTests {
  @Test func aYearOfGrowthAndAttritionTogether() throws {
    let (users, growth, attrition) = (600, 0.8, 0.4)
    let year = 365.2425
    var given = overrides(users: users, days: year)
    given.growthRate = growth
    given.attritionRate = attrition
    let config = try simpleConfig(
      even + ", \"beta\": 172800", transitions: [("A", "A", 0)], overrides: given)
    let times = times(of: config)

    // A new user's first request is at its arrival. Poisson: the variance is the mean.
    let arrivals = times.dropFirst(users).map {
      Double($0[0] - monday) / Double(day) / year
    }
    let expected = Double(users) * growth
    #expect(
      abs(Double(arrivals.count) - expected) < Statistics.tolerance * expected.squareRoot(),
      "\(arrivals.count) arrivals")
    // N (1+g)^t users are expected at t, so that arrivals are even in ((1+g)^t - 1) / g, and the expected users
    // grow from one arrival to the next by an exponential variate of mean 1.
    let grown = arrivals.map { (pow(1 + growth, $0) - 1) / growth }
    let distance = Statistics.distanceFromUniform(grown)
    #expect(distance < Statistics.uniformBound, "\(distance)")
    let gaps = zip(grown, grown.dropFirst()).map { exp(-expected * ($1 - $0)) }
    let gapDistance = Statistics.distanceFromUniform(gaps)
    #expect(gapDistance < Statistics.uniformBound, "\(gapDistance)")

    // The first users who come in the last sixty days are those who had not left before these days, except
    // for the few who leave before their next visit, two days later on average.
    let window = 60.0
    let since = monday + Int64((year - window) * Double(day))
    let stayed = Double(times.prefix(users).count { $0.last ?? 0 >= since }) / Double(users)
    let staying =
      pow(1 - attrition, (year - window) / year) * (1 + log(1 - attrition) * 2 / year)
    let error = (staying * (1 - staying) / Double(users)).squareRoot()
    #expect(
      abs(stayed - staying) < Statistics.tolerance * error, "\(stayed), not \(staying)")

    // New users leave at the same rate: a user who arrived at s is still there at t with probability
    // (1-a)^(t-s).
    let early = times.dropFirst(users).filter {
      $0[0] < monday + Int64(0.5 * year * Double(day))
    }
    let odds = early.map { times in
      pow(1 - attrition, Double(since - times[0]) / Double(day) / year)
    }
    let there = Double(early.count { $0.last ?? 0 >= since })
    let chance = odds.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
    #expect(early.count > 100)
    #expect(
      abs(there - odds.reduce(0, +)) < Statistics.tolerance * chance + 0.004 * there,
      "\(there), not \(odds.reduce(0, +))")
  }

  @Test func withoutGrowthAndAttritionTheUsersStayTheSame() throws {
    let config = try simpleConfig(
      even + ", \"beta\": 172800", transitions: [("A", "A", 0)],
      overrides: overrides(users: 50, days: 120))
    let times = times(of: config)
    #expect(times.count == 50)
    #expect(times.allSatisfy { ($0.last ?? 0) > monday + 80 * day })
  }

  @Test func whoHasLeftIsNoLongerActive() throws {
    var given = overrides(users: 1000, days: 365.2425)
    given.attritionRate = 0.4
    let config = try simpleConfig(
      even + ", \"beta\": 172800", transitions: [("A", "A", 0)], overrides: given)
    var simulation = Simulation(config: config, catalogue: smallCatalogue)
    simulation.run(until: nil) { _ in true }
    // 600 users are expected to remain, with a standard error of 15.5; about three of them have made their last
    // visit.
    #expect(
      abs(Double(simulation.activeUsers) - 597) < Statistics.tolerance * 15.5,
      "\(simulation.activeUsers)")
  }

  @Test func everyStateOfTheUnionHasACity() {
    let states = Set(City.unitedStates.map(\.state))
    #expect(states.count == 51 && states.contains("DC"))
    #expect(City.unitedStates.count >= 150)
    #expect(City.unitedStates.allSatisfy { $0.zip.count == 5 && $0.lat > 18 && $0.lon < -66 })
  }
}
