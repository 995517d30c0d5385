import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// The simulated behaviour against the config, at fixed seeds; the tolerances are at least three
/// standard errors of what is measured.
@Suite struct DistributionTests {
  private let even = "\"seed\": 77, \"damping\": 0, \"weekend-damping\": 0"

  private func run(_ config: GeneratorConfig) -> [Seen] {
    var simulation = Simulation(config: config, catalogue: smallCatalogue)
    return simulation.all()
  }

  private func overrides(users: Int, days: Double) -> GeneratorConfig.Overrides {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = users
    overrides.end = monday + Int64(days * Double(day))
    return overrides
  }

  @Test func sessionsArriveWithoutMemoryOverALeastGap() throws {
    // Sessions of a single request, so that requests are sessions.
    let config = try simpleConfig(
      even + ", \"beta\": 3600, \"session-gap\": 600", transitions: [("A", "A", 0)],
      overrides: overrides(users: 400, days: 5))
    var gaps: [Int64: [Double]] = [:]
    var last: [Int64: Int64] = [:]
    for event in run(config) {
      let user = try #require(event.user)
      if let before = last[user] { gaps[user, default: []].append(Double(event.ts - before)) }
      last[user] = event.ts
    }
    #expect(gaps.values.allSatisfy { $0.allSatisfy { $0 >= 600_000 } })
    // A user's beta is log-normal around the config's: its standard error here is 2.7 %.
    let beyond = gaps.values.map { mean($0) - 600_000 }
    #expect(isClose(mean(beyond), 3_600_000, 0.08), "\(mean(beyond))")
    // Exponential: the standard deviation is the mean.
    let spread = gaps.values.map { variance($0).squareRoot() / (mean($0) - 600_000) }
    #expect(isClose(mean(spread), 1, 0.05), "\(mean(spread))")
  }

  @Test func gapsBetweenRequestsAreLogNormal() throws {
    let config = try simpleConfig(
      even + ", \"alpha\": 30, \"beta\": 86400", transitions: [("A", "A", 0.98)],
      overrides: overrides(users: 800, days: 1))
    let seen = run(config)
    var logs: [Double] = []
    var gaps: [Double] = []
    for session in Dictionary(grouping: seen, by: \.session).values {
      for (a, b) in zip(session, session.dropFirst()) {
        gaps.append(Double(b.ts - a.ts) / 1000)
        logs.append(log(Double(b.ts - a.ts)))
      }
    }
    #expect(gaps.count > 20_000)
    #expect(isClose(mean(gaps), 30, 0.06), "\(mean(gaps))")
    // The variance within a user, and that of the users' own alphas.
    #expect(isClose(variance(logs), 1 + 0.0625, 0.05), "\(variance(logs))")
    let center = mean(logs)
    let skew = mean(logs.map { pow($0 - center, 3) }) / pow(variance(logs), 1.5)
    #expect(abs(skew) < 0.1, "\(skew)")
  }

  @Test func theQuietestHourIsNearThreeInTheMorning() throws {
    let config = try simpleConfig(
      "\"seed\": 7, \"damping\": 0.09375, \"weekend-damping\": 0, \"beta\": 7200, "
        + "\"session-gap\": 1",
      transitions: [("A", "A", 0)], overrides: overrides(users: 800, days: 4))
    var hours = [Double](repeating: 0, count: 24)
    let seen = run(config)
    for event in seen { hours[Int((event.ts - monday) / hour % 24)] += 1 }
    // Arrivals are even on a clock u that the wall clock follows as u + d sin(2π(u - 3 h)), so the
    // expected share of an hour is what the clock u advances in it.
    func clock(_ wall: Double) -> Double {
      var low = wall - 6
      var high = wall + 6
      for _ in 0..<60 {
        let u = (low + high) / 2
        let w = u + 0.09375 * 24 * sin(2 * .pi * (u - 3) / 24)
        if w < wall { low = u } else { high = u }
      }
      return low
    }
    let total = Double(seen.count)
    let chiSquare = (0..<24).reduce(0.0) { sum, hour in
      let expected = total * (clock(Double(hour) + 1) - clock(Double(hour))) / 24
      return sum + pow(hours[hour] - expected, 2) / expected
    }
    // 23 degrees of freedom: above 55 in one of 5,000 runs.
    #expect(chiSquare < 55, "\(chiSquare)")
    let quietest = try #require(hours.indices.min { hours[$0] < hours[$1] })
    let busiest = try #require(hours.indices.max { hours[$0] < hours[$1] })
    #expect((1...4).contains(quietest), "\(hours)")
    #expect((13...16).contains(busiest), "\(hours)")
  }

