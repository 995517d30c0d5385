import Metrics
import Support
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Top lists whose members are found by running totals.
@Suite struct RankingTests {
  @Test(arguments: [
    ("by=song&limit=10", true), ("by=artist&limit=100", true), ("by=user&limit=1", true),
    ("by=genre,artist&limit=10", true), ("by=song&limit=10&filter=genre:rock", true),
    ("by=song", false), ("by=song&limit=101", false), ("by=state&limit=10", false),
    ("by=song,genre&limit=10", false), ("by=song,layer&limit=10", false),
    ("by=song&limit=10&filter=layer:batch", false), ("by=song&limit=10&granularity=month", false),
    ("limit=10&granularity=none", false),
  ])
  func `a short list by listens is ranked`(_ what: String, _ isRanked: Bool) throws {
    let plan = try QueryPlan(
      parse("metrics=listens,skip_rate&from=2026-09-30T05:00Z&to=2026-10-30T05:00Z&" + what))
    #expect((plan.ranking != nil) == isRanked)
    #expect(plan.overAllRows.ranking == nil)
  }

  @Test func `a list by another measure, or of two days, is not ranked`() throws {
    let range = "&by=song&limit=10&from=2026-10-01&to=2026-10-31"
    #expect(try QueryPlan(parse("metrics=skipped,listens" + range)).ranking == nil)
    #expect(try QueryPlan(parse("metrics=listeners" + range)).ranking == nil)
    let days = "metrics=listens&by=song&limit=10&from=2026-10-01T01:00Z&to="
    #expect(try QueryPlan(parse(days + "2026-10-04T23:00Z")).ranking == nil)
    #expect(try QueryPlan(parse(days + "2026-10-05T00:00Z")).ranking != nil)
  }

