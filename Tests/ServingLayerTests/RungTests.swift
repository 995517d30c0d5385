import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Which rungs answer a query, and that the answer does not depend on it.
@Suite struct RungTests {
  /// Pieces of one rung that touch are shown as one.
  private func pieces(_ text: String) throws -> [String] {
    var joined: [RungPiece] = []
    for piece in try QueryPlan(parse("metrics=listens&" + text)).pieces {
      if let last = joined.last, last.rung == piece.rung, last.to == piece.from {
        joined[joined.count - 1].to = piece.to
      } else {
        joined.append(piece)
      }
    }
    return joined.map {
      "\($0.rung) \($0.from.iso8601.dropLast(4)) \($0.to.iso8601.dropLast(4))"
    }
  }

  @Test func `a range is days, with hours and minutes at its ends`() throws {
    #expect(
      try pieces("granularity=none&from=2026-03-01T22:58Z&to=2026-03-04T01:01Z") == [
        "minute 2026-03-01T22:58 2026-03-01T23:00", "hour 2026-03-01T23:00 2026-03-02T00:00",
        "day 2026-03-02T00:00 2026-03-04T00:00", "hour 2026-03-04T00:00 2026-03-04T01:00",
        "minute 2026-03-04T01:00 2026-03-04T01:01",
      ])
  }

  @Test func `a range without a whole hour is minutes`() throws {
    #expect(
      try pieces("granularity=none&from=2026-03-01T22:58Z&to=2026-03-01T23:59Z") == [
        "minute 2026-03-01T22:58 2026-03-01T23:59"
      ])
  }

  @Test func `where a bucket begins in the middle of an hour, that hour is minutes`() throws {
    #expect(
      try pieces("granularity=day&tz=Asia/Kolkata&from=2026-03-01T00:00Z&to=2026-03-03T00:00Z") == [
        "hour 2026-03-01T00:00 2026-03-01T18:00", "minute 2026-03-01T18:00 2026-03-01T19:00",
        "hour 2026-03-01T19:00 2026-03-02T18:00", "minute 2026-03-02T18:00 2026-03-02T19:00",
        "hour 2026-03-02T19:00 2026-03-03T00:00",
      ])
    // 45 minutes off, and the whole days of UTC within each month.
    #expect(
      try pieces("granularity=month&tz=Asia/Kathmandu&from=2026-02-01T00:00Z&to=2026-04-01T00:00Z")
        == [
          "day 2026-02-01T00:00 2026-02-28T00:00", "hour 2026-02-28T00:00 2026-02-28T18:00",
          "minute 2026-02-28T18:00 2026-02-28T19:00", "hour 2026-02-28T19:00 2026-03-01T00:00",
          "day 2026-03-01T00:00 2026-03-31T00:00", "hour 2026-03-31T00:00 2026-03-31T18:00",
          "minute 2026-03-31T18:00 2026-03-31T19:00", "hour 2026-03-31T19:00 2026-04-01T00:00",
        ])
  }

  @Test func `days that begin at whole hours are hours, of 23 and 25 too`() throws {
    #expect(
      try pieces("granularity=day&tz=America/New_York&from=2026-03-01T00:00Z&to=2026-12-01T00:00Z")
        == [
          "hour 2026-03-01T00:00 2026-12-01T00:00"
        ])
    // Days of London are those of UTC in winter, which begins on 2026-10-25 at 01:00.
    #expect(
      try pieces("granularity=day&tz=Europe/London&from=2026-10-24T00:00Z&to=2026-10-28T00:00Z")
        == [
          "hour 2026-10-24T00:00 2026-10-26T00:00", "day 2026-10-26T00:00 2026-10-28T00:00",
        ])
  }

  @Test func `clocks that change by half an hour are cut where they change`() throws {
    // Lord Howe is 11 hours ahead until 2026-04-04 15:00 UTC, and 10.5 from then on.
    #expect(
      try pieces(
        "granularity=hour&tz=Australia/Lord_Howe&from=2026-04-04T00:00Z&to=2026-04-05T00:00Z") == [
          "hour 2026-04-04T00:00 2026-04-04T15:00", "minute 2026-04-04T15:00 2026-04-05T00:00",
        ])
    #expect(
      try pieces(
        "granularity=day&tz=Australia/Lord_Howe&from=2026-04-04T00:00Z&to=2026-04-06T00:00Z") == [
          "hour 2026-04-04T00:00 2026-04-05T13:00", "minute 2026-04-05T13:00 2026-04-05T14:00",
          "hour 2026-04-05T14:00 2026-04-06T00:00",
        ])
  }

  @Test(arguments: [
    ("minute", "UTC", "minute"), ("hour", "UTC", "hour"), ("day", "UTC", "day"),
    ("month", "UTC", "day"), ("none", "Asia/Kolkata", "day"), ("hour", "Asia/Tokyo", "hour"),
    ("hour", "Asia/Kolkata", "minute"), ("day", "Asia/Kolkata", "hour minute"),
    ("year", "Asia/Kolkata", "day"), ("week", "America/New_York", "day hour"),
    // A name that only the database may know.
    ("day", "Etc/Nowhere", "minute"),
  ])
  func `the rungs of two months are`(_ granularity: String, _ zone: String, _ rungs: String) throws
  {
    let plan = try QueryPlan(
      parse(
        "metrics=listens&granularity=\(granularity)&tz=\(zone)&from=2026-03-01T00:00Z&to=2026-05-01T00:00Z"
      ))
    #expect(Set(plan.pieces.map(\.rung.rawValue)).sorted().joined(separator: " ") == rungs)
    for (piece, next) in zip(plan.pieces, plan.pieces.dropFirst()) {
      #expect(piece.to == next.from)
    }
    #expect(plan.pieces.first?.from == plan.query.from && plan.pieces.last?.to == plan.query.to)
  }

  /// Weeks around a change of clocks in America and in Europe, on Lord Howe (by half an hour), and in
  /// Newfoundland, which was half an hour off and then changed its clocks at a minute past midnight.
  @Test(arguments: ["2026-10-29", "2026-03-28", "2026-09-30", "2006-10-27"])
  func `the answer is that of the minutes`(_ day: String) throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try Fixture()
    let connection = fixture.connection
    // Minutes of a week around a change of clocks, some of them in both layers, and a loaded epoch that must not count.
    try connection.script(
      """
      select setseed(\(Double(seed % 1000) / 1000));
      insert into warehouse.dim_song (song_key, artist, title)
        select n, 'artist ' || n % 3, 'title ' || n from generate_series(1, 9) as n;
      """)
    // Of the epoch that counts, half of the rows are folded.
    for (schema, epoch, isFolded) in [
      ("batch", "", false), ("speed", "1, ", false), ("speed", "2, ", true),
      ("speed", "2, ", false),
    ] {
      let columns = (epoch.isEmpty ? "" : "epoch, ")
      let minute =
        "timestamptz '\(day) 00:00Z' + interval '1 minute' * n"
      let sketch = "hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint((random() * 50)::bigint))"
      // A row of a song may have none of the totals, as one of a credit that has moved.
      try connection.script(
        """
        create temporary table drawn as select n from generate_series(0, 10080) as n where random() < 0.03;
        insert into \(schema).minute_totals (\(columns)minute, listens, skipped, partial, listeners)
          select \(epoch)\(minute), 1 + n % 7, n % 2, n % 3, \(sketch) from drawn where n % 5 > 0;
        insert into \(schema).minute_song (\(columns)minute, song_key, listens, skipped, listeners)
          select \(epoch)\(minute), n % 9 + 1, 1 + n % 7, nullif(n % 2, 0), \(sketch) from drawn where n % 4 > 0;
        drop table drawn
        """)
      if isFolded { for rollup in [Rollup.totals, .song] { try fixture.fold(rollup, epoch: 2) } }
    }
    for rollup in [Rollup.totals, .song] { try fixture.sumRungs(of: rollup) }
    try fixture.publish(loadedEpoch: 1, finalBefore: "\(day) 10:00Z")
    // Rates are taken up to a minute somewhere in the week.
    let settled =
      try #require(Instant.parse(day, now: now)).milliseconds
      + 60_000 * Int64.random(in: 0...10_080, using: &random)
    try fixture.settle(Instant(milliseconds: settled).iso8601)
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse(day, now: now)).milliseconds
    for _ in 0..<60 {
      let from = start + 60_000 * Int64.random(in: -100...9000, using: &random)
      let to = from + 60_000 * Int64.random(in: 1...11_000, using: &random)
      let granularity = Granularity.allCases.randomElement(using: &random)!
      let zone = Self.zones.randomElement(using: &random)!
      let by = ["", "&by=artist", "&by=layer", "&by=song&filter=artist:artist%202"].randomElement(
        using: &random)!
      let text =
        "metrics=listens,skip_rate,listeners&from=\(from)&to=\(to)&tz=\(zone)"
        + "&granularity=\(granularity.rawValue)\(by)&limit=100000"
      let plan = try QueryPlan(
        parse(text.replacing("%20", with: " ")), settledBefore: fixture.settledBefore())
      try expectAnswerOfMinutes(plan, access, "\(text), seed \(seed)")
    }
  }

  /// What is read by the hour, as `from to`, without the holes; and by the minute.
  @Test(arguments: [
    (
      "granularity=none&from=2026-03-01T22:58Z&to=2026-03-02T01:01Z",
      "01T23:00 02T02:00", "01T22:58 01T23:00", "02T01:00 02T01:01"
    ),
    (
      "granularity=none&from=2026-03-01T22:58Z&to=2026-03-02T01:00Z",
      "01T23:00 02T01:00", "01T22:58 01T23:00", ""
    ),
    ("granularity=none&from=2026-03-01T22:58Z&to=2026-03-01T22:59Z", "", "", ""),
    ("granularity=minute&from=2026-03-01T22:00Z&to=2026-03-02T22:59Z", "", "", ""),
    ("granularity=hour&tz=Asia/Kolkata&from=2026-03-01T22:00Z&to=2026-03-02T22:59Z", "", "", ""),
    (
      "granularity=hour&from=2026-03-01T22:00Z&to=2026-03-02T22:59Z",
      "01T22:00 02T23:00", "", "02T22:00 02T22:59"
    ),
    // A day of Kolkata begins at half past six.
    (
      "granularity=day&tz=Asia/Kolkata&from=2026-03-01T20:00Z&to=2026-03-02T18:40Z",
      "01T20:00 02T18:00", "02T18:00 02T18:40", ""
    ),
    (
      "granularity=day&tz=Asia/Kolkata&from=2026-03-01T18:00Z&to=2026-03-02T17:40Z",
      "01T19:00 02T18:00", "01T18:00 01T19:00", "02T17:00 02T17:40"
    ),
  ])
  func `of what is folded hours are read, also of the last one, and minutes where buckets begin`(
    _ text: String, _ hours: String, _ minutes: String, _ open: String
  ) throws {
    let recent = try QueryPlan(parse("metrics=listens&" + text)).recent
    func said(_ stretch: RecentStretches.Stretch?) -> String {
      stretch.map {
        "\($0.from.iso8601.dropFirst(8).dropLast(4)) \($0.to.iso8601.dropFirst(8).dropLast(4))"
      } ?? ""
    }
    #expect(said(recent.hours) == hours)
    #expect(recent.minutes.map(said).joined(separator: ", ") == minutes)
    #expect(said(recent.open) == open)
  }

  /// The last hour is read by the hour while it has nothing later, and by the minute from then on, in the same plan.
  @Test func `a range that ends within an hour has nothing of what comes later`() throws {
    let fixture = try Fixture()
    let plan = try QueryPlan(
      parse(
        "metrics=listens,skip_rate&by=song&granularity=none&from=2026-11-20T09:30Z&to=2026-11-20T11:40Z"
      ),
      settledBefore: Instant.parse("2026-11-20T11:20Z", now: now))
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    func add(_ minute: String) throws {
      for rollup in [Rollup.totals, .song] {
        let keys = rollup == .song ? ["song_key": "5"] : [:]
        try fixture.add(
          rollup, epoch: 1, minute: "2026-11-20 \(minute)Z", keys: keys,
          [.listens: 10, .skipped: 2, .completed: 8])
      }
    }
    func expect(_ listens: String, isFolded: Bool) throws {
      if isFolded { for rollup in [Rollup.totals, .song] { try fixture.fold(rollup, epoch: 1) } }
      let answer = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
      #expect(answer.rows.first?[2] == listens)
      try expectAnswerOfMinutes(plan, access, listens)
    }
    for minute in ["09:29", "09:31", "10:05", "11:01", "11:30"] { try add(minute) }
    try expect("40", isFolded: false)
    try expect("40", isFolded: true)
    try add("11:31")
    try expect("50", isFolded: false)
    try expect("50", isFolded: true)
    // Of the next hour, and not in the way of the hour.
    try add("12:00")
    try expect("50", isFolded: true)
    try add("11:40")
    try expect("50", isFolded: false)
    try expect("50", isFolded: true)
  }

  /// A listen that comes late moves the credit of a page view that is loaded: the speed layer has rows of two songs then, and none of
  /// the totals.
  @Test func `a credit that moves after the range, and nothing else, is not in the range`() throws {
    let fixture = try Fixture()
    let plan = try QueryPlan(
      parse(
        "metrics=thumbs_up,listens&by=song&granularity=none&from=2026-11-20T09:00Z&to=2026-11-20T11:40Z"
      ))
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    try fixture.connection.run(
      "insert into warehouse.dim_song (song_key, artist, title) values (4, 'x', 'a'), (5, 'x', 'b')"
    )
    for rollup in [Rollup.totals, .song] {
      try fixture.add(
        rollup, epoch: 1, minute: "2026-11-20 11:38Z",
        keys: rollup == .song ? ["song_key": "5"] : [:], [.listens: 1])
    }
    for (key, count) in [("4", -1), ("5", 1)] {
      try fixture.add(
        .song, epoch: 1, minute: "2026-11-20 11:45Z", keys: ["song_key": key], [.thumbsUp: count])
    }
    for rollup in [Rollup.totals, .song] { try fixture.fold(rollup, epoch: 1) }
    let answer = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
    #expect(answer.rows.map { $0[2] } == ["0"])
    #expect(answer.rows.map { $0[3] } == ["1"])
    try expectAnswerOfMinutes(plan, access, "a credit alone")
  }

  static let zones = [
    "UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "Europe/London",
    "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham", "Pacific/Apia",
  ]

  private func expectAnswerOfMinutes(
    _ plan: QueryPlan, _ access: WarehouseDatabase, _ what: String
  ) throws {
    let rows = try access.rows([
      QuerySQL.statement(for: plan), QuerySQL.statement(for: plan.byMinutes),
    ])
    let answer = QueryAnswer(plan, rows[0])
    #expect(answer.agrees, "\(what)")
    #expect(answer.rows == QueryAnswer(plan, rows[1]).rows, "\(what)")
  }

  /// Minutes of the first days are given up, and hours at the ends of buckets are made of facts.
  @Test func `the answer is that of facts where minutes are given up`() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try Fixture()
    try fixture.addFacts(seed: seed, from: "2026-10-29", days: 8)
    try fixture.connection.script(
      """
      insert into speed.minute_device (epoch, minute, device_key, listens, page_views)
        select 2, timestamptz '2026-10-29 00:00Z' + interval '1 minute' * n, n % 3, 1, 2
        from generate_series(0, 11000) as n where n % 97 = 0;
      insert into speed.minute_totals (epoch, minute, listens)
        select 2, minute, 1 from speed.minute_device where epoch = 2;
      update batch.published set minutes_from = '2026-11-03 00:00Z';
      delete from batch.minute_device where minute < '2026-11-03 00:00Z'
      """)
    for rollup in [Rollup.totals, .device] { try fixture.fold(rollup, epoch: 2) }
    try fixture.settle("2026-11-02 17:23Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse("2026-10-29", now: now)).milliseconds
    for _ in 0..<25 {
      let from = start + 60_000 * Int64.random(in: -100...6000, using: &random)
      let to = from + 60_000 * Int64.random(in: 1...11_000, using: &random)
      let granularity = ["hour", "day", "week", "month"].randomElement(using: &random)!
      let zone = Self.zones.randomElement(using: &random)!
      let text =
        "metrics=listens,page_views,skip_rate,listeners&by=os&from=\(from)&to=\(to)&tz=\(zone)"
        + "&granularity=\(granularity)&limit=100000"
      var plan = try QueryPlan(parse(text), settledBefore: fixture.settledBefore())
      // Known a moment ago; a load may have been taken back since.
      plan.minutesFrom = [nil, "2026-11-03", "2026-11-04T05:30Z"].randomElement(using: &random)!
        .flatMap { Instant.parse($0, now: now) }
      try expectAnswerOfMinutes(plan, access, "\(text), seed \(seed)")
    }
  }

  @Test func `facts are read for minutes that may be given up, and for no others`() throws {
    var plan = try QueryPlan(
      parse("metrics=listens&by=os&from=2026-11-02T10:30Z&to=2026-11-04T10:30Z"))
    func facts() -> Int {
      QuerySQL.statement(for: plan).sql.components(separatedBy: "layers.past_").count - 1
    }
    #expect(facts() == 2)
    plan.minutesFrom = Instant.parse("2026-11-03", now: now)
    #expect(facts() == 1)
    plan.minutesFrom = Instant.parse("2026-11-02", now: now)
    #expect(facts() == 0)
  }

  @Test func `minutes that have been given up since it was looked are answered from facts`() throws
  {
    let fixture = try Fixture()
    try fixture.addFacts(seed: 5, from: "2026-11-01", days: 3)
    let watch = CommitWatch()
    let database = WatchedDatabase(
      WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20), watch: watch,
      committed: try ServingQueries(SQLLibrary()).committed)
    var router = try Fixture.router(database)
    router.cache = AnswerCache(watch: watch)
    let request = Request(
      path: "/api/v1/query",
      query: [
        ("metrics", "listens"), ("by", "os"), ("from", "2026-11-01T10:30Z"),
        ("to", "2026-11-03T10:30Z"),
      ], headers: ["cache-control": "no-cache"])
    func rows() -> String {
      let text = router.route(request).text
      return String(text[(text.range(of: "\"rows\"")?.lowerBound ?? text.startIndex)...])
    }
    let before = rows()
    #expect(before.contains("\"listens\":") && watch.commit?.minutesFrom.milliseconds == 0)
    try fixture.connection.script(
      """
      update batch.published set minutes_from = '2026-11-03 00:00Z';
      delete from batch.minute_device where minute < '2026-11-03 00:00Z'
      """)
    // Found to be wrong, and then known.
    #expect(rows() == before && rows() == before)
    #expect(watch.commit?.minutesFrom == Instant.parse("2026-11-03", now: now))
  }

  @Test func `an answer that the database would put into other buckets is made of minutes`() throws
  {
    let fixture = try Fixture()
    for minute in ["2026-11-20 17:59Z", "2026-11-20 18:29Z", "2026-11-20 18:30Z"] {
      try fixture.add(.totals, minute: minute, [.listens: 1])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-21 00:00Z")
    var plan = try QueryPlan(
      parse(
        "metrics=listens&granularity=day&tz=Asia/Kolkata&from=2026-11-20T00:00Z&to=2026-11-21T00:00Z"
      ))
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    func answer(_ plan: QueryPlan) throws -> QueryAnswer {
      QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
    }
    let right = try answer(plan)
    #expect(right.agrees)
    #expect(right.rows.map { $0[1] } == ["2", "1"])
    // As if the day did not end at half past six.
    plan.checkedSpans = [
      BucketSpan(from: plan.query.from, to: plan.query.to)
    ]
    #expect(try !answer(plan).agrees)
    #expect(try answer(plan.byMinutes).rows == right.rows)
  }
}
