import BatchTestKit
import EventModel
import LayerTestKit
import Metrics
import SpeedTestKit
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// What the log takes can be loaded. What lies beyond the bounds of plausibility is in quarantine.
@Suite struct ExtremeValuesTests {
  /// Draws records at and beyond every bound; the seed in `POLYRHYTHM_SEED` repeats a run.
  @Test func noExtremeOfAnyFieldStopsALayerAndEveryRecordIsAccountedFor() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var extremes = ExtremeRecords(seed: seed, from: monday)
    let records = (0..<4000).map { _ in extremes.next() }
    let layers = try Layers()
    let connection = try layers.connect()
    for start in stride(from: 0, to: records.count, by: 1000) {
      try layers.log.write(records[start..<start + 1000])
      let soFar = Truth(records[..<(start + 1000)])
      // Loads run with and without the speed layer's rows.
      if start % 2000 == 0 {
        try layers.catchUp()
        try layers.expectTruth(soFar, "speed, seed \(seed)")
      }
      // Some of the days have partitions of their own, the others share one.
      let counts = try layers.loader(ownDays: 6).load(.incremental).counts
      #expect(counts.records == 1000, "seed \(seed)")
      try layers.expectTruth(soFar, "loaded, seed \(seed)")
      let quarantined = try connection.run("select count(*) from warehouse.quarantine").int(0, 0)
      #expect(quarantined == Int64(soFar.malformed.count), "seed \(seed)")
    }
    #expect(Truth(records).events > 1500 && Truth(records).malformed.count > 200, "seed \(seed)")
    let whole = try Layers(over: layers.log)
    _ = try whole.loader(ownDays: 9).load(.full)
    try whole.expectTruth(Truth(records), "full, seed \(seed)")
    let differences = try layers.differences(from: whole)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n")), seed \(seed)")
    let findings = try Checks(library: layers.library).run(connection, from: nil, to: nil)
      .filter(\.isError)
    #expect(findings.isEmpty, "\(findings), seed \(seed)")
    #expect(try LakeCheck(lake: layers.log.lake, library: layers.library).run(connection).isEmpty)
  }

  /// Two items that were once cut to one identity, and a text that is too long for an index.
  @Test(arguments: ["page", "auth", "level", "gender"])
  func aTextLongerThanAnIndexRowIsQuarantinedWithItsReason(_ field: String) throws {
    let layers = try Layers(partitions: 1)
    var random = SeededRandom(seed: 1)
    let long = String(
      (0..<3000).map { _ in Character(Unicode.Scalar(UInt8.random(in: 97...122, using: &random))) })
    var members = ["page": "Home", "auth": "Guest", "level": "free", "gender": "F"]
    members[field] = long
    let texts = members.map { ",\"\($0)\":\"\($1)\"" }.joined()
    try layers.log.write([
      LoggedRecord(
        malformed: Array("{\"ts\":\(monday),\"sessionId\":1,\"itemInSession\":0\(texts)}".utf8),
        topic: .pageView, arrival: monday)
    ])
    #expect(try layers.load(.full).counts.quarantined == 1)
    let reason = try layers.connect().run("select reason from warehouse.quarantine").text(0, 0)
    #expect(reason.hasPrefix("field \(field): expected a text of at most 256 bytes, found 3000"))
  }

  @Test func positionsBeyond32BitsAreNotTakenForOneEvent() throws {
    let layers = try Layers(partitions: 1)
    try layers.log.write(
      [3_000_000_000, 3_000_000_001, 2_147_483_647, 2_147_483_646].map { item in
        LoggedRecord(
          malformed: Array("{\"ts\":\(monday),\"sessionId\":1,\"itemInSession\":\(item)}".utf8),
          topic: .listen, arrival: monday)
      })
    try layers.catchUp()
    let counts = try layers.load(.full).counts
    #expect(counts.listens == 2 && counts.quarantined == 2)
  }

  /// A record of each topic on each of the days, in a random order.
  private func records(onDays days: some Sequence<Int64>, item: Int64, seed: UInt64)
    -> [LoggedRecord]
  {
    var random = SeededRandom(seed: seed)
    return days.flatMap { day in
      Topic.allCases.map { topic in
        var event = Event(topic: topic)
        event.ts = day * dayMs + 1000 * item
        event.sessionId = day
        event.itemInSession = item
        event.success = true
        return "Home".utf8.withContiguousStorageIfAvailable { page in
          event.page = ByteSlice(start: page.baseAddress, count: page.count)
          return LoggedRecord(event)
        }!
      }
    }.shuffled(using: &random)
  }

  /// Wild clocks name other days every night; a server has only so many locks.
  @Test func nightAfterNightOfOtherDaysDoesNotAddPartitionsWithoutABound() throws {
    let layers = try Layers()
    var all: [LoggedRecord] = []
    for night in 0..<5 as Range<Int64> {
      let records = records(
        onDays: (0..<4).map { 11_000 + 40 * $0 + night }, item: night, seed: UInt64(night))
      all += records
      try layers.log.write(records)
      _ = try layers.loader(ownDays: 6).load(.incremental)
    }
    try layers.expectTruth(Truth(all))
    let partitions = try layers.connect().run(
      "select count(*) from pg_partition_tree('parts.fact_listen_b1') where isleaf")
    // Six days have partitions of their own, and the others share one in each of the four months.
    #expect(try partitions.int(0, 0) == 10)
  }

  @Test func moreDaysThanThereMayBePartitionsLoad() throws {
    let layers = try Layers()
    let days = Int64(10_957)..<Int64(10_957 + 36_525)
    // First every sixtieth day of a hundred years, then the days beside them and the first ones again.
    let first = records(
      onDays: stride(from: days.lowerBound, to: days.upperBound, by: 60), item: 0, seed: 1)
    let second = records(
      onDays: stride(from: days.lowerBound, to: days.upperBound, by: 700).flatMap { [$0, $0 + 1] },
      item: 1, seed: 2)
    try layers.log.write(first)
    _ = try layers.loader(ownDays: 20).load(.full)
    try layers.expectTruth(Truth(first))
    try layers.log.write(second)
    _ = try layers.loader(ownDays: 20).load(.incremental)
    try layers.expectTruth(Truth(first + second))
    // The same records come once more as redeliveries, and in another database all in one load.
    try layers.log.write(second)
    #expect(
      try layers.loader(ownDays: 0).load(.incremental).counts.redelivered == second.count)
    let whole = try Layers(over: layers.log)
    _ = try whole.loader(ownDays: 3).load(.full)
    try layers.expectSame(as: whole, "rare days")
    _ = try layers.loader(ownDays: 30).load(.full)
    try layers.expectSame(as: whole, "a full load over it")
    let partitions = try layers.connect().run(
      """
      select count(*)
      from pg_partition_tree('parts.fact_listen_b' || (select build from batch.published))
      where isleaf
      """)
    #expect(try partitions.int(0, 0) == 31)
    let findings = try Checks(library: layers.library).run(
      try layers.connect(), from: nil, to: nil)
    #expect(findings.isEmpty, "\(findings)")
    let recomputed = try LakeRecomputation(
      lake: layers.log.lake, library: layers.library,
      configuration: BatchLoader.Configuration(databaseURL: layers.database.url)
    ).run()
    #expect(recomputed.isEmpty, "\(recomputed)")
  }
}
