import Foundation
import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// The views of the schema `mart`, over rollups made by hand.
@Suite struct MartTests {
  private func rows(_ fixture: Fixture, _ sql: String) throws -> [[String?]] {
    let rows = try fixture.connection.run(sql)
    return (0..<rows.count).map { row in
      rows.columns.indices.map { rows.textOrNull(row, $0) }
    }
  }

  private func songs() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.dim_song (song_key, artist, title, duration, genre) values
        (1, 'A', 'one', 100, 'rock'), (2, 'B', 'two', 200, 'rock'), (3, 'C', 'three', 60, 'pop'),
        (4, 'D', 'four', 50, null)
      """)
    func add(_ song: Int, _ minute: String, _ counts: [Counter: Int]) throws {
      try fixture.add(.song, minute: minute, keys: ["song_key": "\(song)"], counts)
    }
    try add(1, "2026-11-10 10:00Z", [.listens: 6])
    try add(2, "2026-11-10 10:01Z", [.listens: 2, .thumbsUp: 1, .shares: 1])
    try add(3, "2026-11-10 11:00Z", [.listens: 4])
    try add(4, "2026-11-10 10:02Z", [.listens: 6])
    try add(1, "2026-11-11 10:00Z", [.listens: 1])
    for (minute, listens, users) in [
      ("2026-11-10 10:00Z", 14, [1, 2, 3]), ("2026-11-10 11:00Z", 4, [1]),
      ("2026-11-11 10:00Z", 1, [2]),
    ] {
      try fixture.add(
        .totals, minute: minute, [.listens: listens], members: [.listeners: users])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-12 00:00Z")
    return fixture
  }

  @Test func `genres by day have plays, mean length, index and the most popular track`() throws {
    let found = try rows(
      songs(),
      """
      select day, genre, listen_count, avg_track_duration_sec, popularity_index, most_popular_track, most_popular_artist
      from mart.genre_daily order by day, popularity_index desc, genre
      """)
    #expect(
      found == [
        ["2026-11-10", "rock", "8", "150", "100", "two", "B"],
        ["2026-11-10", "Unknown", "6", "50", "37.5", "four", "D"],
        ["2026-11-10", "pop", "4", "60", "25", "three", "C"],
        ["2026-11-11", "rock", "1", "100", "100", "one", "A"],
      ])
  }

  @Test func `the mean length does not depend on the order in which songs are found`() throws {
    let fixture = try songs()
    try fixture.connection.script(
      "update warehouse.dim_song set genre = 'rock', duration = song_key::double precision / 10 where song_key between 1 and 3"
    )
    let found = try rows(
      fixture,
      "select avg_track_duration_sec from mart.genre_daily where day = '2026-11-10' and genre = 'rock'"
    )
    // In floating point 0.1 + 0.2 + 0.3 is one of two sums.
    #expect(found == [["0.2"]])
  }

  @Test func `hours have listeners, the top three artists and how different songs are`() throws {
    let fixture = try songs()
    let found = try rows(
      fixture,
      "select hour at time zone 'UTC', unique_listeners, top_artists, round(track_diversity_index::numeric, 3) from mart.hourly order by 1"
    )
    #expect(
      found == [
        ["2026-11-10 10:00:00", "3", "A, D, B", "0.214"],
        ["2026-11-10 11:00:00", "1", "C", "0.250"], ["2026-11-11 10:00:00", "1", "A", "1.000"],
      ])
    let columns = try rows(
      fixture,
      """
      select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute
      where attrelid = 'mart.music_kpi_metrics'::regclass and attnum > 0 order by attnum
      """)
    #expect(
      columns.map { $0[0] } == [
        "track_genre character varying(255)", "listen_count integer",
        "avg_track_duration_sec double precision", "popularity_index double precision",
        "most_popular_track character varying(255)", "stream_hour integer",
        "unique_listeners integer", "top_artists character varying(255)",
        "track_diversity_index double precision", "kpi_type character varying(50)",
      ])
    let kinds = try rows(
      fixture, "select kpi_type, count(*) from mart.music_kpi_metrics group by 1 order by 1")
    #expect(kinds == [["genre", "4"], ["hourly", "3"]])
  }

  @Test func `what names no song is no song, however often it is played`() throws {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.dim_song (song_key, artist, title, duration) values
        (1, 'A', 'one', 100), (2, 'B', 'two', 200), (3, 'C', 'three', 60)
      """)
    for (song, listens) in [(0, 40), (1, 8), (2, 7), (3, 4)] {
      try fixture.add(
        .song, minute: "2026-11-10 10:00Z", keys: ["song_key": "\(song)"], [.listens: listens])
    }
    // A past, without which nothing is trending.
    try fixture.add(.song, minute: "2026-11-09 10:00Z", keys: ["song_key": "3"], [.listens: 4])
    for minute in ["2026-11-10 10:00Z", "2026-11-10 11:00Z"] {
      try fixture.add(.totals, minute: minute, [.listens: 59])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-12 00:00Z")
    #expect(
      try rows(
        fixture,
        "select genre, listen_count, avg_track_duration_sec, most_popular_track, most_popular_artist from mart.genre_daily where day = '2026-11-10'"
      ) == [["Unknown", "59", "120", "one", "A"]])
    #expect(
      try rows(
        fixture,
        "select top_artists, round(track_diversity_index::numeric, 4) from mart.hourly"
      ) == [["A, B, C", "0.0508"]])
    #expect(
      try rows(fixture, "select kind, artist, title from mart.trending order by 1 desc, 2") == [
        ["song", "A", "one"], ["song", "B", "two"], ["artist", "A", nil], ["artist", "B", nil],
      ])
  }

  /// Nine weeks of an ordinary site, by the hour, with noise.
  private func site(_ changes: String) throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      select setseed(0.31);
      insert into warehouse.dim_location (location_key, country, state) values (1, 'US', 'TX');
      create temporary table usual as
        select
          timestamptz '2026-09-14 00:00Z' + n * interval '1 hour' as minute,
          (1000 + 600 * sin(n * pi() / 12) + 80 * (random() - 0.5))::integer as listens, 20 as logins
        from generate_series(0, 9 * 168 - 1) as n;
      \(changes);
      insert into batch.minute_totals (minute, listens, logins)
        select minute, nullif(listens, 0), logins from usual;
      insert into batch.minute_location (minute, location_key, listens)
        select minute, 1, listens / 2 from usual where listens > 0;
      """)
    try fixture.sumRungs(of: .totals)
    try fixture.sumRungs(of: .location)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-16 00:00Z")
    return fixture
  }

  private let anomalies = """
    select hour at time zone 'UTC', coalesce(state, 'total'), measure, score > 0
    from mart.anomaly_hourly where is_anomaly order by 1, 2, 3
    """

  @Test func `a quiet site has no anomaly`() throws {
    #expect(try rows(site("select 1"), anomalies) == [])
  }

  @Test func `an outage and a spike are anomalies, everywhere and in the state that had them`()
    throws
  {
    let fixture = try site(
      """
      update usual set listens = 0 where minute = '2026-11-12 06:00Z';
      update usual set listens = listens * 3, logins = 60 where minute = '2026-11-13 05:00Z'
      """)
    #expect(
      try rows(fixture, anomalies) == [
        ["2026-11-12 06:00:00", "TX", "listens", "f"],
        ["2026-11-12 06:00:00", "total", "listens", "f"],
        ["2026-11-13 05:00:00", "TX", "listens", "t"],
        ["2026-11-13 05:00:00", "total", "listens", "t"],
      ])

    let all = try document(fixture, .anomalies, "from=2026-11-12")
    #expect(all["to"] as? String == "2026-11-20T12:01:00Z" && all["truncated"] as? Bool == false)
    let found = try #require(all["anomalies"] as? [[String: Any]])
    #expect(
      found.map { "\($0["hour"] ?? "") \($0["state"] ?? "")" } == [
        "2026-11-13T05:00:00Z <null>", "2026-11-13T05:00:00Z TX", "2026-11-12T06:00:00Z <null>",
        "2026-11-12T06:00:00Z TX",
      ])
    #expect(found[2]["scope"] as? String == "total" && found[2]["measure"] as? String == "listens")
    #expect(found[2]["value"] as? Int == 0 && found[2]["is_over"] as? Bool == true)
    #expect((found[2]["expected"] as? Double).map { $0 > 500 } == true)
    #expect((found[2]["score"] as? Double).map { $0 <= -5 } == true)
    let some = try document(fixture, .anomalies, "from=2026-11-12T06:00Z&to=2026-11-13T05:00Z")
    #expect((some["anomalies"] as? [Any])?.count == 2)
    // Six o'clock in UTC is one o'clock in New York.
    let local = try document(
      fixture, .anomalies, "from=2026-11-12T01:00&to=2026-11-12T02:00&tz=America/New_York")
    #expect((local["anomalies"] as? [Any])?.count == 2)
  }

  @Test func `of the present hour only what is more than usual is told`() throws {
    for (factor, isTold) in [(3, true), (0, false)] {
      let fixture = try site(
        "update usual set listens = listens * \(factor) where minute = '2026-11-15 23:00Z'")
      let found = try #require(
        try document(fixture, .anomalies)["anomalies"] as? [[String: Any]])
      #expect(found.count == (isTold ? 2 : 0))
      #expect(found.allSatisfy { $0["is_over"] as? Bool == false })
    }
  }

  @Test func `times and names of parameters are checked`() throws {
    let fixture = try Fixture()
    for (query, message) in [
      ("from=yesterday", "from: found \\\"yesterday\\\""),
      ("from=2026-11-12&to=2026-11-11", "accepted: a time before to"),
      ("metrics=listens", "accepted: from, to, tz"), ("to=1'; drop", "to: found"),
    ] {
      let answer = fixture.get(Route.anomalies.path, query)
      #expect(answer.status == 400 && answer.text.contains(message), "\(answer.text)")
    }
    let empty = try document(fixture, .trending)
    #expect(empty["to"] is NSNull && (empty["trending"] as? [Any])?.isEmpty == true)
  }

  private func document(
    _ fixture: Fixture, _ route: Route, _ query: String = ""
  ) throws -> [String: Any] {
    let answer = fixture.get(route.path, query)
    #expect(answer.status == 200 && answer.header("ETag") != nil, "\(answer.text)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
  }

  @Test func `what is played more than usual is trending, the most striking first`() throws {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.dim_song (song_key, artist, title)
        select n, 'artist ' || n / 2, 'song ' || n from generate_series(1, 20) as n;
      insert into batch.minute_song (minute, song_key, listens)
        select timestamptz '2026-11-01 00:00Z' + h * interval '1 hour', n, 10
        from generate_series(0, 239) as h cross join generate_series(1, 20) as n;
      update batch.minute_song set listens = 40 where song_key = 7 and minute >= '2026-11-10 18:00Z';
      insert into batch.minute_song (minute, song_key, listens)
        select timestamptz '2026-11-10 20:00Z', 21, 30;
      insert into warehouse.dim_song (song_key, artist, title) values (21, 'new', 'brand new');
      insert into batch.minute_totals (minute, listens)
        select timestamptz '2026-11-01 00:00Z' + h * interval '1 hour', 200 from generate_series(0, 240) as h;
      """)
    try fixture.sumRungs(of: .song)
    try fixture.sumRungs(of: .totals)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-12 00:00Z")
    let found = try rows(
      fixture,
      "select kind, artist, title, listens from mart.trending order by score desc, kind desc")
    #expect(found.first == ["song", "artist 3", "song 7", "240"])
    #expect(found.contains(["artist", "new", nil, "30"]))
    #expect(found.contains(["song", "new", "brand new", "30"]))
    #expect(Set(found.map { $0[1] ?? "" }) == ["artist 3", "new"])

    let answer = try document(fixture, .trending)
    #expect(answer["from"] as? String == "2026-11-10T18:00:00Z")
    #expect(answer["to"] as? String == "2026-11-11T00:00:00Z")
    let told = try #require(answer["trending"] as? [[String: Any]])
    #expect(told.count == found.count && told[0]["title"] as? String == "song 7")
    #expect(told[0]["listens"] as? Int == 240 && told[0]["score"] as? Double ?? 0 > 3)
  }
}

