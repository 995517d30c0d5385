/// The songs that the simulated service has: invented from a seed, or given from outside.
public struct Catalogue: Sendable {
  /// A song as a tracks table lists it.
  public struct Song: Sendable, Equatable {
    /// Unique in a catalogue; for an invented song 22 letters and digits.
    public var trackId: String
    /// The artist's name as listen events have it.
    public var artist: String
    /// The title as listen events have it.
    public var title: String
    /// The album's name; empty where it is not known.
    public var album: String
    /// The genre's name; empty where it is not known. Users' tastes are genres.
    public var genre: String
    /// Length in milliseconds; 60,000 to 600,000 for an invented song.
    public var durationMilliseconds: Int
    /// The more popular, the higher. For an invented song 0 to 100, by the logarithm of its rank.
    public var popularity: Int
    /// True where the song is marked as explicit.
    public var isExplicit: Bool
    /// How the song sounds; nil where that is not known.
    public var features: AudioFeatures?

    /// Takes the values as they are, unchecked.
    public init(
      trackId: String, artist: String, title: String, album: String, genre: String,
      durationMilliseconds: Int, popularity: Int, isExplicit: Bool,
      features: AudioFeatures? = nil
    ) {
      self.trackId = trackId
      self.artist = artist
      self.title = title
      self.album = album
      self.genre = genre
      self.durationMilliseconds = durationMilliseconds
      self.popularity = popularity
      self.isExplicit = isExplicit
      self.features = features
    }
  }

  /// Most popular first. (artist, title) is unique.
  public let songs: [Song]
  /// How many of the songs given from outside were left out because another song of the same artist and title
  /// is at least as popular; 0 for an invented catalogue.
  public let duplicates: Int

  /// A song of rank r (from 1) is played in proportion to r to the power of minus this number.
  public static let popularityExponent = 0.75
  /// Artists of an invented catalogue, unless another number is asked for.
  public static let defaultArtists = 2_000
  /// Songs of an invented catalogue, unless another number is asked for.
  public static let defaultSongs = 20_000

  /// Invents a catalogue; the same arguments give the same songs.
  /// - Parameters:
  ///   - artists: how many artists, at least 1.
  ///   - songs: how many songs, at least 1.
  public init(seed: UInt64, artists: Int = defaultArtists, songs: Int = defaultSongs) {
    var random = RandomSource(seed: seed, purpose: .catalogue)
    let names = Self.artistNames(max(1, artists), &random)
    let count = max(1, songs)
    // Each artist has a fame; a song's rank follows from the artist's fame and from luck of the song.
    let fame = names.map { _ in random.gaussian() }
    let artistWeights = AliasTable(weights: fame.map { Elementary.exp(0.8 * $0) })
    let genres = names.map { _ in Self.genres[Self.genreTable.draw(&random)] }
    var discographies = names.map { _ in
      Discography(album: Self.title(&random), left: 6 + random.index(below: 9))
    }
    var scored: [(score: Double, song: Song)] = []
    scored.reserveCapacity(count)
    var taken = Set<String>()
    for _ in 0..<count {
      let artist = artistWeights.draw(&random)
      let title = Self.unique(&taken, within: "\(artist)/", &random, Self.title)
      if discographies[artist].left == 0 {
        discographies[artist].album = Self.title(&random)
        discographies[artist].left = 6 + random.index(below: 9)
      }
      discographies[artist].left -= 1
      let seconds = random.logNormal(mean: 220, sigma: 0.28)
      let song = Song(
        trackId: "", artist: names[artist], title: title, album: discographies[artist].album,
        genre: genres[artist],
        durationMilliseconds: Int((min(max(seconds, 60), 600) * 1000).rounded()),
        popularity: 0, isExplicit: random.uniform() < 0.12)
      scored.append((fame[artist] + random.gaussian(), song))
    }
    // Songs of equal score keep the order in which they were made, so that the order is always the same.
    let order = scored.indices.sorted {
      (scored[$1].score, $0) < (scored[$0].score, $1)
    }
    let scale = Elementary.log(Double(count) + 1)
    var trackIds = TrackIds()
    self.songs = order.enumerated().map { rank, index in
      var song = scored[index].song
      song.popularity = Int((100 * (1 - Elementary.log(Double(rank) + 1) / scale)).rounded())
      // A random stream for each song, so that these draws leave all other draws as they are.
      var random = RandomSource(seed: seed, purpose: .song, index: UInt64(index))
      song.trackId = trackIds.next(&random)
      song.features = AudioFeatures(
        GenreProfile.of(song.genre), isExplicit: song.isExplicit, &random)
      return song
    }
    duplicates = 0
  }

  /// A catalogue of songs from elsewhere. The most popular songs come first, equally popular ones in the
  /// order given. Of several songs with the same artist and title, only the first in this order stays.
  /// - Parameter songs: not empty.
  public init(songs: [Song]) {
    struct Name: Hashable {
      var artist: String
      var title: String
    }
    let order = songs.indices.sorted {
      (songs[$1].popularity, $0) < (songs[$0].popularity, $1)
    }
    var names = Set<Name>()
    self.songs = order.map { songs[$0] }
      .filter { names.insert(Name(artist: $0.artist, title: $0.title)).inserted }
    duplicates = songs.count - self.songs.count
  }

