import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// The time from one request to the next, against docs/generator.md ("Users", "Requests").
@Suite struct GapTests {
  @Test func gapsAreLogNormalAboutEachUsersOwnMean() throws {
    /// Standard deviations of the logarithm of a gap, and of the users' own alphas.
    let (gapSigma, alphaSigma) = (1.0, 0.25)
    let alpha = 30_000.0
    let users = 400
    let taken = 100
    let config = try simpleConfig(
      even + ", \"alpha\": \(alpha / 1000), \"beta\": 600, \"session-gap\": 60",
      transitions: [("A", "A", 0.995)], overrides: overrides(users: users, days: 0.4))
    // Each user's first hundred gaps within sessions. Taking all gaps of the run instead would leave out the
    // long ones that reach beyond its end.
    var gaps = [[Double]](repeating: [], count: users)
    var last = [(session: Int64, ts: Int64)](repeating: (-1, 0), count: users)
    forEachEvent(of: config) { event in
      guard let id = event.userId else { return }
      let user = Int(id - 1)
      if last[user].session == event.sessionId, gaps[user].count < taken {
        gaps[user].append(Double(event.ts - last[user].ts))
      }
      last[user] = (event.sessionId, event.ts)
    }
    try #require(gaps.allSatisfy { $0.count == taken })
    let n = Double(users * taken)

    // The mean is alpha's: exp(mu + sigma²/2) for both laws.
    let alphaVariance = exp(alphaSigma * alphaSigma) - 1
    let gapVariance = exp(gapSigma * gapSigma) - 1
    let error =
      ((alphaVariance + (1 + alphaVariance) * gapVariance / Double(taken)) / Double(users))
      .squareRoot()
    let overall = mean(gaps.map(mean))
    #expect(isClose(overall, alpha, Statistics.tolerance * error), "\(overall)")

    // Within users: sigma is the same for all, whatever their alphas.
    let logs = gaps.map { $0.map { log($0) } }
    let centers = logs.map(mean)
    let free = n - Double(users)
    let within = logs.reduce(0) { $0 + variance($1) * Double(taken) } / free
    #expect(
      isClose(within, gapSigma * gapSigma, Statistics.tolerance * (2 / free).squareRoot()),
      "\(within)")

    // Between users: the variance of their alphas, and the chance that remains in the mean of a hundred gaps.
    let between = alphaSigma * alphaSigma + gapSigma * gapSigma / Double(taken)
    #expect(
      isClose(
        variance(centers), between, Statistics.tolerance * (2 / Double(users)).squareRoot()),
      "\(variance(centers)), not \(between)")
    let center = log(alpha) - alphaSigma * alphaSigma / 2 - gapSigma * gapSigma / 2
    #expect(
      abs(mean(centers) - center)
        < Statistics.tolerance * (between / Double(users)).squareRoot(), "\(mean(centers))")

    // The shape is the normal one: neither skewed nor otherwise different.
    let scale = (gapSigma * gapSigma * (1 - 1 / Double(taken))).squareRoot()
    let standard = zip(logs, centers).flatMap { logs, center in
      logs.map { ($0 - center) / scale }
    }
    let skew = mean(standard.map { $0 * $0 * $0 })
    #expect(abs(skew) < Statistics.tolerance * (6 / n).squareRoot(), "\(skew)")
    var bins = [Double](repeating: 0, count: 50)
    for value in standard { bins[min(49, Int(Statistics.normal(value) * 50))] += 1 }
    let (value, degrees) = Statistics.chiSquare(
      bins, expected: bins.map { _ in n / 50 })
    #expect(value < Statistics.chiSquareBound(degrees: degrees), "\(value)")
  }

  @Test func whatFollowsARedirectComesAfterOneSecondUnlessASongIsOn() throws {
    // As in eventsim's own configs, a thumb is a redirect, and the next song follows it.
    let config = try thumbsConfig()
    var last: [Int64: (ts: Int64, status: Int32)] = [:]
    var songEnd: [Int64: Int64] = [:]
    var (played, cut, other) = (0, 0, 0)
    forEachEvent(of: config) { event in
      guard event.topic == .pageView else { return }
      let session = event.sessionId
      let isSong = event.page.string == "NextSong"
      if let before = last[session], before.status == 307 {
        if isSong, let end = songEnd[session], before.ts < end {
          // The song is played to its end, or skipped soon after the thumb, as by one listener in five.
          #expect(event.ts <= end)
          if event.ts == end { played += 1 } else { cut += 1 }
        } else {
          #expect(event.ts == before.ts + 1000)
          other += 1
        }
      }
      if isSong {
        songEnd[session] = event.ts + Int64(((event.duration ?? 0) * 1000).rounded())
      }
      last[session] = (event.ts, event.status ?? 0)
    }
    #expect(played > 300 && cut < played && other > 100)
  }

  private func thumbsConfig() throws -> GeneratorConfig {
    func state(_ page: String, _ method: String, _ status: Int) -> String {
      #"{"page":"\#(page)","method":"\#(method)","status":\#(status),"auth":"In","level":"free"}"#
    }
    let song = state("NextSong", "PUT", 200)
    let thumb = state("Thumbs Up", "PUT", 307)
    let home = state("Home", "GET", 200)
    func move(_ source: String, _ dest: String, _ p: Double) -> String {
      #"{"source":\#(source),"dest":\#(dest),"p":\#(p)}"#
    }
    let json = """
      {\(even), "start-date": "2026-03-02", "alpha": 20, "beta": 3600,
       "new-user-auth": "In", "show-user-details": [{"auth": "In", "show": true}],
       "levels": [{"level": "free", "weight": 1}], "auths": [{"auth": "In", "weight": 1}],
       "new-session": [\(song.dropLast()), "weight": 1}],
       "transitions": [\(move(song, thumb, 0.5)), \(move(song, song, 0.4)),
         \(move(thumb, song, 0.7)), \(move(thumb, home, 0.25)), \(move(home, song, 0.8))]}
      """
    return try .parse(Data(json.utf8), file: "thumbs.json", overrides(users: 60, days: 0.5))
  }
}