  /// Every element of the running totals of ten quarters, for ranges that begin and end anywhere.
  @Test func `the places in the quarters give the days of the range`() throws {
    var random = SeededRandom(seed: 26)
    let day = 1440 * Instant.minute
    for _ in 0..<300 {
      let from = 1_700_000_000_000 + Int64.random(in: 0..<800 * 1440, using: &random) * 60_000
      let to = from + Int64.random(in: 5 * 1440...900 * 1440, using: &random) * 60_000
      let ranking = try #require(
        QueryPlan(parse("metrics=listens&by=song&limit=10&from=\(from)&to=\(to)")).ranking)
      for piece in [ranking.within, ranking.around] {
        var days = 0
        for quarters in ranking.quarters {
          let places = Ranking.places(of: piece, in: quarters)
          #expect(places.from == nil || places.to == nil || places.from! <= places.to!)
          guard let first = places.from else { continue }
          let last =
            places.to.map { quarters.first.milliseconds + $0 * day }
            ?? Ranking.next(quarters.last).milliseconds
          days += Int((last - quarters.first.milliseconds) / day - first)
        }
        #expect(days == Int((piece.to.milliseconds - piece.from.milliseconds) / day))
      }
    }
  }

  /// Names that several members share, unknown names, names that are the catalogue's, members without listens, and rows of both
  /// layers, over five quarters.
  private func fixture(seed: UInt64) throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      select setseed(\(Double(seed % 1000) / 1000));
      insert into warehouse.dim_song (song_key, artist, title, genre, track_alone)
        select
          n, case when n % 11 > 0 then 'artist ' || n % 7 end,
          case when n % 13 > 0 then 'title ' || n / 2 end, (array['rock', 'pop', null])[n % 3 + 1], n % 5 < 2
        from generate_series(1, 60) as n;
      insert into warehouse.dim_user (user_key, user_id, gender, level)
        select
          n, case when n % 17 > 0 then n / 3 end, (array['F', 'M', null])[n % 3 + 1],
          (array['free', 'paid'])[n % 2 + 1]
        from generate_series(1, 90) as n;
      """)
    let skewed = "floor(60 * random() ^ 3)::bigint"
    // Of the epoch that counts, half of the rows are folded.
    for (schema, epoch, share, isFolded) in [
      ("batch", "", 0.01, false), ("speed", "1, ", 0.002, false), ("speed", "2, ", 0.002, true),
      ("speed", "2, ", 0.002, false),
    ] {
      let columns = epoch.isEmpty ? "" : "epoch, "
      let minute = "timestamptz '2026-01-20 00:00Z' + interval '1 minute' * n"
      let some = "from generate_series(0, 400 * 1440) as n where random() < \(share)"
      let sketch = "hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint((random() * 50)::bigint))"
      let counts = "nullif(floor(random() * 5)::integer, 0), n % 2, 1 + n % 3"
      try fixture.connection.script(
        """
        insert into \(schema).minute_song
          (\(columns)minute, song_key, listens, skipped, partial, thumbs_up, listeners)
          select \(epoch)\(minute), \(skewed), \(counts), n % 2, \(sketch) \(some);
        insert into \(schema).minute_user (\(columns)minute, user_key, listens, skipped, partial, songs)
          select \(epoch)\(minute), floor(random() * 91)::bigint, \(counts), \(sketch) \(some);
        """)
      if isFolded { for rollup in [Rollup.song, .user] { try fixture.fold(rollup, epoch: 2) } }
    }
    for rollup in [Rollup.song, .user] { try fixture.sumRungs(of: rollup) }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-12-10 00:00Z")
    return fixture
  }

  @Test func `a ranked list is that of all rows`() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try fixture(seed: seed)
    try fixture.settle("2026-09-01 10:23Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse("2026-01-10", now: now)).milliseconds
    var decided = 0
    for round in 0..<150 {
      let width: Int64 = round % 3 == 0 ? 1440 : 1
      let from = start + 60_000 * width * Int64.random(in: 0...390 * 1440 / width, using: &random)
      let to =
        from + 60_000 * width
        * Int64.random(in: 5 * 1440 / width...400 * 1440 / width, using: &random)
      let what = [
        "by=song", "by=artist", "by=genre", "by=song,artist", "by=genre,artist",
        "by=song&filter=genre:rock", "by=artist&filter=artist:&filter=artist:artist 3",
        "by=song&filter=artist:nobody", "by=song&filter=song:title 4", "by=user", "by=user,gender",
        "by=user,level", "by=user&filter=gender:F&filter=level:paid", "by=user&filter=gender:",
      ].randomElement(using: &random)!
      let metrics = ["listens", "listens,skip_rate", "listens,skipped"].randomElement(
        using: &random)!
      let sketch =
        what.contains("=song") || what.contains("artist") || what.contains("=genre")
        ? ",listeners" : ",songs"
      let limit = [1, 3, 10, 30, 100].randomElement(using: &random)!
      let compared = round % 5 == 0 ? "&compare=last_week" : ""
      let text =
        "metrics=\(metrics)\(sketch)&\(what)&limit=\(limit)&from=\(from)&to=\(to)\(compared)"
      let plan = try QueryPlan(parse(text), settledBefore: fixture.settledBefore())
      #expect(plan.ranking != nil, "\(text)")
      var whole = plan.byMinutes
      whole.groups = nil
      whole.mayReadWinners = false
      let rows = try access.rows([
        QuerySQL.statement(for: plan), QuerySQL.statement(for: whole),
      ])
      let answer = QueryAnswer(plan, rows[0])
      let expected = QueryAnswer(whole, rows[1])
      guard answer.isDecided else { continue }
      decided += 1
      #expect(answer.rows == expected.rows, "\(text), seed \(seed)")
      #expect(
        answer.compared.map(\.texts) == expected.compared.map(\.texts), "\(text), seed \(seed)")
      #expect(answer.isTruncated == expected.isTruncated, "\(text), seed \(seed)")
      #expect(expected.isDecided)
    }
    #expect(decided > 140)
  }

  @Test(arguments: [
    ("by=artist", true), ("filter=artist:x&granularity=week", true),
    ("by=artist,layer&granularity=day", true), ("by=artist,song", false),
    ("by=artist&filter=genre:rock", false), ("by=user", false), ("granularity=day", false),
  ])
  func `days of artists answer what asks for no song`(_ what: String, _ areGrouped: Bool) throws {
    let plan = try QueryPlan(parse("metrics=listens&from=2026-10-01&to=2026-11-01&" + what))
    #expect((plan.groups != nil) == areGrouped)
  }

  @Test func `what is answered by days of artists is that of their songs`() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try fixture(seed: seed)
    try fixture.settle("2026-09-01 10:23Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse("2026-01-10", now: now)).milliseconds
    for round in 0..<60 {
      let from = start + 60_000 * Int64.random(in: 0...390 * 1440, using: &random)
      let to = from + 60_000 * Int64.random(in: 1440...100 * 1440, using: &random)
      let what = [
        "by=artist", "by=artist,layer", "filter=artist:artist 3", "by=artist&filter=layer:speed",
        "by=artist&filter=artist:",
      ].randomElement(using: &random)!
      let width = ["none", "day", "week", "month"].randomElement(using: &random)!
      let zone = ["UTC", "Asia/Kolkata", "Europe/Berlin"].randomElement(using: &random)!
      let text =
        "metrics=listeners,listens,skip_rate,thumbs_up&\(what)&granularity=\(width)&tz=\(zone)"
        + "&limit=10000&from=\(from)&to=\(to)"
      var plan = try QueryPlan(parse(text), settledBefore: fixture.settledBefore())
      #expect(plan.groups != nil && plan.ranking == nil)
      let answer = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
      plan.groups = nil
      let songs = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
      #expect(answer.rows == songs.rows, "round \(round): \(text), seed \(seed)")
    }
  }

  /// Hours at the ends of the range are made of facts, and some of the speed layer's rows are of such minutes.
  @Test func `a ranked list is that of all rows where minutes are given up`() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try Fixture()
    try fixture.addFacts(seed: seed, from: "2026-09-24", days: 14)
    for rollup in ["song", "user"] {
      try fixture.connection.script(
        """
        insert into speed.minute_\(rollup) (epoch, minute, \(rollup)_key, listens, skipped)
          select 2, timestamptz '2026-09-24 00:00Z' + interval '1 minute' * n, n % 7, 1, n % 2
          from generate_series(0, 20000) as n where n % 47 = 0;
        delete from batch.minute_\(rollup) where minute < '2026-10-03 00:00Z'
        """)
    }
    try fixture.connection.run("update batch.published set minutes_from = '2026-10-03 00:00Z'")
    try fixture.settle("2026-10-02 10:23Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse("2026-09-24", now: now)).milliseconds
    for _ in 0..<40 {
      let from = start + 60_000 * Int64.random(in: -100...9000, using: &random)
      let to = from + 60_000 * Int64.random(in: 7200...20_000, using: &random)
      let what = ["song&limit=3", "artist&limit=2", "user&limit=3", "level&filter=user:2&limit=1"]
        .randomElement(using: &random)!
      let text = "metrics=listens,skip_rate,listened_ms&by=\(what)&from=\(from)&to=\(to)"
      var plan = try QueryPlan(parse(text), settledBefore: fixture.settledBefore())
      plan.minutesFrom = [nil, "2026-10-03", "2026-10-04T05:30Z"].randomElement(using: &random)!
        .flatMap { Instant.parse($0, now: now) }
      #expect(plan.ranking != nil)
      let rows = try access.rows([
        QuerySQL.statement(for: plan), QuerySQL.statement(for: plan.overAllRows),
      ])
      let answer = QueryAnswer(plan, rows[0])
      #expect(answer.isDecided)
      #expect(answer.rows == QueryAnswer(plan.overAllRows, rows[1]).rows, "\(text), seed \(seed)")
    }
  }

  @Test func `what a ranking cannot decide is answered from all rows`() throws {
    let fixture = try Fixture()
    for (key, title) in [(1, "''"), (2, "null"), (3, "'a'"), (4, "'b'")] {
      try fixture.connection.run(
        "insert into warehouse.dim_song (song_key, artist, title) values (\(key), 'x', \(title))")
      try fixture.add(
        .song, minute: "2026-11-0\(key) 10:00Z", keys: ["song_key": "\(key)"], [.listens: 9 - key])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-12-10 00:00Z")
    let text = "metrics=listens&by=song&limit=1&from=2026-11-01&to=2026-11-09"
    let plan = try QueryPlan(parse(text))
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    // An empty title has the label of none.
    let answer = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
    #expect(!answer.isDecided && answer.rows.isEmpty)
    #expect(fixture.csv(text) == [",x,8,batch,true"])
  }
}
