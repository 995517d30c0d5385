import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Which rungs answer a query, and that the answer does not depend on it.
@Suite struct RungTests {
  private func pieces(_ text: String) throws -> [String] {
    RungPiece.pieces(of: try parse("metrics=listens&" + text)).map {
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

  @Test(arguments: [
    ("minute", "UTC", Rung.minute), ("hour", "UTC", .hour), ("day", "UTC", .day),
    ("month", "UTC", .day), ("none", "Asia/Kolkata", .day), ("hour", "Asia/Tokyo", .hour),
    // Half an hour off UTC: our hours and days begin in the middle of theirs.
    ("hour", "Asia/Kolkata", .minute), ("day", "Asia/Kolkata", .minute),
    ("day", "America/New_York", .hour), ("year", "America/New_York", .hour),
    // Clocks there go back by half an hour in April.
    ("day", "Australia/Lord_Howe", .minute),
    // A name that only the database may know.
    ("day", "Etc/Nowhere", .minute),
  ])
  func `rows lie within one bucket each`(_ granularity: String, _ zone: String, _ rung: Rung) throws
  {
    let query = try parse(
      "metrics=listens&granularity=\(granularity)&tz=\(zone)&from=2026-03-01&to=2026-05-01")
    #expect(RungPiece.coarsest(for: query) == rung)
  }

  @Test func `the answer is that of the minutes`() throws {
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
    for (schema, epoch) in [("batch", ""), ("speed", "1, "), ("speed", "2, ")] {
      let columns = (epoch.isEmpty ? "" : "epoch, ")
      let minute =
        "timestamptz '2026-10-29 00:00Z' + interval '1 minute' * n"
      let some = "from generate_series(0, 10080) as n where random() < 0.03"
      let sketch = "hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint((random() * 50)::bigint))"
      try connection.script(
        """
        insert into \(schema).minute_totals (\(columns)minute, listens, skipped, partial, listeners)
          select \(epoch)\(minute), 1 + n % 7, n % 2, n % 3, \(sketch) \(some);
        insert into \(schema).minute_song (\(columns)minute, song_key, listens, skipped, listeners)
          select \(epoch)\(minute), n % 9 + 1, 1 + n % 7, nullif(n % 2, 0), \(sketch) \(some);
        """)
    }
    for rollup in [Rollup.totals, .song] { try fixture.sumRungs(of: rollup) }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-02 10:00Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start: Int64 = 1_793_232_000_000
    for _ in 0..<60 {
      let from = start + 60_000 * Int64.random(in: -100...9000, using: &random)
      let to = from + 60_000 * Int64.random(in: 1...11_000, using: &random)
      let granularity = Granularity.allCases.randomElement(using: &random)!
      let zone = ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin"].randomElement(
        using: &random)!
      let by = ["", "&by=artist", "&by=layer", "&by=song&filter=artist:artist%202"].randomElement(
        using: &random)!
      let text =
        "metrics=listens,skip_rate,listeners&from=\(from)&to=\(to)&tz=\(zone)"
        + "&granularity=\(granularity.rawValue)\(by)&limit=100000"
      let plan = try QueryPlan(parse(text.replacing("%20", with: " ")))
      var minutes = plan
      minutes.pieces = [RungPiece(rung: .minute, from: plan.query.from, to: plan.query.to)]
      let rows = try access.rows([
        QuerySQL.statement(for: plan), QuerySQL.statement(for: minutes),
      ])
      #expect(
        QueryAnswer(plan, rows[0]).rows == QueryAnswer(plan, rows[1]).rows, "\(text), seed \(seed)")
    }
  }
}
