import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// What facts answer of events as they come goes on to the present: those that are not loaded are counted with them, each once.
@Suite struct LivePlayTests {
  private let range = "&from=2026-11-21T10:00Z&to=2026-11-21T14:00Z&limit=100000"

  /// Two days of facts, loaded with epoch 1, and plays of the speed layer with the minutes that they count in: of epoch 1, which facts
  /// have taken the place of, and of epoch 2.
  private func present(seed: UInt64) throws -> Fixture {
    let fixture = try Fixture()
    try fixture.addFacts(seed: seed, from: "2026-11-20", days: 2)
    try fixture.connection.script(
      """
      select setseed(\(Double(seed % 997) / 997));
      insert into speed.play
        (epoch, ts, user_key, location_key, device_key, session_id, item_in_session, song_key, level)
      select
        1 + n % 2, timestamptz '2026-11-21 11:00Z' + floor(random() * 7200000) * interval '1 millisecond',
        u.user_key, floor(random() * 6), floor(random() * 3), floor(random() * 40), n, floor(random() * 10), u.level
      from (select n, floor(random() * 7)::bigint + 1 as user_key from generate_series(1, 800) as n) as play
      join warehouse.dim_user as u using (user_key);
      insert into speed.minute_totals (epoch, minute, listens, listeners, songs)
      select
        epoch, date_trunc('minute', ts), count(*),
        hll_add_agg(hll_hash_bigint(user_id), 12, 5, -1, 1),
        hll_add_agg(hll_hash_bigint(nullif(song_key, 0)), 12, 5, -1, 1)
      from speed.play join warehouse.dim_user using (user_key) group by 1, 2;
      insert into speed.minute_song (epoch, minute, song_key, listens)
      select epoch, date_trunc('minute', ts), song_key, count(*) from speed.play group by 1, 2, 3;
      insert into speed.action
        (epoch, ts, user_key, location_key, device_key, session_id, level, page, method, status, auth, success)
      select
        1 + n % 2, timestamptz '2026-11-21 11:00Z' + floor(random() * 7200000) * interval '1 millisecond',
        u.user_key, floor(random() * 6), floor(random() * 3), floor(random() * 40), u.level,
        case when n % 5 > 0 then (array['Home', 'NextSong', 'Help'])[1 + n % 3] end, case when n % 5 > 0 then 'GET' end,
        case when n % 5 > 0 then (array[200, 404, 307])[1 + n % 3] end, case when n % 5 > 0 then 'Logged In' end,
        case when n % 5 = 0 then n % 3 > 0 end
      from (select n, floor(random() * 7)::bigint + 1 as user_key from generate_series(1, 900) as n) as action
      join warehouse.dim_user as u using (user_key);
      insert into speed.minute_totals (epoch, minute, page_views, errors, logins, failed_logins)
      select
        epoch, date_trunc('minute', ts), count(page), count(*) filter (where status >= 400),
        count(*) filter (where success), count(*) filter (where not success)
      from speed.action group by 1, 2;
      insert into speed.reached values
        ('page_view_events', 0, (select extract(epoch from timestamptz '2026-11-21 13:04Z') * 1000), 0),
        ('auth_events', 0, (select extract(epoch from timestamptz '2026-11-21 12:58Z') * 1000), 0);
      insert into speed.reached values ('listen_events', 0,
        (select extract(epoch from timestamptz '2026-11-21 13:05Z') * 1000), 0)
      """)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-21 12:00Z")
    return fixture
  }

  /// The first metric's sum by what stands before it in a line.
  private func sums(_ lines: [String], keyLength: Int, fields: Int = 1) -> [String: Int] {
    var sums: [String: Int] = [:]
    for line in lines {
      let parts = line.split(separator: ",", omittingEmptySubsequences: false)
      let key = ([parts[0].prefix(keyLength)] + parts[1..<fields]).joined(separator: ",")
      sums[key, default: 0] += Int(parts[fields]) ?? -1_000_000
    }
    return sums.filter { $0.value != 0 }
  }

