import EventModel

/// The rows of one streams table, sorted by time and divided into sessions, so that they can become listen
/// events.
///
/// All rows are held in memory: 32 bytes each and the text of further columns; rows that cannot become events
/// are kept as they came. The events depend on the rows alone, not on their order: rows of one user at most
/// half an hour apart are a session, whose id is a hash of the user and the time of its first row. Importing
/// the same table again gives the same events, which count once; so does a row that the table has twice.
final class StreamsTable {
  /// Milliseconds without a stream after which a user's session is over.
  static let sessionGap: Int64 = 30 * 60_000
  /// The most rows of a table; they take 1 GB.
  static let longest = 32_000_000

  private struct Row {
    var ts: Int64
    var userID: Int64
    /// Index into `tracks`; -1 for none.
    var track: Int32
    /// The place of the row's further fields in `fieldsText`, in bytes.
    var fieldsCount: UInt32
    var fieldsStart: Int
  }

  let name: String
  private let longest: Int
  private var columns: TableColumns
  private var rows: [Row] = []
  private var isSorted = true
  /// A row that cannot become an event: as a CSV line, where it stands, and what is wrong with it.
  struct BrokenRow {
    var row: [UInt8]
    var place: String
    var reason: String
  }

  /// In the order of the table.
  private(set) var broken: [BrokenRow] = []
  private var tracks: [ByteSlice] = []
  private var indexOfTrack: [TextKey: Int32] = [:]
  private var fieldsText: [UInt8] = []
  private var extra = JSONFields()
  private let arena = TextArena()

  /// - Parameter longest: the most rows that the table may have.
  init(name: String, columns: TableColumns, longest: Int = StreamsTable.longest) {
    self.name = name
    self.columns = columns
    self.longest = longest
  }

  var count: Int { rows.count }

  /// Adds a row, if it can become an event.
  /// - Returns: why the row cannot become an event; nil where it was added.
  /// - Throws: `.badContent` where the table has too many rows.
  func add(_ fields: [ByteSlice]) throws(SourceError) -> String? {
    guard fields.count == columns.roles.count else {
      return "it has \(fields.count) fields and the header has \(columns.roles.count)"
    }
    var userID: Int64?
    var ts: Int64?
    var track = Int32(-1)
    extra.removeAll()
    for (role, field) in zip(columns.roles, fields) {
      let cell = CellText.trimmed(field)
      switch role {
      case .userID: userID = CellText.integer(cell)
      case .listenTime: ts = CellText.time(cell)
      case .trackID: if !cell.isEmpty { track = index(of: cell) }
      default: extra.add(role, cell: cell)
      }
    }
    guard let userID else { return "the user id is not a whole number" }
    guard let ts else { return "the listen time is not a time such as 2024-06-25 17:43:13" }
    guard EventDecoder.plausibleTimes.contains(ts) else {
      return "the listen time is not of the years 2000 to 2099"
    }
    guard rows.count < longest else {
      throw SourceError(
        .badContent,
        "\(name) has more than \(longest) rows, and they are sorted in memory; split it, for example "
          + "into one file a day")
    }
    isSorted = false
    rows.append(
      Row(
        ts: ts, userID: userID, track: track, fieldsCount: UInt32(extra.bytes.count),
        fieldsStart: fieldsText.count))
    fieldsText += extra.bytes
    return nil
  }

  private func index(of track: ByteSlice) -> Int32 {
    if let index = indexOfTrack[TextKey(track)] { return index }
    let index = Int32(tracks.count)
    tracks.append(arena.addText(track))
    // The key has the bytes of the table, by which the next row looks; the text may be a repaired one.
    indexOfTrack[TextKey(arena.add(track))] = index
    return index
  }

  func add(broken row: some Sequence<UInt8>, at place: String, _ reason: String) {
    broken.append(BrokenRow(row: Array(row), place: place, reason: reason))
  }

  /// A hash of all rows in the order in which they become events. It identifies the table, wherever the table
  /// lies and whatever its name is. Users and songs are left out of the hash, since they do not change the
  /// place of any row.
  func contentHash() -> String {
    sort()
    let hash = ContentHash()
    func add(_ number: Int64) { withUnsafeBytes(of: number.littleEndian) { hash.add($0) } }
    for row in broken.map(\.row) {
      add(Int64(row.count))
      row.withUnsafeBytes { hash.add($0) }
    }
    add(Int64(broken.count))
    fieldsText.withUnsafeBytes { text in
      for row in rows {
        add(row.ts)
        add(row.userID)
        let track = row.track < 0 ? ByteSlice.empty : tracks[Int(row.track)]
        add(Int64(track.buffer.count) << 32 | Int64(row.fieldsCount))
        hash.add(UnsafeRawBufferPointer(track.buffer))
        let fields = row.fieldsStart..<(row.fieldsStart + Int(row.fieldsCount))
        hash.add(UnsafeRawBufferPointer(rebasing: text[fields]))
      }
    }
    return hash.text
  }