  @Test func freeDaysHaveFewerSessionsByTheirShare() throws {
    let config = try simpleConfig(
      "\"seed\": 7, \"damping\": 0, \"weekend-damping\": 0.5, \"weekend-damping-offset\": 0, "
        + "\"weekend-damping-scale\": 0, \"beta\": 3600, \"session-gap\": 0",
      transitions: [("A", "A", 0)], overrides: overrides(users: 150, days: 14))
    var days = [Double](repeating: 0, count: 7)
    for event in run(config) { days[Int((event.ts - monday) / day % 7)] += 1 }
    let ratio = (days[5] + days[6]) / 2 / (days[0...4].reduce(0, +) / 5)
    #expect(isClose(ratio, 0.5, 0.05), "\(ratio)")
  }

  @Test func theWeekendComesAndGoesInAStraightLine() throws {
    let rhythm = Rhythm(damping: 0, weekendDamping: 0.4, offsetMinutes: 60, scaleMinutes: 120)
    let saturday = monday + 5 * day
    for (time, share) in [
      (saturday - hour - 1, 0.0), (saturday - hour / 2, 0.1), (saturday, 0.2),
      (saturday + hour, 0.4), (saturday + day, 0.4), (saturday + 2 * day, 0.2),
      (saturday + 2 * day + hour, 0),
    ] {
      #expect(abs(rhythm.dropShare(at: time) - share) < 1e-9, "\(time)")
    }
  }

  @Test(arguments: [0, 0.0625, 0.09375, 0.159])
  func theWarpedClockCanBeTurnedBack(damping: Double) {
    let rhythm = Rhythm(
      damping: damping, weekendDamping: 0, offsetMinutes: 0, scaleMinutes: 0)
    var last = -Double.infinity
    for step in 0..<500 {
      let even = Double(monday) + Double(step) * 410_000
      let wall = rhythm.warp(even)
      #expect(wall > last)
      last = wall
      #expect(abs(rhythm.warp(rhythm.unwarp(wall)) - wall) < 0.5)
    }
  }

