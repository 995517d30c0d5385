import Metrics
import TestKit
import Testing
import Warehouse

@testable import BatchLayer

/// I8: what the log takes, loads. What lies beyond the bounds of plausibility is in quarantine.
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
      // With the speed layer's rows, and without.
      if start % 2000 == 0 {
        try layers.catchUp()
        try layers.expectTruth(soFar, "speed, seed \(seed)")
      }
      let counts = try layers.load(.incremental).counts
      #expect(counts.records == 1000, "seed \(seed)")
      try layers.expectTruth(soFar, "loaded, seed \(seed)")
      let quarantined = try connection.run("select count(*) from warehouse.quarantine").int(0, 0)
      #expect(quarantined == Int64(soFar.malformed.count), "seed \(seed)")
    }
    #expect(Truth(records).events > 1500 && Truth(records).malformed.count > 200, "seed \(seed)")
    let whole = try Layers(over: layers.log)
    try whole.load(.full)
    try whole.expectTruth(Truth(records), "full, seed \(seed)")
    // What a place's lon and lat are is whatever came first; everything else is the same.
    let differences = try layers.differences(from: whole).filter { !$0.hasPrefix("dim_location ") }
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n")), seed \(seed)")
    let findings = try Checks(library: layers.library).run(connection, from: nil, to: nil)
      .filter(\.isError)
    #expect(findings.isEmpty, "\(findings), seed \(seed)")
    #expect(try LakeCheck(lake: layers.log.lake, library: layers.library).run(connection).isEmpty)
  }

  /// The two that used to be cut to one identity, and a text that no index takes.
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
}
