import Metrics
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// The running totals of listens, whose tables the tests of the handoff compare after loads of every kind.
@Suite struct RunningTotalsTests {
  private static let database = Result { try TestDatabase.make() }

  /// Days in any order, some of them twice, that are added up at once or in two parts.
  @Test func partsAddUpToTheWhole() throws {
    let connection = try Self.database.get().connect()
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let wrong = try connection.run(
      """
      select setseed(\(Double(seed % 1000) / 1000)), count(*)
      from (
        select
          layers.running(array_agg(day), array_agg(n)) as whole,
          layers.running(array_agg(day) filter (where part), array_agg(n) filter (where part)) as a,
          layers.running(array_agg(day) filter (where not part), array_agg(n) filter (where not part)) as b,
          min(day) as first, max(day) as last,
          array_agg(day order by day) as days, array_agg(n order by day) as counts
        from (
          select
            sample, 1 + floor(92 * random())::integer as day, 1 + floor(9 * random())::integer as n,
            random() < 0.5 as part
          from generate_series(1, 400) as sample
          cross join generate_series(1, 1 + sample % 12)
        ) as counted
        group by sample
      ) as samples
      where whole is distinct from coalesce(layers.added(a, b), a, b)
        or whole is distinct from coalesce(layers.added(b, a), b, a)
        or array_lower(whole, 1) <> first
        or array_upper(whole, 1) <> last
        or exists (
          select
          from generate_series(first, last) as place
          where whole[place] <> (
            select sum(n) from unnest(days, counts) as u (day, n) where day <= place
          )
        )
      """)
    #expect(try wrong.int(0, 1) == 0, "seed \(seed)")
  }

  @Test func everyTableIsExplainedAndMayBeRead() throws {
    let connection = try Self.database.get().connect()
    for table in RunningTable.all.map(\.name) + GroupedDays.all.map(\.name) {
      let rows = try connection.run(
        """
        select obj_description(($1::text)::regclass, 'pg_class') is not null,
          has_table_privilege('analyst', $1::text, 'select')
        """, [.text("batch.\(table)")])
      #expect(try rows.bool(0, 0) && rows.bool(0, 1), "\(table)")
    }
  }

  @Test(arguments: [
    "update batch.quarter_song set listens[array_upper(listens, 1)] = 9999",
    "delete from batch.quarter_user", "update batch.day_user set listens = listens + 1",
  ])
  func aRunningTotalThatIsNotTheSumOfItsDaysIsSeen(_ change: String) throws {
    let fixture = try ChecksFixture()
    _ = try fixture.findings()
    let checks = Checks(library: try SQLLibrary())
    func findings() throws -> [String] {
      try checks.run(fixture.connection, from: nil, to: nil, only: ["quarters_sum_days"])
        .map(\.check)
    }
    #expect(try findings() == [])
    try fixture.connection.script(change)
    #expect(try findings() == ["quarters_sum_days"])
  }
  @Test(arguments: [
    "update batch.day_artist set skipped = coalesce(skipped, 0) + 1",
    "update batch.day_artist set listeners = hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(12345))",
    "update batch.quarter_artist set listens[array_upper(listens, 1)] = 9999",
    "delete from batch.day_artist", "update batch.day_song set listens = listens + 1",
    "update warehouse.dim_song set artist = 'another'",
  ])
  func anArtistThatIsNotTheSumOfItsSongsIsSeen(_ change: String) throws {
    let fixture = try ChecksFixture()
    _ = try fixture.findings()
    let checks = Checks(library: try SQLLibrary())
    func findings() throws -> [String] {
      try checks.run(fixture.connection, from: nil, to: nil, only: ["artists_sum_songs"])
        .map(\.check)
    }
    #expect(try findings() == [])
    try fixture.connection.script(change)
    #expect(try findings() == ["artists_sum_songs"])
  }
}
