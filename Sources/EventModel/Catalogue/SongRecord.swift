import Foundation

/// What a catalogue knows of a song (docs/events.md); nil where it does not say.
public struct SongRecord: Codable, Equatable, Sendable {
  /// The record's key.
  public var trackId: String
  /// The names, the first artist first; at least one.
  public var artists: [String]
  /// As listens have it under `song`.
  public var title: String
  /// The names of the album and the genre.
  public var album, genre: String?
  /// Seconds.
  public var duration: Double?
  /// The more popular, the higher: 0 to 100.
  public var popularity: Int?
  /// Whether the song is marked as explicit.
  public var explicit: Bool?
  /// How the song sounds, in the measures of the tracks tables that streaming services publish (`docs/events.md` has their ranges).
  public var danceability, energy, loudness, speechiness, acousticness, instrumentalness, liveness,
    valence, tempo: Double?
  /// Pitch class, 0 = C to 11 = B, -1 unknown; 1 = major, 0 = minor; beats in a bar.
  public var key, mode, timeSignature: Int?

  /// A song of which no more is known.
  public init(trackId: String, artists: [String], title: String) {
    self.trackId = trackId
    self.artists = artists
    self.title = title
  }

  /// - Throws: `DecodingFailure` where a field is missing, of a wrong type or beyond its range.
  public init(_ bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    let fields = try CatalogueFields(bytes)
    guard let trackId = try fields.text("trackId", "track_id", atMost: Self.longestId) else {
      throw fields.missing("trackId", "a text")
    }
    let artists = try fields.texts("artists", "artist")
    guard !artists.isEmpty else { throw fields.missing("artists", "a list of texts") }
    guard let title = try fields.text("title", "trackName", "track_name") else {
      throw fields.missing("title", "a text")
    }
    self.init(trackId: trackId, artists: artists, title: title)
    album = try fields.text("album", "albumName", "album_name")
    genre = try fields.text("genre", "trackGenre", "track_genre")
    let longest = EventDecoder.longestDuration
    duration = try fields.number("duration", in: 0...longest)
    if duration == nil {
      duration = try fields.number("durationMs", "duration_ms", in: 0...longest * 1000).map {
        $0 / 1000
      }
    }
    let small: ClosedRange<Int64> = -1000...1000
    popularity = try fields.integer("popularity", in: small).map(Int.init)
    explicit = try fields.truth("explicit")
    key = try fields.integer("key", in: small).map(Int.init)
    mode = try fields.integer("mode", in: small).map(Int.init)
    timeSignature = try fields.integer("timeSignature", "time_signature", in: small).map(Int.init)
    let range = -10_000.0...10_000.0
    danceability = try fields.number("danceability", in: range)
    energy = try fields.number("energy", in: range)
    loudness = try fields.number("loudness", in: range)
    speechiness = try fields.number("speechiness", in: range)
    acousticness = try fields.number("acousticness", in: range)
    instrumentalness = try fields.number("instrumentalness", in: range)
    liveness = try fields.number("liveness", in: range)
    valence = try fields.number("valence", in: range)
    tempo = try fields.number("tempo", in: range)
  }

  /// Forgets a popularity that is none. Such a record is taken from the log as it is, as earlier versions did; an import does not write it.
  /// - Returns: what was wrong with it; nil where nothing was.
  public mutating func leaveOddPopularityOpen() -> DecodingFailure? {
    guard let found = popularity, !(0...100).contains(found) else { return nil }
    popularity = nil
    return DecodingFailure(
      code: .outOfRange, field: "popularity", expected: "an integer from 0 to 100",
      found: "\(found)")
  }

  /// Bytes of UTF-8 that a track id may have: an index over it has room for them.
  static let longestId = 200

  /// The record as one line of JSON.
  public var json: [UInt8] { CatalogueJSON.line(self) }
}
