import EventLog
import EventModel
import Feed
import Metrics
import Warehouse

/// Writes what the catalogue says: its latest records, and what the dimensions take from them.
///
/// Any number of processes may do so with the same records: a later record of a key replaces an earlier one, in whatever
/// order they come.
struct CatalogueStore {
  let connection: Connection
  let library: SQLLibrary
  private let buffer = CopyBuffer()
  private let members: MemberStore

  /// - Throws: `WarehouseError` where the server refuses to make the session's temporary tables.
  init(connection: Connection, library: SQLLibrary) throws(WarehouseError) {
    self.connection = connection
    self.library = library
    try connection.script(library.sql("catalogue/temporary_tables"))
    members = try MemberStore(connection: connection, library: library)
  }

  /// How far each partition is read.
  func progress() throws(WarehouseError) -> [TopicPartition: Int64] {
    try connection.run(sql("read_progress")).offsets()
  }

  /// Forgets how far a partition was read whose log is another one now.
  func beginAnew(_ source: TopicPartition) throws(WarehouseError) {
    _ = try connection.run(
      sql("begin_anew"), [.text(source.topic), .int(Int64(source.partition))])
  }

  /// Takes batches over, and moves the progress behind them. Those of one partition follow each other.
  /// - Returns: false where somebody else has moved it meanwhile; then nothing has changed.
  func take(_ batches: [CatalogueBatch]) throws(WarehouseError) -> Bool {
    do {
      try connection.transaction { () throws(WarehouseError) in
        try copy(batches)
        try members.insert(NewMembers(), quarantined: batches.flatMap(\.quarantined))
        for batch in batches {
          let moved = try connection.run(
            sql("advance_progress"),
            [
              .text(batch.source.topic), .int(Int64(batch.source.partition)), .int(batch.from),
              .int(batch.next),
            ])
          guard moved.affected == 1 else {
            throw WarehouseError(.conflict, "the catalogue was read by another process")
          }
        }
      }
    } catch  where error.code == .conflict {
      return false
    }
    return true
  }

  private func copy(_ batches: [CatalogueBatch]) throws(WarehouseError) {
    for batch in batches {
      for (_, entry) in batch.songs {
        append(entry.record, at: entry.offset, batch.source.partition)
      }
    }
    try take("new_catalogue_song", Self.songColumns, by: "take_songs")
    for batch in batches {
      for (_, entry) in batch.users {
        append(entry.record, at: entry.offset, batch.source.partition)
      }
    }
    try take("new_catalogue_user", Self.userColumns, by: "take_users")
  }

  /// Sends the rows that are collected, and takes them over.
  private func take(_ table: String, _ columns: [String], by query: String)
    throws(WarehouseError)
  {
    guard buffer.rowCount > 0 else { return }
    _ = try connection.copy(into: "pg_temp.\(table)", columns: columns, from: buffer)
    buffer.removeAll()
    _ = try connection.run(sql(query))
  }

  /// Gives the dimensions what the catalogue says of these songs and users.
  func fill(songs: [String], users: [Int64]) throws(WarehouseError) {
    if !songs.isEmpty { _ = try connection.run(sql("fill_songs"), [.textArray(songs)]) }
    if !users.isEmpty { _ = try connection.run(sql("fill_users"), [.intArray(users)]) }
  }

  /// Gives the dimensions what they may lack of the catalogue: a row that somebody was changing, or that somebody made who had
  /// begun before the record was there.
  /// - Returns: how many rows were left out, as somebody is changing them.
  @discardableResult
  func fillDue() throws(WarehouseError) -> Int64 {
    let due = try connection.run(sql("due"))
    var leftOut: Int64 = 0
    for (column, query) in ["fill_songs", "fill_users"].enumerated() {
      // As the server writes an array; null stands for all.
      let keys = due.textOrNull(0, column)
      if keys == "{}" { continue }
      leftOut += try connection.run(sql(query), [keys.map { .text($0) } ?? .null]).int(0, 0)
    }
    return leftOut
  }

  /// Whether somebody else may be writing songs and users without all of the catalogue that is committed by now.
  func othersWrite() throws(WarehouseError) -> Bool {
    try connection.run(sql("others_write")).bool(0, 0)
  }

  /// Notes that a load has filled in what was due when the catalogue was read so far.
  /// - Parameter isComplete: whether no later look can find more.
  func noteFilled(
    _ progress: [TopicPartition: Int64], isComplete: Bool
  ) throws(WarehouseError) {
    let sources = progress.sorted { $0.key < $1.key }
    _ = try connection.run(
      sql("note_filled"),
      [
        .textArray(sources.map(\.key.topic)),
        .intArray(sources.map { Int64($0.key.partition) }), .intArray(sources.map(\.value)),
        .bool(isComplete),
      ])
  }

  private func sql(_ name: String) throws(WarehouseError) -> String {
    try library.sql("catalogue/\(name)")
  }

  // MARK: Rows

  private static let songColumns = [
    "track_id", "artists", "title", "album", "genre", "duration", "popularity", "explicit",
    "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
    "instrumentalness", "liveness", "valence", "tempo", "time_signature", "partition",
    "record_offset",
  ]

  private static let userColumns = [
    "user_id", "first_name", "last_name", "gender", "age", "country", "registration",
    "partition", "record_offset",
  ]

  private func append(_ song: SongRecord, at offset: Int64, _ partition: Int32) {
    buffer.startRow(columns: Self.songColumns.count)
    buffer.text(song.trackId)
    buffer.texts(song.artists)
    buffer.text(song.title)
    buffer.textOrNull(song.album)
    buffer.textOrNull(song.genre)
    buffer.doubleOrNull(song.duration)
    integer(song.popularity)
    buffer.boolOrNull(song.explicit)
    real(song.danceability)
    real(song.energy)
    integer(song.key)
    real(song.loudness)
    integer(song.mode)
    real(song.speechiness)
    real(song.acousticness)
    real(song.instrumentalness)
    real(song.liveness)
    real(song.valence)
    real(song.tempo)
    integer(song.timeSignature)
    buffer.int32(partition)
    buffer.int64(offset)
  }

  private func append(_ user: UserRecord, at offset: Int64, _ partition: Int32) {
    buffer.startRow(columns: Self.userColumns.count)
    buffer.int64(user.userId)
    buffer.textOrNull(user.firstName)
    buffer.textOrNull(user.lastName)
    buffer.textOrNull(user.gender)
    integer(user.age)
    buffer.textOrNull(user.country)
    if let registration = user.registration {
      buffer.timestamp(milliseconds: registration)
    } else {
      buffer.null()
    }
    buffer.int32(partition)
    buffer.int64(offset)
  }

  private func integer(_ value: Int?) {
    if let value { buffer.int32(Int32(truncatingIfNeeded: value)) } else { buffer.null() }
  }

  private func real(_ value: Double?) {
    if let value { buffer.float(Float(value)) } else { buffer.null() }
  }
}
