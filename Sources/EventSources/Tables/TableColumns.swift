import EventModel

/// The three tables of a streaming service that can be imported.
public enum TableKind: String, CaseIterable, Sendable {
  case users, songs, streams
}

/// What a column of a table is for.
public enum ColumnRole: Equatable, Sendable {
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
public struct TableColumns: Sendable {
  public let kind: TableKind
  /// Parallel to the header.
  public let roles: [ColumnRole]

  /// - Parameter kind: the table that it is, where that is known from elsewhere.
  /// - Returns: nil where the header is of none of the three tables, or not of that one.
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
      // A table with `id` and `name` alone can be of anything.
      return has(.trackID) && has(.title, .artist)
        && header.contains { specific[.songs]?[plain($0)] != nil }
    case .users:
      return has(.userID) && (isSure || has(.userName, .registration, .country))
    }
  }

  /// A role belongs to the first column that names it fully, or else to one named `id` or `name`.
  /// Other columns are kept under names of their own.
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
    let rest = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    // Events have fields of these names.
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
