import EventGenerator

/// A table of songs, read into a catalogue.
struct SongTable {
  /// Milliseconds that a song may take: from a second to a day.
  private static let durations = 1_000.0...86_400_000.0
  private static let unknownGenre = "unknown"

  private var rows: TableRows
  private let id, artist, title, album, genre, duration, popularity, explicit: TableRows.Column
  private let features: FeatureColumns
  private var ids = Set<String>()

  /// Opens the file and reads its header.
  init(path: String) throws(SourceError) {
    rows = try TableRows(
      path: path, of: .songs,
      required: [
        (.trackID, "track_id"), (.artist, "artists"), (.title, "track_name"),
        (.durationMilliseconds, "duration_ms"),
      ])
    id = rows.column(.trackID)
    artist = rows.column(.artist)
    title = rows.column(.title)
    album = rows.column(.text("album"))
    genre = rows.column(.text("genre"))
    duration = rows.column(.durationMilliseconds)
    popularity = rows.column(.number("popularity"))
    explicit = rows.column(.truth("explicit"))
    features = FeatureColumns(rows)
  }

  /// - Throws: `.badContent` where no row can be used.
  consuming func read() throws(SourceError) -> (catalogue: Catalogue, warning: String?) {
    var songs: [Catalogue.Song] = []
    while try rows.advance() {
      if let song = song() { songs.append(song) }
    }
    guard !songs.isEmpty else { throw rows.nothingUsable }
    let catalogue = Catalogue(songs: songs)
    rows.leaveOut(catalogue.duplicates, "of the same artist and title as a more popular one")
    return (catalogue, rows.warning)
  }

  private mutating func song() -> Catalogue.Song? {
    let trackId = rows.text(id)
    let artist = rows.text(artist)
    let title = rows.text(title)
    let genre = rows.text(genre)
    if trackId.isEmpty {
      rows.leaveOut("without a track_id")
    } else if artist.isEmpty {
      rows.leaveOut("without artists")
    } else if title.isEmpty {
      rows.leaveOut("without a track_name")
    } else if let duration = rows.number(duration), Self.durations.contains(duration) {
      if ids.insert(trackId).inserted {
        return Catalogue.Song(
          trackId: trackId, artist: artist, title: title, album: rows.text(album),
          genre: genre.isEmpty ? Self.unknownGenre : genre,
          durationMilliseconds: Int(duration.rounded()),
          popularity: rows.integer(
            popularity, in: 0...100,
            orNote: "with a popularity that is not a whole number from 0 to 100, taken as 0") ?? 0,
          isExplicit: CellText.truth(rows.cell(explicit)) ?? false,
          features: features.read(rows))
      }
      rows.leaveOut("with the track_id of an earlier one")
    } else {
      rows.leaveOut("with a duration_ms that is not a number from 1000 (1 s) to 86400000 (24 h)")
    }
    return nil
  }
}

/// Where a table of songs has the audio features.
private struct FeatureColumns {
  private let danceability, energy, key, loudness, mode, speechiness: TableRows.Column
  private let acousticness, instrumentalness, liveness, valence, tempo: TableRows.Column
  private let timeSignature: TableRows.Column

  init(_ rows: TableRows) {
    func column(_ name: String) -> TableRows.Column { rows.column(.number(name)) }
    danceability = column("danceability")
    energy = column("energy")
    key = column("key")
    loudness = column("loudness")
    mode = column("mode")
    speechiness = column("speechiness")
    acousticness = column("acousticness")
    instrumentalness = column("instrumentalness")
    liveness = column("liveness")
    valence = column("valence")
    tempo = column("tempo")
    timeSignature = column("timeSignature")
  }

  /// All of them, or nil where any is missing or is no number.
  func read(_ rows: TableRows) -> AudioFeatures? {
    func integer(_ column: TableRows.Column, _ range: ClosedRange<Int64>) -> Int? {
      rows.integer(column).flatMap { range.contains($0) ? Int($0) : nil }
    }
    guard let danceability = rows.number(danceability), let energy = rows.number(energy),
      let key = integer(key, -1...11), let loudness = rows.number(loudness),
      let mode = integer(mode, 0...1), let speechiness = rows.number(speechiness),
      let acousticness = rows.number(acousticness),
      let instrumentalness = rows.number(instrumentalness), let liveness = rows.number(liveness),
      let valence = rows.number(valence), let tempo = rows.number(tempo),
      let timeSignature = integer(timeSignature, 0...32)
    else { return nil }
    return AudioFeatures(
      danceability: danceability, energy: energy, key: key, loudness: loudness, mode: mode,
      speechiness: speechiness, acousticness: acousticness, instrumentalness: instrumentalness,
      liveness: liveness, valence: valence, tempo: tempo, timeSignature: timeSignature)
  }
}
