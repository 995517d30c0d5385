import BatchTestKit
import EventModel
import LayerTestKit
import SpeedTestKit
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// Songs that events name by their track id alone are called what the catalogue calls them, in whatever is told apart by names.
@Suite struct TrackNameTests {
  private static let one = CatalogueSite.song("1", ["X", "Z"], "one", "rock")
  private static let two = CatalogueSite.song("2", ["Y"], "two", "pop", 100)

  /// Plays by day and artist, both layers: as the days of songs have them, and where everything is loaded as those of artists.
  private static let artists = [
    """
    select day || ' ' || coalesce(artist, '?'), sum(listens)::text
    from layers.day_song left join layers.dim_song using (song_key)
    group by 1
    """,
    """
    select day || ' ' || coalesce(artist, '?'), sum(listens)::text
    from batch.day_artist left join layers.dim_song using (song_key)
    group by 1
    """,
  ]

  private func plays(_ query: String, _ layers: Layers) throws -> [String: String] {
    let rows = try layers.connect().run(query)
    var plays: [String: String] = [:]
    for row in 0..<rows.count { plays[try rows.text(row, 0)] = try rows.text(row, 1) }
    return plays
  }

  private func expectSound(_ layers: Layers, _ when: String) throws {
    let findings = try Checks(library: SQLLibrary()).run(layers.connect(), from: nil, to: nil)
    #expect(findings.map(\.check) == [], "\(when)")
  }

