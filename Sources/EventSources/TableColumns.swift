import EventModel

/// The three tables of a streaming service that can be imported.
public enum TableKind: String, CaseIterable, Sendable {
  case users, songs, streams
}

/// What a column of a table is for.
enum ColumnRole: Equatable {
  case userID, userName, firstName, lastName, gender, level, country, registration
  case trackID, artist, title, durationMilliseconds
  case listenTime
  /// A further field of the event, under this name.
  case text(String)
  case number(String)
  case truth(String)
  /// A column without a name, as pandas writes its index.
  case ignored
}

/// A table told by its header, and what its columns are for. Names match without regard to case,
/// spaces, underscores and hyphens: `user_id`, `User ID` and `userId` are the same.
struct TableColumns {
  let kind: TableKind
  let roles: [ColumnRole]

  /// - Returns: nil where the header is of none of the three tables.
  init?(header: [String]) {
    let names = header.map(Self.plain)
    let given = Set(names)
    func has(_ known: [String: ColumnRole], _ role: ColumnRole) -> Bool {
      given.contains { known[$0] == role }
    }
    let known: [String: ColumnRole]
    if has(Self.streams, .userID), has(Self.streams, .listenTime) {
      (kind, known) = (.streams, Self.streams)
    } else if has(Self.songs, .trackID), has(Self.songs, .title) || has(Self.songs, .artist),
      given.subtracting(["id", "name"]).contains(where: { Self.ofSongs.contains(Self.songs[$0]) })
    {
      (kind, known) = (.songs, Self.songs)
    } else if has(Self.users, .userID) || given.contains("id"),
      has(Self.users, .userName) || has(Self.users, .registration) || has(Self.users, .country)
    {
      (kind, known) = (.users, Self.users)
    } else {
      return nil
    }
    // A role belongs to its first column; a second one of the same is kept under its own name.
    var taken: [ColumnRole] = []
    var roles: [ColumnRole] = []
    for (name, original) in zip(names, header) {
      var role = known[name] ?? (kind == .users && name == "id" ? .userID : nil)
      if let found = role, taken.contains(found) { role = nil }
      if let role { taken.append(role) }
      roles.append(role ?? Self.unknown(original, in: kind))
    }
    self.roles = roles
  }

  /// Why `init` gave nil, and what it looks for.
  static func notUnderstood(_ name: String, header: [String]) -> SourceError {
    let shown = header.prefix(8).joined(separator: ",").prefix(100)
    let hint =
      header.count == 1 && header[0].contains { $0 == ";" || $0 == "\t" }
      ? "; columns must be separated by commas" : ""
    return SourceError(
      .badContent,
      "\(name): the header \"\(shown)\" is of none of the tables: users need user_id and user_name, "
        + "songs need track_id and track_name, streams need user_id and listen_time\(hint)")
  }

  private static func plain(_ name: String) -> String {
    String(name.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || isDigit($0) })
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// `listen_device` of streams is `streamListenDevice`: the table's name keeps it apart from the
  /// fields of events.
  private static func unknown(_ name: String, in kind: TableKind) -> ColumnRole {
    let words = name.unicodeScalars
      .split { !$0.properties.isAlphabetic && !isDigit($0) }
      .map { String($0) }
    guard !words.isEmpty else { return .ignored }
    let prefix = String(kind.rawValue.dropLast())
    return .text(prefix + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined())
  }

  /// Roles that tell a table of songs from one of users, which may have `id` and `name` too.
  private static let ofSongs: [ColumnRole?] = [.trackID, .title, .artist, .durationMilliseconds]

  private static let users: [String: ColumnRole] = [
    "userid": .userID, "username": .userName, "name": .userName, "fullname": .userName,
    "firstname": .firstName, "lastname": .lastName, "gender": .gender, "usergender": .gender,
    "level": .level, "userlevel": .level, "usercountry": .country, "country": .country,
    "createdat": .registration, "usercreatedat": .registration, "registration": .registration,
    "registeredat": .registration, "userage": .number("age"), "age": .number("age"),
  ]

  private static let songs: [String: ColumnRole] = [
    "trackid": .trackID, "songid": .trackID, "id": .trackID,
    "artists": .artist, "artist": .artist, "artistname": .artist,
    "trackname": .title, "songname": .title, "track": .title, "song": .title, "title": .title,
    "name": .title, "durationms": .durationMilliseconds,
    "albumname": .text("album"), "album": .text("album"),
    "trackgenre": .text("genre"), "genre": .text("genre"),
    "popularity": .number("popularity"), "explicit": .truth("explicit"),
    "danceability": .number("danceability"), "energy": .number("energy"), "key": .number("key"),
    "loudness": .number("loudness"), "mode": .number("mode"),
    "speechiness": .number("speechiness"), "acousticness": .number("acousticness"),
    "instrumentalness": .number("instrumentalness"), "liveness": .number("liveness"),
    "valence": .number("valence"), "tempo": .number("tempo"),
    "timesignature": .number("timeSignature"),
  ]

  private static let streams: [String: ColumnRole] = [
    "userid": .userID, "trackid": .trackID, "songid": .trackID,
    "listentime": .listenTime, "listenedat": .listenTime, "listenat": .listenTime,
    "streamtime": .listenTime, "streamedat": .listenTime, "playedat": .listenTime,
    "timestamp": .listenTime,
  ]
}

extension JSONFields {
  /// Adds what a column of the three open roles holds; other roles add nothing. A cell that is not of
  /// its column's type is kept as text.
  mutating func add(_ role: ColumnRole, cell: ByteSlice) {
    switch role {
    case .text(let key):
      add(key, text: cell)
    case .number(let key):
      if CellText.isNull(cell) { return }
      if let integer = CellText.integer(cell) {
        add(key, integer)
      } else if let number = CellText.number(cell) {
        add(key, number)
      } else {
        add(key, text: cell)
      }
    case .truth(let key):
      if CellText.isNull(cell) { return }
      if let truth = CellText.truth(cell) {
        add(key, truth)
      } else {
        add(key, text: cell)
      }
    default: break
    }
  }
}
