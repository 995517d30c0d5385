import BatchTestKit
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import SpeedLayer

/// The same log gives the same rows, whoever reads it and in how many pieces.
@Suite struct EquivalenceTests {
  @Test(arguments: TestLog.Kind.allCases)
  func anySequenceOfIncrementalLoadsGivesTheRowsOfAFullLoad(_ kind: TestLog.Kind) throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed, days: 2, faults: .withLateRepeats)
    let pieces = try Layers(kind)
    var start = 0
    var loads = 0
    while start < records.count {
      let end = min(records.count, start + Int.random(in: 1...records.count / 3, using: &random))
      try pieces.log.write(records[start..<end])
      // The load ends at the speed layer's cut, or at the lake's own end.
      if random.chance(0.5) { try pieces.catchUp() }
      try pieces.load(.incremental)
      loads += 1
      start = end
    }
    let whole = try Layers(over: pieces.log)
    try whole.load(.full)
    try pieces.expectSame(as: whole, "seed \(seed), \(loads) loads")
    // A full load after incremental loads changes nothing either.
    try pieces.load(.full)
    try pieces.expectSame(as: whole, "seed \(seed), a full load at the end")
    let again = try Layers(over: pieces.log)
    try again.load(.full)
    try again.expectSame(as: whole, "the same load twice, seed \(seed)")
    try whole.expectTruth(Truth(records), "seed \(seed)")
  }

  @Test func loadsAtCutsOfARunningSpeedLayerGiveTheRowsOfAFullLoad() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, faults: .withLateRepeats)
    let pieces = try Layers(.directory)
    let stop = StopToken()
    let speed = pieces.startSpeed(stop)
    for start in stride(from: 0, to: records.count, by: 900) {
      try pieces.log.write(records[start..<min(start + 900, records.count)])
      try pieces.load(.incremental)
    }
    stop.request()
    try speed.wait()
    try pieces.load(.incremental)
    let whole = try Layers(over: pieces.log)
    try whole.load(.full)
    try pieces.expectSame(as: whole, "seed \(seed)")
  }

  @Test(arguments: TestLog.Kind.allCases)
  func bothLayersMakeTheSameRollupRows(_ kind: TestLog.Kind) throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed)
    let layers = try Layers(kind)
    try layers.log.write(records)
    // The speed worker is started several times, and rebuilds its state each time.
    let stop = StopToken()
    let speed = layers.startSpeed(stop)
    let connection = try layers.connect()
    for _ in 0..<3 {
      usleep(60_000)
      _ = try terminate(connection, where: "application_name = 'polyrhythm speed flush'")
    }
    #expect(try layers.awaitSpeed())
    stop.request()
    try speed.wait()
    // The speed layer has a database of its own here, because a load removes the epoch's rows.
    let other = try Layers(over: layers.log)
    try other.load(.full)
    let found = try layers.speedDifferences(fromBatchOf: other)
    #expect(found.isEmpty, "\(found), seed \(seed)")
  }
}