  /// The share of plays that each song gets, in the order of `songs`; sums to 1.
  public var playShares: [Double] {
    let weights = songs.indices.map {
      Elementary.exp(-Self.popularityExponent * Elementary.log(Double($0) + 1))
    }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  private struct Discography {
    var album: String
    /// How many more songs the album has room for.
    var left: Int
  }

  private static let genres = [
    "pop", "rock", "hip-hop", "country", "r-n-b", "electronic", "latin", "indie", "metal", "jazz",
    "folk", "soul", "classical", "reggae", "blues", "punk", "ambient", "k-pop",
  ]
  private static let genreTable = AliasTable(weights: [
    20, 17, 16, 9, 8, 8, 7, 6, 4, 3, 3, 3, 2, 2, 2, 2, 1, 1,
  ])

  private static func artistNames(_ count: Int, _ random: inout RandomSource) -> [String] {
    var taken = Set<String>()
    return (0..<count).map { _ in unique(&taken, within: "", &random, Words.artist) }
  }

  private static func title(_ random: inout RandomSource) -> String { Words.title(&random) }

  /// A text that was not given out before; after some attempts a number is added to make it so.
  private static func unique(
    _ taken: inout Set<String>, within scope: String, _ random: inout RandomSource,
    _ make: (inout RandomSource) -> String
  ) -> String {
    for _ in 0..<20 {
      let text = make(&random)
      if taken.insert(scope + text).inserted { return text }
    }
    let text = make(&random)
    var number = 2
    while !taken.insert("\(scope)\(text) \(number)").inserted { number += 1 }
    return "\(text) \(number)"
  }
}

/// Words that titles and names are put together from. Some need escaping in JSON and some are not ASCII, so
/// that consumers of the events meet such text on the first day.
private enum Words {
  static func title(_ random: inout RandomSource) -> String {
    func adjective() -> String { adjectives[random.index(below: adjectives.count)] }
    func noun() -> String { nouns[random.index(below: nouns.count)] }
    func verb() -> String { verbs[random.index(below: verbs.count)] }
    func place() -> String { places[random.index(below: places.count)] }
    switch random.index(below: 20) {
    case 0...4: return "\(adjective()) \(noun())"
    case 5...6: return "\(noun()) in the \(noun())"
    case 7...8: return "\(verb()) Me to the \(noun())"
    case 9...10: return "\(adjective()) \(noun()), \(adjective()) \(noun())"
    case 11: return "Don't \(verb()) the \(noun())"
    case 12...13: return "\(verb()) \(place())"
    case 14: return "\(noun()) & \(noun())"
    case 15: return "\"\(adjective()) \(noun())\""
    case 16: return "\(noun()) (\(place()) Version)"
    case 17: return "\(foreign[random.index(below: foreign.count)]) \(noun())"
    case 18: return "\(foreign[random.index(below: foreign.count)]) \(place())"
    default: return "\(noun()) No. \(1 + random.index(below: 99))"
    }
  }

  static func artist(_ random: inout RandomSource) -> String {
    func adjective() -> String { adjectives[random.index(below: adjectives.count)] }
    func noun() -> String { nouns[random.index(below: nouns.count)] }
    func first() -> String {
      let list = random.index(below: 2) == 0 ? People.women : People.men
      return list[random.index(below: list.count)]
    }
    func family() -> String { People.family[random.index(below: People.family.count)] }
    switch random.index(below: 12) {
    case 0...2: return "The \(adjective()) \(noun())s"
    case 3...6: return "\(first()) \(family())"
    case 7: return "\(first()) & the \(noun())s"
    case 8: return "DJ \(adjective()) \(noun())"
    case 9: return "\(family()) \(noun()) Trio"
    case 10: return "\(foreign[random.index(below: foreign.count)]) \(family())"
    default: return "\(first()) \"\(noun())\" \(family())"
    }
  }

  private static let adjectives = words(
    """
    Silver Golden Midnight Electric Broken Quiet Wild Velvet Crimson Hollow Distant Burning Frozen
    Lonely Neon Paper Hidden Restless Sweet Bitter Endless Faded Gentle Crooked Painted Sleeping
    Shining Secret Lucky Northern Southern Falling Rising Second Last First Perfect Heavy Weightless
    Yellow Blue Scarlet Emerald Ivory Dusty Holy Foolish Honest Savage Tender Borrowed Wasted Young
    Ancient Modern Digital Plastic Concrete Marble Liquid
    """)
  private static let nouns = words(
    """
    River Heart Moon Shadow Summer Winter Window Garden Highway Ocean Mountain Mirror Fire Rain
    Thunder Letter Dream Stranger Lover Dancer Sailor Wolf Raven Tiger Swallow Engine Radio Station
    Bridge Tower City Village Island Desert Harbor Lantern Candle Star Comet Planet Satellite Ghost
    Angel Devil King Queen Soldier Orphan Gambler Fever Promise Secret Memory Echo Silence Melody
    Rhythm Drum Violin Whisper Storm Morning Evening Sunday Carousel Diamond Feather Anchor Arrow
    Crown Kingdom Circus Train Wheel Rose Willow Orchard Meadow Canyon
    """)
  private static let verbs = words(
    """
    Take Bring Follow Carry Leave Find Remember Forget Hold Break Burn Chase Call Drive Dance Fly
    Keep Lose Meet Need Paint Play Read Sing Steal Teach Tell Turn Wake Watch
    """)
  private static let places = words(
    """
    Havana Lisbon Memphis Nairobi Oslo Paris Reykjavík Tokyo Vienna Zürich Bogotá München Montréal
    Kyoto Cairo Dublin Berlin Naples Prague Seville Austin Detroit Tulsa Reno Savannah
    """)
  private static let foreign = words(
    """
    Été Corazón Über Øde Façade Señor Żółty Δέλτα Мир 夜 Ñandú Cœur Łódź Ångström Árbol Déjà
    """)

  private static func words(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }
}
