import BatchLayer
import LayerTestKit
import TestKit
import Testing
import Warehouse

/// A load of late events is audited in the minutes that it touches, however far apart they lie.
@Suite struct LateAuditTests {
  /// Three days that are loaded, and then some of their events, hours apart, that come late.
  private func loadedButForLateOnes(_ seed: UInt64) throws -> (Layers, late: [LoggedRecord], Truth)
  {
    let records = try simulated(seed: seed, days: 3, faults: nil)
    let isLate = { (index: Int) in index % 97 == 5 && index < records.count * 3 / 4 }
    let late = records.indices.filter(isLate).map { records[$0] }
    let layers = try Layers()
    try layers.log.write(records.indices.filter { !isLate($0) }.map { records[$0] })
    try layers.load(.full)
    try layers.log.write(late)
    #expect(late.count > 10, "\(late.count) late events")
    return (layers, late, Truth(records))
  }

  private func miscount(_ layers: Layers, minuteOf ts: Int64) throws {
    let changed = try layers.connect().run(
      "update builds.minute_totals set page_views = coalesce(page_views, 0) + 1 "
        + "where minute = date_bin('1 minute', $1, 'epoch')", [.timestamp(milliseconds: ts)])
    #expect(changed.affected == 1)
  }

  @Test func lateEventsFarApartAreLoadedAndAudited() throws {
    let (layers, late, truth) = try loadedButForLateOnes(71)
    let summary = try layers.load(.incremental)
    #expect(summary.counts.late == late.count)
    #expect(summary.warnings.isEmpty, "\(summary.warnings)")
    try layers.expectTruth(truth)
    try expectLateDays(layers, late)
  }

  /// The load says of each day how many late events it brought, and from when to when.
  private func expectLateDays(_ layers: Layers, _ late: [LoggedRecord]) throws {
    let days = Dictionary(grouping: late.compactMap { $0.identity?.ts }) { $0 / dayMs }
    let rows = try layers.connect().run(
      """
      select day ->> 'events', floor(extract(epoch from (day ->> 'first')::timestamptz)),
        floor(extract(epoch from (day ->> 'last')::timestamptz))
      from (select late_days from warehouse.load_run order by load_run_id desc limit 1) as run
      cross join jsonb_array_elements(late_days) as day
      order by day ->> 'day'
      """)
    let found = (0..<rows.count).map { row in (0..<3).map { rows.textOrNull(row, $0) ?? "" } }
    let expected = days.sorted { $0.key < $1.key }.map { _, times in
      ["\(times.count)", "\((times.min() ?? 0) / 1000)", "\((times.max() ?? 0) / 1000)"]
    }
    #expect(found == expected && expected.count > 1)
  }

  @Test func aWrongCounterInATouchedMinuteStopsALoadOfLateEvents() throws {
    let (layers, late, _) = try loadedButForLateOnes(72)
    try miscount(layers, minuteOf: try #require(late[late.count / 2].identity).ts)
    let error = #expect(throws: LoadError.self) { try layers.load(.incremental) }
    #expect(error?.code == .auditFailed)
    #expect(error?.message.contains("facts_by_minute") == true, "\(error?.message ?? "")")
  }

  @Test func whatLiesBetweenTouchedMinutesIsNotLookedAt() throws {
    let (layers, late, _) = try loadedButForLateOnes(73)
    let minutes = Set(late.compactMap { $0.identity?.ts }.map { $0 / 60_000 })
    // Far from each of them, as minutes close together are one stretch.
    let between = try #require(
      (monday / 60_000..<(monday + 2 * dayMs) / 60_000).first { minute in
        minutes.contains { $0 < minute } && !minutes.contains { abs($0 - minute) < 15 }
      })
    try layers.connect().script(
      "insert into builds.minute_totals (minute, page_views) values "
        + "(to_timestamp(\(between * 60)), 1) on conflict do nothing")
    try layers.load(.incremental)
  }

  /// Of a day with many of them all are looked for in one reading, and of other days each by the index.
  @Test func whatComesAgainLateIsRecognisedWhetherManyOrFewAreOfItsDay() throws {
    let records = try simulated(seed: 74, days: 4, faults: nil)
    let layers = try Layers()
    try layers.log.write(records)
    try layers.load(.full)
    let dayOf = { (record: LoggedRecord) in record.identity.map { $0.ts / dayMs } }
    let days = Set(records.compactMap(dayOf)).sorted()
    try #require(days.count >= 3)
    let again = records.filter { dayOf($0) == days[0] }
    let few = records.filter { dayOf($0) == days[1] }.prefix(5)
    #expect(again.count > 100)
    try layers.log.write(again + few)
    let summary = try layers.load(.incremental)
    #expect(summary.counts.redelivered == again.count + few.count)
    try layers.expectTruth(Truth(records))
    // And once more, now that a load has published nothing of them.
    try layers.log.write(Array(few))
    #expect(try layers.load(.incremental).counts.redelivered == few.count)
    try layers.expectTruth(Truth(records))
  }
}
