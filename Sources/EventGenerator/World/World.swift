import EventModel

/// All text that events refer to, in memory that never moves, and the tables that users and songs are drawn
/// from. A simulation makes its world once and then only reads it.
final class World {
  struct SongText {
    var artist: ByteSlice
    var title: ByteSlice
    var durationMilliseconds: Int64
    var seconds: Double
  }

  struct CityText {
    var city: ByteSlice = .empty
    var state: ByteSlice = .empty
    var zip: ByteSlice = .empty
    /// Empty for the United States, as an event without a country means `US`.
    var country: ByteSlice = .empty
    var lon: Double?
    var lat: Double?
    /// By how much the clocks of users in the city are ahead of UTC, milliseconds.
    var clockOffset: Int64 = 0
    /// Index into `names`.
    var names = 0
  }

  /// The names of a country, and tables that draw each as often as it is given.
  struct NameText {
    var women: [ByteSlice]
    var men: [ByteSlice]
    var family: [ByteSlice]
    /// Parallel to `family`.
    var womensFamily: [ByteSlice]
    var womenTable: AliasTable
    var menTable: AliasTable
    var familyTable: AliasTable
  }

  struct RequestText {
    var page: ByteSlice
    var method: ByteSlice
    var auth: ByteSlice
    var level: ByteSlice
    var tag: ByteSlice
    /// Index into the scenario's pages.
    var pageNumber: UInt16
  }

  /// A user that was given from outside.
  struct ListenerText {
    var id: Int64
    var firstName: ByteSlice
    var lastName: ByteSlice
  }

  let places: [CityText]
  let names: [NameText]
  let agents: [ByteSlice]
  let songs: [SongText]
  /// Parallel to the states of the site.
  let requests: [RequestText]
  /// The given users of this shard, in the order of their numbers.
  let listeners: [ListenerText]
  /// An invented user's id is this plus the user's number in the run.
  let firstInventedId: Int64
  let female: ByteSlice
  let male: ByteSlice

  let placeTable: AliasTable
  let agentTable: AliasTable
  let songChoice: SongChoice
  let groupTable: AliasTable
  /// By group: draws the start of users at the beginning of the run. By start: draws the first request of a
  /// session.
  let startTables: [AliasTable]
  let requestTables: [AliasTable]

  /// Bytes that an event takes at most.
  let longestEvent: Int

  private let arena: ByteArena
  /// The places of each country, as indices into `places`, with a table that draws them by population.
  private let countries: [String: (places: [Int], table: AliasTable)]

