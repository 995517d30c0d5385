import BatchTestKit
import Foundation
import LayerTestKit
import Metrics
import SpeedTestKit
import StarSchema
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import SpeedLayer

/// Rows of flushes are folded while everything else goes on: at every instant the hours, and what is not folded, say what all
/// minutes say.
@Suite struct FoldingTests {
  /// Hours and rows that are not folded, against all minutes, of the epochs that count.
  private func expectHoursAreMinutes(_ connection: Connection, _ when: String) throws {
    for rollup in Rollup.allCases {
      let sums = AddedUp(rollup)
      let keys = rollup.keyColumns.map { ", \($0)" }.joined()
      let columns = (rollup.counters.map(\.column) + rollup.distincts.map(\.column))
        .joined(separator: ", ")
      let minutes = "layers.recent_\(rollup.name)"
      func rows(_ parts: String) throws -> ComparableRows {
        try ComparableRows(
          connection, rollup.table(.hour).name,
          query: "select hour\(keys), \(sums.columns) from (\(parts)) as parts"
            + " group by hour\(keys) having \(sums.isSomething)")
      }
      let byMinute = "select layers.hour_of(minute) as hour\(keys), \(columns) from \(minutes)"
      try connection.transaction(.repeatableRead) {
        let hours = try rows(
          "select hour\(keys), \(columns) from layers.recent_hour_\(rollup.name)"
            + " union all \(byMinute) where not is_folded")
        #expect(try hours.differences(from: rows(byMinute), connection) == [], "\(when)")
        let several = try connection.run(
          "select count(*) from (select from speed.\(rollup.table(.minute).name) where is_folded group by epoch, minute\(keys) having count(*) > 1) as s"
        )
        #expect(try several.int(0, 0) == 0, "\(rollup) \(when)")
      }
    }
  }

  /// Turns of a compactor, of which some are ended at a random moment, as when the machine dies.
  private struct Folding: ~Copyable {
    let layers: Layers
    var turns = [Compactor.Turn(), Compactor.Turn()]

    mutating func fold(_ number: Int, within seconds: Double = .infinity) throws {
      try Compactor(databaseURL: layers.database.url, library: layers.library)
        .run(&turns[number], within: seconds)
    }
  }

  @Test func atEveryStepHoursAndWhatIsNotFoldedAreAllMinutes() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    let records = try simulated(seed: seed, users: 24, days: 1.2, faults: .withLateRepeats)
    let layers = try Layers()
    let publications = Publications(
      library: layers.library,
      configuration: BatchLoader.Configuration(databaseURL: layers.database.url))
    let connection = try layers.connect()
    var folding = Folding(layers: layers)
    var written = 0
    var step = 0
    var isLoaded = false
    while written < records.count {
      step += 1
      let what = Int.random(in: 0..<9, using: &random)
      switch what {
      case 0...3:
        let end = min(
          records.count, written + Int.random(in: 1...records.count / 8, using: &random))
        try layers.log.write(records[written..<end])
        written = end
        try layers.catchUp(recordsPerFlush: Int.random(in: 50...700, using: &random))
      case 4, 5: try folding.fold(what - 4)
      case 6: try folding.fold(0, within: 0.005)
      case 7:
        try layers.load(random.chance(0.2) ? .full : .incremental)
        isLoaded = true
      default:
        if isLoaded, random.chance(0.5) {
          _ = try publications.rollBack()
          try layers.catchUp()
          isLoaded = false
        }
      }
      try expectHoursAreMinutes(connection, "seed \(seed), step \(step): \(what)")
      try layers.expectTruth(Truth(records[..<written]), "seed \(seed), step \(step): \(what)")
    }
    try folding.fold(0)
    try expectHoursAreMinutes(connection, "seed \(seed), at the end")
    for rollup in Rollup.allCases {
      let rest = try connection.run(
        "select count(*) from layers.recent_\(rollup.name) where not is_folded")
      #expect(try rest.int(0, 0) == 0, "\(rollup)")
    }
    try layers.expectTruth(Truth(records), "seed \(seed), all folded")
  }

  /// Two compactors, whose sessions are ended again and again, beside flushes, cuts, publications and a reader.
  @Test func twoCompactorsThatDieWhileLoadsPublishLoseNothing() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed, users: 60)
    let layers = try Layers()
    let stop = StopToken()
    let speed = layers.startSpeed(stop, layers.speedConfiguration(recordsPerFlush: 150))
    let reader = layers.startWatch()
    let compactors = (0..<2).map { number in
      Worker("test-fold-\(number)") {
        var turn = Compactor.Turn()
        while !stop.isRequested {
          lookThenRest {
            _ = try? Compactor(
              databaseURL: layers.database.url, library: layers.library,
              sessionName: { "\($0) \(number)" }
            ).run(&turn)
          }
        }
      }
    }
    let looking = Worker("test-hours") {
      let connection = try layers.connect()
      while !stop.isRequested {
        try lookThenRest { try expectHoursAreMinutes(connection, "meanwhile, seed \(seed)") }
      }
    }
    let writer = Worker("test-writer") {
      for start in stride(from: 0, to: records.count, by: 150) {
        try layers.log.write(records[start..<min(start + 150, records.count)])
        usleep(15_000)
      }
    }
    let connection = try layers.connect()
    var loads = 0
    var killed = 0
    while !writer.isFinished || loads < 2 || killed < 5 {
      killed += try terminate(connection, where: "application_name like '%speed compact%'")
      if loads < 4 { try layers.load(loads % 3 == 2 ? .full : .incremental) }
      loads += 1
    }
    try writer.wait()
    #expect(try layers.awaitSpeed(within: 60))
    try reader.expectContent()
    stop.request()
    try speed.wait()
    for compactor in compactors { try compactor.wait() }
    try looking.wait()
    try expectHoursAreMinutes(connection, "at the end, seed \(seed)")
    try layers.expectTruth(Truth(records), "after \(loads) loads, seed \(seed)")
  }

  /// A version before folded rows had a part of their own may still make the tables of the next epoch.
  @Test func anEpochWhoseTableHasNoPartForFoldedRowsCountsAndIsLeftAsItIs() throws {
    let records = try simulated(seed: 17, users: 12)
    let layers = try Layers()
    let connection = try layers.connect()
    for rollup in Rollup.allCases {
      let name = rollup.table(.minute).name
      for epoch in [1, 2] {
        try connection.script(
          """
          drop table parts.speed_\(name)_e\(epoch);
          create table parts.speed_\(name)_e\(epoch) partition of speed.\(name) (epoch default \(epoch)) for values in (\(epoch))
          """)
      }
    }
    try layers.log.write(records)
    try layers.catchUp()
    var folding = Folding(layers: layers)
    try folding.fold(0)
    try layers.expectTruth(Truth(records), "counted")
    try expectHoursAreMinutes(connection, "counted")
    for _ in 0..<3 { try layers.load(.incremental) }
    try layers.expectTruth(Truth(records), "loaded")
  }
}
