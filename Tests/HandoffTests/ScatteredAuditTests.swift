import BatchLayer
import EventModel
import LayerTestKit
import TestKit
import Testing
import Warehouse

/// A load of late events of many days is audited by what it changes, and some of the days, at each load others, as a whole.
@Suite struct ScatteredAuditTests {
  /// Twenty days that are loaded but for some plays of the first of them, which come late.
  private struct Late {
    let layers: Layers
    let truth: Truth
    let plays: [LoggedRecord]
    /// The days of the late plays, days since 1970.
    let days: [Int64]

    init(_ seed: UInt64) throws {
      let records = try simulated(seed: seed, users: 12, days: 20, faults: nil)
      let end = monday + 15 * dayMs
      let isLate = { (record: LoggedRecord) in
        guard let event = record.identity, event.topic == .listen else { return false }
        return event.ts < end && event.session % 7 == 3
      }
      plays = records.filter(isLate)
      layers = try Layers()
      truth = Truth(records)
      days = Set(plays.compactMap(\.identity).map { $0.ts / dayMs }).sorted()
      try #require(days.count > 8, "\(days.count) days, which are all audited as a whole")
      try layers.log.write(records.filter { !isLate($0) })
      try layers.load(.full)
      try layers.log.write(plays)
    }

    /// A day of late plays that the next load, the second, audits as a whole, and one that it does not: of more than eight days it
    /// takes each so-many-eth, and plays that it closes make a day more at the end.
    func day(isWhole: Bool) throws -> Int64 {
      let steps = Set([days.count, days.count + 1].map { ($0 + 7) / 8 })
      return try #require(
        days.indices.first { index in steps.allSatisfy { (index % $0 == 2 % $0) == isWhole } }
          .map { days[$0] })
    }

    func play(of day: Int64) throws -> LoggedRecord.Identity {
      try #require(plays.compactMap(\.identity).first { $0.ts / dayMs == day })
    }

    /// Has each row that is written to a table of the build from now on changed first.
    func falsify(_ table: String, _ change: String, when condition: String) throws {
      try layers.connect().script(
        """
        create function public.falsify() returns trigger language plpgsql as
        'begin \(change); return new; end';
        create trigger falsify before insert or update on parts.\(table)_b1
        for each row when (\(condition)) execute function public.falsify()
        """)
    }

    func expectStopped(by check: String) {
      let error = #expect(throws: LoadError.self) { try layers.load(.incremental) }
      #expect(error?.code == .auditFailed)
      #expect(error?.message.contains(check) == true, "\(error?.message ?? "")")
    }
  }

  private func date(_ day: Int64) -> String { "(date '1970-01-01' + \(day))" }

  @Test func whatIsSoundIsPublished() throws {
    let late = try Late(81)
    let summary = try late.layers.load(.incremental)
    #expect(summary.counts.late == late.plays.count)
    #expect(summary.warnings.isEmpty, "\(summary.warnings)")
    try late.layers.expectTruth(late.truth)
    #expect(try late.layers.load(.incremental).counts.redelivered == 0)
    try late.layers.log.write(late.plays)
    #expect(try late.layers.load(.incremental).counts.redelivered == late.plays.count)
    try late.layers.expectTruth(late.truth)
  }

  @Test(arguments: ["song", "user", "location", "device", "audience"], [true, false])
  func aDayOfWhichARollupGetsTooMuchStopsTheLoad(_ rollup: String, isWhole: Bool) throws {
    let late = try Late(82)
    let day = try late.day(isWhole: isWhole)
    try late.falsify(
      "day_\(rollup)", "new.listens := coalesce(new.listens, 0) + 1",
      when: "new.day = \(date(day))")
    late.expectStopped(by: "rollups_agree")
  }

  @Test func whatTheLoadDoesNotTouchIsLookedAtOnWholeDays() throws {
    for isWhole in [true, false] {
      let late = try Late(83)
      let day = try late.day(isWhole: isWhole)
      let changed = try late.layers.connect().run(
        """
        update builds.day_song as d set listens = listens + 1
        where day = \(date(day)) and song_key = (
          select song_key from builds.day_song where day = d.day and listens > 0 order by song_key limit 1)
        """)
      #expect(changed.affected == 1)
      if isWhole {
        late.expectStopped(by: "rollups_agree")
      } else {
        try late.layers.load(.incremental)
      }
      // Whoever asks is told of both.
      let found = try Checks(library: SQLLibrary()).run(
        late.layers.connect(), from: nil, to: nil, only: ["rollups_agree"])
      #expect(found.map(\.rows) == [1])
    }
  }

  /// Of facts that the load does not touch it is told by what it changes of their counters.
  @Test(arguments: ["logins", "errors", "page_views"], [true, false])
  func aMinuteThatGetsWhatTheLoadHasNotStopsIt(_ counter: String, isWhole: Bool) throws {
    let late = try Late(84)
    let play = try late.play(of: late.day(isWhole: isWhole))
    try late.falsify(
      "minute_totals", "new.\(counter) := coalesce(new.\(counter), 0) + 1",
      when: "date_bin('1 minute', new.minute, 'epoch') = to_timestamp(\(play.ts / 60_000 * 60))")
    late.expectStopped(by: "facts_by_minute")
  }

  /// Of facts that it touches the whole minute is looked at on each day, as before it.
  @Test(arguments: [true, false])
  func aTouchedMinuteWithAnotherNumberOfPlaysStopsTheLoad(isWhole: Bool) throws {
    let late = try Late(85)
    let play = try late.play(of: late.day(isWhole: isWhole))
    let changed = try late.layers.connect().run(
      """
      insert into parts.minute_totals_b1 as t (minute, listens, build, load_run_id)
      values (to_timestamp(\(play.ts / 60_000 * 60)), 1, 1, 1)
      on conflict (minute) do update set listens = coalesce(t.listens, 0) + 1
      """)
    #expect(changed.affected == 1)
    late.expectStopped(by: "facts_by_minute")
  }
}
