import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// A published load can be taken back until the next one is published, and a full load can wait for its publication.
/// Readers see every event once all the while.
@Suite struct TakingBackTests {
  private func publications(_ layers: Layers) -> Publications {
    Publications(
      library: layers.library,
      configuration: BatchLoader.Configuration(databaseURL: layers.database.url))
  }

  /// A third of the records is loaded, and so is another third: `second` says how and when the speed layer worked.
  private func loadedTwice(
    _ seed: UInt64, _ second: (Layers) throws -> Void
  ) throws -> (layers: Layers, before: Layers, records: [LoggedRecord]) {
    let records = try simulated(seed: seed, users: 16, days: 1.2)
    let layers = try Layers()
    try layers.log.write(records[..<(records.count / 3)])
    try layers.load(.full)
    // What the warehouse was before the second load.
    let before = try Layers(over: layers.log)
    try before.load(.full)
    try layers.log.write(records[(records.count / 3)..<(2 * records.count / 3)])
    try second(layers)
    return (layers, before, records)
  }

  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func afterARollbackTheWarehouseIsAsBeforeAndReadersSeeAllEvents(_ kind: BatchLoader.Kind)
    throws
  {
    let (layers, before, records) = try loadedTwice(61) {
      try $0.catchUp()
      try $0.load(kind)
    }
    let counted = Truth(records[..<(2 * records.count / 3)])
    try layers.expectTruth(counted, "loaded")
    #expect(try !publications(layers).rollBack().countsAnew)
    try layers.expectTruth(counted, "taken back")
    try layers.expectSame(as: before, "taken back", isTakenBack: true)
    #expect(try layers.connect().loadStatuses() == ["published", "rolled back"])
    #expect(try layers.connect().run("select count(*) from batch.replay_point").int(0, 0) > 0)
    try layers.log.write(records[(2 * records.count / 3)...])
    try layers.catchUp()
    try layers.expectTruth(Truth(records), "counted on")
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records), "loaded again")
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try layers.expectSame(as: whole, "loaded again")
  }

  /// No speed worker has the records, so that they are missing until one has counted them: the lag says so.
  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func whatALoadCountedInPlaceOfWorkersIsCountedAnewByThem(_ kind: BatchLoader.Kind) throws {
    let (layers, before, records) = try loadedTwice(62) { try $0.load(kind) }
    try layers.log.write(records[(2 * records.count / 3)...])
    try layers.catchUp()
    try layers.expectTruth(Truth(records), "loaded, and counted on")
    #expect(try publications(layers).rollBack().countsAnew)
    try layers.expectSame(as: before, "taken back", isTakenBack: true)
    let first = Truth(records[..<(records.count / 3)])
    try layers.expectTruth(first, "taken back")
    let lag =
      "select (select sum(next_offset) from batch.progress) = (select sum(next_offset) from speed.progress)"
    #expect(try layers.connect().run(lag).bool(0, 0))
    try layers.catchUp()
    try layers.expectTruth(Truth(records), "counted anew")
    try layers.load(.incremental)
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try layers.expectSame(as: whole, "loaded again")
  }

  @Test func minutesThatALoadGaveUpComeBackWithItsRollback() throws {
    let (layers, before, records) = try loadedTwice(63) {
      try $0.catchUp()
      try $0.load(.incremental, minuteRetention: 3600)
    }
    _ = try publications(layers).rollBack()
    try layers.expectSame(as: before, "taken back", isTakenBack: true)
    try layers.expectTruth(Truth(records[..<(2 * records.count / 3)]), "taken back")
  }

  @Test func onlyTheLastLoadCanBeTakenBackAndOnlyOnce() throws {
    let layers = try Layers()
    func refusal() -> LoadError? {
      #expect(throws: LoadError.self) { try publications(layers).rollBack() }
    }
    #expect(refusal()?.code == .nothingToDo)
    let records = try simulated(seed: 64, users: 20)
    try layers.log.write(records)
    try layers.load(.full)
    #expect(try publications(layers).rollBack().run == 1)
    #expect(refusal()?.code == .nothingToDo)
    #expect(try layers.connect().run("select count(*) from warehouse.fact_listen").int(0, 0) == 0)
    try layers.load(.full)
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records))
  }

  // MARK: Builds that wait

  @Test func aBuildThatWaitsIsSeenByNobodyUntilItIsPublished() throws {
    let (layers, _, records) = try loadedTwice(65) { try $0.catchUp() }
    let counted = Truth(records[..<(2 * records.count / 3)])
    let connection = try layers.connect()
    try connection.script(
      "update batch.day_totals set listens = listens + 7; delete from batch.hour_song where shares is not null"
    )
    _ = try layers.loader(isShadow: true).load(.full)
    #expect(try connection.loadStatuses() == ["published", "shadow"])
    let found = try ShadowComparison(connection, layers.library).lines
    #expect(found.contains { $0.contains(" listens: ") && $0.contains(", would be ") }, "\(found)")
    #expect(found.contains { $0.hasPrefix("batch.hour_song: ") }, "\(found)")
    #expect(try publications(layers).publishShadow().run == 2)
    try layers.expectTruth(counted, "published")
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try layers.expectSame(as: whole, "published")
    #expect(throws: LoadError.self) { try publications(layers).publishShadow() }
    _ = try publications(layers).rollBack()
    let hours = "select sum(listens) from batch.day_totals"
    let totals = "select sum(listens) from batch.minute_totals"
    #expect(try connection.run(hours).int(0, 0) > connection.run(totals).int(0, 0))
  }

  @Test func loadsThatArePublishedWhileABuildWaitsAreMadeUpForByTheSpeedLayersRows() throws {
    let (layers, _, records) = try loadedTwice(66) { try $0.catchUp() }
    _ = try layers.loader(isShadow: true).load(.full)
    try layers.log.write(records[(2 * records.count / 3)...])
    try layers.catchUp()
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records), "loaded beside it")
    _ = try publications(layers).publishShadow()
    try layers.expectTruth(Truth(records), "published")
    try layers.load(.incremental)
    try layers.expectTruth(Truth(records), "loaded after it")
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try layers.expectSame(as: whole, "loaded after it")
  }

  @Test func aBuildThatLacksWhatALaterLoadCountedInPlaceOfWorkersIsRefused() throws {
    let (layers, _, records) = try loadedTwice(67) { try $0.catchUp() }
    _ = try layers.loader(isShadow: true).load(.full)
    try layers.log.write(records[(2 * records.count / 3)...])
    try layers.load(.incremental)
    let error = #expect(throws: LoadError.self) { try publications(layers).publishShadow() }
    #expect(error?.code == .overtaken)
    try layers.expectTruth(Truth(records), "refused")
  }

  @Test func aShadowOfWhatIsPublishedChangesNothing() throws {
    let (layers, _, _) = try loadedTwice(68) {
      try $0.catchUp()
      try $0.load(.incremental)
    }
    _ = try layers.loader(isShadow: true).load(.full)
    let found = try ShadowComparison(layers.connect(), layers.library).lines
    #expect(found == ["no table and no measure of any day would change"])
  }

  // MARK: Some days anew

  @Test(arguments: [nil, 3600.0])
  func daysThatAreMadeAnewAreThoseOfTheLakeAndNothingElseChanges(_ retention: Double?) throws {
    let records = try simulated(seed: 75, users: 12, days: 3.4)
    let layers = try Layers()
    try layers.log.write(records)
    try layers.load(.full, minuteRetention: retention)
    let whole = try Layers(over: layers.log)
    try whole.load(.full, minuteRetention: retention)
    let connection = try layers.connect()
    // Wrong on the second and third day, and on the first.
    try connection.script(
      """
      delete from builds.fact_listen where date_key = 20260303 and outcome = 'skipped';
      update builds.fact_page_view set level = 'gold' where date_key = 20260304;
      update builds.hour_song set listens = coalesce(listens, 0) + 1
      where hour >= '2026-03-03 00:00Z' and hour < '2026-03-05 00:00Z';
      delete from builds.day_user where day = '2026-03-03' and listens is null;
      update builds.day_user set skipped = 77 where day = '2026-03-03';
      update builds.minute_totals set listens = listens + 7
      where minute >= '2026-03-04 00:00Z' and minute < '2026-03-05 00:00Z';
      update builds.day_totals set listens = 12345 where day = '2026-03-02'
      """)
    let damaged = try layers.differences(from: whole)
    let loader = layers.loader(minuteRetention: retention, days: 20_515...20_516)
    _ = try loader.load(.full)
    #expect(try connection.loadStatuses() == ["published", "published"])
    let left = try layers.differences(from: whole)
    #expect(left.count == 1 && left.allSatisfy { $0.contains("listens 12345 or ") }, "\(left)")
    _ = try publications(layers).rollBack()
    #expect(try layers.differences(from: whole) == damaged)
    try connection.script("update builds.day_totals set listens = 0 where day = '2026-03-02'")
    _ = try layers.loader(minuteRetention: retention, days: 20_514...20_520).load(.full)
    try layers.expectSame(as: whole, "all days anew")
    try layers.load(.incremental, minuteRetention: retention)
    try layers.expectTruth(Truth(records))
  }

  @Test func daysThatAreMadeAnewAreCountedAsAFullLoadCountsAndLookedAt() throws {
    let records = try simulated(seed: 77, users: 90, days: 3.4, faults: .withLateRepeats)
    let layers = try Layers()
    try layers.log.write(records)
    let full = try layers.load(.full).counts
    let connection = try layers.connect()
    let looked = """
      select count(*) from pg_stat_all_tables as t
      join warehouse.load_run as r on t.last_analyze > r.started_at
      where r.kind = 'days' and t.relname like 'fact\\_listen%20260304%'
      """
    let days = try layers.loader(days: 20_516...20_516).load(.full)
    #expect(days.counts.listens == full.listens && days.counts.auths == full.auths)
    #expect(days.counts.pageViews == full.pageViews && days.counts.late == full.late)
    #expect(days.counts.redelivered == full.redelivered && full.redelivered > 50)
    #expect(days.counts.quarantined == full.quarantined)
    #expect(days.seconds.contains { $0.phase == "analyze" })
    let plan = try publications(layers).rollbackPlan()
    #expect(plan.contains("it would touch facts and rollups from 2026-03-04 to 2026-03-04"))
    #expect(try eventually(within: 60) { try connection.run(looked).int(0, 0) > 0 })
  }

  @Test func whatWouldBeTakenBackOrPublishedIsSaidAndRefusedAsTheRealThingIs() throws {
    let layers = try Layers()
    let plans = publications(layers)
    func refused(_ body: () throws -> Void) {
      let error = #expect(throws: LoadError.self) { try body() }
      #expect(error?.code == .nothingToDo)
    }
    refused { _ = try plans.rollbackPlan() }
    refused { _ = try plans.publicationPlan() }
    // Days of nothing cannot be made anew, and no plan promises it.
    refused { _ = try layers.loader(days: 20_516...20_516).plan(.full) }
    let records = try simulated(seed: 78, users: 12)
    try layers.log.write(records[..<(records.count / 2)])
    try layers.load(.full)
    let first = try plans.rollbackPlan()
    #expect(first[0].hasPrefix("load rollback would take back load 1 (full): "), "\(first)")
    #expect(first[1].contains("nothing was published before it"), "\(first)")
    try layers.log.write(records[(records.count / 2)...])
    try layers.catchUp()
    try layers.load(.incremental)
    let second = try plans.rollbackPlan()
    #expect(second.contains("readers would see what load 1 had published"), "\(second)")
    #expect(second.contains { $0.contains("facts and rollups from 2026-03-02 to ") }, "\(second)")
    #expect(second.contains { $0.contains("rows of that stretch of the log would count again") })
    _ = try layers.loader(isShadow: true).load(.full)
    #expect(
      try plans.publicationPlan() == [
        "load publish would put the build of load 3 in the place of what load 2 published",
        "no table and no measure of any day would change",
      ])
    #expect(try layers.connect().loadStatuses() == ["published", "published", "shadow"])
    try layers.expectTruth(Truth(records))
  }

  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func aPlanSaysWhatALoadWouldReadAndChangesNothing(_ kind: BatchLoader.Kind) throws {
    let records = try simulated(seed: 76, users: 20)
    let layers = try Layers()
    try layers.log.write(records)
    let connection = try layers.connect()
    let state =
      "select concat((select epoch from speed.current_epoch), (select count(*) from speed.progress), "
      + "(select count(*) from warehouse.load_run), (select count(*) from speed.reservation))"
    let before = try connection.run(state).text(0, 0)
    let lines = try layers.loader().plan(kind).lines
    #expect(try connection.run(state).text(0, 0) == before)
    #expect(lines[0].contains(" \(records.count.grouped) records "), "\(lines)")
    #expect(lines.contains { $0.contains("in their place") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("event time: about 2026-03-02T") }, "\(lines)")
    try layers.load(.full)
    try layers.log.write([records[0]])
    let days = try layers.loader(days: 20_514...20_514).plan(.full).lines
    #expect(days[0].contains(" \(records.count.grouped) records "), "\(days)")
    #expect(days[0].hasSuffix("up to what is published"), "\(days)")
    let sources = days.filter { $0.hasPrefix("  ") }
    #expect(sources.count > 3 && sources == sources.sorted(), "\(days)")
    #expect(!days.contains { $0.contains("in their place") }, "\(days)")
    let plays = try connection.run(
      "select count(*) from warehouse.fact_listen where date_key = 20260302"
    ).int(0, 0)
    #expect(
      days.last?.hasPrefix(
        "it would put the days from 2026-03-02 to 2026-03-02 in the place of those of build 1, published by load 1, "
          + "which have \(plays.grouped) rows of fact_listen, ") == true, "\(days)")
    let next = try layers.loader().plan(.incremental).lines
    #expect(next[0].contains(" 1 records "), "\(next)")
    #expect(next.contains("it would add to build 1, published by load 1"), "\(next)")
  }

  // MARK: Any order

  @Test(arguments: UInt64(1)...2)
  func afterAnyLoadsRollbacksAndPublicationsEveryEventCountsOnce(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let retention = seed % 2 == 0 ? 7200.0 : nil
    let records = try simulated(seed: seed + 70, users: 16, days: 1.5)
    let layers = try Layers()
    var written = 0
    var history: [String] = []
    while written < records.count {
      let next = min(records.count, written + 1 + random.below(records.count / 5))
      try layers.log.write(records[written..<next])
      written = next
      for _ in 0..<random.below(4) {
        let action = random.below(6)
        history.append("\(written): \(action)")
        switch action {
        case 0: try layers.catchUp()
        case 1: try layers.load(.full, minuteRetention: retention)
        case 2: try layers.load(.incremental, minuteRetention: retention)
        case 3: _ = try? publications(layers).rollBack()
        case 4:
          try layers.log.archive()
          _ = try layers.loader(minuteRetention: retention, isShadow: true).load(.full)
        default: _ = try? publications(layers).publishShadow()
        }
      }
      try layers.catchUp()
      try layers.expectTruth(
        Truth(records[..<written]), "seed \(seed): \(history.joined(separator: ", "))")
    }
    try layers.load(.incremental, minuteRetention: retention)
    let whole = try Layers(over: layers.log)
    try whole.load(.full, minuteRetention: retention)
    try layers.expectSame(as: whole, "seed \(seed): \(history.joined(separator: ", "))")
  }
}
