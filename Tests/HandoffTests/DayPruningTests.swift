import BatchTestKit
import EventModel
import Foundation
import LayerTestKit
import StarSchema
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// docs/decisions/0040: a question about a day of facts touches that day's rows, by whichever of its columns it is asked.
@Suite struct DayPruningTests {
  /// The ways to ask for a day that PostgreSQL can only tell when the statement runs.
  enum Way: CaseIterable {
    case dateKey, dimDate, dimDateOfAWeek

    func statements(_ day: CalendarDay) -> String {
      let count = "select count(*) from warehouse.fact_listen"
      switch self {
      case .dateKey:
        return """
          set plan_cache_mode = force_generic_plan;
          prepare day_asked (integer) as \(count) where date_key = $1;
          explain (analyze, format json) execute day_asked (\(day.key))
          """
      case .dimDate:
        return
          "explain (analyze, format json) \(count) join warehouse.dim_date using (date_key) where date = '\(day.text)'"
      case .dimDateOfAWeek:
        return "explain (analyze, format json) \(count) join warehouse.dim_date using (date_key) "
          + "where week_label = (select week_label from warehouse.dim_date where date = '\(day.text)')"
      }
    }
  }

  /// So many plays a day, of a session each.
  private static let plays: Int64 = 5

  private func records(_ days: some Sequence<Int64>, from first: Int64 = 0) -> [LoggedRecord] {
    days.flatMap { day in
      (first..<first + Self.plays).map { play in
        var event = Event(topic: .listen)
        event.ts = monday + day * dayMs + (play % 20) * 3_600_000
        event.sessionId = day * 100_000 + play
        return LoggedRecord(event)
      }
    }
  }

  private func day(_ number: Int64) -> CalendarDay {
    CalendarDay(milliseconds: monday + number * dayMs)
  }

  private func load(
    _ layers: Layers, _ records: [LoggedRecord], _ kind: BatchLoader.Kind, ownDays: Int = 200
  ) throws {
    try layers.log.write(records)
    try layers.log.archive()
    _ = try layers.loader(ownDays: ownDays).load(kind)
  }

  /// The tables of facts that a plan has, of those the ones that were looked at, be it by the index alone, and those of which
  /// rows were read.
  private func tables(_ layers: Layers, _ statements: String) throws -> (
    planned: Set<String>, touched: Set<String>, read: Set<String>
  ) {
    let connection = try layers.connect()
    // Tables as small as these are read as a whole, and joined so, in other plans.
    try connection.script(
      "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off"
    )
    let all = statements.components(separatedBy: ";\n")
    for statement in all.dropLast() { try connection.script(statement) }
    let text = try connection.run(all[all.count - 1]).text(0, 0)
    var (planned, touched, read) = (Set<String>(), Set<String>(), Set<String>())
    func visit(_ node: Any) {
      if let nodes = node as? [Any] { return nodes.forEach(visit) }
      guard let node = node as? [String: Any] else { return }
      if let table = node["Relation Name"] as? String, table.hasPrefix("fact_") {
        planned.insert(table)
        if let loops = node["Actual Loops"] as? Int, loops > 0 { touched.insert(table) }
        let rows = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"]
        if rows.contains(where: { node[$0] as? Int ?? 0 > 0 }) { read.insert(table) }
      }
      node.values.forEach(visit)
    }
    visit(try JSONSerialization.jsonObject(with: Data(text.utf8)))
    return (planned, touched, read)
  }

  /// The partition that has a day's facts, as they say themselves.
  private func partition(_ layers: Layers, _ number: Int64, of fact: FactTable = .listen) throws
    -> String
  {
    let rows = try layers.connect().run(
      """
      select distinct tableoid::regclass::text
      from builds.\(fact.name)
      where date_key = $1 and build = (select build from batch.published)
      """, [.int(Int64(day(number).key))])
    try #require(rows.count == 1)
    return try rows.text(0, 0).replacing("parts.", with: "")
  }

