import BatchTestKit
import EventLog
import EventModel
import Feed
import LayerTestKit
import SpeedTestKit
import StarSchema
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// What the topics `songs` and `users` say reaches the dimensions, whoever reads it, and whichever comes first.
@Suite struct CatalogueTests {
  private typealias Site = CatalogueSite

  private static func song(
    _ id: String, _ artists: [String], _ title: String, _ genre: String, _ duration: Double = 200
  ) -> SongRecord { Site.song(id, artists, title, genre, duration) }

  private static let played = [("X", "one", 200.0), ("Y", "two", 100.0)]

  @Test(arguments: TestLog.Kind.allCases, [true, false])
  func aSongHasItsGenreWhetherTheCatalogueComesBeforeOrAfterIt(
    _ kind: TestLog.Kind, _ comesFirst: Bool
  ) throws {
    let site = try Site(kind)
    let songs = [Self.song("1", ["X"], "one", "rock"), Self.song("2", ["Y"], "two", "pop")]
    if comesFirst { try site.know(songs) }
    try site.listen(Self.played)
    try site.count()
    if !comesFirst {
      #expect(try site.songs() == [:])
      try site.know(songs)
      try site.count()
    }
    #expect(try site.songs() == ["one 200": "rock", "two 100": "pop"])
    #expect(try site.songs("track_id") == ["one 200": "1", "two 100": "2"])
  }

