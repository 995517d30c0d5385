import LayerTestKit
import SpeedLayer
import Support
import TestKit
import Testing
import Warehouse

/// What workers tell those who watch them (migration 0050).
@Suite struct WorkToldTests {
  @Test func aWorkerTellsWhatItCountedHowFarItIsAndWhereTheLogEnds() throws {
    var records = try simulated(seed: 61, users: 12)
    let layers = try Layers()
    // One event comes again, and one record is no event.
    records.append(records[records.count - 1])
    var broken = records[0]
    broken.payload = Array("no event".utf8)
    records.append(broken)
    try layers.log.write(records)
    var configuration = SpeedWorker.Configuration(databaseURL: layers.database.url)
    configuration.presentSeconds = .infinity
    configuration.flushInterval = 0.02
    configuration.heartbeatInterval = 0.05
    configuration.lookInterval = 0.05
    let stop = StopToken()
    let speed = Worker("test-speed") { [configuration] in
      try SpeedWorker(log: layers.log.log, library: layers.library, configuration: configuration)
        .run(stop: stop)
    }
    defer { stop.request() }
    let connection = try layers.connect()
    // Counts and ends are told by different threads, after the commit of what they are about.
    let isTold = try eventually(within: 60) {
      let row = try connection.run(
        """
        select
          (select coalesce(sum(listens + auths + page_views + redelivered + quarantined), 0)::bigint from speed.work),
          (select count(*) from speed.log_end as e join speed.progress as p using (topic, partition)
           where e.end_offset <> p.next_offset),
          (select count(*) from speed.log_end),
          -- How long a flush took is told by the next one.
          (select coalesce(sum(flushes), 0)::bigint from speed.work where flush_seconds > 0)
        """)
      return try row.int(0, 0) == Int64(records.count) && row.int(0, 1) == 0
        && row.int(0, 2) > 0 && row.int(0, 3) > 0
    }
    #expect(isTold)
    let work = try connection.run(
      """
      select sum(redelivered)::bigint, sum(quarantined)::bigint,
        sum(listens)::bigint = (select sum(listens)::bigint from serving.minute_totals),
        sum(page_views)::bigint = (select sum(page_views)::bigint from serving.minute_totals)
      from speed.work
      """)
    // What is simulated has some of both by itself.
    #expect(try work.int(0, 0) >= 1 && work.int(0, 1) >= 1)
    for column in 2..<4 { #expect(try work.bool(0, column), "column \(column)") }
    let late = try connection.run(
      "select count(*) from speed.reached where greatest - watermark <> 600000 or greatest < 1000000000000"
    ).int(0, 0)
    #expect(late == 0)
    stop.request()
    try speed.wait()
  }
}
