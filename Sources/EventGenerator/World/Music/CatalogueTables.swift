import Support

/// Writes a catalogue and its listeners as the tables of a streaming service: `tracks.csv` and
/// `users.csv` (RFC 4180, UTF-8, with a header), which `import` and `--catalogue` read.
public enum CatalogueTables {
  /// Writes `tracks.csv` into the directory, which is made where it is not there yet. A file of that name is
  /// replaced once the new one is whole, and otherwise left as it was.
  ///
  /// The most popular songs come first. Where something is not known about a song, the cell is empty.
  /// - Throws: `.cannotCreate` or `.writeFailed`.
  public static func writeTracks(
    _ catalogue: Catalogue, to directory: String
  ) throws(GeneratorError) {
    let file = try TableFile(directory: directory, name: "tracks.csv")
    try file.addRow(trackColumns)
    for song in catalogue.songs {
      let features = song.features
      file.add(song.trackId)
      file.add(song.artist)
      file.add(song.album)
      file.add(song.title)
      file.add(song.popularity)
      file.add(song.durationMilliseconds)
      file.add(song.isExplicit ? "true" : "false")
      file.add(features?.danceability)
      file.add(features?.energy)
      file.add(features?.key)
      file.add(features?.loudness)
      file.add(features?.mode)
      file.add(features?.speechiness)
      file.add(features?.acousticness)
      file.add(features?.instrumentalness)
      file.add(features?.liveness)
      file.add(features?.valence)
      file.add(features?.tempo)
      file.add(features?.timeSignature)
      file.add(song.genre)
      try file.endRow()
    }
    try file.finish()
  }

  /// Writes `users.csv` in the same way, in the order given. The table has no column for gender.
  /// - Throws: `.cannotCreate` or `.writeFailed`.
  public static func writeUsers(
    _ users: some Sequence<Listener>, to directory: String
  ) throws(GeneratorError) {
    let file = try TableFile(directory: directory, name: "users.csv")
    try file.addRow(userColumns)
    for user in users {
      file.add(Int(user.id))
      file.add(user.lastName.isEmpty ? user.firstName : "\(user.firstName) \(user.lastName)")
      file.add(user.age)
      file.add(user.country ?? "")
      file.add(user.createdAt.flatMap(timeText) ?? "")
      try file.endRow()
    }
    try file.finish()
  }

  private static let trackColumns = [
    "track_id", "artists", "album_name", "track_name", "popularity", "duration_ms", "explicit",
    "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
    "instrumentalness", "liveness", "valence", "tempo", "time_signature", "track_genre",
  ]
  private static let userColumns = [
    "user_id", "user_name", "user_age", "user_country", "created_at",
  ]

  /// `2024-06-25 17:43:13.123`, in UTC; nil outside the years 1 to 9999.
  static func timeText(_ milliseconds: Int64) -> String? {
    let year = CivilDate(daysSince1970: CivilTime.day(of: milliseconds)).year
    guard (1...9999).contains(year) else { return nil }
    let parts = ISOTime.parts(milliseconds)
    return "\(parts.date) \(parts.time).\(parts.fraction)"
  }
}
