import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Rates of plays that can still end are not served, and what is cut says so.
@Suite struct HonestRates {
  /// Three minutes whose plays have ended, one in ten of them skipped, and two that have just begun: what has ended of these was
  /// skipped. Event time has come to 10:06.
  private func site() throws -> Fixture {
    let fixture = try Fixture()
    for minute in 0..<3 {
      try fixture.add(
        .totals, epoch: 1, minute: "2026-11-20 10:0\(minute)Z",
        [.listens: 10, .completed: 8, .skipped: 1, .partial: 1, .listenedMs: 1_000_000])
    }
    for minute in 3..<5 {
      try fixture.add(
        .totals, epoch: 1, minute: "2026-11-20 10:0\(minute)Z",
        [.listens: 10, .skipped: 4, .listenedMs: 40_000, .thumbsUp: 2])
    }
    try fixture.settle("2026-11-20 10:06Z")
    return fixture
  }

  private let range = "&from=2026-11-20T10:00Z&to=2026-11-20T10:05Z"
  private let rates = "metrics=skip_rate,completion_rate,avg_listen_time,like_rate,listens,skipped"

  @Test func `skips end first, and the newest minutes have no rate until the others have ended`()
    throws
  {
    let rows = try site().csv(rates + "&granularity=minute" + range, all: true)
    let settled = "0.1,0.8,100000,0,10,1,speed,false,false,all"
    #expect(
      rows == [
        "2026-11-20T10:00:00Z,\(settled)", "2026-11-20T10:01:00Z,\(settled)",
        "2026-11-20T10:02:00Z,\(settled)",
        // Likes wait for nothing, and counts say what is known so far.
        "2026-11-20T10:03:00Z,,,,0.2,10,4,speed,false,false,none",
        "2026-11-20T10:04:00Z,,,,0.2,10,4,speed,false,false,none",
      ])
  }

  @Test func `a rate over a range that ends among open plays is that of its settled part`() throws {
    let fixture = try site()
    let rows = fixture.csv(rates + "&granularity=none" + range, all: true)
    #expect(rows == ["0.1,0.8,100000,0.08,50,11,speed,false,false,part"])
    let response = fixture.get("/api/v1/query", rates + "&granularity=none" + range)
    #expect(response.header("Settled-Before") == "2026-11-20T10:03:00Z")
    #expect(response.text.contains(#""settled_before":"2026-11-20T10:03:00Z""#))
    #expect(
      response.text.contains(#""skip_rate":0.1,"#) && response.text.contains(#""settled":"part""#))
    #expect(response.text.contains(#""unit":"fraction","settled_plays_only":true"#))
    let none = fixture.get("/api/v1/query", "metrics=listens,like_rate" + range)
    #expect(none.header("Settled-Before") == nil && !none.text.contains("settled"))
  }

  @Test func `once the plays have ended, the rate is there`() throws {
    let fixture = try site()
    for minute in 3..<5 {
      try fixture.add(
        .totals, epoch: 1, minute: "2026-11-20 10:0\(minute)Z", [.completed: 6])
    }
    #expect(
      fixture.csv("metrics=skip_rate&granularity=none" + range, all: true)
        == ["0.22,speed,false,false,all"])
  }

  @Test func `hours and days are cut where outcomes are settled, in either layer`() throws {
    let fixture = try site()
    try fixture.add(
      .totals, minute: "2026-11-19 08:00Z", [.listens: 10, .completed: 5, .skipped: 5])
    for granularity in ["hour", "day", "week"] {
      let rows = fixture.csv(
        "metrics=skip_rate&granularity=\(granularity)&from=2026-11-16&to=2026-11-22", all: true)
      // 3 of 30 in the hour and on the day; with the day before, 8 of 40.
      let last = granularity == "week" ? ",0.2,both" : ",0.1,speed"
      #expect(rows.last?.contains(last) == true, "\(rows)")
      #expect(rows.last?.hasSuffix(",true,part") == true, "\(rows)")
    }
  }

  @Test
  func
    `one open play in a hundred, one that lasts for hours and a silent partition hold up nothing`()
    throws
  {
    let fixture = try Fixture()
    try fixture.add(
      .totals, epoch: 1, minute: "2026-11-20 10:01Z", [.listens: 200, .completed: 198])
    // An outcome that is three hours and more behind.
    try fixture.add(.totals, epoch: 1, minute: "2026-11-20 07:01Z", [.listens: 3, .completed: 1])
    try fixture.settle("2026-11-20 10:06Z")
    try fixture.connection.script(
      """
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at, moved_at)
        values ('listen_events', 1, 1, 0, '', '2000-01-01', '1999-12-31');
      insert into speed.watermark_mark values ('listen_events', 1, 1, 0, 0)
      """)
    #expect(try fixture.settledBefore()?.iso8601 == "2026-11-20T10:06:00Z")
    // A partition that commits, and is an hour behind.
    try fixture.connection.script(
      """
      update speed.progress set moved_at = '1999-12-31 23:59' where partition = 1;
      update speed.watermark_mark set greatest = greatest + (
        select greatest - 3600000 from speed.watermark_mark where partition = 0) where partition = 1
      """)
    #expect(try fixture.settledBefore()?.iso8601 == "2026-11-20T07:01:00Z")
  }

  @Test func `a wild clock settles nothing, and a load settles what it says is final`() throws {
    let fixture = try site()
    try fixture.add(.totals, epoch: 1, minute: "2026-11-20 23:00Z", [.listens: 1])
    #expect(try fixture.settledBefore()?.iso8601 == "2026-11-20T10:03:00Z")
    try fixture.publish(loadedEpoch: 0, finalBefore: "2026-11-20 10:04:40Z")
    #expect(try fixture.settledBefore()?.iso8601 == "2026-11-20T10:04:00Z")
    let empty = try Fixture()
    #expect(try empty.settledBefore() == nil)
    let response = empty.get("/api/v1/query", "metrics=skip_rate&granularity=none")
    #expect(response.header("Settled-Before") == "none")
    #expect(response.text.contains(#""settled_before":null"#))
  }

  // MARK: Cut buckets

  private func partial(_ fixture: Fixture, _ query: String) throws -> [String] {
    fixture.csv(query, all: true).map { row in
      let fields = row.split(separator: ",")
      return "\(fields[0].prefix(16)) \(fields[4])"
    }
  }

  @Test func `a bucket that from, to or now cuts says so`() throws {
    let fixture = try Fixture()
    for minute in [
      "2026-11-17 10:00Z", "2026-11-18 10:00Z", "2026-11-19 10:00Z", "2026-11-20 10:00Z",
      "2026-11-20 12:00Z",
    ] {
      try fixture.add(.totals, minute: minute, [.listens: 1])
    }
    #expect(
      try partial(
        fixture, "metrics=listens&granularity=day&from=2026-11-17T05:00Z&to=2026-11-19T11:00Z") == [
          "2026-11-17T00:00 true", "2026-11-18T00:00 false", "2026-11-19T00:00 true",
        ])
    // It is 12:00:30.
    #expect(
      try partial(fixture, "metrics=listens&granularity=hour&from=2026-11-20&to=2026-11-21") == [
        "2026-11-20T10:00 false", "2026-11-20T12:00 true",
      ])
    #expect(
      try partial(fixture, "metrics=listens&granularity=minute&from=-1h") == [
        "2026-11-20T12:00 true"
      ])
    let text = fixture.get("/api/v1/query", "metrics=listens&granularity=day&from=-2d").text
    #expect(text.contains(#""is_partial":true"#) && text.contains(#""is_partial":false"#))
  }

  @Test func `a bucket that event time has not passed is cut`() throws {
    let fixture = try Fixture()
    try fixture.add(.totals, epoch: 1, minute: "2026-11-20 09:30Z", [.listens: 1])
    try fixture.add(.totals, epoch: 1, minute: "2026-11-20 08:30Z", [.listens: 1])
    let query = "metrics=listens&granularity=hour&from=2026-11-20&to=2026-11-21"
    #expect(try partial(fixture, query) == ["2026-11-20T08:00 false", "2026-11-20T09:00 false"])
    try fixture.settle("2026-11-20 09:35Z")
    #expect(try partial(fixture, query) == ["2026-11-20T08:00 false", "2026-11-20T09:00 true"])
  }

  @Test func `what is known ends where the events of the speed layer end`() throws {
    let fixture = try Fixture()
    for minute in ["11:57", "11:58", "11:59"] {
      try fixture.add(.totals, epoch: 1, minute: "2026-11-20 \(minute)Z", [.listens: 1])
    }
    func reach(_ partition: Int, _ time: String) throws {
      try fixture.connection.script(
        """
        insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, moved_at)
          values ('listen_events', \(partition), 5, 0, '', '2026-11-20 \(time)Z') on conflict do nothing;
        insert into speed.reached
          select 'listen_events', \(partition), extract(epoch from timestamptz '2026-11-20 \(time)Z') * 1000, 0
          on conflict (topic, partition) do update set greatest = excluded.greatest
        """)
    }
    func cut() throws -> [String] {
      try partial(fixture, "metrics=listens&granularity=minute&from=-5m").map {
        String($0.dropFirst(11))
      }
    }
    // It stands still since 20 s past the minute.
    try reach(0, "11:59:20")
    #expect(try cut() == ["11:57 false", "11:58 false", "11:59 true"])
    // It has looked for more 65 s later, and there was none.
    try fixture.connection.run(
      "insert into speed.log_end values ('listen_events', 0, 5, '2026-11-20 12:00:25Z')")
    #expect(try cut() == ["11:57 false", "11:58 false", "11:59 false"])
    // Another partition has records that are not counted yet.
    try reach(1, "11:58:20")
    try fixture.connection.run(
      "insert into speed.log_end values ('listen_events', 1, 900, '2026-11-20 12:00:25Z')")
    #expect(try cut() == ["11:57 false", "11:58 true", "11:59 true"])
    // What a load says is final is known, however far behind the speed layer is.
    try fixture.publish(loadedEpoch: 0, finalBefore: "2026-11-20 12:00Z")
    #expect(try cut() == ["11:57 false", "11:58 false", "11:59 false"])
  }

  @Test func `an hour that local clocks show twice is no longer than an hour`() throws {
    let fixture = try Fixture()
    for minute in ["2026-10-25 00:30Z", "2026-10-25 01:30Z"] {
      try fixture.add(.totals, minute: minute, [.listens: 1])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-10-25 01:00Z")
    #expect(
      fixture.csv(
        "metrics=listens&granularity=hour&tz=Europe/Berlin&from=2026-10-25T02:00&to=2026-10-25T04:00",
        all: true) == [
          "2026-10-25T00:00:00Z,1,batch,true,false", "2026-10-25T01:00:00Z,1,batch,false,false",
        ])
  }

  @Test func `a file that is cut off says how many lines are left, and where`() throws {
    let fixture = try Fixture()
    for minute in 0..<5 {
      try fixture.add(.totals, minute: "2026-11-20 11:5\(minute)Z", [.listens: minute])
    }
    try fixture.connection.run(
      "insert into warehouse.dim_device (device_key, os) values (1, 'a, b')")
    let query = "metrics=listens&granularity=minute&format=csv&limit=2&from=-1d&token=secret"
    let first = fixture.get("/api/v1/query", query)
    #expect(first.header("Rows-Left-Out") == "3")
    let next =
      "</api/v1/query?metrics=listens&granularity=minute&format=csv&limit=2"
      + "&from=2026-11-19T12%3A00%3A00Z&to=2026-11-20T12%3A01%3A00Z&offset=2>; rel=\"next\""
    #expect(first.header("Link") == next)
    let second = fixture.get("/api/v1/query", query + "&to=2026-11-20T13:00Z&offset=4")
    #expect(second.header("Link") == nil && second.header("Rows-Left-Out") == nil)
    #expect(second.text.contains("\r\n2026-11-20T11:54:00Z,4,"))
    let json = fixture.get(
      "/api/v1/query",
      "metrics=listens&granularity=minute&limit=2&offset=1&from=-1d&to=2026-11-20T13:00Z")
    #expect(json.text.contains("\"truncated\":true,\"left_out\":2,"))
    #expect(json.text.contains("\"offset\":1"))
  }
}
