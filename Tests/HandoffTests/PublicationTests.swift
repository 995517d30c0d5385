import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// A publication does not stop readers, nor do readers stop it for ever.
@Suite struct PublicationTests {
  private func halfLoaded(_ seed: UInt64, days: Double = 1) throws -> (Layers, [LoggedRecord]) {
    let records = try simulated(seed: seed, users: 30, days: days)
    let layers = try Layers()
    try layers.log.write(records[..<(records.count / 2)])
    try layers.load(.full)
    try layers.log.write(records[(records.count / 2)...])
    return (layers, records)
  }

  /// A session in the middle of a transaction that has looked at everything.
  private func openReader(_ layers: Layers) throws -> Connection {
    let reader = try layers.connect()
    try reader.script(
      "begin; select count(*) from warehouse.fact_listen; select count(*) from serving.minute_song; "
        + "select count(*) from warehouse.user_level_history")
    return reader
  }

  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func noLoadWaitsForAReaderOrMakesOneWait(_ kind: BatchLoader.Kind) throws {
    let (layers, records) = try halfLoaded(41)
    let reader = try openReader(layers)
    let other = try layers.connect()
    try other.script("set statement_timeout = '10s'")
    let load = Worker("test-load") { try layers.loader(publishPauses: []).load(kind).run }
    var looks = 0
    while !load.isFinished {
      try lookThenRest {
        try other.script(
          "select count(*) from warehouse.fact_listen; select count(*) from serving.day_song")
      }
      looks += 1
    }
    _ = try load.wait()
    #expect(looks > 0)
    try layers.expectTruth(Truth(records))
    // The transaction goes on, and sees what is published now.
    #expect(
      try reader.run("select count(*) from warehouse.fact_page_view").int(0, 0)
        == Truth(records).total("page_views"))
    try reader.script("commit")
  }

  /// docs/decisions/0019. Small partitions are read as a whole in any case, so that plans of this size say nothing.
  @Test(arguments: [Int?.none, 0])
  func everyPartitionOfAFactCanBeAskedByItsDateKey(ownDays: Int?) throws {
    let (layers, _) = try halfLoaded(43)
    try layers.log.archive()
    _ = try layers.loader(ownDays: ownDays).load(.incremental)
    let rows = try layers.connect().run(
      """
      select relname
      from pg_class
      where relnamespace = 'parts'::regnamespace and relkind = 'r' and relname like 'fact_%'
        and not (
          exists (
            select from pg_attribute as a
            join pg_index as i on i.indrelid = a.attrelid and a.attnum = any (i.indkey)
            where a.attrelid = pg_class.oid and a.attname = 'date_key' and a.attoptions = '{n_distinct=366}'
          )
          and (reltuples <= 0 or exists (
            select from pg_stats
            where schemaname = 'parts' and tablename = relname and attname = 'build'
          ))
        )
      """)
    #expect(rows.count == 0, "\(Checks.examples(of: rows, atMost: 5))")
  }

  /// docs/decisions/0034: of narrow ranges an event that comes late is found by reading few pages.
  @Test(arguments: [Int?.none, 0])
  func factsHaveTheSameBlockRangesWhateverLoadMadeTheirPartition(ownDays: Int?) throws {
    let (layers, _) = try halfLoaded(48, days: 2)
    try layers.log.archive()
    _ = try layers.loader(ownDays: ownDays).load(.incremental)
    let ranges = try layers.connect().run(
      """
      select distinct array_to_string(reloptions, ',')
      from pg_class
      where relnamespace = 'parts'::regnamespace and relname ~ '^fact' and relkind = 'i'
      """)
    #expect(try (0..<ranges.count).map { try ranges.text($0, 0) } == ["pages_per_range=8"])
  }

  /// docs/decisions/0035.
  @Test func rowsOfAFullLoadDoNotRepeatWhatAllOfThemSay() throws {
    let (layers, records) = try halfLoaded(46)
    let database = try layers.connect()
    let repeated = try database.run(
      """
      select attrelid::regclass, attname
      from pg_attribute as a
      join pg_class as c on c.oid = attrelid
      where relnamespace = 'parts'::regnamespace and relkind = 'r' and reltuples > 0
        and relname ~ '^(fact_(listen|page_view)|minute_|hour_|day_(song|user))'
        and attname in ('date_key', 'build', 'load_run_id') and not atthasmissing
      """)
    #expect(repeated.count == 0, "\(Checks.examples(of: repeated, atMost: 5))")
    let facts = try database.run(
      """
      select count(*)
      from warehouse.fact_listen
      where date_key = to_char(ts at time zone 'UTC', 'YYYYMMDD')::integer
        and load_run_id = (select load_run_id from batch.published)
      """)
    #expect(try facts.int(0, 0) == Truth(records.prefix(records.count / 2)).total("listens"))
  }

  /// Small loads are left to the server; what has no statistics at all is looked at by the first load that finds it so.
  @Test func whatAnIncrementalLoadHasChangedIsKnownToThePlannerRightAfterIt() throws {
    let (layers, _) = try halfLoaded(44)
    try layers.log.archive()
    _ = try layers.load(.incremental)
    let rows = try layers.connect().run(
      """
      select part.relname, part.reltuples, whole.reltuples
      from pg_class as whole
      join pg_inherits as i on i.inhparent = whole.oid
      join pg_class as part on part.oid = i.inhrelid
      where whole.relnamespace = 'builds'::regnamespace
        and part.relkind = 'r' and whole.relname <> 'published'
        and (part.reltuples < 0 or 1.1 * whole.reltuples < part.reltuples)
      """)
    #expect(rows.count == 0, "\(Checks.examples(of: rows, atMost: 5))")
    let outgrown = try layers.connect().run(
      """
      select part.relname
      from pg_class as part
      join pg_inherits as i on i.inhrelid = part.oid
      join pg_class as whole on whole.oid = i.inhparent
      where whole.relnamespace = 'builds'::regnamespace
        and part.relkind = 'r' and whole.relname <> 'published'
        and pg_relation_size(part.oid) > 1.1 * part.relpages * current_setting('block_size')::bigint
      """)
    #expect(outgrown.count == 0, "\(Checks.examples(of: outgrown, atMost: 5))")
  }

  /// Joins of facts and dimensions are planned by both.
  @Test func dimensionsAndFactsAsAWholeAreKnownToThePlannerRightAfterAnyLoad() throws {
    let (layers, records) = try halfLoaded(45, days: 4)
    let connection = try layers.connect()
    func expectKnown(_ when: String) throws {
      let unknown = try connection.run(
        """
        select c.relname, c.reltuples
        from pg_class as c
        where c.relnamespace = 'warehouse'::regnamespace
          and c.relkind = 'r'
          and c.relname ~ '^dim_'
          and pg_relation_size(c.oid) > 1.1 * c.relpages * current_setting('block_size')::bigint
        union all
        select whole.relname, whole.reltuples
        from pg_class as whole
        cross join lateral (
          select sum(part.reltuples)
          from pg_partition_tree(whole.oid) as tree
          join pg_class as part on part.oid = tree.relid
          where tree.isleaf and part.reltuples > 0
        ) as parts (n_rows)
        where whole.relnamespace = 'builds'::regnamespace
          and whole.relname ~ '^fact_'
          and parts.n_rows > 1.1 * whole.reltuples
        """)
      #expect(unknown.count == 0, "\(when): \(Checks.examples(of: unknown, atMost: 9))")
    }
    try expectKnown("after a full load")
    try layers.log.archive()
    _ = try layers.load(.incremental)
    try expectKnown("after an incremental load")
    try layers.expectTruth(Truth(records))
  }

  /// Else a day would cost the more the more days there were before.
  @Test func whatHasGrownLittleIsNotLookedAtAgain() throws {
    let records = try simulated(seed: 48, users: 100, days: 3)
    let layers = try Layers()
    let most = records.count * 299 / 300
    try layers.log.write(records[..<most])
    try layers.load(.full)
    try layers.log.write(records[most...])
    try layers.load(.incremental)
    let looks = try layers.connect().run(
      """
      select sum(c.relpages), max(s.analyze_count)
      from pg_stat_user_tables as s
      join pg_class as c on c.oid = s.relid
      where s.schemaname = 'parts' and s.relname ~ '^hour_(user|song)_b'
      """)
    #expect(try looks.int(0, 0) > 40)
    #expect(try looks.int(0, 1) == 1)
    try layers.expectTruth(Truth(records))
  }

  @Test func atMostThePublishedBuildAndTheOneBeforeItAreKept() throws {
    let (layers, records) = try halfLoaded(42)
    for kind in [BatchLoader.Kind.full, .full, .incremental] {
      try layers.load(kind)
      let builds = try layers.connect().run(
        """
        select count(*)
        from pg_inherits
        where inhparent in ('builds.fact_listen'::regclass, 'builds.day_song'::regclass)
        """)
      #expect(try builds.int(0, 0) == (kind == .full ? 4 : 2), "\(kind)")
    }
    try layers.expectTruth(Truth(records))
  }

  /// The product's SQL with further checks.
  private func library(_ checks: [String: String]) throws -> SQLLibrary {
    try changedSQL { directory in
      for (name, text) in checks {
        try text.write(
          toFile: "\(directory)/checks/\(name).sql", atomically: true, encoding: .utf8)
      }
    }
  }

  private func loader(_ layers: Layers, _ library: SQLLibrary) -> BatchLoader {
    BatchLoader(
      lake: layers.log.lake, library: library,
      configuration: BatchLoader.Configuration(databaseURL: layers.database.url))
  }

  /// A stable function is asked while a statement is planned, so that the test decides how long that takes.
  @Test(arguments: [Int?.none, 0])
  func aStatementThatIsPlannedWhileALoadIsPublishedSeesItsPlaysWithItsCounts(ownDays: Int?) throws {
    let (layers, _) = try halfLoaded(48, days: 1.5)
    try layers.log.archive()
    let holder = try layers.connect()
    try holder.script(
      """
      create function public.always() returns timestamptz language plpgsql stable as $$
        begin
          perform pg_advisory_lock_shared(78);
          perform pg_advisory_unlock_shared(78);
          return '-infinity';
        end
      $$;
      select pg_advisory_lock(78)
      """)
    let partitions =
      "select count(*) from pg_inherits where inhparent::regclass::text like 'parts.fact_listen_b%'"
    let before = try holder.run(partitions).int(0, 0)
    let reader = Worker("test-reader") {
      try layers.connect().run(
        """
        select
          (select count(*) from dashboard.stream_events where event_time > public.always()),
          (select sum(listens)::bigint from serving.minute_totals)
        """)
    }
    let isPlanned =
      "select count(*) from pg_locks where locktype = 'advisory' and objid = 78 and not granted"
    #expect(try eventually(within: 30) { try holder.run(isPlanned).int(0, 0) == 1 })
    let load = Worker("test-load") { try layers.loader(ownDays: ownDays).load(.incremental).run }
    #expect(try eventually(within: 60) { try holder.run(partitions).int(0, 0) > before })
    try holder.script("select pg_advisory_unlock(78)")
    let counts = try reader.wait()
    _ = try load.wait()
    #expect(try counts.int(0, 0) == counts.int(0, 1))
  }

  @Test func nobodyWaitsWhileAFullLoadIsAudited() throws {
    let (layers, records) = try halfLoaded(45)
    let slow = """
      -- severity: error
      -- This check ends when the test says so.
      select ts
      from warehouse.fact_listen
      where ts >= $1::timestamptz and ts < $2::timestamptz
        and (select pg_advisory_lock_shared(77))::text = 'never'
      """
    let barrier = try layers.connect()
    try barrier.script("select pg_advisory_lock(77)")
    let library = try library(["zz_slow": slow])
    let load = Worker("test-load") { try loader(layers, library).load(.full).run }
    let reader = try layers.connect()
    let isAudited =
      "select count(*) from pg_stat_activity where datname = current_database() "
      + "and application_name = 'polyrhythm load audit' and wait_event_type = 'Lock'"
    #expect(try eventually(within: 30) { try reader.run(isAudited).int(0, 0) > 0 })
    try reader.script(
      "set statement_timeout = '5s'; select count(*) from warehouse.fact_listen; "
        + "select count(*) from serving.minute_song; select count(*) from serving.day_user")
    #expect(!load.isFinished)
    try barrier.script("select pg_advisory_unlock(77)")
    _ = try load.wait()
    try layers.expectTruth(Truth(records))
  }

  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func aWarningIsToldAndStoredAndStopsNothing(_ kind: BatchLoader.Kind) throws {
    let (layers, records) = try halfLoaded(47)
    let library = try library([
      "no_logins": """
      -- severity: warning
      -- nobody logs in
      select ts from warehouse.fact_auth where ts >= $1::timestamptz and ts < $2::timestamptz
      """
    ])
    let summary = try loader(layers, library).load(kind)
    #expect(summary.warnings.map(\.check) == ["no_logins"])
    try layers.expectTruth(Truth(records), "\(kind)")
    let stored = try layers.connect().run(
      "select check_name, is_error, rule from warehouse.check_result where load_run_id = $1",
      [.int(summary.run)])
    #expect(stored.count == 1)
    #expect(try stored.text(0, 0) == "no_logins" && !stored.bool(0, 1))
    #expect(try stored.text(0, 2) == "nobody logs in")
  }

  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func eachRuleThatIsBrokenIsNamedAndNothingIsPublished(_ kind: BatchLoader.Kind) throws {
    let (layers, records) = try halfLoaded(46)
    try layers.catchUp()
    func rule(_ name: String, _ table: String) -> String {
      """
      -- severity: error
      -- \(name)
      select ts from \(table) where ts >= $1::timestamptz and ts < $2::timestamptz
      """
    }
    let library = try library([
      "no_listens": rule("nobody listens", "warehouse.fact_listen"),
      "no_views": rule("nobody looks", "warehouse.fact_page_view"),
    ])
    let error = #expect(throws: LoadError.self) { try loader(layers, library).load(kind) }
    #expect(error?.code == .auditFailed)
    #expect(error?.message.contains("nobody listens") == true)
    #expect(error?.message.contains("nobody looks") == true)
    let results =
      "select check_name from warehouse.check_result join warehouse.load_run using (load_run_id) "
      + "where is_error and status = 'failed' and broken_rows > 0 and cardinality(examples) > 0 order by 1"
    let stored = try layers.connect().run(results)
    #expect(try (0..<stored.count).map { try stored.text($0, 0) } == ["no_listens", "no_views"])
    try layers.expectTruth(Truth(records), "\(kind)")
    #expect(try layers.connect().stagedTables() == 0)
    try layers.load(kind)
    try layers.expectTruth(Truth(records), "\(kind)")
  }

  @Test func aReaderInRepeatableReadNeverSeesHalfOfAPublication() throws {
    let (layers, records) = try halfLoaded(44)
    try layers.catchUp()
    let truth = Truth(records).total("page_views")
    let stop = StopToken()
    let readers = (0..<2).map { _ in
      Worker("test-reader") {
        let connection = try layers.connect()
        var wrong: [Int64] = []
        var looks = 0
        while !stop.isRequested {
          let sum = try lookThenRest {
            try connection.transaction(.snapshot) { () throws(WarehouseError) in
              return try connection.run(
                "select sum(page_views)::bigint from serving.minute_totals"
              ).int(0, 0)
            }
          }
          if sum != truth { wrong.append(sum) }
          looks += 1
        }
        return (looks, wrong)
      }
    }
    for kind in [BatchLoader.Kind.full, .incremental, .full, .full] { try layers.load(kind) }
    stop.request()
    for reader in readers {
      let (looks, wrong) = try reader.wait()
      #expect(looks > 10)
      #expect(wrong.isEmpty, "\(wrong.prefix(3)), not \(truth)")
    }
  }
}
