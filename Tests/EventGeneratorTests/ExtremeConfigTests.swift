import EventModel
import Foundation
import Support
import Testing

@testable import EventGenerator

/// Values that are allowed but hardly ever used.
@Suite struct ExtremeConfigTests {
  private func simulation(
    _ keys: String, _ transitions: [(String, String, Double)], starts: [String: Double] = ["A": 1],
    _ overrides: GeneratorConfig.Overrides
  ) throws -> Simulation {
    Simulation(
      config: try simpleConfig(
        keys, transitions: transitions, starts: starts, overrides: overrides),
      catalogue: smallCatalogue)
  }

  /// For a rate below 2^-53, 1 - rate is rounded to 1.
  @Test(arguments: [1e-17, 1e-300, 1.0.nextDown])
  func anyAttritionRateRuns(rate: Double) throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 50
    overrides.end = monday + 30 * day
    overrides.attritionRate = rate
    var simulation = try simulation("\"beta\": 86400", [("A", "A", 0.5)], overrides)
    let users = Set(simulation.all().suffix(100).map(\.user))
    #expect(rate < 0.5 ? users.count > 20 : users.count < 50)
  }

  @Test func aTimeBefore1970IsATimeLikeAnyOther() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 20
    overrides.start = ISOTime.parse("1959-12-25")
    overrides.end = ISOTime.parse("1960-01-05")
    var simulation = try simulation(
      "\"beta\": 86400", [("A", "NextSong", 0.5), ("NextSong", "A", 0.5)], overrides)
    let seen = simulation.all()
    #expect(seen.contains { $0.page == "A" && $0.item == 0 && $0.song.isEmpty })
    #expect(seen.allSatisfy { ($0.topic != .listen) || !$0.song.isEmpty })
    #expect(seen.count > 50)
  }

  /// A user gives thumbs only while the song is on. A user who gives nothing but thumbs must nevertheless get
  /// beyond the song's end.
  @Test func whoOnlyTalksAboutSongsDoesNotStopTheTime() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 1
    overrides.end = monday + 30 * day
    var simulation = try simulation(
      "\"beta\": 86400", [("NextSong", "Share", 1), ("Share", "Share", 1)],
      starts: ["NextSong": 1], overrides)
    var count = 0
    var latest = Int64.min
    simulation.run(until: nil) { event in
      count += 1
      latest = event.ts
      return count < 100_000
    }
    #expect(count < 100_000 && latest > monday + 29 * day, "\(count) events")
  }

  /// Unicode counts both titles as equal texts, but a table and the events made of it are joined by bytes.
  @Test func aTitleKeepsItsBytesBesideOneThatWritesItsAccentsOtherwise() throws {
    let titles = ["Caf\u{E9}", "Cafe\u{301}"]
    let songs = titles.enumerated().map { index, title in
      Catalogue.Song(
        trackId: "\(index)", artist: "artist \(index)", title: title, album: "", genre: "pop",
        durationMilliseconds: 60_000, popularity: 0, isExplicit: false)
    }
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 20
    overrides.end = monday + 5 * day
    var simulation = Simulation(
      config: try simpleConfig(
        "\"beta\": 86400", transitions: [("NextSong", "NextSong", 0.5)], starts: ["NextSong": 1],
        overrides: overrides),
      catalogue: Catalogue(songs: songs))
    var seen: Set<[UInt8]> = []
    simulation.run(until: nil) { event in
      seen.insert(Array(event.song.buffer))
      return true
    }
    #expect(seen == Set(titles.map { Array($0.utf8) }))
  }

  /// The table has more users than the run begins with, and growth brings the others.
  @Test func aTableUserWhomGrowthBringsComesNoEarlierThanItRegistered() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.users = 1
    overrides.end = monday + 200 * day
    overrides.growthRate = 100
    let config = try simpleConfig(
      "\"beta\": 86400", transitions: [("A", "A", 0.5)], overrides: overrides)
    let listeners = (1...4).map {
      Listener(id: Int64($0), firstName: "A", lastName: "B", createdAt: monday + 190 * day)
    }
    var simulation = Simulation(
      try Scenario(
        groups: [Scenario.Group(config)], catalogue: smallCatalogue, listeners: listeners))
    let seen = simulation.all()
    #expect(seen.allSatisfy { ($0.registration ?? 0) <= $0.ts })
    #expect(Set(seen.compactMap(\.user)).isSuperset(of: [1, 2, 3, 4]))
    #expect(seen.contains { $0.user ?? 0 > 4 && $0.ts < monday + 190 * day })
  }
}