/// What the catalogue says of songs and users can be asked for as any other dimension.
@Suite struct CatalogueDimensionTests {
  @Test func `ages are in bands of ten years, and albums come with their artist`() throws {
    let fixture = try Fixture()
    let ages = ["null", "0", "19", "20", "29", "30", "69", "70", "150"]
    for (key, age) in ages.enumerated() {
      try fixture.connection.script(
        "insert into warehouse.dim_user (user_key, user_id, age) values (\(key + 1), \(key + 1), \(age))"
      )
      try fixture.add(
        .user, epoch: 1, minute: "2026-11-10 10:00Z", keys: ["user_key": "\(key + 1)"],
        [.listens: 1])
    }
    try fixture.connection.script(
      "insert into warehouse.dim_song (song_key, artist, title, album) values (1, 'A', 't', 'x'), (2, 'B', 't', 'x')"
    )
    for key in [1, 2] {
      try fixture.add(
        .song, epoch: 1, minute: "2026-11-10 10:00Z", keys: ["song_key": "\(key)"], [.listens: key])
    }
    let range = "metrics=listens&from=2026-11-10&to=2026-11-11&granularity=none&by="
    let bands = fixture.csv(range + "age_band").map {
      $0.split(separator: ",").prefix(2).joined(separator: " ")
    }
    #expect(Set(bands) == ["20-29 2", "70+ 2", "under 20 2", "30-39 1", "60-69 1", "1 speed"])
    #expect(fixture.csv(range + "album").map { String($0.prefix(5)) } == ["x,B,2", "x,A,1"])
  }
}