  @Test(arguments: TestLog.Kind.allCases)
  func aLoadOfTheLakeAloneKnowsWhatTheSpeedLayerKnows(_ kind: TestLog.Kind) throws {
    let site = try Site(kind)
    var user = UserRecord(userId: 1)
    user.age = 41
    user.country = "CA"
    try site.know([Self.song("1", ["X"], "one", "rock")], [user])
    try site.listen(Self.played)
    try site.count()
    try site.know([Self.song("2", ["Y"], "two", "pop"), Self.song("1", ["X"], "one", "metal")])
    try site.count()
    #expect(try site.songs() == ["one 200": "metal", "two 100": "pop"])
    try site.layers.load(.full)
    let other = try Layers(over: site.layers.log)
    try other.load(.full)
    try other.expectSame(as: site.layers, "another warehouse of the same lake")
    let users = try other.connect().run(
      "select user_id, age, country from warehouse.dim_user where age is not null")
    #expect(try users.count == 1 && users.int(0, 0) == 1 && users.int(0, 1) == 41)
    // What comes to be known later is filled in by the next load, of either kind.
    try site.know([Self.song("2", ["Y"], "two", "jazz")])
    try other.load(.incremental)
    #expect(try site.songs(in: other) == ["one 200": "metal", "two 100": "jazz"])
    #expect(
      try Checks(library: SQLLibrary()).run(other.connect(), from: nil, to: nil).map(\.check) == [])
  }

  /// A site whose catalogue is imported with each day's events would be looked at whole each day.
  @Test func aCatalogueThatIsToldOnceMoreChangesNothing() throws {
    let site = try Site(.directory)
    let songs = [Self.song("1", ["X"], "one", "rock"), Self.song("2", ["Y"], "two", "pop")]
    var user = UserRecord(userId: 1)
    user.age = 41
    try site.know(songs, [user])
    try site.listen(Self.played)
    try site.count()
    try site.layers.load(.full)
    let connection = try site.layers.connect()
    func versions() throws -> String {
      try connection.run(
        """
        select
          (select string_agg(xmin::text, ' ' order by track_id) from warehouse.catalogue_song),
          (select string_agg(xmin::text, ' ' order by user_id) from warehouse.catalogue_user)
        """
      ).text(0, 0)
    }
    let before = try versions()
    try site.know(songs, [user])
    try site.layers.load(.incremental)
    #expect(try versions() == before)
    // What says something else is taken over, and so is what it said before, once more.
    try site.know([Self.song("2", ["Y"], "two", "jazz")])
    try site.layers.load(.incremental)
    #expect(try site.songs() == ["one 200": "rock", "two 100": "jazz"])
    try site.know(songs)
    try site.layers.load(.incremental)
    #expect(try site.songs() == ["one 200": "rock", "two 100": "pop"])
  }

  @Test func aSongThatSomebodyWasChangingGetsItsGenreByTheNextLoadAndIsThenLeftAlone() throws {
    let site = try Site()
    try site.listen(Self.played)
    try site.count()
    try site.know([Self.song("1", ["X"], "one", "rock")])
    let holder = try site.layers.connect()
    try holder.script("begin; select from warehouse.dim_song where title = 'one' for update")
    try site.layers.load(.incremental)
    #expect(try site.songs() == [:])
    try holder.script("commit")
    for expectsMore in [true, false] {
      let due = try site.layers.connect().run(site.layers.library.sql("catalogue/due"))
      #expect((due.textOrNull(0, 0) != "{}") == expectsMore)
      try site.listen([("Z", "three", 50)])
      try site.layers.load(.incremental)
      #expect(try site.songs() == ["one 200": "rock"])
    }
    let due = try site.layers.connect().run(site.layers.library.sql("catalogue/due"))
    #expect(due.textOrNull(0, 0) == "{}" && due.textOrNull(0, 1) == "{}")
  }

  private func due(_ site: Site) throws -> [String?] {
    let due = try site.layers.connect().run(site.layers.library.sql("catalogue/due"))
    return [due.textOrNull(0, 0), due.textOrNull(0, 1)]
  }

  /// docs/decisions/0034: the second load costs no more than the third.
  @Test func whatALoadHasLookedAtAloneIsNotLookedAtAgain() throws {
    let site = try Site()
    try site.know(
      [Self.song("1", ["X"], "one", "rock"), Self.song("2", ["Y"], "two", "pop")],
      [UserRecord(userId: 1)])
    try site.listen(Self.played)
    #expect(try site.layers.load(.full).counts.listens == 2)
    #expect(try site.songs() == ["one 200": "rock", "two 100": "pop"])
    #expect(try due(site) == ["{}", "{}"])
    try site.know([Self.song("2", ["Y"], "two", "jazz")])
    try site.listen([("Z", "three", 50)])
    try site.layers.load(.incremental)
    #expect(try site.songs() == ["one 200": "rock", "two 100": "jazz"])
    #expect(try due(site) == ["{}", "{}"])
  }

  @Test func aSongThatSomebodyMetWhoHadBegunBeforeItsRecordGetsItsGenreByTheNextLoad() throws {
    let site = try Site()
    try site.listen(Self.played)
    try site.layers.load(.full)
    let other = try site.layers.connect()
    try other.script(
      """
      begin;
      insert into warehouse.dim_song (song_key, artist, title, duration) values (77, 'V', 'four', 80)
      """)
    try site.know([Self.song("4", ["V"], "four", "folk")])
    try site.layers.load(.incremental)
    try other.script("commit")
    #expect(try site.songs() == [:])
    #expect(try due(site) == [nil, "{}"])
    try site.listen([("Z", "three", 50)])
    try site.layers.load(.incremental)
    #expect(try site.songs() == ["four 80": "folk"])
    #expect(try due(site) == ["{}", "{}"])
  }

  @Test func ofSeveralSongsOfOneTitleTheNearestWithinASecondIsMeant() throws {
    let site = try Site()
    try site.know([
      Self.song("a", ["X"], "one", "short", 100), Self.song("b", ["X"], "one", "long", 200.4),
      Self.song("c", ["Z"], "one", "other"), Self.song("d", ["W", "V"], "two", "both", 50),
    ])
    try site.listen([
      ("X", "one", 200), ("X", "one", 100.9), ("X", "one", 150), ("W", "two", 300),
      ("W;V", "two", 301), ("V", "two", 302),
    ])
    try site.count()
    #expect(
      try site.songs("track_id") == [
        "one 200": "b", "one 101": "a", "two 300": "d", "two 301": "d",
      ])
  }

  @Test func aSongIsTheOneWhoseTrackIdEventsGiveWhateverItsName() throws {
    let site = try Site()
    try site.know([Self.song("1", ["X"], "one", "rock"), Self.song("2", ["Y"], "two", "pop")])
    try site.listen(to: [
      #""artist":"X","song":"one","duration":200,"trackId":"2""#,
      #""artist":"Y","song":"two","duration":100,"track_id":"not there""#,
      #""artist":"Z","song":"three","duration":50,"trackId":3"#,
    ])
    try site.count()
    #expect(try site.songs() == ["one 200": "pop", "two 100": "pop"])
    // What comes to be known later is filled in later.
    try site.know([Self.song("3", ["W"], "four", "jazz")])
    try site.count()
    #expect(try site.songs() == ["one 200": "pop", "two 100": "pop", "three 50": "jazz"])
    try site.layers.load(.full)
    let findings = try Checks(library: SQLLibrary()).run(site.layers.connect(), from: nil, to: nil)
    #expect(findings.map(\.check) == [])
  }

  @Test func anEventWithATrackIdAloneIsAPlayOfThatSong() throws {
    let site = try Site()
    try site.listen(to: [
      #""trackId":"2","duration":100"#, #""trackId":"2","duration":101"#, #""trackId":"1""#,
    ])
    try site.count()
    try site.know([Self.song("1", ["X"], "one", "rock"), Self.song("2", ["Y"], "two", "pop")])
    try site.layers.load(.full)
    let rows = try site.layers.connect().run(
      """
      select s.genre, sum(d.listens)::text
      from serving.day_song as d join warehouse.dim_song as s using (song_key)
      where song_key <> 0
      group by 1 order by 1
      """)
    let plays = try (0..<rows.count).map { try [rows.text($0, 0), rows.text($0, 1)] }
    #expect(plays == [["pop", "2"], ["rock", "1"]])
    let other = try Layers(over: site.layers.log)
    try other.load(.full)
    try other.expectSame(as: site.layers, "another warehouse of the same lake")
  }

  @Test func playsOfASongWithoutAnArtistAreThoseOfTheUnknownOne() throws {
    let site = try Site()
    try site.listen(to: [
      #""song":"one","duration":1"#, #""duration":1"#, #""artist":"X","song":"a""#,
    ])
    try site.count()
    let rows = try site.layers.connect().run(
      """
      select a.name, sum(listens * share)::double precision::text
      from serving.day_song
      join warehouse.song_artist using (song_key)
      join warehouse.dim_artist as a using (artist_key)
      group by 1 order by 1
      """)
    let plays = try (0..<rows.count).map { try [rows.text($0, 0), rows.text($0, 1)] }
    #expect(plays == [["Unknown", "2"], ["X", "1"]])
  }

  @Test func bothLayersKnowWhoWasInWhichGroupOfATest() throws {
    let site = try Site()
    try site.listen(to: [#""artist":"X","tag":"A""#, #""artist":"X","tag":"B""#, #""artist":"X""#])
    try site.count()
    func groups(_ layers: Layers) throws -> [[String]] {
      let rows = try layers.connect().run(
        "select user_id::text, tag from warehouse.user_tag order by 1")
      return try (0..<rows.count).map { try [rows.text($0, 0), rows.text($0, 1)] }
    }
    #expect(try groups(site.layers) == [["1", "A"], ["2", "B"]])
    let other = try Layers(over: site.layers.log)
    try other.load(.full)
    #expect(try groups(other) == [["1", "A"], ["2", "B"]])
  }

  @Test func theArtistsOfASongShareItsPlays() throws {
    let site = try Site()
    try site.know([Self.song("d", ["W", "V"], "two", "both", 50)])
    try site.listen([("W", "two", 50), ("X", "one", 200)])
    try site.count()
    let rows = try site.layers.connect().run(
      """
      select a.name, sum(listens * share)::text
      from serving.day_song
      join warehouse.song_artist using (song_key)
      join warehouse.dim_artist as a using (artist_key)
      group by 1 order by 1
      """)
    let shares = try (0..<rows.count).map { try (rows.text($0, 0), Double(rows.text($0, 1))) }
    #expect(shares.map(\.0) == ["V", "W", "X"])
    #expect(shares.map(\.1) == [0.5, 0.5, 1])
  }

  @Test func aRecordThatSaysNothingGoesToQuarantineAndStopsNothing() throws {
    let site = try Site()
    let log = site.layers.log.log
    try log.createTopics(["songs"], partitions: 2)
    let writer = try log.writer(to: ["songs"])
    for text in [
      "{", "[]", #"{"trackId":"1"}"#, #"{"trackId":"1","artists":["a\u0000"],"title":"b"}"#, "",
    ] {
      try Array("1".utf8).withUnsafeBytes { key in
        try Array(text.utf8).withUnsafeBytes {
          try writer.append(topic: 0, key: key, timestamp: 0, payload: $0)
        }
      }
    }
    try writer.close()
    try site.know([Self.song("1", ["X"], "one", "rock")])
    try site.listen(Self.played)
    try site.count()
    #expect(try site.songs() == ["one 200": "rock"])
    let rows = try site.layers.connect().run(
      "select topic, reason from warehouse.quarantine order by record_offset")
    #expect(try (0..<rows.count).allSatisfy { try rows.text($0, 0) == "songs" })
    #expect(rows.count == 4)
    try site.layers.load(.full)
  }

  @Test func severalFollowersTakeEachRecordOverOnceAndTheLatestHolds() throws {
    let site = try Site()
    try site.listen([("X", "one", 200)])
    try site.count()
    let layers = site.layers
    let stop = StopToken()
    let workers = (0..<3).map { _ in
      Worker("follow") {
        let follower = try CatalogueFollower(
          layers.log.log, isLog: true, connection: layers.connect(), library: layers.library)
        while !stop.isRequested { _ = try lookThenRest { try follower.catchUp() } }
        try follower.catchUp()
      }
    }
    for round in 1...40 { try site.know([Self.song("1", ["X"], "one", "genre \(round)")]) }
    stop.request()
    for worker in workers { try worker.wait() }
    #expect(try site.songs() == ["one 200": "genre 40"])
  }

  @Test func aLogThatBeganAnewIsReadFromItsBeginning() throws {
    let site = try Site()
    try site.listen(Self.played)
    try site.know((1...5).map { Self.song("1", ["X"], "one", "genre \($0)") })
    try site.count()
    #expect(try site.songs() == ["one 200": "genre 5"])
    let other = try Site()
    try other.know([Self.song("1", ["X"], "one", "anew"), Self.song("2", ["Y"], "two", "pop")])
    let follower = try CatalogueFollower(
      other.layers.log.log, isLog: true, connection: site.layers.connect(), library: SQLLibrary())
    try follower.catchUp()
    #expect(try site.songs() == ["one 200": "anew", "two 100": "pop"])
  }

  /// The archive has copied less than the speed layer has read.
  @Test func aLakeThatIsBehindChangesNothing() throws {
    let site = try Site()
    try site.listen(Self.played)
    try site.know((1...5).map { Self.song("1", ["X"], "one", "genre \($0)") })
    try site.count()
    let behind = try Site()
    try behind.know([Self.song("1", ["X"], "one", "genre 1")])
    try CatalogueFollower(
      behind.layers.log.log, isLog: false, connection: site.layers.connect(),
      library: SQLLibrary()
    ).catchUp()
    try site.count()
    #expect(try site.songs() == ["one 200": "genre 5"])
  }
}
