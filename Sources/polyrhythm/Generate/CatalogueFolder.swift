import EventGenerator
import EventModel
import EventSources
import Glibc
import Support

/// A directory with the songs of a service, `tracks.csv` or `songs.csv`, and where it has them, its
/// users, `users.csv`; plain or compressed. Columns are told by their names as `import` does.
enum CatalogueFolder {
  /// Milliseconds that a song may take: from a second to a day.
  static let durations = 1_000.0...86_400_000.0
  /// User ids that the generator can give out.
  static let userIDs: ClosedRange<Int64> = 0...1 << 31
  static let unknownGenre = "unknown"

  /// Reads the tables. Rows that cannot be used are left out.
  /// - Returns: listeners in the order of the table, none where there is no table; and for each
  ///   file of which something was left out, a line that says what.
  /// - Throws: `.notFound` where there is no table of songs, `.badContent` where a required column
  ///   or any usable row is missing.
  static func read(
    _ directory: String
  ) throws(SourceError) -> (catalogue: Catalogue, listeners: [Listener], warnings: [String]) {
    try checkIsDirectory(directory)
    let tracks = existing(songFiles, in: directory)
    guard let songFile = tracks.first else {
      throw SourceError(
        .notFound,
        "\(directory): there is no tracks.csv or songs.csv in it; --catalogue takes a directory "
          + "with one of them (or .csv.gz, .csv.zst), and users.csv beside it if you like")
    }
    let users = existing(userFiles, in: directory)
    var warnings: [String] = []
    for files in [tracks, users] where files.count > 1 {
      warnings.append(
        "\(files[0]): used; not used beside it: \(files.dropFirst().joined(separator: ", "))")
    }
    let (catalogue, songWarning) = try SongTable(path: songFile).read()
    if let songWarning { warnings.append(songWarning) }
    var listeners: [Listener] = []
    if let userFile = users.first {
      let (read, userWarning) = try UserTable(path: userFile).read()
      listeners = read
      if let userWarning { warnings.append(userWarning) }
    }
    return (catalogue, listeners, warnings)
  }

  private static func checkIsDirectory(_ path: String) throws(SourceError) {
    do throws(SystemError) {
      guard try FileSystem.kind(of: path) != .directory else { return }
      throw SystemError(ENOTDIR, path)
    } catch {
      throw SourceError(
        error.code == ENOENT || error.code == ENOTDIR ? .notFound : .io,
        "\(path): \(error.reason); --catalogue takes a directory with tracks.csv")
    }
  }

  private static let songFiles = ["tracks.csv", "songs.csv"]
  private static let userFiles = ["users.csv"]

  /// The files that `read` looks at.
  static func files(in directory: String) -> [String] {
    existing(songFiles + userFiles, in: directory)
  }

  private static func existing(_ names: [String], in directory: String) -> [String] {
    names.flatMap { name in ["", ".gz", ".zst"].map { "\(directory)/\(name)\($0)" } }
      .filter { access($0, F_OK) == 0 }
  }
}

/// Reads songs.
private struct SongTable {
  private var rows: TableRows
  private let id, artist, title, album, genre, duration, popularity, explicit: TableRows.Column
  private let features: FeatureColumns
  private var ids = Set<String>()

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
    } else if let duration = rows.number(duration), CatalogueFolder.durations.contains(duration) {
      if ids.insert(trackId).inserted {
        return Catalogue.Song(
          trackId: trackId, artist: artist, title: title, album: rows.text(album),
          genre: genre.isEmpty ? CatalogueFolder.unknownGenre : genre,
          durationMilliseconds: Int(duration.rounded()),
          popularity: rows.integer(
            popularity, in: -1_000_000_000...1_000_000_000,
            orNote: "with a popularity that is not a whole number, taken as 0") ?? 0,
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

/// Reads users.
private struct UserTable {
  private var rows: TableRows
  private let id, fullName, firstName, lastName, gender, age, country, createdAt: TableRows.Column
  private var ids = Set<Int64>()

  init(path: String) throws(SourceError) {
    rows = try TableRows(path: path, of: .users, required: [(.userID, "user_id")])
    id = rows.column(.userID)
    fullName = rows.column(.userName)
    firstName = rows.column(.firstName)
    lastName = rows.column(.lastName)
    gender = rows.column(.gender)
    age = rows.column(.number("age"))
    country = rows.column(.country)
    createdAt = rows.column(.registration)
  }

  consuming func read() throws(SourceError) -> (listeners: [Listener], warning: String?) {
    var listeners: [Listener] = []
    while try rows.advance() {
      if let listener = listener() { listeners.append(listener) }
    }
    guard !listeners.isEmpty else { throw rows.nothingUsable }
    return (listeners, rows.warning)
  }

  private mutating func listener() -> Listener? {
    guard let id = rows.integer(id) else {
      rows.leaveOut("without a user_id that is a whole number")
      return nil
    }
    guard CatalogueFolder.userIDs.contains(id) else {
      rows.leaveOut("with a user_id outside 0 to \(CatalogueFolder.userIDs.upperBound)")
      return nil
    }
    guard ids.insert(id).inserted else {
      rows.leaveOut("with the user_id of an earlier one")
      return nil
    }
    let words = rows.text(fullName).split(separator: " ")
    let first = rows.text(firstName)
    let last = rows.text(lastName)
    return Listener(
      id: id,
      firstName: first.isEmpty ? words.first.map(String.init) ?? "" : first,
      lastName: !last.isEmpty || words.isEmpty
        ? last : words.dropFirst().joined(separator: " "),
      gender: Self.gender(CellText.lowercased(rows.cell(gender))),
      age: rows.integer(
        age, in: 0...150, orNote: "with a user_age that is not a whole number up to 150"),
      country: knownCountry(), createdAt: registration())
  }

  private static func gender(_ text: String) -> Listener.Gender? {
    switch text {
    case "f", "female", "woman", "w": .female
    case "m", "male", "man": .male
    default: nil
    }
  }

  private mutating func knownCountry() -> String? {
    let name = rows.text(country)
    if name.isEmpty { return nil }
    let code = Countries.code(of: name)
    if code == nil { rows.note("with a user_country that is not known") }
    return code
  }

  private mutating func registration() -> Int64? {
    let cell = rows.cell(createdAt)
    if CellText.isNull(cell) { return nil }
    guard let time = CellText.time(cell), EventDecoder.plausibleRegistrations.contains(time) else {
      rows.note("with a created_at that is not a time as 2024-06-25 17:43:13")
      return nil
    }
    return time
  }
}
