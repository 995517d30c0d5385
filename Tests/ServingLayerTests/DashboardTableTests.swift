import Metrics
import TestKit
import Testing
import Warehouse

/// The tables of the schema `dashboard`, column by column. What queries make of them is `HandoffTests/DashboardTests`.
@Suite struct DashboardTableTests {
  private static let tables = [
    "albums", "artists", "content_performance_metrics", "device_metrics", "devices",
    "hourly_metrics", "location_metrics", "locations", "settled", "songs", "stream_events",
    "user_engagement_metrics", "users",
  ]

  private let fixture: Fixture

  init() throws {
    fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.dim_song (song_key, artist, title) values
        (1, 'Éa', 'One'), (2, 'Éa', 'Two'), (3, 'Bo', 'One');
      insert into warehouse.dim_user (user_key, user_id, level, first_seen, last_seen, is_current) values
        (11, 1, 'free', now() - interval '9 hours', now() - interval '5 hours', true);
      insert into warehouse.dim_user (user_key, user_id, level) values (12, 1, 'paid'), (20, 2, 'free')
      """)
  }

  private func rows(_ sql: String) throws -> [String] {
    try fixture.connection.script("set search_path = dashboard")
    defer { try? fixture.connection.script("reset search_path") }
    let rows = try fixture.connection.run(sql)
    return (0..<rows.count).map { row in
      rows.columns.indices.map { rows.textOrNull(row, $0) ?? "-" }.joined(separator: " ")
    }
  }

  /// The minute that was so many minutes ago.
  private func minute(_ ago: Int) throws -> String {
    try fixture.connection.run(
      "select date_bin('1 minute', now() - interval '\(ago) minutes', 'epoch')::text"
    ).text(0, 0)
  }

  @Test func everyTableAndColumnIsExplainedAndHoldsWhatToolsCanRead() throws {
    let found = try fixture.connection.run(
      """
      select c.relname, a.attname, format_type(a.atttypid, null),
        obj_description(c.oid) is not null and col_description(c.oid, a.attnum) is not null,
        has_table_privilege('analyst', c.oid, 'select') and has_schema_privilege('analyst', 'dashboard', 'usage')
      from pg_class as c
      join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
      where c.relnamespace = 'dashboard'::regnamespace
      """)
    #expect(Set(try (0..<found.count).map { try found.text($0, 0) }) == Set(Self.tables))
    let types: Set<String> = [
      "bigint", "integer", "real", "double precision", "text", "boolean",
      "timestamp with time zone",
    ]
    for row in 0..<found.count {
      let name = "\(try found.text(row, 0)).\(try found.text(row, 1))"
      #expect(types.contains(try found.text(row, 2)), "\(name)")
      #expect(try found.bool(row, 3), "\(name) has no comment")
      #expect(try found.bool(row, 4), "the role analyst may not read \(name)")
    }
  }

  /// Users of a day and a device each, some of them in several rows, counted once by whoever knows nothing of sketches.
  @Test func distinctValuesOfManyRowsAreOneNumberWhateverTheSearchPath() throws {
    let some = "(select hll_add_agg(hll_hash_bigint(n)) from generate_series"
    let found = try fixture.connection.run(
      """
      select serving.distinct_over(sketch) from (values (\(some)(1, 40) as n)), (\(some)(21, 60) as n)), (null)) as r (sketch)
      """)
    #expect(try found.int(0, 0) == 60)
    let none = "serving.distinct_over(listeners), pg_typeof(serving.distinct_over(sessions))"
    #expect(try rows("select \(none) from serving.hour_totals where false") == ["0 bigint"])
  }

  @Test func everyIdOfTheMetricsIsExplainedOnce() throws {
    for (table, id, metrics) in [
      ("users", "user_id", "user_engagement_metrics"),
      ("songs", "song_id", "content_performance_metrics"),
      ("artists", "artist_id", "content_performance_metrics"),
      ("devices", "device_id", "device_metrics"),
      ("locations", "location_id", "location_metrics"), ("artists", "artist_id", "songs"),
    ] {
      #expect(
        try rows(
          "select pg_typeof(m.\(id)) = pg_typeof(t.\(id)) from \(table) as t full join \(metrics) as m using (\(id)) limit 1"
        ).allSatisfy { $0 == "t" }, "\(table) \(metrics)")
      #expect(try rows("select \(id) from \(table) group by 1 having count(*) > 1") == [])
    }
    try fixture.add(.song, epoch: 2, minute: try minute(1), keys: ["song_key": "3"], [.listens: 4])
    #expect(
      try rows(
        """
        select a.name, s.title, s.genre, s.album_title, stream_count, song_count
        from content_performance_metrics
        join songs as s using (song_id)
        join artists as a on a.artist_id = content_performance_metrics.artist_id and a.artist_id = s.artist_id
        """) == ["Bo One - - 4 1"])
    try fixture.connection.run(
      "update warehouse.dim_song set album = 'First', genre = 'Soul' where song_key in (1, 2)")
    #expect(
      try rows(
        """
        select t.title, t.artist_name, t.song_count, s.title, s.genre
        from albums as t join songs as s using (album_id, artist_id) where song_id <> 0 order by song_id
        """) == ["First Éa 2 One Soul", "First Éa 2 Two Soul"])
  }

  @Test func ratesAreSumsOfBothLayersAndNullWhereThereIsNothing() throws {
    let minute = try minute(3)
    try fixture.add(
      .song, minute: minute, keys: ["song_key": "1"],
      [.listens: 3, .completed: 1, .skipped: 1, .listenedMs: 200], members: [.listeners: [1, 2]])
    try fixture.add(
      .song, epoch: 2, minute: minute, keys: ["song_key": "1"],
      [.listens: 1, .completed: 2, .thumbsUp: 1, .listenedMs: 400], members: [.listeners: [2, 3]])
    try fixture.add(.song, epoch: 2, minute: minute, keys: ["song_key": "2"], [.thumbsUp: 1])
    try fixture.publish(loadedEpoch: 1, finalBefore: minute)
    #expect(
      try rows(
        """
        select song_id, stream_count, unique_users, avg_listen_time, completion_rate, skip_rate, like_rate,
          source, is_final
        from content_performance_metrics order by song_id
        """) == ["1 4 3 150 0.75 0.25 0.25 both f", "2 0 0 - - - - speed f"])
  }

  @Test func windowsHaveSettledThatEndBeforeTheFirstOpenPlay() throws {
    let settled = "select minutes_before, hours_before from settled"
    #expect(try rows(settled) == ["-infinity -infinity"])
    try fixture.add(.totals, epoch: 2, minute: "2026-11-20 10:03Z", [.listens: 9, .completed: 8])
    try fixture.settle("2026-11-20 10:06Z")
    try fixture.connection.run("set time zone 'Asia/Kolkata'")
    #expect(
      try rows(
        "select minutes_before at time zone 'UTC', hours_before at time zone 'UTC' from settled")
        == ["2026-11-20 10:03:00 2026-11-20 10:00:00"])
  }

  @Test func minutesGiveWayToHoursAndNothingIsLost() throws {
    let ages = [1, 50, 200, 350, 430, 500, 900, 3000]
    for (number, ago) in ages.enumerated() {
      for (rollup, keys) in [
        (Rollup.song, ["song_key": "1"]), (.user, ["user_key": "11"]),
        (.device, ["device_key": "0"]),
        (.location, ["location_key": "0"]), (.totals, [:]),
      ] {
        try fixture.add(
          rollup, epoch: number % 2 == 0 ? 2 : nil, minute: try minute(ago), keys: keys,
          [.listens: 1 << number])
      }
    }
    for table in ["user_engagement", "content_performance", "device", "location"] {
      for kept in ["-infinity", "\(try minute(60 * 24))"] {
        try fixture.connection.run(
          "update batch.published set loaded_epoch = 1, minutes_from = layers.hour_of('\(kept)')")
        #expect(
          try rows(
            """
            select sum(stream_count) filter (where time_window >= now() - interval '6 hours'),
              bool_and(granularity = 'minute') filter (where time_window >= now() - interval '6 hours'),
              bool_and(granularity = 'hour') filter (where time_window < now() - interval '7 hours'),
              bool_and(time_window = layers.hour_of(time_window)) filter (where granularity = 'hour'),
              sum(stream_count)
            from \(table)_metrics
            """) == ["15 t t t 255"], "\(table) \(kept)")
      }
      // Minutes that were given up are not there to be shown.
      try fixture.connection.run(
        "update batch.published set minutes_from = layers.hour_of(now() - interval '2 hours')")
      #expect(
        try rows(
          """
          select min(time_window) filter (where granularity = 'minute') > now() - interval '2 hours', sum(stream_count)
          from \(table)_metrics
          """) == ["t 255"], "\(table)")
    }
    #expect(
      try rows(
        """
        select sum(stream_count), bool_and(time_window = layers.hour_of(time_window)) from hourly_metrics
        """) == ["255 t"])
  }

  @Test func aUserIsOneRowOverTheStatesAndGuestsAreNobody() throws {
    let minute = try minute(2)
    for (user, listens, session) in [("11", 1, 5), ("12", 2, 5), ("0", 4, 6)] {
      try fixture.add(
        .user, epoch: 2, minute: minute, keys: ["user_key": user], [.listens: listens],
        members: [.sessions: [session]])
    }
    #expect(
      try rows(
        "select user_id, stream_count, session_count, source, is_final from user_engagement_metrics order by user_id"
      ) == ["1 3 1 speed f", "- 4 1 speed f"])
    try fixture.add(.user, minute: minute, keys: ["user_key": "11"], [.listens: 8])
    for (loaded, text) in [(1, "11 both f"), (2, "8 batch t")] {
      try fixture.publish(loadedEpoch: loaded, finalBefore: try self.minute(1))
      #expect(
        try rows(
          "select stream_count, source, is_final from user_engagement_metrics where user_id = 1")
          == [text])
    }
    #expect(try rows("select count(distinct user_id) from user_engagement_metrics") == ["1"])
  }

  @Test func usersAreAsTheirLastEventShowsThem() throws {
    let users = "select user_id, subscription_type from users order by user_id"
    // What no event has shown yet says nothing against what a load has published.
    #expect(try rows(users) == ["1 free", "2 free"])
    func show(_ user: Int, _ ago: Int) throws {
      try fixture.add(
        .user, epoch: 2, minute: try minute(ago), keys: ["user_key": "\(user)"], [.pageViews: 1])
    }
    try show(12, 9)
    #expect(try rows(users) == ["1 paid", "2 free"])
    try show(11, 4)
    #expect(try rows(users) == ["1 free", "2 free"])
    // Within one minute a state that no load has seen is the later one.
    try show(12, 4)
    #expect(try rows(users) == ["1 paid", "2 free"])
    // Published, and then an event of before that comes late.
    try fixture.connection.script(
      """
      update warehouse.dim_user set first_seen = now() - interval '9 minutes', last_seen = now() - interval '4 minutes'
      where user_key in (11, 12);
      update warehouse.dim_user set is_current = user_key = 12 where user_id = 1;
      update batch.published set loaded_epoch = 2
      """)
    #expect(try rows(users) == ["1 paid", "2 free"])
    try fixture.connection.script(
      "update batch.published set loaded_epoch = 1; delete from speed.minute_user")
    try show(11, 30)
    #expect(try rows(users) == ["1 paid", "2 free"])
  }
}
