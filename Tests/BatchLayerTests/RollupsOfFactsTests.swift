import BatchTestKit
import LayerTestKit
import TestKit
import Testing
import Warehouse

/// A load's rollups, against its facts.
@Suite struct RollupsOfFactsTests {
  /// Counters and sketches of the rollups that can be told from the facts alone, by SQL.
  @Test func rollupsAreWhatTheFactsSay() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, faults: .withLateRepeats)
    let layers = try Layers()
    for part in [records[..<(records.count / 2)], records[(records.count / 2)...]] {
      try layers.log.write(part)
      try layers.load(.incremental)
    }
    let connection = try layers.connect()
    func sketch(_ values: String, _ filter: String = "") -> String {
      "nullif(hll_add_agg(hll_hash_bigint(\(values)), 12) \(filter), hll_empty(12))"
    }
    for (rollup, key, keyOf) in [
      ("minute_totals", "", ""), ("minute_user", ", user_key", ", f.user_key"),
      ("minute_location", ", location_key", ", f.location_key"),
      ("minute_device", ", device_key", ", f.device_key"),
      (
        "minute_audience", ", gender, level",
        ", coalesce(u.gender, 'unknown'), coalesce(f.level, 'unknown')"
      ),
    ] {
      let users = rollup == "minute_user" ? "" : ", listeners, active_users"
      let countUsers =
        rollup == "minute_user"
        ? ""
        : ", \(sketch("u.user_id", "filter (where is_listen)")), \(sketch("u.user_id"))"
      let columns = [
        "listens", "listened_ms", "completed", "skipped", "partial", "page_views", "errors",
        "logins", "failed_logins",
      ]
      let expected = try ComparableRows(
        connection, rollup,
        query: """
          with f as (
            select ts, user_key, location_key, device_key, session_id, level, true as is_listen,
              song_key, outcome, coalesce(listened_ms, 0) as listened_ms, null::integer as status,
              null::boolean as success
            from warehouse.fact_listen
            union all
            select ts, user_key, location_key, device_key, session_id, level, false, 0, null, 0,
              null, success
            from warehouse.fact_auth
            union all
            select ts, user_key, location_key, device_key, session_id, level, false, 0, null, 0,
              coalesce(status, 0), null
            from warehouse.fact_page_view
          )
          select date_trunc('minute', f.ts) as minute\(keyOf),
            nullif(count(*) filter (where is_listen), 0) as listens,
            nullif(sum(listened_ms), 0)::bigint as listened_ms,
            nullif(count(*) filter (where outcome = 'completed'), 0) as completed,
            nullif(count(*) filter (where outcome = 'skipped'), 0) as skipped,
            nullif(count(*) filter (where outcome = 'partial'), 0) as partial,
            nullif(count(status), 0) as page_views,
            nullif(count(*) filter (where status >= 400), 0) as errors,
            nullif(count(*) filter (where success), 0) as logins,
            nullif(count(*) filter (where not success), 0) as failed_logins,
            \(sketch("session_id")),
            \(sketch("nullif(song_key, 0)", "filter (where is_listen)"))
            \(countUsers)
          from f left join layers.dim_user as u using (user_key)
          group by 1\(keyOf)
          """)
      let found = try ComparableRows(
        connection, rollup,
        query: "select minute\(key), \(columns.joined(separator: ", ")), sessions, songs\(users) "
          + "from batch.\(rollup)")
      let differences = try found.differences(from: expected, connection, namesMatter: false)
      #expect(differences.isEmpty, "\(differences.joined(separator: "\n")), seed \(seed)")
      #expect(expected.rows.count > 100 || rollup == "minute_totals")
    }
  }
}
