import EventModel

/// What a run's lines are the first to show of its world: the records of songs and users that belong into the catalogue
/// before their first event.
public struct CatalogueNews {
  private let scenario: Scenario
  private let decoder = EventDecoder()
  /// By rank in the catalogue, and by number of the user: what has been shown.
  private var songs: [Bool]
  private var users: [Bool] = []

  /// News of a run from its beginning on.
  public init(_ scenario: Scenario) {
    self.scenario = scenario
    songs = [Bool](repeating: false, count: scenario.catalogue.songs.count)
  }

  /// The records that are to be written before this line, at most two.
  @inline(__always)
  public mutating func records(before line: EventLine) -> [CatalogueRecord] {
    let header = line.header
    let isNewSong = header.song >= 0 && !songs[Int(header.song)]
    let isNewUser =
      header.userId != nil && (Int(header.number) >= users.count || !users[Int(header.number)])
    return isNewSong || isNewUser ? records(line, isNewSong, isNewUser) : []
  }

  @inline(never)
  private mutating func records(
    _ line: EventLine, _ isNewSong: Bool, _ isNewUser: Bool
  ) -> [CatalogueRecord] {
    var records: [CatalogueRecord] = []
    if isNewSong {
      let rank = Int(line.header.song)
      songs[rank] = true
      records.append(.song(Self.record(of: scenario.catalogue.songs[rank])))
    }
    if isNewUser, let user = user(line) {
      let number = Int(line.header.number)
      if number >= users.count {
        users += [Bool](repeating: false, count: number + 1024 - users.count)
      }
      users[number] = true
      records.append(.user(user))
    }
    return records
  }

  /// - Returns: nil where the line was made no event on purpose; a later one shows the user, too.
  private func user(_ line: EventLine) -> UserRecord? {
    let number = Int(line.header.number)
    guard let event = try? decoder.decodeUnpadded(line.bytes, as: line.header.topic),
      let id = event.userId
    else { return nil }
    var user = UserRecord(userId: id)
    func text(_ slice: ByteSlice) -> String? { slice.isEmpty ? nil : slice.string }
    user.firstName = text(event.firstName)
    user.lastName = text(event.lastName)
    user.gender = text(event.gender)
    user.registration = event.registration
    if number < scenario.listeners.count {
      user.age = scenario.listeners[number].age
      user.country = scenario.listeners[number].country
    } else {
      var random = RandomSource(seed: scenario.config.seed, purpose: .age, index: UInt64(number))
      user.age = Habits.age(&random)
      user.country = text(event.country) ?? "US"
    }
    return user
  }

  /// What the catalogue has of one of its songs.
  static func record(of song: Catalogue.Song) -> SongRecord {
    var record = SongRecord(trackId: song.trackId, artists: [song.artist], title: song.title)
    record.album = song.album.isEmpty ? nil : song.album
    record.genre = song.genre.isEmpty ? nil : song.genre
    record.duration = Double(song.durationMilliseconds) / 1000
    record.popularity = song.popularity
    record.explicit = song.isExplicit
    if let features = song.features {
      record.danceability = features.danceability
      record.energy = features.energy
      record.key = features.key
      record.loudness = features.loudness
      record.mode = features.mode
      record.speechiness = features.speechiness
      record.acousticness = features.acousticness
      record.instrumentalness = features.instrumentalness
      record.liveness = features.liveness
      record.valence = features.valence
      record.tempo = features.tempo
      record.timeSignature = features.timeSignature
    }
    return record
  }
}