  @Test func `seconds of the present sum up to its minutes`() throws {
    let seed = TestSeed.drawn()
    let fixture = try present(seed: seed)
    let minute = "2026-11-21T10:00".count
    let seconds = fixture.csv("metrics=listens&granularity=second" + range)
    let minutes = fixture.csv("metrics=listens&granularity=minute" + range)
    #expect(sums(seconds, keyLength: minute) == sums(minutes, keyLength: minute), "seed \(seed)")
    // Of all 800 plays half are loaded: they are facts, which are random themselves.
    #expect(
      seconds.filter { $0.contains(",speed,") || $0.contains(",both,") }.count > 100,
      "seed \(seed)")
    for metric in ["page_views", "errors", "logins", "failed_logins"] {
      let seconds = fixture.csv("metrics=\(metric)&granularity=second" + range)
      let minutes = fixture.csv("metrics=\(metric)&granularity=minute" + range)
      #expect(
        sums(seconds, keyLength: minute) == sums(minutes, keyLength: minute),
        "\(metric), seed \(seed)")
    }
    let bySong = fixture.csv("metrics=listens&granularity=second&by=song" + range)
    let minutesBySong = fixture.csv("metrics=listens&granularity=minute&by=song" + range)
    #expect(
      sums(bySong, keyLength: minute, fields: 3)
        == sums(minutesBySong, keyLength: minute, fields: 3),
      "seed \(seed)")
  }

  @Test func `after the load that takes them over, each play is there once`() throws {
    let fixture = try present(seed: 5)
    let query = "metrics=listens&granularity=second" + range
    let before = sums(fixture.csv(query), keyLength: 20)
    // What a load does: the plays of epoch 2 become facts, and the pointer moves in the same transaction.
    try fixture.connection.script(
      """
      begin;
      insert into warehouse.fact_listen
        (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key, level)
      select ts, to_char(ts at time zone 'UTC', 'YYYYMMDD')::integer, 0, user_key, location_key, device_key, session_id, item_in_session, song_key, level
      from speed.play where epoch = 2;
      update batch.published set loaded_epoch = 2;
      commit
      """)
    let lines = fixture.csv(query)
    #expect(sums(lines, keyLength: 20) == before)
    #expect(lines.allSatisfy { $0.contains(",batch,") })
  }

  @Test func `exact distinct counts and pairs of dimensions are of the present too`() throws {
    let fixture = try present(seed: 7)
    let expected = try fixture.connection.run(
      """
      with plays as (
        select ts, user_key, song_key, device_key from warehouse.fact_listen
        union all select ts, user_key, song_key, device_key from speed.play where epoch = 2
      )
      select count(distinct user_id), count(distinct nullif(song_key, 0)), count(*) filter (where level = 'paid' and device_key = 1)
      from plays left join warehouse.dim_user using (user_key)
      where ts >= '2026-11-21 10:00Z' and ts < '2026-11-21 14:00Z'
      """)
    let exact = fixture.csv("metrics=listeners,songs&granularity=none&exact=true" + range)
    #expect(
      try exact[0].hasPrefix("\(expected.int(0, 0)),\(expected.int(0, 1)),both,false,"), "\(exact)")
    let pair = fixture.csv(
      "metrics=listens&granularity=none&filter=os:Linux&filter=level:paid" + range)
    #expect(try pair[0].hasPrefix("\(expected.int(0, 2)),both,"), "\(pair)")
    let layers = fixture.csv(
      "metrics=listens&granularity=none&by=os,layer&filter=level:paid" + range)
    #expect(
      layers.contains { $0.contains(",speed,") } && layers.contains { $0.contains(",batch,") })
  }

  @Test func `the answer goes as far as plays have come, and all else as far as the load`() throws {
    let fixture = try present(seed: 9)
    func covers(_ query: String) -> String? {
      fixture.get("/api/v1/query", query + "&granularity=second" + range).header("Covers-Until")
    }
    #expect(covers("metrics=listens,listeners") == "2026-11-21T13:05:00Z")
    #expect(covers("metrics=page_views,errors") == "2026-11-21T13:04:00Z")
    // The last login was long before the last event.
    #expect(covers("metrics=logins,failed_logins") == "2026-11-21T13:05:00Z")
    #expect(covers("metrics=listens,page_views,active_users,sessions") == "2026-11-21T13:04:00Z")
    // Minutes that only the speed layer has counted, of outcomes that no row tells of.
    #expect(covers("metrics=listens,completed")?.hasPrefix("2026-11-21T11:0") == true)
    // Nothing is final that is not loaded.
    let lines = fixture.csv("metrics=listens&granularity=second" + range)
    #expect(!lines.contains { $0.contains(",speed,true,") || $0.contains(",both,true,") })
    #expect(lines.allSatisfy { $0 < "2026-11-21T12:00" || $0.contains(",false,") })
    // A play of before an upgrade, which no row tells of.
    try fixture.add(.totals, epoch: 2, minute: "2026-11-21 12:30Z", [.listens: 1])
    #expect(covers("metrics=listens") == "2026-11-21T12:30:00Z")
    try fixture.add(.totals, epoch: 2, minute: "2026-11-21 12:10Z", [.pageViews: 1])
    #expect(covers("metrics=page_views") == "2026-11-21T12:10:00Z")
    #expect(covers("metrics=listens") == "2026-11-21T12:30:00Z")
    #expect(covers("metrics=logins") == "2026-11-21T13:05:00Z")
  }

  @Test func `page views and logins are of the present by what they show and who did it`() throws {
    let fixture = try present(seed: 11)
    let expected = try fixture.connection.run(
      """
      with event as (
        select ts, user_key, session_id, device_key, page, status, success from warehouse.fact_page_view
          cross join (select null::boolean as success) as none
        union all select ts, user_key, session_id, device_key, null, null, success from warehouse.fact_auth
        union all select ts, user_key, session_id, device_key, page, status, success from speed.action where epoch = 2
        union all select ts, user_key, session_id, device_key, null, null, null from warehouse.fact_listen
        union all select ts, user_key, session_id, device_key, null, null, null from speed.play where epoch = 2
      )
      select
        count(*) filter (where page = 'Help' and device_key = 1), count(*) filter (where success),
        count(distinct user_id), count(distinct session_id), count(*) filter (where status >= 400)
      from event left join warehouse.dim_user using (user_key)
      where ts >= '2026-11-21 10:00Z' and ts < '2026-11-21 14:00Z'
      """)
    func first(_ query: String) throws -> [Substring] {
      try #require(fixture.csv(query + range).first).split(separator: ",")
    }
    #expect(
      try first("metrics=page_views&granularity=none&filter=os:Linux&filter=page:Help")[0]
        == "\(expected.int(0, 0))")
    let sums = try first(
      "metrics=logins,errors,active_users,sessions&granularity=none&exact=true")
    #expect(
      try sums[0..<4]
        == [
          "\(expected.int(0, 1))", "\(expected.int(0, 4))", "\(expected.int(0, 2))",
          "\(expected.int(0, 3))",
        ],
      "\(sums)")
    let layers = fixture.csv(
      "metrics=page_views&granularity=none&by=page,layer&filter=os:Linux" + range)
    #expect(
      layers.contains { $0.contains(",speed,") } && layers.contains { $0.contains(",batch,") })
  }
}
