import BatchTestKit
import EventLog
import EventModel
import Foundation
import LayerTestKit
import SpeedTestKit
import Support
import TestKit
import Testing
import Warehouse

@testable import BatchLayer
@testable import SpeedLayer

/// What a load takes over from the speed workers: reserved by the cut, moved by the publication, and by
/// nothing else.
@Suite struct ReservationTests {
  /// The state that `kill -9` of a load leaves: its cut is committed, its session is gone, and nobody has cleaned up.
  private func dieAfterTheCut(_ layers: Layers) throws {
    let connection = try layers.connect()
    _ = try connection.run(layers.library.sql("batch/lock_loads"))
    let run = try connection.run(
      layers.library.sql("batch/begin_run"), [.text("full"), .text("a test"), .double(10), .null]
    ).int(0, 0)
    let cut = try CutMaker(
      connection: connection, library: layers.library, lake: layers.log.lake, run: run,
      toleratesLoss: true, farBehind: BatchLoader.Configuration(databaseURL: "").farBehind,
      reserves: true,
      stop: StopToken()
    ).make()
    #expect(cut.reserved > 0)
  }

  @Test(arguments: TestLog.Kind.allCases)
  func aLoadThatDiesAfterItsCutHidesNothing(_ kind: TestLog.Kind) throws {
    let records = try simulated(seed: 61, users: 20)
    let layers = try Layers(kind)
    try layers.log.write(records)
    try layers.log.archive()
    try dieAfterTheCut(layers)
    try layers.expectTruth(Truth(), "nothing is counted yet")
    try layers.catchUp()
    try layers.expectTruth(Truth(records), "after the worker, before any other load")
    try layers.load(.full)
    try layers.expectTruth(Truth(records), "after the next load")
  }