  @Test func transitionsHaveTheFrequenciesOfTheConfig() throws {
    let table: [(String, String, Double)] = [
      ("A", "A", 0.1), ("A", "B", 0.5), ("A", "C", 0.2), ("B", "A", 0.9), ("B", "C", 0.05),
      ("C", "C", 0.7), ("C", "A", 0.3),
    ]
    // Short gaps, so that hardly a session is cut off by the end of the run.
    let config = try simpleConfig(
      even + ", \"alpha\": 1, \"beta\": 20000", transitions: table,
      starts: ["A": 3, "B": 1], overrides: overrides(users: 600, days: 2))
    var counts: [String: [String: Double]] = [:]
    var firsts: [String: Double] = [:]
    for session in Dictionary(grouping: run(config), by: \.session).values {
      firsts[session[0].page, default: 0] += 1
      for (a, b) in zip(session, session.dropFirst()) {
        counts[a.page, default: [:]][b.page, default: 0] += 1
      }
      counts[session[session.count - 1].page, default: [:]]["end", default: 0] += 1
    }
    for source in ["A", "B", "C"] {
      let seen = try #require(counts[source])
      let total = seen.values.reduce(0, +)
      #expect(total > 2_000)
      var expected = Dictionary(
        uniqueKeysWithValues: table.filter { $0.0 == source }.map { ($0.1, $0.2 * total) })
      let rest = total - expected.values.reduce(0, +)
      if rest > 1 { expected["end"] = rest }
      if rest <= 1 { #expect(seen["end", default: 0] == 0) }
      #expect(Set(seen.keys).isSubset(of: Set(expected.keys)))
      let chiSquare = expected.reduce(0) {
        $0 + pow(seen[$1.key, default: 0] - $1.value, 2) / $1.value
      }
      // At most 3 degrees of freedom: above 21 in one of 10,000 runs.
      #expect(chiSquare < 21, "\(source): \(seen), expected \(expected)")
    }
    let starts = firsts["A", default: 0] + firsts["B", default: 0]
    #expect(isClose(firsts["A", default: 0] / starts, 0.75, 0.04))
  }

  @Test func songsArePlayedInProportionToTheirPopularity() throws {
    var simulation = try standardSimulation(seed: 12, users: 1000, days: 2)
    var plays: [String: Double] = [:]
    var total = 0.0
    for event in simulation.all() where event.topic == .listen {
      plays[event.song, default: 0] += 1
      total += 1
    }
    let weights = (1...200).map { pow(Double($0), -0.75) }
    let sum = weights.reduce(0, +)
    var chiSquare = 0.0
    for (song, weight) in zip(smallCatalogue.songs, weights) {
      let expected = total * weight / sum
      chiSquare += pow(plays["\(song.artist) / \(song.title)", default: 0] - expected, 2) / expected
    }
    #expect(total > 10_000)
    // 199 degrees of freedom: above 282 in one of 10,000 runs.
    #expect(chiSquare < 282, "\(chiSquare)")
  }

  @Test func usersGrowAtTheAnnualRate() throws {
    var given = overrides(users: 400, days: 365.2425)
    given.growthRate = 1
    let config = try simpleConfig(
      even + ", \"beta\": 2592000", transitions: [("A", "A", 0)], overrides: given)
    // 400 new users are expected; the standard deviation is 20.
    #expect(abs(Set(run(config).map(\.user)).count - 800) < 70)
  }

  @Test func usersLeaveAtTheAnnualRate() throws {
    var given = overrides(users: 1000, days: 365.2425)
    given.attritionRate = 0.4
    let config = try simpleConfig(
      even + ", \"beta\": 864000", transitions: [("A", "A", 0)], overrides: given)
    var simulation = Simulation(config: config, catalogue: smallCatalogue)
    simulation.run(until: nil) { _ in true }
    // 600 are expected to be left; the standard deviation is 15.
    #expect(abs(simulation.activeUsers - 600) < 60, "\(simulation.activeUsers)")
  }

  @Test func levelsAtTheStartFollowTheirWeights() throws {
    var simulation = try standardSimulation(seed: 2, users: 3000, days: 0.5)
    var first: [Int64: String] = [:]
    for event in simulation.all() {
      if let user = event.user, first[user] == nil { first[user] = event.level }
    }
    let paid = Double(first.values.count { $0 == "paid" }) / Double(first.count)
    #expect(abs(paid - 0.25) < 0.06, "\(paid) of \(first.count)")
  }

  @Test func durationsKeepWithinTheirRangeAndTitlesAreUnique() {
    let songs = Catalogue(seed: 1, artists: 200, songs: 4000).songs
    #expect(songs.allSatisfy { (60_000...600_000).contains($0.durationMilliseconds) })
    #expect(isClose(mean(songs.map { Double($0.durationMilliseconds) }), 220_000, 0.02))
    #expect(Set(songs.map { "\($0.artist)\n\($0.title)" }).count == songs.count)
    #expect(songs.allSatisfy { (0...100).contains($0.popularity) })
    #expect(zip(songs, songs.dropFirst()).allSatisfy { $0.popularity >= $1.popularity })
  }

  @Test func everyStateOfTheUnionHasACity() {
    let states = Set(Place.unitedStates.map(\.state))
    #expect(states.count == 51 && states.contains("DC"))
    #expect(Place.unitedStates.count >= 150)
    #expect(Place.unitedStates.allSatisfy { $0.zip.count == 5 && $0.lat > 18 && $0.lon < -66 })
  }
}
