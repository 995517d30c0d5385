import Foundation
import Testing

@testable import EventGenerator

/// Compares the times at which sessions begin with docs/generator.md ("Sessions"). Each session here has a
/// single request, so that every request begins a session.
@Suite struct ArrivalTests {
  /// Standard deviation of the logarithm of the users' own betas.
  private let betaSigma = 0.5

  @Test func gapsAreExponentialBeyondTheLeastGapAboutEachUsersOwnMean() throws {
    let beta = 3_600_000.0
    let least = 600_000.0
    let users = 1500
    // Each user's first eight gaps. Taking all gaps that end within the run instead would favour short gaps.
    let taken = 8
    let config = try simpleConfig(
      even + ", \"beta\": \(beta / 1000), \"session-gap\": \(least / 1000)",
      transitions: [("A", "A", 0)], overrides: overrides(users: users, days: 5))
    let gaps = times(of: config).map { times in
      zip(times, times.dropFirst()).prefix(taken).map { Double($1 - $0) }
    }
    try #require(gaps.count == users && gaps.allSatisfy { $0.count == taken })

    // No gap is below the least gap, and the shortest of n gaps is above it by about beta/n.
    let shortest = gaps.joined().min() ?? 0
    #expect(shortest >= least && shortest < least + 10 * beta / Double(users * taken))

    // A user's mean varies with the user's beta and by chance.
    let means = gaps.map { mean($0) - least }
    let betaVariance = exp(betaSigma * betaSigma) - 1
    let variation = betaVariance + (1 + betaVariance) / Double(taken)
    let error = (variation / Double(users)).squareRoot()
    #expect(isClose(mean(means), beta, Statistics.tolerance * error), "\(mean(means))")

    // The logarithm of the mean of k exponential variates has the variance trigamma(k).
    let trigamma = (1..<taken).reduce(Double.pi * Double.pi / 6) { $0 - 1 / Double($1 * $1) }
    let spread = variance(means.map { log($0) })
    let expected = betaSigma * betaSigma + trigamma
    #expect(
      isClose(spread, expected, Statistics.tolerance * (2.5 / Double(users)).squareRoot()),
      "\(spread), not \(expected)")

    // The share x that one of k exponential variates with a common mean has in their sum follows
    // P(share > x) = (1 - x)^(k - 1). One gap of each user is taken, so that the shares are independent.
    for which in [0, taken - 1] {
      let uniform = gaps.map { gaps in
        let beyond = gaps.map { $0 - least }
        return pow(1 - beyond[which] / beyond.reduce(0, +), Double(taken - 1))
      }
      let distance = Statistics.distanceFromUniform(uniform)
      #expect(distance < Statistics.uniformBound, "gap \(which): \(distance)")
    }