  init(_ scenario: Scenario, _ shard: Shard) {
    let arena = ByteArena()
    self.arena = arena
    var places: [CityText] = []
    var placeWeights: [Double] = []
    var names: [NameText] = []
    var countries: [String: (places: [Int], table: AliasTable)] = [:]
    func add(_ country: Country, weight: Double) {
      let total = country.cities.reduce(0) { $0 + $1.weight }
      let first = places.count
      for city in country.cities {
        places.append(
          CityText(
            city: arena.keep(city.name), state: arena.keep(city.state),
            zip: arena.keep(city.zip),
            country: country.code == "US" ? .empty : arena.keep(country.code), lon: city.lon,
            lat: city.lat,
            clockOffset: scenario.usesLocalTime ? Self.clockOffset(longitude: city.lon) : 0,
            names: names.count))
        placeWeights.append(weight * city.weight / total)
      }
      countries[country.code] = (
        Array(first..<places.count), AliasTable(weights: country.cities.map(\.weight))
      )
      names.append(NameText(country.names, arena))
    }
    for (country, weight) in scenario.countries.entries { add(country, weight: weight) }
    // Countries that only given users are in have weight 0, so that no invented user is put there.
    for code in Set(scenario.listeners.compactMap(\.country)).sorted()
    where countries[code] == nil {
      if let country = Country.named(code) {
        add(country, weight: 0)
      } else {
        places.append(CityText(country: arena.keep(code)))
        placeWeights.append(0)
        countries[code] = ([places.count - 1], AliasTable(weights: [1]))
      }
    }
    self.places = places
    self.names = names
    self.countries = countries
    placeTable = AliasTable(weights: placeWeights)
    agents = UserAgents.all.map { arena.keep($0.text) }
    agentTable = AliasTable(weights: UserAgents.all.map(\.weight))
    songs = scenario.catalogue.songs.map {
      SongText(
        artist: arena.keep($0.artist), title: arena.keep($0.title),
        durationMilliseconds: Int64($0.durationMilliseconds),
        seconds: Double($0.durationMilliseconds) / 1000)
    }
    songChoice = SongChoice(scenario.catalogue)
    let pages = scenario.pages
    requests = zip(scenario.site.states, scenario.site.requests).map { state, request in
      RequestText(
        page: arena.keep(request.page), method: arena.keep(request.method),
        auth: arena.keep(request.auth), level: arena.keep(request.level),
        tag: arena.keep(scenario.groups[Int(state.group)].config.tag ?? ""),
        pageNumber: UInt16(pages.firstIndex(of: request.page) ?? 0))
    }
    listeners = stride(from: shard.index, to: scenario.listeners.count, by: shard.count).map {
      let listener = scenario.listeners[$0]
      return ListenerText(
        id: listener.id, firstName: arena.keep(listener.firstName),
        lastName: arena.keep(listener.lastName))
    }
    firstInventedId = scenario.firstInventedId
    female = arena.keep("F")
    male = arena.keep("M")
    groupTable = AliasTable(weights: scenario.groups.map(\.weight))
    startTables = scenario.site.startWeights.map { AliasTable(weights: $0) }
    requestTables = scenario.site.starts.map { AliasTable(weights: $0.weights) }
    longestEvent = Self.longestEvent(
      places, names, listeners, agents, songs, requests, gender: female)
    arena.seal()
  }

  private static func longestEvent(
    _ places: [CityText], _ names: [NameText], _ listeners: [ListenerText],
    _ agents: [ByteSlice], _ songs: [SongText], _ requests: [RequestText], gender: ByteSlice
  ) -> Int {
    func longest(_ texts: some Sequence<ByteSlice>) -> ByteSlice {
      texts.max { $0.count < $1.count } ?? .empty
    }
    var event = Event(topic: .pageView)
    event.level = longest(requests.map(\.level))
    event.page = longest(requests.map(\.page))
    event.method = longest(requests.map(\.method))
    event.auth = longest(requests.map(\.auth))
    event.tag = longest(requests.map(\.tag))
    event.userAgent = longest(agents)
    event.city = longest(places.map(\.city))
    event.state = longest(places.map(\.state))
    event.zip = longest(places.map(\.zip))
    event.country = longest(places.map(\.country))
    event.firstName = longest(
      names.flatMap { $0.women + $0.men } + listeners.map(\.firstName))
    event.lastName = longest(
      names.flatMap { $0.family + $0.womensFamily } + listeners.map(\.lastName))
    event.gender = gender
    event.artist = longest(songs.map(\.artist))
    event.song = longest(songs.map(\.title))
    return EventEncoder.maxByteCount(of: event)
  }

  /// The nautical time zone: whole hours, an hour for every 15 degrees. The law may have another, but
  /// people rise and sleep with the sun.
  static func clockOffset(longitude: Double) -> Int64 {
    Int64((longitude / 15).rounded()) * 3_600_000
  }

  /// Where a user lives.
  /// - Parameter country: ISO 3166-1 alpha-2; nil for any of the scenario's countries.
  func drawPlace(in country: String?, _ random: inout RandomSource) -> Int {
    guard let country, let known = countries[country] else { return placeTable.draw(&random) }
    return known.places[known.table.draw(&random)]
  }
}

extension World.NameText {
  fileprivate init(_ names: Names, _ arena: ByteArena) {
    func table(_ list: [String]) -> AliasTable {
      AliasTable(weights: list.indices.map(People.weight))
    }
    self.init(
      women: names.women.map(arena.keep), men: names.men.map(arena.keep),
      family: names.family.map(arena.keep), womensFamily: names.womensFamily.map(arena.keep),
      womenTable: table(names.women),
      menTable: table(names.men), familyTable: table(names.family))
  }
}