  private func sort() {
    if isSorted { return }
    isSorted = true
    let rank = ranks()
    rows.sort { a, b in
      if a.ts != b.ts { return a.ts < b.ts }
      if a.userID != b.userID { return a.userID < b.userID }
      return (a.track < 0 ? -1 : rank[Int(a.track)]) < (b.track < 0 ? -1 : rank[Int(b.track)])
    }
  }

  struct Totals: Equatable {
    /// Rows whose user, and rows whose song, is in no table.
    var withoutUser = 0
    var withoutSong = 0
  }

  private struct Session {
    var id: Int64
    var last: Int64
    var item: Int64
    var lastTrack: Int32
  }

  private struct Track {
    var song: StreamReferences.Song?
    /// The track id in the form of a further JSON field.
    var fields: ByteSlice
  }

  /// Calls `body` with each row as a listen event and its further JSON fields, in the order of time. Event and
  /// fields are valid during the call.
  func forEachEvent(
    _ references: StreamReferences, _ body: (Event, [ByteSlice]) throws -> Void
  ) throws -> Totals {
    sort()
    let known = tracks.map { id in
      var fields = JSONFields()
      fields.add("trackId", text: id)
      return Track(song: references.song(id), fields: arena.add(fields.bytes))
    }
    var sessions: [Int64: Session] = [:]
    var totals = Totals()
    let loggedIn = arena.add(Array("Logged In".utf8))
    try fieldsText.withUnsafeBufferPointer { text in
      for row in rows {
        var event = Event(topic: .listen)
        event.ts = row.ts
        event.userId = row.userID
        event.auth = loggedIn
        let session = next(row, after: sessions[row.userID])
        sessions[row.userID] = session
        event.sessionId = session.id
        event.itemInSession = session.item
        var fields: [ByteSlice] = []
        if row.track >= 0 {
          let track = known[Int(row.track)]
          fields.append(track.fields)
          if let song = track.song {
            event.artist = song.artist
            event.song = song.title
            event.duration = song.duration
            fields.append(song.fields)
          } else {
            totals.withoutSong += 1
          }
        } else {
          totals.withoutSong += 1
        }
        if let user = references.user(row.userID) {
          event.firstName = user.firstName
          event.lastName = user.lastName
          event.gender = user.gender
          event.level = user.level
          event.country = user.country
          event.registration = user.registration
          fields.append(user.fields)
        } else {
          totals.withoutUser += 1
        }
        if row.fieldsCount > 0, let start = text.baseAddress {
          fields.append(ByteSlice(start: start + row.fieldsStart, count: Int(row.fieldsCount)))
        }
        try body(event, fields)
      }
    }
    return totals
  }

  /// The place of each track when tracks are sorted by the bytes of their ids. This order does not depend on
  /// the order of the table's rows.
  private func ranks() -> [Int32] {
    let order = tracks.indices.sorted {
      tracks[$0].buffer.lexicographicallyPrecedes(tracks[$1].buffer)
    }
    var result = [Int32](repeating: 0, count: tracks.count)
    for (rank, index) in order.enumerated() { result[index] = Int32(rank) }
    return result
  }

  private func next(_ row: Row, after session: Session?) -> Session {
    guard var session, row.ts - session.last <= Self.sessionGap else {
      return Session(
        id: Self.sessionID(user: row.userID, start: row.ts), last: row.ts, item: 0,
        lastTrack: row.track)
    }
    // A row that repeats the one before keeps its item, and so becomes the same event.
    if row.ts != session.last || row.track != session.lastTrack { session.item += 1 }
    session.last = row.ts
    session.lastTrack = row.track
    return session
  }

  /// A session's id: a hash of 53 bits, which every reader of JSON holds exactly. The mixing steps are those of
  /// SplitMix64.
  static func sessionID(user: Int64, start: Int64) -> Int64 {
    func mixed(_ value: UInt64) -> UInt64 {
      var z = value &+ 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    return Int64(mixed(mixed(UInt64(bitPattern: user)) ^ UInt64(bitPattern: start)) >> 11)
  }
}
