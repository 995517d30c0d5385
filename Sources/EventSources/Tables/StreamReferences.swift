import EventModel

/// The users and songs that streams refer to, in memory: a few hundred bytes each. Where several rows have
/// the same id, the last one holds.
final class StreamReferences {
  struct User {
    var firstName = ByteSlice.empty
    var lastName = ByteSlice.empty
    var gender = ByteSlice.empty
    var level = ByteSlice.empty
    var country = ByteSlice.empty
    var registration: Int64?
    /// Further JSON fields, each with a comma before it.
    var fields = ByteSlice.empty
  }

  struct Song {
    var artist = ByteSlice.empty
    var title = ByteSlice.empty
    /// Seconds.
    var duration: Double?
    var fields = ByteSlice.empty
  }

  private(set) var users: [Int64: User] = [:]
  private(set) var songs: [TextKey: Song] = [:]
  /// Owns the text of all users and songs.
  private let arena = TextArena()
  private var extra = JSONFields()

  func user(_ id: Int64) -> User? { users[id] }
  func song(_ trackID: ByteSlice) -> Song? { songs[TextKey(trackID)] }

  /// - Returns: the user's id; nil where the row has none.
  func addUser(_ fields: [ByteSlice], _ columns: TableColumns) -> Int64? {
    var user = User()
    var id: Int64?
    extra.removeAll()
    for (role, field) in zip(columns.roles, fields) {
      let cell = CellText.trimmed(field)
      switch role {
      case .userID: id = CellText.integer(cell)
      case .userName: (user.firstName, user.lastName) = split(name: arena.addText(cell))
      case .firstName: user.firstName = arena.addText(cell)
      case .lastName: user.lastName = arena.addText(cell)
      case .gender: user.gender = arena.addText(cell)
      case .level:
        let level = CellText.lowercased(cell)
        if level == "free" || level == "paid" { user.level = arena.add(Array(level.utf8)) }
      case .country: user.country = country(cell)
      case .registration:
        if let time = CellText.time(cell), EventDecoder.plausibleRegistrations.contains(time) {
          user.registration = time
        }
      default: extra.add(role, cell: cell)
      }
    }
    guard let id else { return nil }
    user.fields = arena.add(extra.bytes)
    users[id] = user
    return id
  }

  /// - Returns: the track id; nil where the row has none.
  func addSong(_ fields: [ByteSlice], _ columns: TableColumns) -> ByteSlice? {
    var song = Song()
    var id = ByteSlice.empty
    extra.removeAll()
    for (role, field) in zip(columns.roles, fields) {
      let cell = CellText.trimmed(field)
      switch role {
      case .trackID: id = arena.addText(cell)
      case .artist: song.artist = arena.addText(cell)
      case .title: song.title = arena.addText(cell)
      case .durationMilliseconds:
        if let duration = CellText.number(cell).map({ $0 / 1000 }),
          (0...EventDecoder.longestDuration).contains(duration)
        {
          song.duration = duration
        }
      default: extra.add(role, cell: cell)
      }
    }
    guard !id.isEmpty else { return nil }
    song.fields = arena.add(extra.bytes)
    songs[TextKey(id)] = song
    return id
  }

  /// The first word of a name, and all its other words.
  private func split(name: ByteSlice) -> (ByteSlice, ByteSlice) {
    guard let start = name.start, let space = name.buffer.firstIndex(of: 0x20) else {
      return (name, .empty)
    }
    let rest = ByteSlice(start: start + space, count: name.count - space)
    return (ByteSlice(start: start, count: space), CellText.trimmed(rest))
  }

  private func country(_ cell: ByteSlice) -> ByteSlice {
    if cell.isEmpty { return .empty }
    if let code = Countries.code(of: cell.string) { return arena.add(Array(code.utf8)) }
    return arena.addText(cell)
  }
}