  /// - Parameter sharing: the partition that days of the month share, in which a time may be, too.
  private func expectOneDayTouched(
    _ layers: Layers, _ number: Int64, sharing: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let own = try partition(layers, number)
    for way in [Way.dateKey, .dimDate] {
      let touched = try tables(layers, way.statements(day(number))).touched
      #expect(touched == [own], "\(way)", sourceLocation: sourceLocation)
    }
    func planned(_ filter: String) throws -> Set<String> {
      try tables(
        layers,
        "explain (analyze, format json) select count(*) from warehouse.fact_listen where \(filter)"
      ).planned
    }
    let byKey = try planned("date_key = \(day(number).key)")
    #expect(byKey == [own], sourceLocation: sourceLocation)
    let byTime = try planned(
      "ts >= '\(day(number).text) 00:00Z' and ts < '\(day(number + 1).text) 00:00Z'")
    #expect(byTime == Set([own, sharing].compactMap { $0 }), sourceLocation: sourceLocation)
  }

  private func months(_ layers: Layers) throws -> [String] {
    let rows = try layers.connect().run(
      """
      select right(c.relname, 6)
      from pg_inherits
      join pg_class as c on c.oid = inhrelid
      where inhparent = ('parts.fact_listen_b' || (select build from batch.published))::regclass
        and relkind = 'p'
      order by 1
      """)
    return try (0..<rows.count).map { try rows.text($0, 0) }
  }

  /// 100 days from 2 March 2026 on.
  private func hundredDays() throws -> (Layers, [LoggedRecord]) {
    let layers = try Layers()
    let records = records(0..<100)
    try load(layers, records, .full)
    return (layers, records)
  }

  @Test func aQuestionOfADayTouchesNoOtherDay() throws {
    let (layers, _) = try hundredDays()
    for number in [0, 45, 99] as [Int64] { try expectOneDayTouched(layers, number) }
  }

  @Test func aQuestionOfAWeekTouchesItsDays() throws {
    let (layers, _) = try hundredDays()
    let touched = try tables(layers, Way.dimDateOfAWeek.statements(day(44))).touched
    #expect(try touched == Set((42..<49).map { try partition(layers, $0) }))
  }

  /// Most page views are rows of plays. Of a union PostgreSQL asks each day's index.
  @Test func aQuestionOfADaysPageViewsReadsNoOtherDay() throws {
    let layers = try Layers()
    let views = (Int64(0)..<100).flatMap { day in
      (0..<5).map { view in
        var event = Event(topic: .pageView)
        event.ts = monday + day * dayMs + Int64(view) * 3_600_000
        event.sessionId = day * 100_000 + 10_000 + Int64(view)
        return "Home".utf8.withContiguousStorageIfAvailable { page in
          event.page = ByteSlice(start: page.baseAddress, count: page.count)
          return LoggedRecord(event)
        }!
      }
    }
    try load(layers, records(0..<100) + views, .full)
    let read = try tables(
      layers,
      "explain (analyze, format json) select count(*) from warehouse.fact_page_view "
        + "join warehouse.dim_date using (date_key) where date = '\(day(45).text)'"
    ).read
    let own = try Set([FactTable.listen, .pageView].map { try partition(layers, 45, of: $0) })
    #expect(read == own)
  }

  @Test func soDoesOneOfADayThatAnIncrementalLoadHasAddedToAMonthOrWithOne() throws {
    var (layers, all) = try hundredDays()
    // 9 June is the last day so far; 1 August has no month yet.
    let more = records([100, 101, 152])
    all += more
    try load(layers, more, .incremental)
    for number in [99, 100, 101, 152] as [Int64] { try expectOneDayTouched(layers, number) }
    #expect(try months(layers) == ["202603", "202604", "202605", "202606", "202608"])
    try layers.expectTruth(Truth(all))
  }

  @Test func daysOfFewFactsShareAPartitionOfTheirMonth() throws {
    var (layers, all) = try hundredDays()
    let few = records([100, 101])
    try load(layers, few, .incremental, ownDays: 0)
    let shared = "fact_listen_b1_202606_rare"
    #expect(try partition(layers, 100) == shared)
    try expectOneDayTouched(layers, 100)
    try expectOneDayTouched(layers, 99, sharing: shared)
    // Another day of that month gets one of its own, and a day that shares gets more facts.
    let more = records([102]) + records([101], from: 50)
    try load(layers, more, .incremental)
    all += few + more
    #expect(try partition(layers, 102) != shared)
    try expectOneDayTouched(layers, 102, sharing: shared)
    try layers.expectTruth(Truth(all))
    let whole = try Layers(over: layers.log)
    _ = try whole.loader().load(.full)
    try layers.expectSame(as: whole, "one full load")
  }

