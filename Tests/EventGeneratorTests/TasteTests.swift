import EventModel
import Foundation
import Testing

@testable import EventGenerator

/// Compares the songs that a user hears, skips and likes with the user's genres.
@Suite struct TasteTests {
  /// One song that a user heard, and how it ended.
  private struct Play {
    var user: Int
    var genre: String
    var isLoved: Bool
    var artist: String
    var thumb: String?
    /// Nil where the next request was neither a song nor an advert.
    var isSkipped: Bool?
    var next: (artist: String, genre: String)?
  }

  private struct Taste {
    /// The probability of each genre for a song that does not follow the one before.
    var shares: [String: Double] = [:]
    var loved: Set<String> = []
    var lovedShare: Double { loved.reduce(0) { $0 + shares[$1, default: 0] } }
  }

  private let genreOf = Dictionary(
    uniqueKeysWithValues: smallCatalogue.songs.map { ("\($0.artist) / \($0.title)", $0.genre) })

  /// The genres' shares of all plays, by the law of popularity.
  private var popularity: [String: Double] {
    var shares: [String: Double] = [:]
    var total = 0.0
    for (rank, song) in smallCatalogue.songs.enumerated() {
      let weight = pow(Double(rank + 1), -0.75)
      shares[song.genre, default: 0] += weight
      total += weight
    }
    return shares.mapValues { $0 / total }
  }

  /// The taste of each user by docs/generator.md: 0.3, 0.15 and 0.05 for the user's genres, the rest for all
  /// songs.
  private func tastes(_ simulation: Simulation) -> [Taste] {
    var names: [String] = []
    for song in smallCatalogue.songs where !names.contains(song.genre) { names.append(song.genre) }
    let anything = popularity.mapValues { $0 * 0.5 }
    return simulation.users.map { user in
      var taste = Taste(shares: anything)
      for (genre, share) in [
        (user.genres.0, 0.3), (user.genres.1, 0.15), (user.genres.2, 0.05),
      ] {
        taste.shares[names[Int(genre)], default: 0] += share
        taste.loved.insert(names[Int(genre)])
      }
      return taste
    }
  }

  private func run() throws -> (plays: [Play], tastes: [Taste]) {
    var simulation = try standardSimulation(seed: 31, users: 1500, days: 4)
    let tastes = tastes(simulation)
    var plays: [Play] = []
    var current: [Int64: Int] = [:]
    var started: [Int64: (ts: Int64, length: Int64)] = [:]
    var last: [Int64: String] = [:]
    for event in simulation.all() where event.topic == .pageView {
      let session = event.session
      if event.page == "NextSong" {
        let user = Int(try #require(event.user)) - 1
        let genre = try #require(genreOf[event.song])
        let artist = String(event.song.prefix { $0 != "/" })
        if let before = current[session] { plays[before].next = (artist, genre) }
        close(session, at: event.ts)
        current[session] = plays.count
        started[session] = (event.ts, Int64(((event.duration ?? 0) * 1000).rounded()))
        plays.append(
          Play(
            user: user, genre: genre, isLoved: tastes[user].loved.contains(genre), artist: artist))
      } else if event.page == "Roll Advert" {
        close(session, at: event.ts)
      } else if event.page.hasPrefix("Thumbs"), let play = current[session], event.song != "" {
        plays[play].thumb = event.page
      }
      last[session] = event.page
    }
    func close(_ session: Int64, at ts: Int64) {
      guard let play = current[session], let song = started[session] else { return }
      // A song that follows another without a pause follows either its end or a skip.
      if last[session] == "NextSong" { plays[play].isSkipped = ts - song.ts < song.length }
      started[session] = nil
    }
    try #require(plays.count > 40_000)
    return (plays, tastes)
  }

  /// The difference between a count of independent events and its expectation, in standard errors.
  private func deviation(_ count: Int, _ probabilities: [Double]) -> Double {
    let mean = probabilities.reduce(0, +)
    return (Double(count) - mean) / probabilities.reduce(0) { $0 + $1 * (1 - $1) }.squareRoot()
  }

  @Test func successiveSongsAreSimilar() throws {
    let (plays, tastes) = try run()
    let followed = plays.filter { $0.next != nil }
    // A song has the genre of the one before in 0.15 + 0.25 of all cases, and in the others by chance.
    let probabilities = followed.map {
      0.4 + 0.6 * tastes[$0.user].shares[$0.genre, default: 0]
    }
    let sameGenre = followed.count { $0.genre == $0.next?.genre }
    #expect(abs(deviation(sameGenre, probabilities)) < 4)
    let sameArtist = Double(followed.count { $0.artist == $0.next?.artist })
    #expect(sameArtist > 0.15 * Double(followed.count))
  }

  @Test func usersHearTheirGenresMoreThanOthersDo() throws {
    let (plays, tastes) = try run()
    // Plays of one user are not independent of each other, so that the bound is wide.
    let loved = Double(plays.count(where: \.isLoved)) / Double(plays.count)
    let expected = mean(plays.map { tastes[$0.user].lovedShare })
    #expect(isClose(loved, expected, 0.03), "\(loved), expected \(expected)")
    let popularity = popularity
    let atRandom = mean(
      plays.map { play in
        tastes[play.user].loved.reduce(0) { $0 + popularity[$1, default: 0] }
      })
    #expect(loved > atRandom + 0.2)
  }

  @Test func thumbsFollowTasteAndAreAsManyAsTheConfigSays() throws {
    let thumbed = try run().plays.filter { $0.thumb != nil }
    try #require(thumbed.count > 2_000)
    // In the built-in config 43 of 53 thumbs, or nearly so, go up and 10 go down, in each state that has both.
    let down = 10.0 / 53
    let all = Double(thumbed.count { $0.thumb == "Thumbs Down" }) / Double(thumbed.count)
    #expect(isClose(all, down, 0.12), "\(all), expected \(down)")
    let loved = thumbed.filter(\.isLoved)
    let ofLoved = Double(loved.count { $0.thumb == "Thumbs Down" }) / Double(loved.count)
    #expect(isClose(ofLoved, 0.4 * down, 0.25), "\(ofLoved), expected \(0.4 * down)")
  }

  @Test func songsToTheUsersTasteAreSkippedLess() throws {
    let plays = try run().plays.filter { $0.isSkipped != nil }
    func share(_ plays: [Play]) -> Double {
      Double(plays.count { $0.isSkipped == true }) / Double(plays.count)
    }
    // 0.18 is the mean over users of 0.03 + 0.45 u²; a loved song has 0.7 times the user's probability.
    #expect(isClose(share(plays), 0.18, 0.1), "\(share(plays))")
    #expect(isClose(share(plays.filter(\.isLoved)), 0.7 * 0.18, 0.1))
  }

  @Test(arguments: [
    (0.2, 0.7, 0.4), (0.9, 0.7, 0.4), (0.5, 0.05, 0.7), (0.3, 1, 0.4), (0.3, 0, 0.4),
  ])
  func whatTasteTakesHereItGivesThere(mean: Float, lovedShare: Float, factor: Float) {
    let loved = Habits.byTaste(mean, lovedShare: lovedShare, factor: factor, isLoved: true)
    let other = Habits.byTaste(mean, lovedShare: lovedShare, factor: factor, isLoved: false)
    #expect(abs(loved * lovedShare + other * (1 - lovedShare) - mean) < 1e-5)
    #expect((0...1).contains(loved) && (0...1).contains(other) && loved <= other)
  }
}
