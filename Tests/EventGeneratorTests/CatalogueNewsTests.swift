import EventModel
import Testing

@testable import EventGenerator

/// Songs and users come into the catalogue before their first event, once.
@Suite struct CatalogueNewsTests {
  @Test func everySongAndUserOfARunIsThereBeforeItsFirstEventAndOnce() throws {
    var overrides = GeneratorConfig.Overrides()
    overrides.seed = 5
    overrides.users = 40
    overrides.start = 1_772_323_200_000
    overrides.end = 1_772_323_200_000 + 2 * 86_400_000
    overrides.growthRate = 100
    let scenario = Scenario(try GeneratorConfig.standard(overrides))
    var simulation = Simulation(scenario)
    var news = CatalogueNews(scenario)
    let decoder = EventDecoder()
    var songs: [String: SongRecord] = [:]
    var users: [Int64: UserRecord] = [:]
    _ = try simulation.runLines(until: nil) { line in
      for record in news.records(before: line) {
        switch record {
        case .song(let song):
          #expect(songs.updateValue(song, forKey: song.trackId) == nil)
        case .user(let user):
          #expect(users.updateValue(user, forKey: user.userId) == nil)
        }
      }
      let event = try decoder.decodeUnpadded(line.bytes, as: line.header.topic)
      if let id = event.userId {
        let user = try #require(users[id])
        #expect(user.firstName == event.firstName.string && user.gender == event.gender.string)
        #expect((15...100).contains(user.age ?? 0) && user.country == "US")
      }
      if line.header.topic == .listen {
        #expect(
          songs.values.contains {
            $0.title == event.song.string && $0.artists == [event.artist.string]
              && $0.duration == event.duration
          })
      }
      return true
    }
    #expect(songs.count > 50 && users.count > 20)
    #expect(songs.values.allSatisfy { $0.genre != nil && $0.album != nil && $0.tempo != nil })
  }
}