  /// PostgreSQL looks through it for each day that gets one of its own, and keeps readers waiting meanwhile.
  @Test func aDayGoesToTheSharedPartitionWhereThatIsLarge() throws {
    let (layers, _) = try hundredDays()
    try load(layers, records([100]), .incremental, ownDays: 0)
    let shared = "fact_listen_b1_202606_rare"
    try layers.connect().script(
      "insert into parts.\(shared) select f.* from parts.\(shared) as f, generate_series(1, 40000)")
    try load(layers, records([102]), .incremental)
    #expect(try partition(layers, 102) == shared)
  }

  /// A table of the month could not be attached while the shared partition has rows of the month.
  @Test func aMonthOfWhichADaySharesThePartitionOfAllStandsBesideTheMonths() throws {
    var (layers, all) = try hundredDays()
    // July has no table yet, and its first day has few facts.
    let few = records([121])
    try load(layers, few, .incremental, ownDays: 0)
    #expect(try partition(layers, 121) == "fact_listen_b1_rare")
    let more = records([100, 122, 152])
    try load(layers, more, .incremental)
    all += few + more
    #expect(try months(layers) == ["202603", "202604", "202605", "202606", "202608"])
    try layers.expectTruth(Truth(all))
    // So it is in a full load with days that share a table.
    _ = try layers.loader(ownDays: 102).load(.full)
    #expect(try months(layers) == ["202603", "202604", "202605", "202606"])
    try layers.expectTruth(Truth(all))
  }

  /// As versions before had them.
  private func standDaysBesideMonths(_ layers: Layers) throws {
    try layers.connect().script(
      """
      do $$
      declare
        month record;
        day record;
      begin
        for month in
          select m.oid, m.oid::regclass as name, whole.oid::regclass as whole
          from pg_class as whole
          join pg_inherits as i on i.inhparent = whole.oid
          join pg_class as m on m.oid = i.inhrelid
          where whole.relname ~ '^fact_[a-z_]+_b[0-9]+$' and m.relkind = 'p'
        loop
          execute format('alter table %s detach partition %s', month.whole, month.name);
          for day in
            select inhrelid::regclass as name, to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') as date
            from pg_inherits
            where inhparent = month.oid
          loop
            execute format('alter table %s detach partition %s', month.name, day.name);
            execute format(
              'alter table %s attach partition %s for values from (%L) to (%L)',
              month.whole, day.name, day.date || ' 00:00Z', day.date + 1 || ' 00:00Z');
          end loop;
          execute format('drop table %s', month.name);
        end loop;
      end
      $$
      """)
  }

  @Test func aWarehouseOfDaysWithoutMonthsGoesOnLoading() throws {
    var (layers, all) = try hundredDays()
    try standDaysBesideMonths(layers)
    #expect(try months(layers).isEmpty)
    // June goes on as it is, also with a day that shares a partition, and July begins with a table.
    for (numbers, ownDays) in [([100], 200), ([101], 0), ([102, 121], 200)] as [([Int64], Int)] {
      let more = records(numbers)
      all += more
      try load(layers, more, .incremental, ownDays: ownDays)
      try layers.expectTruth(Truth(all), "\(numbers)")
    }
    #expect(try months(layers) == ["202607"])
    let findings = try Checks(library: layers.library).run(
      try layers.connect(), from: nil, to: nil)
    #expect(findings.isEmpty, "\(findings)")
    let before = try Layers(over: layers.log)
    _ = try before.loader().load(.full)
    try layers.expectSame(as: before, "a full load")
    _ = try layers.loader(ownDays: 200).load(.full)
    #expect(
      try months(layers) == ["202603", "202604", "202605", "202606", "202607"], "a full load")
    try layers.expectSame(as: before, "a full load over it")
  }

  @Test func someDaysAreMadeAnewInTheirMonths() throws {
    let (layers, all) = try hundredDays()
    try layers.connect().script(
      "delete from builds.fact_listen where date_key between 20260405 and 20260410")
    let numbers = Int32(20_548)...Int32(20_553)
    _ = try layers.loader(ownDays: 0, days: numbers).load(.full)
    try layers.expectTruth(Truth(all))
    for number in [34, 39] as [Int64] { try expectOneDayTouched(layers, number) }
  }
}