  @Test func aCutMovesNothing() throws {
    let records = try simulated(seed: 62, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    try dieAfterTheCut(layers)
    let committed = try layers.connect().run(
      "select coalesce(sum(next_offset), 0)::bigint from speed.progress")
    #expect(try committed.int(0, 0) == 0)
  }

  @Test func whileALoadLivesNobodyElseCountsWhatItReserved() throws {
    let records = try simulated(seed: 63, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    let connection = try layers.connect()
    let waiting = BoundedQueue<Int64>(limit: 1000)
    let stop = StopToken()
    // The load stands still until the worker has met its reservation.
    let loaded = Worker("test-load") { [layers] in
      let hasSeen = StopToken()
      var configuration = BatchLoader.Configuration(databaseURL: layers.database.url)
      configuration.rollupRows = 3000
      let loader = BatchLoader(
        lake: layers.log.lake, library: layers.library, configuration: configuration,
        progress: { _, _ in
          guard !hasSeen.isRequested else { return }
          _ = waiting.take()
          hasSeen.request()
        })
      return try loader.load(.full).run
    }
    #expect(
      try eventually(within: 60) {
        try connection.run("select count(*) from speed.live_reservation").int(0, 0) > 0
      })
    let speed = layers.startSpeed(stop) {
      if case .waiting(_, let load) = $0 { _ = waiting.put(load) }
    }
    let run = try loaded.wait()
    #expect(try connection.run("select count(*) from speed.reservation").int(0, 0) == 0)
    #expect(try layers.awaitSpeed())
    try layers.expectTruth(Truth(records), "load \(run) counted all, the worker nothing")
    stop.request()
    try speed.wait()
    try layers.expectTruth(Truth(records), "after the worker")
  }

  @Test func aLoadThatWasTakenForDeadPublishesNothing() throws {
    let records = try simulated(seed: 64, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    let hasBeenOvertaken = StopToken()
    var configuration = BatchLoader.Configuration(databaseURL: layers.database.url)
    configuration.rollupRows = 3000
    let loader = BatchLoader(
      lake: layers.log.lake, library: layers.library, configuration: configuration,
      progress: { [layers] _, _ in
        guard !hasBeenOvertaken.isRequested else { return }
        hasBeenOvertaken.request()
        // Others see that the load's lease is over, so the worker goes on where it was.
        _ = try? layers.connect().run("delete from speed.reservation")
        try? layers.catchUp()
      })
    let error = #expect(throws: LoadError.self) { try loader.load(.full) }
    #expect(error?.code == .overtaken)
    try layers.expectTruth(Truth(records), "what the worker counted")
    try layers.load(.full)
    try layers.expectTruth(Truth(records), "after the next load")
  }

  /// A load that froze wakes up after others have loaded the epochs that it had closed.
  @Test func aLoadOfAnEpochThatAnotherOneHasPublishedPublishesNothing() throws {
    let records = try simulated(seed: 68, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    try layers.catchUp()
    let loader = layers.loader { [layers] _, _ in
      _ = try? layers.connect().run("update batch.published set loaded_epoch = 1")
    }
    let error = #expect(throws: LoadError.self) { try loader.load(.incremental) }
    #expect(error?.code == .overtaken)
    let connection = try layers.connect()
    #expect(try connection.loadStatuses() == ["failed"])
    #expect(try connection.run("select count(*) from warehouse.fact_page_view").int(0, 0) == 0)
  }

  /// The offsets were changed by hand, so that a load that went on would count records twice.
  @Test func aCutBeforeWhatWasPublishedIsRefused() throws {
    let records = try simulated(seed: 69, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    try layers.load(.full)
    let connection = try layers.connect()
    try connection.script("update batch.progress set next_offset = next_offset + 1")
    let error = #expect(throws: WarehouseError.self) { try layers.load(.incremental) }
    #expect(error?.code == .decoding)
    #expect(error?.message.contains("load full") == true)
    try layers.load(.full)
    try layers.expectTruth(Truth(records), "after the full load")
  }

  @Test func aLoadThatFailsGivesItsReservationBack() throws {
    let records = try simulated(seed: 65, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    let stop = StopToken()
    let loader = BatchLoader(
      lake: layers.log.lake, library: layers.library,
      configuration: .init(databaseURL: layers.database.url),
      progress: { _, _ in stop.request() })
    #expect(throws: LoadError.self) { try loader.load(.full, stop: stop) }
    let connection = try layers.connect()
    #expect(try connection.run("select count(*) from speed.reservation").int(0, 0) == 0)
    try layers.catchUp()
    try layers.expectTruth(Truth(records), "after the worker")
  }

  @Test func aLoadTakesTheLockFromOneThatFroze() throws {
    let records = try simulated(seed: 66, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    // A frozen load keeps its session and its lock, and nobody renews its lease.
    let frozen = try Connection(url: layers.database.url, applicationName: "polyrhythm load")
    _ = try frozen.run(layers.library.sql("batch/lock_loads"))
    _ = try frozen.run(
      layers.library.sql("batch/begin_run"), [.text("full"), .text("a test"), .double(0.1), .null])
    try layers.load(.full)
    try layers.expectTruth(Truth(records), "after the load that took over")
    #expect(throws: WarehouseError.self) { try frozen.run("select 1") }
  }

  @Test func aCutTakesTheEpochFromAWorkerThatFrozeInAFlush() throws {
    let records = try simulated(seed: 67, users: 20)
    let layers = try Layers(.directory)
    try layers.log.write(records)
    let connection = try layers.connect()
    let id = try connection.run(
      layers.library.sql("speed/register_worker"), [.text("a test"), .double(3)]
    ).int(0, 0)
    let frozen = try Connection(
      url: layers.database.url, applicationName: "polyrhythm speed flush (worker \(id))")
    try frozen.script("begin; select epoch from speed.current_epoch for share")
    try layers.load(.full)
    try layers.expectTruth(Truth(records), "after the load")
  }

  /// A forgotten session of somebody else holds the lock, by `select pg_advisory_lock(…)`.
  @Test func aStrangerWithTheLockOfLoadsIsNamed() throws {
    let layers = try Layers()
    let stranger = try Connection(url: layers.database.url, applicationName: "forgotten")
    _ = try stranger.run(layers.library.sql("batch/lock_loads"))
    let error = #expect(throws: LoadError.self) { try layers.load(.incremental) }
    #expect(error?.code == .busy)
    for word in ["Session \(stranger.serverProcessID) ", "\"forgotten\"", "is no load"] {
      #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }
  }
}