    // Gaps have no memory: a gap says nothing about the next one. Dividing each of the two by another gap
    // of the same user takes out the user's own mean.
    func ratio(_ gaps: [Double], _ a: Int, _ b: Int) -> Double {
      log((gaps[a] - least) / (gaps[b] - least))
    }
    let first = gaps.map { ratio($0, 2, 0) }
    let second = gaps.map { ratio($0, 3, 5) }
    let covariance = mean(zip(first, second).map { ($0 - mean(first)) * ($1 - mean(second)) })
    let correlation = covariance / (variance(first) * variance(second)).squareRoot()
    #expect(abs(correlation) < Statistics.tolerance / Double(users).squareRoot(), "\(correlation)")
  }

  @Test func theLeastGapIsKeptBetweenTheSessionsOfTheBuiltInConfig() throws {
    var simulation = try standardSimulation(seed: 9, users: 600, days: 4)
    var last: [Int64: (session: Int64, ts: Int64)] = [:]
    var shortest = Int64.max
    var gaps = 0
    simulation.run(until: nil) { event in
      let user = event.sessionId >> 21
      if let before = last[user], before.session != event.sessionId {
        shortest = min(shortest, event.ts - before.ts)
        gaps += 1
      }
      last[user] = (event.sessionId, event.ts)
      return true
    }
    #expect(gaps > 500)
    #expect(shortest >= 1_800_000, "\(shortest) ms")
  }

  @Test func theHoursFollowTheSineWithItsLowAtThreeInTheMorning() throws {
    let config = try simpleConfig(
      "\"seed\": 7, \"damping\": 0.09375, \"weekend-damping\": 0, \"beta\": 7200, "
        + "\"session-gap\": 1",
      transitions: [("A", "A", 0)], overrides: overrides(users: 800, days: 4))
    var hours = [Double](repeating: 0, count: 24)
    // The first Fourier coefficient, whose phase is the busiest time of a symmetric day.
    var (east, north) = (0.0, 0.0)
    forEachEvent(of: config) { event in
      hours[Int((event.ts - monday) / hour % 24)] += 1
      let turn = 2 * Double.pi * Double((event.ts - monday) % day) / Double(day)
      east += cos(turn)
      north += sin(turn)
    }
    // Arrivals are even on a clock u, and wall time is u + d sin(2π(u - 3 h)). So the expected share of an hour
    // of wall time is the time by which u advances in that hour.
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
    let total = hours.reduce(0, +)
    let (value, degrees) = Statistics.chiSquare(
      hours,
      expected: (0..<24).map { total * (clock(Double($0) + 1) - clock(Double($0))) / 24 })
    #expect(total > 20_000)
    #expect(value < Statistics.chiSquareBound(degrees: degrees), "\(value): \(hours)")
    let busiest = (atan2(north, east) * 12 / .pi + 24).truncatingRemainder(dividingBy: 24)
    // The length of the mean of e^(iw), w = u + a sin u, is the Bessel function J1 of a, 0.28 here.
    let error = 12 / .pi / (0.28 * (2 * total).squareRoot())
    #expect(error < 0.06 && abs(busiest - 15) < Statistics.tolerance * error, "\(busiest) h")
  }

  @Test func freeDaysHaveFewerSessionsByTheirShare() throws {
    let config = try simpleConfig(
      "\"seed\": 7, \"damping\": 0, \"weekend-damping\": 0.5, \"weekend-damping-offset\": 0, "
        + "\"weekend-damping-scale\": 0, \"beta\": 3600, \"session-gap\": 0",
      transitions: [("A", "A", 0)], overrides: overrides(users: 300, days: 14))
    var days = [Double](repeating: 0, count: 7)
    forEachEvent(of: config) { days[Int(($0.ts - monday) / day % 7)] += 1 }
    let free = days[5] + days[6]
    let work = days[0...4].reduce(0, +)
    let ratio = free / 2 / (work / 5)
    let error = (1 / free + 1 / work).squareRoot()
    #expect(error < 0.01)
    #expect(isClose(ratio, 0.5, Statistics.tolerance * error), "\(ratio)")
  }

  @Test func weekendsAndHolidaysComeAndGoInStraightLines() throws {
    // From Monday 2026-05-18: five weeks with Memorial Day, 2026-05-25, and Juneteenth, a Friday.
    let start: Int64 = 1_779_062_400_000
    let holidays: Set<Int> = [7, 32]
    let days = 35
    var given = overrides(users: 80, days: 0)
    given.start = start
    given.end = start + Int64(days) * day
    let config = try simpleConfig(
      "\"seed\": 19, \"damping\": 0, \"weekend-damping\": 0.6, \"weekend-damping-offset\": 240, "
        + "\"weekend-damping-scale\": 360, \"beta\": 3600, \"session-gap\": 0",
      transitions: [("A", "A", 0)], overrides: given)
    var counts = [Double](repeating: 0, count: days * 12)
    forEachEvent(of: config) { counts[Int(($0.ts - start) / (2 * hour))] += 1 }

    func isFree(_ day: Int) -> Bool { (day + 7) % 7 >= 5 || holidays.contains(day) }
    // From 20:00 on the eve to 02:00, from one day's share to the next's.
    func kept(atMinute minute: Int) -> Double {
      let eve = (minute + 240) / 1440 - 1
      let into = min(1, Double((minute + 240) % 1440) / 360)
      let before = isFree(eve) ? 0.6 : 0
      let after = isFree(eve + 1) ? 0.6 : 0
      return 1 - (before + (after - before) * into)
    }
    let weights = (0..<counts.count).map { bin in
      (0..<120).reduce(0.0) { $0 + kept(atMinute: bin * 120 + $1) }
    }
    let total = counts.reduce(0, +)
    let sum = weights.reduce(0, +)
    let (value, degrees) = Statistics.chiSquare(counts, expected: weights.map { total * $0 / sum })
    #expect(total > 40_000 && degrees == days * 12 - 1)
    #expect(value < Statistics.chiSquareBound(degrees: degrees), "\(value) of \(degrees)")
  }

  @Test func theRampBeginsAtItsOffsetAndTakesItsScale() throws {
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

  @Test(arguments: [0, 0.0625, 0.09375, Rhythm.maxDamping])
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
}