  /// Three days: a song by its id alone, once beside plays that name it, and one that nobody knows.
  private func play(_ site: CatalogueSite) throws {
    try site.listen(to: [#""trackId":"1","duration":200"#, #""trackId":"1","duration":201"#])
    try site.listen(
      to: [
        #""trackId":"1""#, #""artist":"X","song":"one","duration":200"#, #""trackId":"nobody's""#,
      ], hours: 20)
    try site.listen(to: [#""track_id":2"#, #""song":"a title alone","trackId":"1""#], hours: 40)
  }

  private static let named = [
    "2026-03-01 X": "2", "2026-03-02 X": "2", "2026-03-02 ?": "1", "2026-03-03 Y": "1",
    "2026-03-03 ?": "1",
  ]
  private static let nameless = [
    "2026-03-01 ?": "2", "2026-03-02 ?": "2", "2026-03-02 X": "1", "2026-03-03 ?": "2",
  ]

  private static let trending = """
    select kind || ' ' || artist || ' ' || coalesce(title, ''), listens::text from mart.trending
    """

  enum Known: CaseIterable { case beforeEvents, beforeLoad, afterLoad }

  @Test(arguments: TestLog.Kind.allCases, Known.allCases)
  func aSongIsCalledWhatTheCatalogueCallsItOnBothPaths(_ kind: TestLog.Kind, _ known: Known) throws
  {
    let site = try CatalogueSite(kind)
    if known == .beforeEvents { try site.know([Self.one, Self.two]) }
    try play(site)
    try site.count()
    if known == .beforeLoad {
      #expect(try plays(Self.artists[0], site.layers) == Self.nameless)
      try site.know([Self.one, Self.two])
      try site.count()
    }
    if known == .afterLoad {
      #expect(try plays(Self.artists[0], site.layers) == Self.nameless)
    } else {
      #expect(try plays(Self.artists[0], site.layers) == Self.named)
    }
    try site.layers.load(.incremental)
    if known == .afterLoad {
      for query in Self.artists { #expect(try plays(query, site.layers) == Self.nameless) }
      try expectSound(site.layers, "nothing is known")
      try site.know([Self.one, Self.two])
      try site.count()
    }
    // No load has to come for that.
    for query in Self.artists { #expect(try plays(query, site.layers) == Self.named) }
    try expectSound(site.layers, "everything is known")
    try site.layers.load(.full)
    for query in Self.artists { #expect(try plays(query, site.layers) == Self.named) }
    try expectSound(site.layers, "a full load")
    let song = try site.layers.connect().run(
      """
      select artist, title, duration::text, genre, event_track_id
      from warehouse.dim_song where track_alone order by title nulls last
      """)
    #expect(try (0..<2).map { try song.text($0, 0) } == ["X", "Y"])
    #expect(try (0..<2).map { try song.text($0, 1) } == ["one", "two"])
    #expect(try (0..<2).map { try song.text($0, 2) } == ["200", "100"])
    #expect(try song.textOrNull(2, 1) == nil && song.text(2, 4) == "nobody's")
  }

  @Test func namesThatComeBetweenLoadsMakeNoDifferenceToAFullLoad() throws {
    let site = try CatalogueSite()
    try play(site)
    try site.layers.load(.incremental)
    try site.know([Self.one])
    try site.listen(to: [#""trackId":"1""#, #""trackId":"2""#])
    try site.count()
    try site.layers.load(.incremental)
    try site.know([Self.two, CatalogueSite.song("1", ["W"], "one, remastered", "rock")])
    try site.listen(to: [#""trackId":"1""#, #""trackId":"2""#], hours: 21)
    try site.layers.load(.incremental)
    try expectSound(site.layers, "three loads")
    let whole = try Layers(over: site.layers.log)
    try whole.load(.full)
    try whole.expectSame(as: site.layers, "a full load")
    for layers in [site.layers, whole] {
      for query in Self.artists {
        #expect(
          try plays(query, layers) == [
            "2026-03-01 W": "3", "2026-03-01 Y": "1", "2026-03-02 W": "2", "2026-03-02 X": "1",
            "2026-03-02 Y": "1", "2026-03-02 ?": "1", "2026-03-03 Y": "1", "2026-03-03 ?": "1",
          ])
      }
    }
  }

  @Test func aLoadThatIsTakenBackLeavesEachPlayUnderItsName() throws {
    let site = try CatalogueSite()
    try play(site)
    try site.count()
    try site.layers.load(.incremental)
    let sums = """
      select 'day ' || day || ' ' || label, listens::text || coalesce(skipped, 0) from batch.day_artist
      union all
      select 'quarter ' || quarter || ' ' || label, listens::text from batch.quarter_artist
      union all
      select 'song ' || quarter || ' ' || song_key, label || ' ' || listens::text from batch.quarter_song
      """
    let before = try plays(sums, site.layers)
    try site.listen(to: [#""trackId":"1""#, #""trackId":"2""#], hours: 20)
    try site.know([Self.one, Self.two])
    try site.count()
    let counted = try plays(Self.artists[0], site.layers)
    try site.layers.load(.incremental)
    #expect(try plays(sums, site.layers) != before)
    _ = try Publications(
      library: site.layers.library,
      configuration: BatchLoader.Configuration(databaseURL: site.layers.database.url)
    ).rollBack()
    #expect(try plays(sums, site.layers) == before)
    #expect(try plays(Self.artists[0], site.layers) == counted)
    #expect(try plays(Self.artists[1], site.layers) == Self.named)
    try expectSound(site.layers, "taken back")
  }

  /// Plays, names, loads of both kinds and loads taken back in any order: after each step every play is listed under the name
  /// that the catalogue has by then, and the sums by artist are those of their songs.
  @Test func whateverComesInWhateverOrderEachPlayIsUnderItsName() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let site = try CatalogueSite()
    let publications = Publications(
      library: site.layers.library,
      configuration: BatchLoader.Configuration(databaseURL: site.layers.database.url))
    var names: [Int: String] = [:]
    var played: [(day: Int, track: Int)] = []
    try site.listen(to: [#""trackId":"0""#])
    played.append((1, 0))
    for step in 0..<24 {
      let what = ["play", "play", "play", "know", "know", "load", "load", "full", "back"]
        .randomElement(using: &random)!
      switch what {
      case "play":
        let day = Int.random(in: 0...2, using: &random)
        let tracks = (0..<Int.random(in: 1...4, using: &random)).map { _ in
          Int.random(in: 0...5, using: &random)
        }
        // Some events name their artist, who has tracks by id as well.
        try site.listen(
          to: tracks.map {
            $0 < 4 ? #""trackId":"\#($0)""# : #""artist":"A\#($0 % 2)","song":"own""#
          },
          hours: Int64(day * 20))
        played += tracks.map { (day + 1, $0) }
      case "know":
        let track = Int.random(in: 0...3, using: &random)
        names[track] = "A\(Int.random(in: 0...2, using: &random))"
        try site.know([CatalogueSite.song("\(track)", [names[track]!], "title", "rock")])
      case "back": _ = try? publications.rollBack()
      default: try site.layers.load(what == "full" ? .full : .incremental)
      }
      try site.count()
      var expected: [String: Int] = [:]
      for play in played {
        let name = play.track < 4 ? names[play.track] ?? "?" : "A\(play.track % 2)"
        expected["2026-03-0\(play.day) \(name)", default: 0] += 1
      }
      let listed = try plays(Self.artists[0], site.layers).compactMapValues { Int($0) }
      #expect(listed == expected, "step \(step), \(what), seed \(seed)")
      try expectSound(site.layers, "step \(step), \(what), seed \(seed)")
    }
    try site.layers.load(.incremental)
    let whole = try Layers(over: site.layers.log)
    try whole.load(.full)
    try whole.expectSame(as: site.layers, "seed \(seed)")
  }

  @Test func martsAndTheBridgeHaveTheName() throws {
    let site = try CatalogueSite()
    try site.listen(to: (0..<6).map { _ in #""trackId":"1""# }, hours: 20)
    try site.listen(to: [#""artist":"V","song":"later""#], hours: 22)
    try site.count()
    #expect(try plays(Self.trending, site.layers) == [:])
    try site.know([Self.one])
    try site.count()
    let connection = try site.layers.connect()
    try site.layers.load(.incremental)
    let genre = try connection.run(
      "select most_popular_track, most_popular_artist, avg_track_duration_sec::text from mart.genre_daily where genre = 'rock'"
    )
    #expect(try (0..<3).map { try genre.text(0, $0) } == ["one", "X", "200"])
    let hour = try connection.run("select top_artists from mart.hourly order by hour")
    #expect(try hour.text(0, 0) == "X")
    let shares = try plays(
      """
      select a.name, sum(listens * share)::double precision::text
      from serving.day_song
      join warehouse.song_artist using (song_key)
      join warehouse.dim_artist as a using (artist_key)
      group by 1
      """, site.layers)
    #expect(shares == ["X": "3", "Z": "3", "V": "1"])
    let shown = try connection.run(
      """
      select distinct s.title, a.name
      from dashboard.stream_events as e
      join dashboard.songs as s using (song_id)
      join dashboard.artists as a on a.artist_id = e.artist_id
      order by 1
      """)
    #expect(
      try (0..<shown.count).map { try [shown.text($0, 0), shown.text($0, 1)] } == [
        ["later", "V"], ["one", "X"],
      ])
  }

  /// As the version before the migration left them: all songs without a name under the label of no artist.
  @Test func totalsOfAVersionBeforeAreToldApart() throws {
    let database = try TestDatabase.make(migrated: false)
    let connection = try database.connect()
    try Migrator(library: MigrationTests.library(upTo: 47)).migrate(connection)
    try connection.script(
      """
      insert into warehouse.catalogue_song (track_id, artists, title, duration, partition, record_offset)
        values ('t1', array['X', 'Z'], 'one', 200, 0, 0);
      insert into warehouse.dim_song (song_key, artist, title, duration, event_track_id, track_id)
        values (11, null, null, null, 't1', 't1'), (12, null, null, null, 't2', null), (13, null, 'a title', 1, null, null),
          (14, 'X', 'one', 200, null, 't1');
      insert into batch.day_song (day, song_key, load_run_id, listens, skipped)
        select day::date, song_key, 1, song_key, nullif(song_key - 11, 0)
        from generate_series(date '2026-03-30', date '2026-04-02', interval '1 day') as day
        cross join (values (0), (11), (12), (13), (14)) as song (song_key);
      insert into batch.quarter_song (quarter, song_key, label, load_run_id, listens)
        select layers.quarter_of(day), song_key, layers.label(title, artist), 1,
          layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
        from batch.day_song left join layers.dim_song using (song_key) where listens > 0 group by 1, 2, 3;
      insert into batch.day_artist (day, label, song_key, load_run_id, listens, skipped)
        select day, layers.label(artist), min(song_key), 1, sum(listens), sum(skipped)
        from batch.day_song left join layers.dim_song using (song_key) group by 1, 2;
      insert into batch.quarter_artist (quarter, label, song_key, load_run_id, listens)
        select layers.quarter_of(day), label, min(song_key), 1,
          layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
        from batch.day_artist where listens > 0 group by 1, 2
      """)
    let library = try SQLLibrary()
    try Migrator(library: library).migrate(connection)
    let findings = try Checks(library: library).run(
      connection, from: nil, to: nil,
      only: ["artists_sum_songs", "quarters_sum_days", "dim_song_catalogue"])
    #expect(findings.map(\.description) == [])
    let rows = try connection.run(
      """
      select coalesce(d.artist, '?'), label = song_key, sum(a.listens)::text
      from batch.day_artist as a left join layers.dim_song as d using (song_key)
      group by 1, 2 order by 1, 2
      """)
    let found = try (0..<rows.count).map {
      "\(try rows.text($0, 0)) \(try rows.bool($0, 1)) \(try rows.text($0, 2))"
    }
    #expect(found == ["? false 52", "? true 48", "X false 56", "X true 44"])
  }
}
