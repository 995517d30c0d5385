import EventModel
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import Synchronization
import TestKit
import Testing
import Warehouse

@testable import EventLog

/// Several workers over one log.
@Suite struct SharingTests {
  private func shares(_ connection: Connection) throws -> [Int64] {
    let rows = try connection.run(
      "select count(*) from speed.assignment group by worker_id order by worker_id")
    return try (0..<rows.count).map { try rows.int($0, 0) }
  }

  @Test func workersShareThePartitionsWhoeverComesAndGoes() throws {
    let records = try simulated(seed: 81, users: 30)
    let layers = try Layers(.directory, partitions: 4)
    let connection = try layers.connect()
    let third = records.count / 3
    try layers.log.write(records[..<third])
    let stops = [StopToken(), StopToken(), StopToken(), StopToken()]
    var workers = [layers.startSpeed(stops[0])]
    #expect(try eventually(within: 60) { try shares(connection) == [4] })
    workers.append(layers.startSpeed(stops[1]))
    #expect(try eventually(within: 60) { try shares(connection) == [2, 2] })
    workers.append(layers.startSpeed(stops[2]))
    workers.append(layers.startSpeed(stops[3]))
    #expect(try eventually(within: 60) { try shares(connection) == [1, 1, 1, 1] })
    try layers.log.write(records[third..<2 * third])
    #expect(try layers.awaitSpeed())
    try layers.expectTruth(Truth(records[..<(2 * third)]), "with four workers")
    for leaving in 0..<2 {
      stops[leaving].request()
      try workers[leaving].wait()
    }
    #expect(try eventually(within: 60) { try shares(connection) == [2, 2] })
    try layers.log.write(records[(2 * third)...])
    #expect(try layers.awaitSpeed())
    try layers.expectTruth(Truth(records), "with two workers")
    for staying in 2..<4 {
      stops[staying].request()
      try workers[staying].wait()
    }
  }

  /// The states that another worker can leave behind between a worker's look at its share and its claim.
  @Test(arguments: [
    "update speed.assignment set worker_id = (select min(worker_id) from speed.worker)",
    "delete from speed.assignment where partition in (0, 3)",
  ])
  func whatAWorkerHasBeyondItsShareIsGivenBackAndWhatNobodyHasIsTaken(_ mess: String) throws {
    let layers = try Layers(.directory, partitions: 4)
    let connection = try layers.connect()
    let stops = [StopToken(), StopToken()]
    let workers = stops.map { layers.startSpeed($0) }
    #expect(try eventually(within: 60) { try shares(connection) == [2, 2] })
    try connection.script(mess)
    #expect(try eventually(within: 60) { try shares(connection) == [2, 2] })
    for (stop, worker) in zip(stops, workers) {
      stop.request()
      try worker.wait()
    }
  }

  @Test func partitionsAndTopicsThatAppearAreFollowed() throws {
    let records = try simulated(seed: 82, users: 30)
    let layers = try Layers(.directory, partitions: 1)
    let directory = try #require(layers.log.log as? DirectoryLog)
    let half = records.count / 2
    let added = Atomic<Int>(0)
    let stop = StopToken()
    let speed = layers.startSpeed(stop) {
      if case .partitionsAdded(_, _, let count) = $0 { added.store(count, ordering: .relaxed) }
    }
    try layers.log.write(records[..<half])
    #expect(try layers.awaitSpeed())
    for topic in Topic.allCases { try directory.addPartitions(topic.name, upTo: 3) }
    #expect(eventually(within: 30) { added.load(ordering: .relaxed) == 3 })
    try layers.log.write(records[half...])
    #expect(try layers.awaitSpeed())
    stop.request()
    try speed.wait()
    let counted = try layers.connect().run(
      "select sum(page_views)::bigint from serving.minute_totals")
    #expect(try counted.int(0, 0) == Truth(records).total("page_views"))
  }

  @Test func twoWorkersThatBothBelieveToHaveThePartitionsCountEachEventOnce() throws {
    let seed = TestSeed.drawn()
    print("seed \(seed)")
    let records = try simulated(seed: seed)
    let layers = try Layers(.directory)
    let stop = StopToken()
    let workers = [layers.startSpeed(stop), layers.startSpeed(stop)]
    let reader = layers.startWatch()
    let connection = try layers.connect()
    var cuts = 0
    for start in stride(from: 0, to: records.count, by: 200) {
      try layers.log.write(records[start..<min(start + 200, records.count)])
      // The worker that has the partitions is taken for dead without knowing it, and the other worker claims them.
      if start % 600 == 0 {
        #expect(
          try eventually(within: 60) {
            try connection.run("delete from speed.worker").affected > 0
          })
        cuts += 1
      }
      usleep(20_000)
    }
    #expect(cuts > 1)
    #expect(try layers.awaitSpeed())
    try reader.expectContent()
    stop.request()
    for worker in workers { try worker.wait() }
    try layers.expectTruth(Truth(records), "seed \(seed)")
  }
}
