import Metrics

@testable import ServingLayer

extension Fixture {
  /// Publishes a load of random facts, about one every two minutes, with all rungs of all rollups as their sums.
  ///
  /// - Parameters:
  ///   - day: the first day, `2026-10-29`.
  ///   - days: how many days they are spread over.
  func addFacts(seed: UInt64, from day: String, days: Int) throws {
    let keys = """
      timestamptz '\(day) 00:00Z' + interval '1 millisecond' * floor(random() * \(days) * 86400000) as ts,
        0 as time_key, floor(random() * 8)::bigint as user_key,
        floor(random() * 6)::bigint as location_key, floor(random() * 3)::bigint as device_key,
        floor(random() * 400)::bigint as session_id, n as item_in_session,
        floor(random() * 10)::bigint as song_key, floor(random() * 5)::integer as kind
      """
    let date = "to_char(ts at time zone 'UTC', 'YYYYMMDD')::integer"
    try connection.script(
      """
      select setseed(\(Double(seed % 1000) / 1000));
      create table parts.fact_listen_all partition of parts.fact_listen_b0 default;
      create table parts.fact_auth_all partition of parts.fact_auth_b0 default;
      create table parts.fact_page_view_all partition of parts.fact_page_view_b0 default;
      insert into warehouse.dim_song (song_key, artist, title)
        select n, 'artist ' || n % 3, 'title ' || n from generate_series(1, 9) as n;
      insert into warehouse.dim_user (user_key, user_id, gender, level)
        select n, n % 6, (array['F', 'M', null])[n % 3 + 1], (array['free', 'paid'])[n % 2 + 1]
        from generate_series(1, 7) as n;
      insert into warehouse.dim_location (location_key, country, state, city)
        select n, 'US', (array['CA', 'WA', null])[n % 3 + 1], 'city ' || n
        from generate_series(1, 5) as n;
      insert into warehouse.dim_device (device_key, os) values (1, 'Linux'), (2, null);
      insert into warehouse.fact_listen
        (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session,
         song_key, level, listened_ms, outcome)
      select
        ts, \(date), time_key, user_key, location_key, device_key, session_id, item_in_session,
        song_key, u.level, case when kind < 4 then kind * 50000 end,
        (array['skipped', 'partial', 'completed', 'completed', null])[kind + 1]
      from (select \(keys) from generate_series(1, \(days * 360)) as n) as e
      join warehouse.dim_user as u using (user_key);
      insert into builds.fact_page_view
        (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session,
         song_key, page, method, status, level, engagement, credited_song_key)
      select
        ts, \(date), time_key, user_key, location_key, device_key, session_id, item_in_session,
        0, (array['Home', 'Thumbs Up', 'Roll Advert', 'Help', 'Share'])[kind + 1],
        (array['GET', 'PUT', null])[kind % 3 + 1], (array[200, 404, null])[kind % 3 + 1], u.level,
        (array[null, 'thumbs_up', 'adverts', null, 'shares'])[kind + 1],
        case when kind in (1, 2, 4) then nullif(song_key, 1) end
      from (select \(keys) from generate_series(1, \(days * 360)) as n) as e
      join warehouse.dim_user as u using (user_key);
      insert into warehouse.fact_auth
        (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session,
         success, level)
      select
        ts, \(date), time_key, user_key, location_key, device_key, session_id, item_in_session,
        kind > 0, u.level
      from (select \(keys) from generate_series(1, \(days * 36)) as n) as e
      join warehouse.dim_user as u using (user_key)
      """)
    for rollup in Rollup.allCases {
      let table = rollup.table(.minute)
      let sums =
        rollup.counters.map { "nullif(sum(\($0.column)), 0)" }
        + rollup.distincts.map { "hll_union_agg(\($0.column))" }
      let columns =
        table.keyColumns + rollup.counters.map(\.column) + rollup.distincts.map(\.column)
      let keys = table.keyColumns.joined(separator: ", ")
      let source: String =
        switch rollup {
        case .song, .audience, .page: "\(rollup)_event"
        default: "event"
        }
      try connection.run(
        "insert into batch.\(table.name) (\(columns.joined(separator: ", ")))"
          + " select \(keys), \(sums.joined(separator: ", ")) from layers.\(source) group by \(keys)"
      )
      try sumRungs(of: rollup)
    }
    try publish(loadedEpoch: 1, finalBefore: "\(day) 00:00Z")
  }
}
