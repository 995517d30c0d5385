import EventLog
import EventModel
import Feed
import LayerTestKit
import SpeedTestKit
import TestKit
import Warehouse

/// A site that has written nothing yet: what is played, and what the catalogue says, is written by hand.
final class CatalogueSite {
  /// 2026-03-01 10:00 UTC.
  private static let start: Int64 = 1_772_359_200_000

  let layers: Layers
  private var listens = 0

  init(_ kind: TestLog.Kind = .directory) throws { layers = try Layers(kind) }

  /// Users listen to a song each; the user's id is the place in the list plus 1.
  func listen(_ songs: [(artist: String, title: String, duration: Double)]) throws {
    try listen(
      to: songs.map {
        #""artist":"\#($0.artist)","song":"\#($0.title)","duration":\#($0.duration)"#
      }
    )
  }

  /// - Parameters:
  ///   - songs: the fields of each event that say what is played, as JSON.
  ///   - hours: how many hours after the first ones.
  func listen(to songs: [String], hours: Int64 = 0) throws {
    let writer = try EventWriter(layers.log.log)
    for fields in songs {
      listens += 1
      let time = Self.start + hours * 3_600_000 + Int64(listens) * 1000
      let line = """
        {"ts":\(time),"sessionId":\(listens),"itemInSession":0,"level":"free",\
        "userAgent":"a","city":"b","state":"TX","zip":"1","lon":1,"lat":1,"userId":\(listens),"firstName":"c",\
        "lastName":"d","gender":"F","registration":1600000000000,"auth":"Logged In",\
        \(fields)}
        """
      try Array(line.utf8).withUnsafeBytes {
        try writer.append(
          $0, topic: .listen, timestamp: Self.start, userId: Int64(listens),
          sessionId: Int64(listens))
      }
    }
    try writer.close()
  }

  /// What the catalogue says, records in this order.
  func know(_ songs: [SongRecord] = [], _ users: [UserRecord] = []) throws {
    let writer = try CatalogueWriter(layers.log.log, partitions: 2)
    for song in songs { try writer.append(.song(song), at: Self.start) }
    for user in users { try writer.append(.user(user), at: Self.start) }
    try writer.close()
  }

  func count() throws { try layers.catchUp() }

  /// The genre, or track id, of each song that has one, by its title and length.
  func songs(_ column: String = "genre", in other: Layers? = nil) throws -> [String: String] {
    let rows = try (other ?? layers).connect().run(
      """
      select title || ' ' || duration::integer, \(column)
      from warehouse.dim_song where song_key <> 0 and \(column) is not null
      """)
    var found: [String: String] = [:]
    for row in 0..<rows.count { found[try rows.text(row, 0)] = try rows.text(row, 1) }
    return found
  }

  static func song(
    _ id: String, _ artists: [String], _ title: String, _ genre: String, _ duration: Double = 200
  ) -> SongRecord {
    var song = SongRecord(trackId: id, artists: artists, title: title)
    song.genre = genre
    song.duration = duration
    return song
  }
}
