import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// The catalogue and the songs that are played, against docs/generator.md ("Songs").
@Suite struct SongTests {
  @Test func songsArePlayedInProportionToTheirPopularity() throws {
    // One play of each user, because a user's next song may depend on the songs before it.
    let config = try simpleConfig(
      even + ", \"beta\": 1200", transitions: [("NextSong", "NextSong", 0)],
      starts: ["NextSong": 1], overrides: overrides(users: 24_000, days: 0.04))
    var heard: Set<Int64> = []
    var plays: [String: Double] = [:]
    forEachEvent(of: config) { event in
      guard event.topic == .listen, let user = event.userId, heard.insert(user).inserted else {
        return
      }
      plays["\(event.artist.string) / \(event.song.string)", default: 0] += 1
    }
    let songs = smallCatalogue.songs
    let weights = (1...songs.count).map { pow(Double($0), -0.75) }
    let sum = weights.reduce(0, +)
    let total = Double(heard.count)
    let (value, degrees) = Statistics.chiSquare(
      songs.map { plays["\($0.artist) / \($0.title)", default: 0] },
      expected: weights.map { total * $0 / sum })
    #expect(total > 16_000 && degrees == songs.count - 1)
    #expect(value < Statistics.chiSquareBound(degrees: degrees), "\(value) of \(degrees)")

    // The exponent on its own: the mean of log r depends on nothing else.
    let logs = (1...songs.count).map { log(Double($0)) }
    let expected = zip(weights, logs).reduce(0) { $0 + $1.0 * $1.1 } / sum
    let spread = zip(weights, logs).reduce(0) { $0 + $1.0 * pow($1.1 - expected, 2) } / sum
    let measured =
      zip(songs, logs).reduce(0) {
        $0 + plays["\($1.0.artist) / \($1.0.title)", default: 0] * $1.1
      } / total
    #expect(
      abs(measured - expected) < Statistics.tolerance * (spread / total).squareRoot(),
      "\(measured), not \(expected)")
  }

  @Test func durationsKeepWithinTheirRangeAndTitlesAreUnique() {
    let songs = Catalogue(seed: 1, artists: 200, songs: 4000).songs
    #expect(songs.allSatisfy { (60_000...600_000).contains($0.durationMilliseconds) })
    // The standard deviation of LN(220 s, 0.28) is 28.6 % of its mean; the limits move it by 0.1 %.
    let error = 0.286 / Double(songs.count).squareRoot()
    #expect(
      isClose(
        mean(songs.map { Double($0.durationMilliseconds) }), 220_000,
        Statistics.tolerance * error + 0.001))
    let logs = songs.map { log(Double($0.durationMilliseconds)) }
    #expect(
      isClose(
        variance(logs), 0.28 * 0.28,
        Statistics.tolerance * (2 / Double(songs.count)).squareRoot()))
    #expect(Set(songs.map { "\($0.artist)\n\($0.title)" }).count == songs.count)
    #expect(songs.allSatisfy { (0...100).contains($0.popularity) })
    #expect(zip(songs, songs.dropFirst()).allSatisfy { $0.popularity >= $1.popularity })
  }
}
