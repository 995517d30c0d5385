import EventLog
import EventModel
import Feed
import Testing

@testable import EventSources

@Suite("tables of users and songs become the catalogue")
struct CatalogueImportTests {
  /// All records of the catalogue, of each key the last one.
  private func catalogue(_ log: any EventLog) throws -> (
    songs: [String: SongRecord], users: [Int64: UserRecord], quarantined: Int
  ) {
    let feed = CatalogueFeed(log)
    var songs: [String: SongRecord] = [:]
    var users: [Int64: UserRecord] = [:]
    var quarantined = 0
    for (source, range) in try feed.partitions() {
      var next = range.lowerBound
      while next < range.upperBound, let batch = try feed.read(source, from: next) {
        for (id, entry) in batch.songs { songs[id] = entry.record }
        for (id, entry) in batch.users { users[id] = entry.record }
        quarantined += batch.quarantined.count
        next = batch.next
      }
    }
    return (songs, users, quarantined)
  }

  @Test("each row is a record, whether streams come with it or not", arguments: [true, false])
  func rows(hasStreams: Bool) throws {
    let folder = try Folder()
    var files = [
      try folder.write("users.csv", TableImportTests.users),
      try folder.write("songs.csv", TableImportTests.songs),
    ]
    if hasStreams {
      files.append(
        try folder.write(
          "streams.csv", "user_id,track_id,listen_time\n1,t1,2024-06-25 17:43:13\n"))
    }
    let log = try folder.log
    #expect(try runImport(files, into: log).catalogueRecords == 5)
    let (songs, users, quarantined) = try catalogue(log)
    #expect(quarantined == 0)
    #expect(songs.keys.sorted() == ["t1", "t2"] && users.keys.sorted() == [1, 2, 3])
    let song = try #require(songs["t2"])
    #expect(song.artists == ["Ben", "Jo"] && song.title == "Ghost" && song.album == "Ghost")
    #expect(song.genre == "pop" && song.duration == 149.61 && song.popularity == 55)
    #expect(song.explicit == true && song.key == 1 && song.tempo == 77.489)
    #expect(songs["t1"]?.title == #"Comedy, "live""#)
    let user = try #require(users[1])
    #expect(user.firstName == "Ada" && user.lastName == "Mary Lovelace" && user.age == 36)
    #expect(user.country == "GB" && user.registration == 1_704_153_600_000)
    #expect(users[3]?.age == nil)
  }

  @Test("lines of songs and users are records as well; those that are none are named and left out")
  func lines() throws {
    let folder = try Folder()
    let songs = try folder.write(
      "songs.ndjson",
      #"{"trackId":"1","artists":["X"],"title":"one","genre":"a"}"# + "\n{\n"
        + #"{"trackId":"1","artists":["X"],"title":"one","genre":"b"}"#)
    let users = try folder.write("users.jsonl", #"{"userId":7,"age":30}"# + "\n")
    let log = try folder.log
    let summary = try runImport([songs, users], into: log)
    #expect(summary.catalogueRecords == 3 && summary.records == 0)
    #expect(summary.leftOut == 1)
    #expect(summary.firstLeftOut?.contains("songs.ndjson, line 2") == true)
    // Nothing of them goes to quarantine, so nothing is said to.
    #expect(summary.broken == 0 && summary.firstBroken == nil && summary.rows == 0)
    let found = try catalogue(log)
    #expect(found.songs["1"]?.genre == "b" && found.users[7]?.age == 30)
  }

  @Test("a value that cannot be meant is told and left open, and costs nothing else of its row")
  func oddValues() throws {
    let folder = try Folder()
    let users = try folder.write(
      "users.csv", "user_id,user_name,user_age,user_country\n1,Ada L,999,GB\n2,Bo M,40,US\n")
    let songs = try folder.write(
      "songs.csv",
      "track_id,artists,track_name,popularity,duration_ms,tempo\nt1,A,One,900,1000,fast\nt2,B,Two,5000,2000,90\n"
    )
    let lines = try folder.write(
      "songs.ndjson", #"{"trackId":"t3","artists":["C"],"title":"Three","popularity":101}"# + "\n")
    let log = try folder.log
    let summary = try runImport([users, songs, lines], into: log)
    #expect(summary.oddValues == 5 && summary.leftOut == 0)
    #expect(
      summary.firstOddValue?.hasSuffix(
        #"users.csv, line 2: field age: expected an integer from 0 to 150, found "999""#) == true)
    let found = try catalogue(log)
    #expect(found.users[1]?.age == nil && found.users[1]?.firstName == "Ada")
    #expect(found.users[1]?.country == "GB" && found.users[2]?.age == 40)
    for (id, title) in [("t1", "One"), ("t2", "Two"), ("t3", "Three")] {
      let song = try #require(found.songs[id])
      #expect(song.popularity == nil && song.title == title)
    }
    #expect(found.songs["t1"]?.duration == 1 && found.songs["t1"]?.tempo == nil)
    #expect(found.songs["t2"]?.tempo == 90)
  }

  @Test(
    "a file that the log has all of is not appended again, unless it has changed or it is asked for"
  )
  func again() throws {
    let folder = try Folder()
    let log = try folder.log
    let songs = try folder.write("songs.csv", TableImportTests.songs)
    let users = try folder.write("users.ndjson", #"{"userId":7,"age":30}"# + "\n")
    #expect(try runImport([songs, users], into: log).catalogueRecords == 3)
    let second = try runImport([songs, users], into: log)
    #expect(second.catalogueRecords == 0 && second.known.map(\.records).sorted() == [1, 2])
    var options = ImportOptions.test()
    options.again = true
    #expect(try runImport([songs], into: log, options).catalogueRecords == 2)
    try folder.write("users.ndjson", #"{"userId":7,"age":31}"# + "\n")
    #expect(try runImport([users], into: log).catalogueRecords == 1)
    #expect(try catalogue(log).users[7]?.age == 31)
  }
}
