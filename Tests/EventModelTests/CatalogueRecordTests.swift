import EventModel
import Testing

/// Records of the topics `songs` and `users`.
@Suite struct CatalogueRecordTests {
  private func song(_ text: String) throws -> SongRecord {
    try Array(text.utf8).withUnsafeBytes { try SongRecord($0) }
  }

  private func user(_ text: String) throws -> UserRecord {
    try Array(text.utf8).withUnsafeBytes { try UserRecord($0) }
  }

  @Test func aSongReadsBackAsItWasWritten() throws {
    var song = SongRecord(trackId: "a/\"1\"", artists: ["Ä", "B; C"], title: "夜\n")
    #expect(try song.json.withUnsafeBytes { try SongRecord($0) } == song)
    song.album = "x"
    song.genre = "rock"
    song.duration = 216.989
    song.popularity = 71
    song.explicit = false
    song.danceability = 0.8834
    song.key = -1
    song.mode = 1
    song.tempo = 95.372
    song.timeSignature = 4
    #expect(try song.json.withUnsafeBytes { try SongRecord($0) } == song)
  }

  @Test func aUserReadsBackAsItWasWritten() throws {
    var user = UserRecord(userId: 7)
    #expect(try user.json.withUnsafeBytes { try UserRecord($0) } == user)
    user.firstName = "A"
    user.gender = "F"
    user.age = 0
    user.country = "CA"
    user.registration = 1_600_000_000_000
    #expect(try user.json.withUnsafeBytes { try UserRecord($0) } == user)
  }

  @Test func fieldsHaveTheNamesOfTablesOfTracksToo() throws {
    let song = try song(
      #"{"track_id":"1","artists":"X; Y","track_name":"t","duration_ms":"2500","track_genre":"g","album_name":"","explicit":true,"popularity":null,"more":[1]}"#
    )
    #expect(song.artists == ["X", "Y"])
    #expect(song.duration == 2.5 && song.genre == "g" && song.album == nil)
    #expect(song.explicit == true && song.popularity == nil)
    #expect(try user(#"{"user_id":"12","user_age":30}"#).age == 30)
  }

  @Test(arguments: [
    ("{", "document"), ("[]", "document"), (#"{"artists":["a"],"title":"b"}"#, "trackId"),
    (#"{"trackId":"1","artists":[],"title":"b"}"#, "artists"),
    (#"{"trackId":"1","artists":["a"]}"#, "title"),
    (#"{"trackId":1,"artists":["a"],"title":"b"}"#, "trackId"),
    (#"{"trackId":"1","artists":["a\u0000"],"title":"b"}"#, "artists"),
    (#"{"trackId":"1","artists":["a"],"title":"b","popularity":1.5}"#, "popularity"),
    (#"{"trackId":"1","artists":["a"],"title":"b","popularity":true}"#, "popularity"),
    (#"{"trackId":"1","artists":["a"],"title":"b","duration":-1}"#, "duration"),
    (#"{"trackId":"1","artists":["a"],"title":"b","explicit":1}"#, "explicit"),
    (#"{"trackId":"1","artists":["a"],"title":"b","tempo":1e300}"#, "tempo"),
  ])
  func whatNoColumnHasRoomForSaysWhichFieldItIs(_ text: String, _ field: String) throws {
    do {
      _ = try song(text)
      Issue.record("taken: \(text)")
    } catch let failure as DecodingFailure {
      #expect(failure.reason.contains(field), "\(failure.reason)")
    }
  }

  @Test(arguments: [
    #"{"age":3}"#, #"{"userId":"x"}"#, #"{"userId":1,"age":151}"#,
    #"{"userId":1,"registration":9999999999999999}"#, #"{"userId":true}"#,
  ])
  func aUserThatIsNoneIsRefused(_ text: String) {
    #expect(throws: DecodingFailure.self) { try user(text) }
  }

  @Test func aRecordInAConfluentFrameIsTheRecord() throws {
    #expect(try user("\u{0}\u{0}\u{0}\u{0}\u{7}{\"userId\":5}").userId == 5)
    #expect(throws: DecodingFailure.self) { try user("\u{0}\u{0}{\"userId\":5}") }
  }
}
