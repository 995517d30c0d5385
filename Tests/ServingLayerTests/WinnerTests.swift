import Metrics
import Support
import TestKit
import Testing

@testable import ServingLayer

/// Lists whose lines are found by what they are ordered by, before all else of them is read.
@Suite struct WinnerTests {
  @Test(arguments: [
    ("metrics=listens,listeners&by=artist", true), ("metrics=skip_rate,listeners&by=song", true),
    ("metrics=listeners&by=song", false), ("metrics=listens&by=song", true),
    ("metrics=listens,listeners&by=artist&order=listeners:desc", false),
    ("metrics=listeners,listens&by=artist&order=listens:desc", true),
    ("metrics=listens,listeners&by=artist&having=listeners:2", false),
    ("metrics=listens,listeners&by=artist&having=listens:2", true),
    ("metrics=listens,listeners&by=artist&limit=5000", false),
    ("metrics=listens,listeners&by=artist,layer", false),
    ("metrics=listens,listeners&by=artist&compare=previous", false),
    ("metrics=listens,listeners&filter=artist:x", false),
    ("metrics=listens,listeners&by=gender", false),
  ])
  func `lines that are told without a sketch are found first`(_ what: String, _ isRead: Bool) throws
  {
    let plan = try QueryPlan(
      parse("granularity=none&from=2026-11-10T01:00Z&to=2026-11-10T09:00Z&" + what))
    let sql = QuerySQL.statement(for: plan).sql
    #expect(sql.contains("line as materialized") == isRead)
    var all = plan
    all.mayReadWinners = false
    #expect(!QuerySQL.statement(for: all).sql.contains("line as"))
  }

  /// Members that share a name, have none, or an empty one, in rows of both layers, minutes and hours.
  private func fixture(seed: UInt64) throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      select setseed(\(Double(seed % 1000) / 1000));
      insert into warehouse.dim_song (song_key, artist, title, genre)
        select
          n, null, case n % 11 when 0 then '' when 1 then null else 'title ' || n / 2 end, (array['rock', 'pop', null])[n % 3 + 1]
        from generate_series(1, 20) as n
        union all
        select n, 'artist ' || n % 7, nullif('title ' || n / 2, 'title 14'), 'rock' from generate_series(21, 60) as n;
      insert into warehouse.dim_location (location_key, country, state, city)
        select n, 'US', (array['CA', 'WA', null])[n % 3 + 1], 'city ' || n / 2 from generate_series(1, 30) as n;
      """)
    // Of the epoch that counts, half of the rows are folded.
    for (schema, epoch, isFolded) in [
      ("batch", "", false), ("speed", "1, ", false), ("speed", "2, ", true),
      ("speed", "2, ", false),
    ] {
      let columns = epoch.isEmpty ? "" : "epoch, "
      let minute = "timestamptz '2026-11-09 00:00Z' + interval '1 minute' * n"
      func sketch(_ members: Int) -> String {
        "hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint((random() * \(members))::bigint))"
      }
      let counts = "nullif(floor(random() * 3)::integer, 0), n % 2, 1 + n % 3, n % 2"
      let some = "from generate_series(0, 3 * 1440) as n where random() < 0.3"
      try fixture.connection.script(
        """
        insert into \(schema).minute_song (\(columns)minute, song_key, listens, skipped, partial, thumbs_up, listeners)
          select \(epoch)\(minute), floor(61 * random() ^ 2)::bigint, \(counts), \(sketch(900)) \(some);
        insert into \(schema).minute_location
          (\(columns)minute, location_key, listens, skipped, partial, thumbs_up, listeners, active_users)
          select \(epoch)\(minute), floor(31 * random())::bigint, \(counts), \(sketch(50)), \(sketch(3000)) \(some);
        """)
      if isFolded { for rollup in [Rollup.song, .location] { try fixture.fold(rollup, epoch: 2) } }
    }
    for rollup in [Rollup.song, .location] { try fixture.sumRungs(of: rollup) }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-10 00:00Z")
    return fixture
  }

  @Test func `they are those of all rows`() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try fixture(seed: seed)
    try fixture.settle("2026-11-11 10:23Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse("2026-11-09", now: now)).milliseconds
    var found = 0
    for round in 0..<200 {
      let from = start + 60_000 * Int64.random(in: -60...3 * 1440, using: &random)
      let to = from + 60_000 * Int64.random(in: 1...2 * 1440, using: &random)
      let what = [
        "by=song", "by=artist", "by=genre", "by=song,genre",
        "by=artist&filter=genre:rock&filter=genre:",
        "by=artist&filter=artist:&filter=artist:artist 3", "by=song&filter=artist:nobody",
        "by=state",
        "by=city", "by=state,city&filter=state:CA",
      ].randomElement(using: &random)!
      let metrics = [
        "listens,listeners", "listens", "listeners,listens,skip_rate&order=listens:desc",
        "like_rate,listeners,listens",
        "skip_rate,listeners", "thumbs_up,listeners,skipped&having=listens:4",
        "listens,listeners&order=listens", "listens,listeners,completion_rate&having=skip_rate:0.4",
      ].randomElement(using: &random)!
      let places = what.contains("state") || what.contains("city")
      let sketches =
        places ? metrics.replacing("listeners", with: "listeners,active_users") : metrics
      let (limit, offset) = (
        [1, 2, 5, 10, 1000].randomElement(using: &random)!,
        [0, 0, 3].randomElement(using: &random)!
      )
      let page = "&limit=\(min(limit, 1000 - offset))" + (offset > 0 ? "&offset=\(offset)" : "")
      let text = "metrics=\(sketches)&\(what)\(page)&granularity=none&from=\(from)&to=\(to)"
      let plan = try QueryPlan(parse(text), settledBefore: fixture.settledBefore())
      var whole = plan.byMinutes
      whole.mayReadWinners = false
      let statement = QuerySQL.statement(for: plan)
      #expect(statement.sql.contains("line as materialized"), "\(text)")
      let rows = try access.rows([statement, QuerySQL.statement(for: whole)])
      let (answer, expected) = (QueryAnswer(plan, rows[0]), QueryAnswer(whole, rows[1]))
      #expect(answer.rows == expected.rows, "round \(round): \(text), seed \(seed)")
      #expect(answer.isTruncated == expected.isTruncated, "\(text), seed \(seed)")
      found += answer.rows.count
    }
    #expect(found > 300)
  }
}
