import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// Rows are inserted by hand, and their answers are worked out by hand.
@Suite struct Answers {
  /// Minute 10:00 is in both layers, 10:01 in the speed layer alone, 09:59 in the batch layer alone. A row
  /// of the loaded epoch 1 is in the batch rows already and must not count.
  private func threeMinutes() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.add(
      .totals, minute: "2026-11-20 09:59Z",
      [.listens: 10, .completed: 6, .skipped: 2, .partial: 2, .thumbsUp: 5, .listenedMs: 1000],
      members: [.listeners: [1, 2, 3]])
    try fixture.add(
      .totals, minute: "2026-11-20 10:00Z", [.listens: 4, .skipped: 1, .completed: 2],
      members: [.listeners: [3, 4]])
    try fixture.add(
      .totals, epoch: 1, minute: "2026-11-20 10:00Z", [.listens: 1000, .skipped: 1000])
    try fixture.add(
      .totals, epoch: 2, minute: "2026-11-20 10:00Z", [.listens: 3, .skipped: 1],
      members: [.listeners: [4, 5]])
    try fixture.add(
      .totals, epoch: 2, minute: "2026-11-20 10:00Z", [.listens: 2], members: [.listeners: [6]])
    try fixture.add(.totals, epoch: 2, minute: "2026-11-20 10:01Z", [.listens: 7])
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 10:00Z")
    try fixture.settle()
    return fixture
  }

  private let range = "&from=2026-11-20T09:00:00Z&to=2026-11-20T11:00:00Z"

  @Test func `minutes merge both layers, and say from where and whether they are final`() throws {
    let rows = try threeMinutes().csv(
      "metrics=listens,skip_rate,listeners&granularity=minute" + range)
    #expect(
      rows == [
        // 2 / (6 + 2 + 2)
        "2026-11-20T09:59:00Z,10,0.2,3,2,4,batch,true",
        // 4 + 3 + 2 listens; (1 + 1) / (2 + 1 + 1); listeners 3, 4, 5, 6.
        "2026-11-20T10:00:00Z,9,0.5,4,3,5,both,false",
        // No play has ended, so there is no rate; there is no sketch, so there are 0 listeners.
        "2026-11-20T10:01:00Z,7,,0,0,0,speed,false",
      ])
  }

  @Test func `hours unite sketches and sum before they divide`() throws {
    let rows = try threeMinutes().csv(
      "metrics=listens,skip_rate,like_rate,listeners&granularity=none" + range)
    // 26 listens; skipped 4 of 14 ended; 5 likes; listeners 1 to 6.
    #expect(rows == ["26,0.2857142857142857,0.19230769230769232,6,5,7,both,false"])
  }

  @Test func `an epoch that is loaded moves from the speed part to the batch part at once`() throws
  {
    let fixture = try threeMinutes()
    let query = "metrics=listens&by=layer&granularity=none" + range
    #expect(fixture.csv(query) == ["batch,14,batch,false", "speed,12,speed,false"])

    try fixture.connection.transaction { () throws(WarehouseError) in
      try fixture.connection.run("update batch.minute_totals set listens = 9 where listens = 4")
      try fixture.connection.run(
        "insert into batch.minute_totals select minute, 7, 0,0,0,0,0,0,0,0,0,0,0,0,0,0"
          + " from speed.minute_totals where listens = 7")
      try fixture.sumRungs(of: .totals)
      #expect(fixture.csv(query) == ["batch,14,batch,false", "speed,12,speed,false"])
      try fixture.connection.run(
        "update batch.published set loaded_epoch = 2, final_before = '2026-11-20 11:00Z'")
    }
    #expect(fixture.csv(query) == ["batch,26,batch,true"])
    #expect(
      fixture.csv("metrics=listens&granularity=hour" + range) == [
        "2026-11-20T09:00:00Z,10,batch,true", "2026-11-20T10:00:00Z,16,batch,true",
      ])
  }

  @Test func `a bucket is final only once its whole time is`() throws {
    let fixture = try threeMinutes()
    try fixture.publish(loadedEpoch: 2, finalBefore: "2026-11-20 10:30Z")
    #expect(
      fixture.csv("metrics=listens&granularity=hour" + range) == [
        "2026-11-20T09:00:00Z,10,batch,true", "2026-11-20T10:00:00Z,4,batch,false",
      ])
    // The part of the hour up to half past is final.
    #expect(
      fixture.csv(
        "metrics=listens&granularity=hour&from=2026-11-20T10:00:00Z&to=2026-11-20T10:30:00Z")
        == ["2026-11-20T10:00:00Z,4,batch,true"])
  }

  @Test func `from is inclusive and to is exclusive`() throws {
    let rows = try threeMinutes().csv(
      "metrics=listens&from=2026-11-20T09:59:00Z&to=2026-11-20T10:00:00Z&granularity=minute")
    #expect(rows == ["2026-11-20T09:59:00Z,10,batch,true"])
  }

  @Test func `days begin at midnight of the time zone, also when they have 25 hours`() throws {
    let fixture = try Fixture()
    // Berlin leaves summer time on 2026-10-25: that day is 22:00 to 23:00 UTC.
    for minute in [
      "2026-10-24 21:59Z", "2026-10-24 22:00Z", "2026-10-25 22:59Z", "2026-10-25 23:00Z",
    ] {
      try fixture.add(.totals, minute: minute, [.listens: 1])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-10-25 23:00Z")
    #expect(
      fixture.csv(
        "metrics=listens&granularity=day&tz=Europe/Berlin&from=2026-10-24T00:00:00Z&to=2026-10-26T00:00:00Z"
      ) == [
        "2026-10-23T22:00:00Z,1,batch,true", "2026-10-24T22:00:00Z,2,batch,true",
        "2026-10-25T23:00:00Z,1,batch,false",
      ])
  }

  @Test func `a day whose midnight is shown twice begins with the first, and its month too`() throws
  {
    let fixture = try Fixture()
    // Havana's clocks go from 1:00 back to midnight at 05:00 UTC.
    for minute in ["10-31 12:00Z", "11-01 04:30Z", "11-01 05:30Z", "11-02 04:30Z"] {
      try fixture.add(.totals, minute: "2026-\(minute)", [.listens: 1])
    }
    let query = "metrics=listens&tz=America/Havana&granularity="
    #expect(
      fixture.csv(query + "day&from=2026-11-01&to=2026-11-02", all: true)
        == ["2026-11-01T04:00:00Z,3,batch,false,false"])
    #expect(
      fixture.csv(query + "day&from=2026-10-31&to=2026-11-01", all: true)
        == ["2026-10-31T04:00:00Z,1,batch,false,false"])
    #expect(
      fixture.csv(query + "month&from=2026-10-01&to=2026-12-01") == [
        "2026-10-01T04:00:00Z,1,batch,false", "2026-11-01T04:00:00Z,3,batch,false",
      ])
    #expect(
      fixture.csv(query + "day&from=2026-11-01&to=2026-11-02&compare=previous")
        == ["2026-11-01T04:00:00Z,3,batch,false,2026-10-31T04:00:00Z,1"])
    #expect(
      fixture.csv(query + "day&from=2026-11-02&to=2026-11-03&compare=previous").isEmpty)
  }

  @Test(arguments: [
    "America/Havana", "Atlantic/Azores", "Asia/Amman", "America/Goose_Bay", "Africa/Cairo",
    "America/Santiago", "Asia/Beirut", "America/Asuncion", "Europe/Berlin", "Australia/Lord_Howe",
  ])
  func `the database's days begin when the server's do`(zone: String) throws {
    let fixture = try Fixture()
    let rows = try fixture.connection.run(
      """
      select
        (extract(epoch from day at time zone 'UTC') * 1000)::bigint,
        (extract(epoch from layers.first_showing(day, $1)) * 1000)::bigint
      from generate_series('2008-01-01'::timestamp, '2030-12-31', '1 day') as day
      """, [.text(zone)])
    let clock = try #require(LocalClock(zone))
    let others = (0..<rows.count).filter { row in
      let shown = Int64(rows.textOrNull(row, 0) ?? "") ?? 0
      return clock.instant(showing: Instant(milliseconds: shown)).milliseconds
        != Int64(rows.textOrNull(row, 1) ?? "")
    }
    #expect(rows.count > 8000 && others.isEmpty, "\(others.map { rows.textOrNull($0, 0) ?? "" })")
  }

  @Test(arguments: [
    ("week", ["2025-12-29T00:00:00Z,1", "2026-02-09T00:00:00Z,1", "2026-04-13T00:00:00Z,1"]),
    ("month", ["2026-01-01T00:00:00Z,1", "2026-02-01T00:00:00Z,1", "2026-04-01T00:00:00Z,1"]),
    ("quarter", ["2026-01-01T00:00:00Z,2", "2026-04-01T00:00:00Z,1"]),
    ("year", ["2026-01-01T00:00:00Z,3"]),
  ])
  func `longer buckets begin where the calendar says`(granularity: String, expected: [String])
    throws
  {
    let fixture = try Fixture()
    for day in ["2026-01-01", "2026-02-14", "2026-04-15"] {
      try fixture.add(.totals, minute: "\(day) 12:00Z", [.listens: 1])
    }
    let rows = fixture.csv(
      "metrics=listens&granularity=\(granularity)&from=2026-01-01&to=2026-12-31")
    #expect(rows == expected.map { $0 + ",batch,false" })
  }

  @Test func `songs of one title stay apart by artist, and recordings of one song come together`()
    throws
  {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.dim_song (song_key, artist, title, duration) values"
        + " (1, 'A', 'Hello', 100), (2, 'A', 'Hello', 101), (3, 'B', 'Hello', 100)")
    for (key, listens) in [(1, 5), (2, 4), (3, 8), (0, 2), (99, 1)] {
      try fixture.add(
        .song, minute: "2026-11-20 10:00Z", keys: ["song_key": "\(key)"], [.listens: listens])
    }
    #expect(
      fixture.csv("metrics=listens&by=song" + range) == [
        "Hello,A,9,batch,false", "Hello,B,8,batch,false",
        // The unknown member, and a key that no dimension row has yet, count as well.
        ",,3,batch,false",
      ])
    #expect(
      fixture.csv("metrics=listens&by=song&filter=artist:B" + range) == ["Hello,B,8,batch,false"])
    #expect(fixture.csv("metrics=listens&by=artist&filter=artist:" + range) == [",3,batch,false"])
    #expect(
      fixture.csv("metrics=listens&granularity=none&filter=artist:A&filter=artist:B" + range)
        == ["17,batch,false"])
  }

  @Test func `a limit keeps the greatest, and the answer says that it was cut`() throws {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.dim_device (device_key, os) values (1, 'x'), (2, 'y'), (3, 'z')")
    for (key, listens) in [(1, 1), (2, 3), (3, 3)] {
      try fixture.add(
        .device, minute: "2026-11-20 10:00Z", keys: ["device_key": "\(key)"], [.listens: listens])
    }
    // Rows of equal count are in the order of their names, so that a page does not flicker.
    #expect(
      fixture.csv("metrics=listens&by=os&limit=2" + range) == [
        "y,3,batch,false", "z,3,batch,false",
      ])
    #expect(
      fixture.get("/api/v1/query", "metrics=listens&by=os&limit=2" + range).text.contains(
        "\"truncated\":true"))
    #expect(
      fixture.get("/api/v1/query", "metrics=listens&by=os&limit=3" + range).text.contains(
        "\"truncated\":false"))
  }

  @Test func `in a top list by a rate, what has no rate comes last`() throws {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.dim_device (device_key, os) values (1, 'none'), (2, 'low'), (3, 'high')"
    )
    let counts: [(Int, [Counter: Int])] = [
      (1, [.listens: 9]), (2, [.skipped: 1, .partial: 3]), (3, [.skipped: 1, .partial: 1]),
    ]
    for (key, counts) in counts {
      try fixture.add(.device, minute: "2026-11-20 10:00Z", keys: ["device_key": "\(key)"], counts)
    }
    try fixture.settle()
    #expect(
      fixture.csv("metrics=skip_rate&by=os" + range) == [
        "high,0.5,batch,false", "low,0.25,batch,false", "none,,batch,false",
      ])
  }

  @Test func `unknown plan, gender, method and status are null in every rollup`() throws {
    let fixture = try Fixture()
    try fixture.add(
      .audience, minute: "2026-11-20 10:00Z", keys: ["gender": "'unknown'", "level": "'paid'"],
      [.listens: 4])
    try fixture.add(
      .page, minute: "2026-11-20 10:00Z",
      keys: ["page": "'Home'", "method": "''", "status": "0", "auth": "''", "level": "''"],
      [.pageViews: 6])
    #expect(fixture.csv("metrics=listens&by=gender,level" + range) == [",paid,4,batch,false"])
    #expect(fixture.csv("metrics=page_views&by=method,status" + range) == [",,6,batch,false"])
    #expect(
      fixture.csv("metrics=page_views&by=page&filter=status:" + range) == ["Home,6,batch,false"])
  }

  @Test func `the previous period is the same length, just before`() throws {
    let fixture = try threeMinutes()
    let text = fixture.get(
      "/api/v1/query",
      "metrics=listens&granularity=none&compare=previous&from=2026-11-20T10:00:00Z&to=2026-11-20T10:02:00Z"
    ).text
    #expect(
      text.contains(#""rows":[{"listens":16,"source":"both","is_final":false,"is_partial":false}]"#)
    )
    #expect(
      text.contains(
        #""previous":{"from":"2026-11-20T09:58:00Z","to":"2026-11-20T10:00:00Z","rows":[{"listens":10,"source":"batch","is_final":true,"is_partial":false}]}"#
      ))
  }

  @Test func `an empty warehouse answers no buckets, and zero for a whole range`() throws {
    let fixture = try Fixture()
    let text = fixture.get("/api/v1/query", "metrics=listens").text
    #expect(text.contains("\"as_of\":null") && text.contains("\"rows\":[]"))
    #expect(fixture.csv("metrics=listens,skip_rate&granularity=none") == ["0,,,false"])
  }

  @Test func `as_of is when either layer last wrote`() throws {
    let fixture = try Fixture()
    try fixture.publish(loadedEpoch: 0, finalBefore: "-infinity")
    #expect(
      fixture.get("/api/v1/query", "metrics=listens").text.contains(
        "\"as_of\":\"2026-11-20T11:00:00.000Z\""))
    try fixture.connection.run(
      """
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at, moved_at)
      values ('t', 0, 5, 0, '', '2026-11-20 11:40Z', '2026-11-20 11:30:00.25Z')
      """)
    #expect(
      fixture.get("/api/v1/query", "metrics=listens").text.contains(
        "\"as_of\":\"2026-11-20T11:30:00.250Z\""))
  }

  /// The views `serving.minute_*` have the rule of merging, and the API's own SQL has it again. For every
  /// rollup and every measure both must give the same numbers.
  @Test(arguments: Rollup.allCases)
  func `the API and the merged views agree`(rollup: Rollup) throws {
    let fixture = try Fixture()
    var keys: [String: String] = [:]
    for column in rollup.keyColumns {
      keys[column] = column.hasSuffix("_key") || column == "status" ? "7" : "'k'"
    }
    for (index, epoch) in [nil, 1, 2, 2].enumerated() {
      var counts: [Counter: Int] = [:]
      for counter in Counter.allCases { counts[counter] = 100 * index + counter.rawValue + 1 }
      let members = Distinct.allCases.map {
        ($0, Array(index * 40..<index * 40 + 60 + $0.rawValue))
      }
      try fixture.add(
        rollup, epoch: epoch, minute: "2026-11-20 10:00Z", keys: keys, counts,
        members: Dictionary(uniqueKeysWithValues: members))
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 10:00Z")

    let measures = Measure.all.filter { measure in
      if case .ratio = measure.rule { false } else { rollup.keeps(measure) }
    }
    // A dimension that only this rollup has makes the API read from this rollup.
    let own: [Rollup: String] = [
      .totals: "", .song: "&by=artist", .user: "&by=user", .location: "&by=state",
      .device: "&by=os",
      .audience: "&by=gender", .page: "&by=page",
    ]
    let query = try parse(
      "metrics=\(measures.map(\.name).joined(separator: ","))&granularity=hour\(range)\(own[rollup] ?? "")"
    )
    let plan = try QueryPlan(query)
    #expect(plan.source == .rollup(rollup))
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 10)
    let answer = QueryAnswer(plan, try access.rows([QuerySQL.statement(for: plan)])[0])
    #expect(answer.rows.count == 1)

    for measure in measures {
      let expression =
        if case .cardinality = measure.rule { "round(#\(measure.name))::bigint" } else {
          measure.name
        }
      let expected = try access.rows(
        "select (\(expression))::text from serving.\(rollup.table(.minute).name)")
      let index = try #require(plan.columns.firstIndex { $0.name == measure.name })
      #expect(answer.rows[0][index] == expected[0][0], "\(measure.name)")
    }
  }
}
