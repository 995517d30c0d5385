import LayerTestKit
import SpeedLayer
import Support
import Synchronization
import TestKit
import Testing
import Warehouse

/// Workers that die or freeze while they claim partitions, by the statements that they claim them with.
@Suite struct MembershipTests {
  @Test func aWorkerThatIsBuriedWhileItClaimsGetsNothing() throws {
    let layers = try Layers(.directory)
    let claimant = try layers.connect()
    let worker = try claimant.run(
      layers.library.sql("speed/register_worker"), [.text("test"), .double(8)]
    ).int(0, 0)
    let process = Int64(claimant.serverProcessID)
    let isDeleted = StopToken()
    let burial = Worker("burial") {
      let burier = try layers.connect()
      try burier.script("begin; delete from speed.worker")
      isDeleted.request()
      let isWaiting = try eventually(within: 60) {
        try !burier.run(
          "select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'",
          [.int(process)]
        ).isEmpty
      }
      try burier.script("commit")
      return isWaiting
    }
    isDeleted.wait(seconds: 10)
    let claimed = try claimant.run(
      layers.library.sql("speed/claim_partitions"), [.int(worker), .intArray([0, 1])])
    #expect(claimed.affected == 0)
    #expect(try burial.wait())
  }

  @Test func aWorkerThatFrozeWhileItClaimedIsBuriedWithItsSession() throws {
    let layers = try Layers(.directory)
    let frozen = try layers.connect()
    func register(_ connection: Connection, lease: Double) throws -> SQLValue {
      .int(
        try connection.run(
          layers.library.sql("speed/register_worker"), [.text("test"), .double(lease)]
        ).int(0, 0))
    }
    let claim = try layers.library.sql("speed/claim_partitions")
    let dead = try register(frozen, lease: 0)
    try frozen.script("begin")
    #expect(try frozen.run(claim, [dead, .intArray([0, 1])]).affected == 2)

    let other = try layers.connect()
    try other.script("set lock_timeout = '3s'")
    let bury = try layers.library.sql("speed/bury_workers")
    #expect(
      try eventually(within: 60) {
        try other.run(bury)
        return try other.run("select from speed.worker").isEmpty
      })
    #expect(throws: WarehouseError.self) { try frozen.run("select 1") }
    let alive = try register(other, lease: 8)
    #expect(try other.run(claim, [alive, .intArray([0, 1])]).affected == 2)
  }

  @Test(.timeLimit(.minutes(4)))
  func aFlushThatTakesLongerThanTheSilenceIsNotTakenForACallThatHangs() throws {
    let layers = try Layers(.directory)
    let records = try simulated(seed: 3, users: 10)
    try layers.log.write(records)
    // Three statements of five seconds each, and a silence of eight.
    let admin = try layers.connect()
    let users = try admin.run(
      "select c.oid::regclass::text from pg_class c where c.relname like 'speed\\_minute\\_user\\_e%' and c.relkind = 'r'"
    ).text(0, 0)
    try admin.script(
      "create function public.slow() returns trigger language plpgsql as 'begin perform pg_sleep(5); return null; end'"
    )
    for change in [
      "update on speed.progress", "insert on warehouse.dim_user", "insert on \(users)",
    ] {
      try admin.script(
        "create trigger slow after \(change) for each statement execute function public.slow()")
    }
    var configuration = layers.speedConfiguration(60, recordsPerFlush: 100_000)
    configuration.untilCaughtUp = true
    configuration.silence = 8
    let restarts = Mutex<[String]>([])
    try SpeedWorker(
      log: layers.log.log, library: layers.library, configuration: configuration,
      report: {
        if case .restarting(let cause) = $0 { restarts.withLock { $0.append(cause) } }
      }
    ).run(stop: StopToken())
    #expect(restarts.withLock { $0 } == [])
    try layers.expectTruth(Truth(records))
  }
}
