import EventModel

/// The three tables of a streaming service that can be imported.
public enum TableKind: String, CaseIterable, Sendable {
  /// The raw values are the names of database tables.
  case users, songs, streams
}

/// The use of a column of a table.
public enum ColumnRole: Equatable, Sendable {
  /// Columns about users. `userName` is the full name; `registration` is a time.
  case userID, userName, firstName, lastName, gender, level, country, registration
  /// Columns about songs.
  case trackID, artist, title, durationMilliseconds
  /// The time at which a stream began.
  case listenTime
  /// A further field of the event, under this name, as text.
  case text(String)
  /// A further field of the event, under this name, as a number.
  case number(String)
  /// A further field of the event, under this name, as true or false.
  case truth(String)
  /// A column without a name, as pandas writes its index.
  case ignored
}

/// The kind of a table, told by its header, and the use of each column. Names match without regard to case,
/// spaces, underscores and hyphens: `user_id`, `User ID` and `userId` are the same.
public struct TableColumns: Sendable {
  /// Which of the three tables the header belongs to.
  public let kind: TableKind
  /// The use of each column, parallel to the header.
  public let roles: [ColumnRole]

  /// Nil where the header belongs to none of the three tables, or not to the given one.
  /// - Parameter kind: the kind of the table, where it is known; nil to tell it by the header.
  public init?(header: [String], of kind: TableKind? = nil) {
    let candidates = kind.map { [$0] } ?? [.streams, .songs, .users]
    for candidate in candidates {
      let roles = Self.roles(header, candidate)
      guard Self.isEnough(roles, header, candidate, isSure: kind != nil) else { continue }
      self.kind = candidate
      self.roles = roles
      return
    }
    return nil
  }

  private static func isEnough(
    _ roles: [ColumnRole], _ header: [String], _ kind: TableKind, isSure: Bool
  ) -> Bool {
    func has(_ any: ColumnRole...) -> Bool { any.contains { roles.contains($0) } }
    switch kind {
    case .streams:
      return has(.userID) && has(.listenTime)
    case .songs:
      if isSure { return has(.trackID) }
      // A table whose only known columns are `id` and `name` can be about anything.
      return has(.trackID) && has(.title, .artist)
        && header.contains { specific[.songs]?[plain($0)] != nil }
    case .users:
      return has(.userID) && (isSure || has(.userName, .registration, .country))
    }
  }

  /// The roles of the columns. A role goes to the first column with one of the role's own names, or else to a
  /// column named `id` or `name`. Other columns are kept under names of their own.
  private static func roles(_ header: [String], _ kind: TableKind) -> [ColumnRole] {
    let names = header.map(plain)
    var roles = [ColumnRole?](repeating: nil, count: names.count)
    for table in [specific, generic] {
      for (index, name) in names.enumerated() where roles[index] == nil {
        if let role = table[kind]?[name], !roles.contains(role) { roles[index] = role }
      }
    }
    return zip(roles, header).map { $0 ?? unknown($1, in: kind) }
  }

  /// The error for a header of none of the three tables, with the columns that each of them needs.
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

  /// The role of a column that is not known: a text field whose name begins with the table's name, such as
  /// `streamListenDevice` for `listen_device` of streams, so that it is not taken for a field of events.
  private static func unknown(_ name: String, in kind: TableKind) -> ColumnRole {
    let words = name.unicodeScalars
      .split { !$0.properties.isAlphabetic && !isDigit($0) }
      .map { String($0) }
    guard !words.isEmpty else { return .ignored }
    let prefix = String(kind.rawValue.dropLast())
    let rest = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    // Fields of events have these two names.
    let isTaken = ["userId", "userAgent"].contains(prefix + rest)
    return .text(prefix + (isTaken ? "Column" : "") + rest)
  }

  private static let specific: [TableKind: [String: ColumnRole]] = [
    .users: users, .songs: songs, .streams: streams,
  ]

  private static let generic: [TableKind: [String: ColumnRole]] = [
    .users: ["id": .userID, "name": .userName], .songs: ["id": .trackID, "name": .title],
  ]

  private static let users: [String: ColumnRole] = [
    "userid": .userID, "username": .userName, "fullname": .userName,
    "firstname": .firstName, "lastname": .lastName, "gender": .gender, "usergender": .gender,
    "level": .level, "userlevel": .level, "usercountry": .country, "country": .country,
    "createdat": .registration, "usercreatedat": .registration, "registration": .registration,
    "registeredat": .registration, "userage": .number("age"), "age": .number("age"),
  ]

  private static let songs: [String: ColumnRole] = [
    "trackid": .trackID, "songid": .trackID,
    "artists": .artist, "artist": .artist, "artistname": .artist,
    "trackname": .title, "songname": .title, "track": .title, "song": .title, "title": .title,
    "durationms": .durationMilliseconds,
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
  /// Adds the cell of a column whose role names a further field; other roles add nothing. A cell that is not
  /// of its column's type is kept as text.
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
