import BatchTestKit
import LayerTestKit
import Metrics
import SpeedTestKit
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// Rollups give up their minutes after a while, and no answer changes.
@Suite struct RungTests {
  private static let hours = 7.0
  private static let kept = hours * 3600

  /// The rows of a rollup by the minute, both layers, those of the facts included.
  private func minutes(_ rollup: Rollup, _ connection: Connection) throws -> ComparableRows {
    let table = rollup.table(.minute)
    let keys = table.keyColumns.joined(separator: ", ")
    let sums = AddedUp(rollup)
    let columns =
      (table.keyColumns + rollup.counters.map(\.column) + rollup.distincts.map(\.column))
      .joined(separator: ", ")
    let past =
      rollup.keepsAllMinutes
      ? "" : " union all select \(columns) from layers.past_\(table.name)"
    return try ComparableRows(
      connection, table.name,
      query: "select \(keys), \(sums.columns) "
        + "from (select \(columns) from layers.\(table.name)\(past)) as both_layers group by \(keys) "
        + "having \(sums.isSomething)")
  }

  private func served(_ table: RollupTable, _ connection: Connection) throws -> ComparableRows {
    let columns =
      table.keyColumns + table.rollup.counters.map(\.column) + table.rollup.distincts.map(\.column)
    return try ComparableRows(
      connection, table.name,
      query: "select \(columns.joined(separator: ", ")) from serving.\(table.name) "
        + "where (\(table.rollup.counters.map(\.column).joined(separator: ", "))) is distinct from "
        + "(\(table.rollup.counters.map { _ in "0" }.joined(separator: ", ")))")
  }

  private func expectSameAnswers(_ mine: Layers, _ whole: Layers, _ when: String) throws {
    let (a, b) = (try mine.connect(), try whole.connect())
    for rollup in Rollup.allCases {
      #expect(try minutes(rollup, a).differences(from: minutes(rollup, b), a) == [], "\(when)")
      for rung in [Rung.hour, .day] {
        let table = rollup.table(rung)
        #expect(try served(table, a).differences(from: served(table, b), a) == [], "\(when)")
      }
    }
  }

  @Test func whateverIsGivenUpNoAnswerChanges() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed, days: 2, faults: .withLateRepeats)
    let layers = try Layers()
    var start = 0
    while start < records.count {
      let end = min(records.count, start + Int.random(in: 1...records.count / 3, using: &random))
      try layers.log.write(records[start..<end])
      start = end
      if random.chance(0.7) { try layers.catchUp() }
      try layers.load(random.chance(0.2) ? .full : .incremental, minuteRetention: Self.kept)
      if random.chance(0.5), start < records.count {
        // Rows of the speed layer beside those of the load, some of them late.
        let end = min(records.count, start + 500)
        try layers.log.write(records[start..<end])
        start = end
      }
      try layers.catchUp()
      let whole = try Layers(over: layers.log)
      try whole.load(.full)
      try expectSameAnswers(layers, whole, "seed \(seed) at \(start)")
    }
    try layers.load(.incremental, minuteRetention: Self.kept)
    let full = try Layers(over: layers.log)
    try full.load(.full, minuteRetention: Self.kept)
    try layers.expectSame(as: full, "seed \(seed)")
    let connection = try layers.connect()
    let bounds = try connection.run(
      """
      select count(*) filter (where minute < minutes_from), count(*) filter (where minute >= minutes_from),
        extract(epoch from max(minute) - min(minutes_from))::bigint
      from batch.minute_user, batch.published
      """)
    #expect(try bounds.int(0, 0) == 0)
    #expect(try bounds.int(0, 1) > 0)
    #expect(try abs(Double(bounds.int(0, 2)) / 3600 - Self.hours) < 2.5)
    #expect(
      try Checks(library: layers.library).run(connection, from: nil, to: nil).map(\.check) == [])
  }

  /// The last records of the log say that it is 2031, and are no crowd: the load's guess of what is old is years too late.
  @Test(arguments: [BatchLoader.Kind.full, .incremental])
  func whereTheGuessIsTooLateMinutesAreRightAllTheSame(_ kind: BatchLoader.Kind) throws {
    let records = try simulated(seed: 5, faults: nil)
    let layers = try Layers()
    let half = records.count / 2
    try layers.log.write(records[..<half])
    try layers.load(kind, minuteRetention: Self.kept)
    try layers.log.write(records[half...])
    // The guess is made from the last records of a partition. The first of them are wild, though too few for the
    // crowd of all records before.
    let view = try #require(records.last { $0.topic == .pageView })
    let now = view.identity?.ts ?? 0
    try layers.log.write(
      (0..<20).map { Self.moved(view, to: 1_924_992_000_000 + Int64($0) * 1000) })
    try layers.log.write((1...230).map { Self.moved(view, to: now + Int64($0) * 10) })
    try layers.load(kind, minuteRetention: Self.kept)
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try expectSameAnswers(layers, whole, "\(kind)")
    let kept = try layers.connect().run(
      "select count(*) from batch.minute_user where minute < '2030-01-01'")
    #expect(try kept.int(0, 0) > 100)
  }

  /// The same event at another time.
  private static func moved(_ record: LoggedRecord, to ts: Int64) -> LoggedRecord {
    var moved = record
    let text = String(decoding: record.payload, as: UTF8.self)
    moved.payload = Array(text.replacing("\(record.identity?.ts ?? 0)", with: "\(ts)").utf8)
    moved.identity?.ts = ts
    return moved
  }

  @Test func aLoadOfADayWhoseMinutesAreGivenUpAlreadyWaitsForNoReader() throws {
    let records = try simulated(seed: 7, days: 2, faults: nil)
    let layers = try Layers()
    let second = try #require(records.firstIndex { $0.arrival >= monday + dayMs })
    try layers.log.write(records[..<second])
    try layers.load(.full, minuteRetention: 3600)
    try layers.log.write(records[second...])
    try layers.catchUp()
    let reader = try layers.connect()
    try reader.script("begin; select count(*) from layers.past_minute_song")
    _ = try layers.loader(publishPauses: [], minuteRetention: 3600).load(.incremental)
    try reader.script("commit")
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try expectSameAnswers(layers, whole, "after the reader")
  }

  @Test func aWarehouseOfFactsWithoutCreditsKeepsItsMinutesUntilAFullLoad() throws {
    let records = try simulated(seed: 6, faults: nil)
    let layers = try Layers()
    try layers.log.write(records[..<(records.count / 2)])
    try layers.load(.full)
    let connection = try layers.connect()
    try connection.script("update batch.published set facts_know_credits = false")
    try layers.log.write(records[(records.count / 2)...])
    try layers.load(.incremental, minuteRetention: Self.kept)
    let bound = "select isfinite(minutes_from), facts_know_credits from batch.published"
    #expect(try !connection.run(bound).bool(0, 0) && !connection.run(bound).bool(0, 1))
    try layers.load(.full, minuteRetention: Self.kept)
    #expect(try connection.run(bound).bool(0, 0) && connection.run(bound).bool(0, 1))
  }
}
