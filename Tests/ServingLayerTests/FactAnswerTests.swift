import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// What no rollup has is answered from the facts, which say how far they go.
@Suite struct FactAnswerTests {
  private let range = "&from=2026-11-20&to=2026-11-22"

  private func loaded() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.addFacts(seed: 7, from: "2026-11-20", days: 2)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-21 12:00Z")
    return fixture
  }

  @Test func `facts and rollups give the same answers`() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let fixture = try Fixture()
    try fixture.addFacts(seed: seed, from: "2026-11-20", days: 2)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-21 12:00Z")
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let start = try #require(Instant.parse("2026-11-20", now: now)).milliseconds
    for rollup in Rollup.allCases {
      let measures = Measure.all.filter(rollup.keeps).map(\.name).joined(separator: ",")
      let dimensions = Dimension.all(in: rollup).filter {
        rollup != .user || ![.gender, .level].contains($0)
      }
      for dimension in [nil] + dimensions.map(Optional.some) {
        let from = start + 60_000 * Int64.random(in: -10...1440, using: &random)
        let to = from + 60_000 * Int64.random(in: 1...1600, using: &random)
        let granularity = ["none", "minute", "hour", "day", "month"].randomElement(using: &random)!
        var plan = try QueryPlan(
          parse(
            "metrics=\(measures)&from=\(from)&to=\(to)&granularity=\(granularity)&limit=100000"
              + (dimension.map { "&by=\($0.rawValue)" } ?? "")),
          settledBefore: fixture.settledBefore())
        // Without a dimension any rollup would do, and the one with the fewest rows is taken.
        guard case .rollup = plan.source else { continue }
        let statement = QuerySQL.statement(for: plan)
        let summed = QueryAnswer(plan, try access.rows([statement])[0])
        plan.source = .facts
        plan.pieces = []
        plan.checkedSpans = []
        let facts = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
        #expect(
          facts.rows == summed.rows,
          "\(rollup) \(dimension?.rawValue ?? "") \(granularity) \(from) \(to), seed \(seed)")
        #expect(summed.coversUntil == nil && facts.coversUntil != nil)
      }
    }
  }

  @Test func `two dimensions of different rollups are counted event by event`() throws {
    let fixture = try loaded()
    let expected = try fixture.connection.run(
      """
      select s.artist, l.state, count(*), count(*) filter (where outcome = 'skipped')
      from warehouse.fact_listen
      left join layers.dim_song as s using (song_key)
      left join layers.dim_location as l using (location_key)
      group by 1, 2 order by 3 desc, 1, 2
      """)
    let rows = fixture.csv("metrics=listens,skipped&by=artist,state&granularity=none" + range)
    // The country comes along with the state; where a place is not known, neither is its country.
    let found = rows.map { row in
      let fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return [fields[0], fields[1], fields[3], fields[4]].joined(separator: ",")
    }
    var counts: [String: (Int64, Int64)] = [:]
    for line in found {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      let key = "\(fields[0]),\(fields[1])"
      counts[key, default: (0, 0)].0 += Int64(fields[2]) ?? -1000
      counts[key, default: (0, 0)].1 += Int64(fields[3]) ?? -1000
    }
    #expect(counts.count == expected.count && expected.count > 10)
    for row in 0..<expected.count {
      let key = "\(expected.textOrNull(row, 0) ?? ""),\(expected.textOrNull(row, 1) ?? "")"
      let count = try #require(counts[key], "\(key)")
      #expect(try count == (expected.int(row, 2), expected.int(row, 3)), "\(key)")
    }
    #expect(rows.allSatisfy { $0.hasSuffix(",batch,false,2026-11-21T12:00:00Z") })
  }

  @Test func `a filter counts like a dimension`() throws {
    let fixture = try loaded()
    let expected = try fixture.connection.run(
      """
      select count(*) from warehouse.fact_listen join warehouse.dim_song using (song_key)
      join warehouse.dim_location using (location_key) where artist = 'artist 1' and state = 'CA'
      """
    ).int(0, 0)
    let rows = fixture.csv(
      "metrics=listens&granularity=none&filter=artist:artist 1&filter=state:CA" + range)
    #expect(rows == ["\(expected),batch,false,2026-11-21T12:00:00Z"])
  }

  @Test func `seconds are those of the events`() throws {
    let fixture = try loaded()
    let expected = try fixture.connection.run(
      """
      select to_char(date_trunc('second', ts) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), count(*)
      from warehouse.fact_listen where ts >= '2026-11-20 10:00:05Z' and ts < '2026-11-20 13:00:10Z'
      group by 1 order by 1
      """)
    let rows = fixture.csv(
      "metrics=listens&granularity=second&from=2026-11-20T10:00:05Z&to=2026-11-20T13:00:10Z")
    #expect(
      rows.filter { !$0.contains(",0,") }
        == (0..<expected.count).map {
          "\(expected.textOrNull($0, 0) ?? ""),\(expected.textOrNull($0, 1) ?? "")"
            + ",batch,true,2026-11-20T13:00:10Z"
        })
  }

  @Test func `what only the speed layer has counted is not covered, and the answer says so`() throws
  {
    let fixture = try loaded()
    let query = "metrics=listens&by=artist,state&granularity=none"
    func coverage(_ range: String) throws -> (header: String?, json: String) {
      let response = fixture.get("/api/v1/query", query + range)
      return (response.header("Covers-Until"), response.text)
    }
    // All of the range is loaded and complete.
    let past = "&from=2026-11-20&to=2026-11-21"
    #expect(try coverage(past).header == "2026-11-21T00:00:00Z")
    #expect(fixture.csv(query + past).allSatisfy { $0.hasSuffix(",true,2026-11-21T00:00:00Z") })
    // The load was complete up to noon.
    #expect(try coverage(range).json.contains("\"covers_until\":\"2026-11-21T12:00:00Z\""))
    // A late event that is not loaded yet, and one of an epoch that is.
    try fixture.add(.totals, epoch: 2, minute: "2026-11-20 18:30Z", [.listens: 1])
    try fixture.add(.totals, epoch: 1, minute: "2026-11-20 09:30Z", [.listens: 1])
    #expect(try coverage(past).header == "2026-11-20T18:30:00Z")
    #expect(fixture.csv(query + past).allSatisfy { $0.hasSuffix(",false,2026-11-20T18:30:00Z") })
    // Nothing is loaded of a later day, and a file without rows says so all the same.
    let later = fixture.get("/api/v1/query", query + "&format=csv&from=2026-11-23&to=2026-11-24")
    #expect(later.header("Covers-Until") == "2026-11-21T12:00:00Z")
    #expect(
      later.text == "artist,state,country,listens,source,is_final,is_partial,covers_until\r\n")
    // Facts of a load that knew no credits do not tell what a page view counts as.
    try fixture.connection.run("update batch.published set facts_know_credits = false")
    #expect(try coverage(past).header == "none")
    #expect(try coverage(past).json.contains("\"covers_until\":null"))
  }

  @Test func `what rollups answer says nothing of coverage`() throws {
    let response = try loaded().get("/api/v1/query", "metrics=listens&by=artist" + range)
    #expect(response.header("Covers-Until") == nil && !response.text.contains("covers_until"))
  }
}
