import BatchTestKit
import EventModel
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

  /// A range of pages that an index says nothing of is read by every question through dim_date (docs/decisions/0040).
  @Test(arguments: [BatchLoader.Kind.incremental, .full])
  func theIndexesOfDaysKnowAllOfTheirRowsAfterALoad(_ mode: BatchLoader.Kind) throws {
    let records = try simulated(seed: 52, users: 40, days: 4)
    let layers = try Layers()
    let half = records.count / 2
    for part in [records[..<half], records[half...]] {
      try layers.log.write(part)
      try layers.log.archive()
      _ = try layers.loader(ownDays: 100).load(mode)
    }
    let rows = try layers.connect().run(
      """
      select part.table_name, brin_summarize_new_values(i.indexrelid)
      from batch.fact_partition as part
      join pg_index as i on i.indrelid = ('parts.' || part.table_name)::regclass
      where part.build = (select build from batch.published)
      """)
    #expect(rows.count > 4)
    let unknown = try (0..<rows.count).filter { try rows.int($0, 1) > 0 }.map {
      try rows.text($0, 0)
    }
    #expect(unknown == [])
  }

  /// The page views of plays have no song that they are credited to: what is false of all of them is dropped before their days are opened.
  @Test func aQuestionOfSongsOpensTheDayThatItAsksFor() throws {
    let layers = try Layers()
    try layers.log.write(try simulated(seed: 53, users: 20, days: 6))
    try layers.log.archive()
    _ = try layers.loader(ownDays: 100).load(.full)
    let connection = try layers.connect()
    let (days, opened) = try connection.transaction { () throws(WarehouseError) in
      _ = try connection.run(
        """
        explain select sum(listens) from layers.song_event
        where ts >= '2026-03-03 06:00Z' and ts < '2026-03-03 12:00Z' and date_key = any ('{20260303}')
        """)
      func count(_ source: String) throws(WarehouseError) -> Int64 {
        try connection.run("select count(distinct table_name) from \(source)").int(0, 0)
      }
      return (
        try count("batch.fact_partition where fact = 'fact_listen'"),
        try count(
          "batch.fact_partition join pg_locks on relation = ('parts.' || table_name)::regclass"
            + " where fact = 'fact_listen' and pid = pg_backend_pid()")
      )
    }
    #expect(days > 3 && opened == 1, "\(opened) of \(days)")
  }

  /// A play of each of these days, and of a session of its own.
  private func plays(_ days: some Sequence<Int64>) -> [LoggedRecord] {
    days.map { day in
      var event = Event(topic: .listen)
      event.ts = monday + day * dayMs
      event.sessionId = day
      return LoggedRecord(event)
    }
  }

  /// A warehouse with days of two months that are not neighbours, and a log with more of these days.
  private func lateFor(_ days: [Int64]) throws -> (Layers, [LoggedRecord]) {
    let layers = try Layers()
    let before = plays([0, 2, 80, 82])
    try layers.log.write(before)
    try layers.load(.full)
    let late = plays(days)
    try layers.log.write(late)
    try layers.log.archive()
    return (layers, before + late)
  }

  /// PostgreSQL 15 finds partitions by the numbers that they had when the statement was planned, and would miss the last ones: of
  /// all where a month comes between, and of the month where a day does.
  @Test(arguments: [40, 81] as [Int64])
  func aStatementThatIsPlannedWhileADayComesBetweenOthersMissesNone(_ day: Int64) throws {
    let (layers, records) = try lateFor([day])
    let database = try layers.connect()
    try database.script(
      """
      create function planned_slowly() returns integer language plpgsql immutable as $$
      begin
        -- It is planned until the load waits for it, or is over.
        while not pg_try_advisory_xact_lock(4711) and not exists (
          select
          from pg_locks
          where not granted and mode = 'AccessExclusiveLock' and relation::regclass::text ~ '^parts.fact_'
        ) loop
          perform pg_sleep(0.001);
        end loop;
        -- What has changed meanwhile is noticed with the next table that is locked.
        return (select 0 from warehouse.dim_date limit 1);
      end
      $$;
      select pg_advisory_lock(4711)
      """)
    let url = layers.database.url
    let reader = Worker("test-reader") {
      try Connection(url: url, applicationName: "test slow plan").run(
        "select (select count(*) from warehouse.fact_listen), (select planned_slowly())"
      ).int(0, 0)
    }
    let planning =
      "select count(*) from pg_stat_activity where application_name = 'test slow plan' and state = 'active'"
    #expect(try eventually(within: 60) { try database.run(planning).int(0, 0) == 1 })
    let load = Worker("test-load") { try layers.loader(publishPauses: []).load(.incremental).run }
    #expect(eventually(within: 60) { load.isFinished || reader.isFinished })
    try database.script("select pg_advisory_unlock(4711)")
    _ = try load.wait()
    #expect(try [4, 5].contains(reader.wait()))
    try layers.expectTruth(Truth(records))
  }

  @Test func aReaderInTheMiddleOfATransactionDoesNotKeepADayFromComingBetweenOthers() throws {
    let (layers, records) = try lateFor([1, 40, 41, 81])
    let reader = try layers.connect()
    try reader.script("begin; select count(*) from warehouse.fact_listen")
    _ = try layers.loader(publishPauses: []).load(.incremental)
    try layers.expectTruth(Truth(records))
    try reader.script("commit")
  }
}
