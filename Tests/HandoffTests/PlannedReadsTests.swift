import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// Tables are known to PostgreSQL's planner when readers begin to plan with them.
@Suite struct PlannedReadsTests {
  /// docs/decisions/0034: readers plan with a build from its publication on, and would read its days as a whole.
  @Test func aBuildIsKnownToThePlannerBeforeItIsPublishedAndTheOneBeforeItIsLeftAlone() throws {
    let records = try simulated(seed: 50, users: 30, days: 1)
    let layers = try Layers()
    try layers.log.write(records)
    for _ in 1...2 { try layers.load(.full) }
    let database = try layers.connect()
    let begun = try database.run("select clock_timestamp()::text").text(0, 0)
    try layers.load(.full)
    // What belongs to a load is named by it: facts with g, what has been renamed with b.
    let late = """
      select t.relname, last_analyze, r.finished_at
      from pg_stat_user_tables as t
      join pg_class as c on c.oid = t.relid
      cross join lateral (select max(load_run_id) from warehouse.load_run) as newest (run)
      join warehouse.load_run as r on r.load_run_id = newest.run
      where schemaname = 'parts' and c.relkind = 'r' and c.relpages > 0
        and t.relname ~ '^(fact|minute|hour|day|quarter)_'
        and case when t.relname ~ ('_[gb]' || newest.run || '(_|$)')
          then coalesce(last_analyze > r.finished_at, true) else last_analyze > $1::timestamptz end
      """
    let isKnown = try eventually(within: 60) {
      try database.run(late, [.text(begun)]).count == 0
    }
    let rows = try database.run(late, [.text(begun)])
    #expect(isKnown, "\(Checks.examples(of: rows, atMost: 5))")
  }

  /// Else the statements of the publication, and readers after it, would take its new days for empty.
  @Test func newDaysOfFactsAreKnownToThePlannerFromTheirPublicationOn() throws {
    let records = try simulated(seed: 51, users: 12, days: 20)
    let layers = try Layers()
    // One day more of many: where facts have grown by a tenth all their days are looked at once more, after the publication.
    let last = try #require(records.firstIndex { $0.arrival >= monday + 19 * dayMs })
    // No day shares a partition, so that each new one has its own whatever else runs.
    for part in [records[..<last], records[last...]] {
      try layers.log.write(part)
      try layers.log.archive()
      _ = try layers.loader(ownDays: 100).load(.incremental)
    }
    let rows = try layers.connect().run(
      """
      select c.relname, count(s.starelid) as known
      from pg_class as c
      cross join lateral (
        select load_run_id, xmin from warehouse.load_run order by load_run_id desc limit 1
      ) as newest
      left join pg_statistic as s on s.starelid = c.oid and s.xmin = newest.xmin
      where c.relnamespace = 'parts'::regnamespace and c.relkind = 'r'
        and c.relname ~ ('^fact_(listen|page_view)_g' || newest.load_run_id || '_')
      group by 1
      """)
    #expect(rows.count > 0)
    #expect(
      try (0..<rows.count).allSatisfy { try rows.int($0, 1) > 5 },
      "\(Checks.examples(of: rows, atMost: 5))")
  }
}
