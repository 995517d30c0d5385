import Foundation
import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// `compare`, `order`, `having`, `offset`, `top` and `exact`.
@Suite struct Comparisons {
  private func days() throws -> Fixture {
    let fixture = try Fixture()
    for (day, listens) in [
      ("10-18", 1), ("10-20", 2), ("11-12", 3), ("11-13", 4), ("11-19", 5), ("11-20", 6),
    ] {
      try fixture.add(.totals, minute: "2026-\(day) 10:00Z", [.listens: listens])
    }
    // Later on the day than it is on the last one.
    try fixture.add(.totals, minute: "2026-11-13 11:00Z", [.listens: 100])
    return fixture
  }

  private func previous(_ fixture: Fixture, _ query: String) -> String {
    let text = fixture.get("/api/v1/query", query).text
    return text.components(separatedBy: "\"previous\":").last ?? text
  }

  @Test
  func
    `buckets stand beside those of a week before, and the day that is not over beside the same part`()
    throws
  {
    let fixture = try days()
    let text = previous(
      fixture,
      "metrics=listens&granularity=day&compare=last_week&from=2026-11-19&to=2026-11-21")
    #expect(text.hasPrefix(#"{"from":"2026-11-12T00:00:00Z","to":"2026-11-13T10:01:00Z","rows":["#))
    #expect(
      text.contains(
        #"{"compares_to":"2026-11-19T00:00:00Z","time":"2026-11-12T00:00:00Z","listens":3,"#))
    #expect(
      text.contains(
        #"{"compares_to":"2026-11-20T00:00:00Z","time":"2026-11-13T00:00:00Z","listens":4,"#))
    let rows = fixture.csv(
      "metrics=listens&granularity=day&compare=last_week&from=2026-11-19&to=2026-11-21")
    #expect(
      rows == [
        "2026-11-19T00:00:00Z,5,batch,false,2026-11-12T00:00:00Z,3",
        "2026-11-20T00:00:00Z,6,batch,false,2026-11-13T00:00:00Z,4",
      ])
  }

  @Test(arguments: [
    ("previous&from=2026-11-18&to=2026-11-20", "2026-11-16T00:00:00Z", "2026-11-18T00:00:00Z"),
    ("last_month&from=2026-11-18&to=2026-11-20", "2026-10-18T00:00:00Z", "2026-10-20T00:00:00Z"),
    ("last_month&from=2026-03-31&to=2026-04-01", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"),
    ("last_year&from=2024-02-29&to=2024-03-01", "2023-02-28T00:00:00Z", "2023-03-01T00:00:00Z"),
    ("last_month&from=2026-01-10&to=2026-01-11", "2025-12-10T00:00:00Z", "2025-12-11T00:00:00Z"),
    // Clocks changed on 25 October: the week has an hour more.
    (
      "last_week&tz=Europe/Berlin&from=2026-10-26&to=2026-11-02", "2026-10-18T22:00:00Z",
      "2026-10-25T23:00:00Z"
    ),
    (
      "previous&granularity=day&tz=Europe/Berlin&from=2026-10-26&to=2026-11-02",
      "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"
    ),
    // As many buckets earlier as the range takes; a minute that a relative range has been widened by takes none.
    ("previous&granularity=hour&from=-1d", "2026-11-18T12:00:00Z", "2026-11-19T12:01:00Z"),
    ("previous&granularity=day&from=-7d", "2026-11-06T12:00:00Z", "2026-11-13T12:01:00Z"),
    (
      "previous&granularity=hour&from=2026-11-20T06:30&to=2026-11-20T10:00", "2026-11-20T02:30:00Z",
      "2026-11-20T06:00:00Z"
    ),
    (
      "previous&granularity=week&from=2026-11-02&to=2026-11-20", "2026-10-12T00:00:00Z",
      "2026-10-30T00:00:00Z"
    ),
    (
      "previous&granularity=month&from=2026-11-01&to=2026-11-20", "2026-10-01T00:00:00Z",
      "2026-10-20T00:00:00Z"
    ),
    (
      "previous&granularity=month&from=2026-01-01&to=2026-03-01", "2025-11-01T00:00:00Z",
      "2026-01-01T00:00:00Z"
    ),
    (
      "previous&granularity=quarter&from=2026-10-01&to=2026-11-20", "2026-07-01T00:00:00Z",
      "2026-08-20T00:00:00Z"
    ),
  ])
  func `the earlier period is`(text: String, from: String, to: String) throws {
    let period = try #require(try QueryPlan(parse("metrics=listens&compare=\(text)")).compared)
    #expect([period.from.iso8601, period.to.iso8601] == [from, to])
  }

  @Test func `a day back from now has its hours beside those of the day before, cut alike`() throws
  {
    let fixture = try Fixture()
    for (minute, listens) in [
      ("18 13:10", 2), ("19 12:00", 4), ("19 12:30", 100), ("19 13:10", 3), ("20 12:00", 5),
    ] {
      try fixture.add(.totals, minute: "2026-11-\(minute)Z", [.listens: listens])
      try fixture.add(
        .audience, minute: "2026-11-\(minute)Z",
        keys: ["gender": "'F'", "level": "'paid'"], [.listens: listens])
    }
    #expect(
      fixture.csv("metrics=listens&granularity=hour&from=-1d&compare=previous") == [
        "2026-11-19T12:00:00Z,104,batch,false,,",
        "2026-11-19T13:00:00Z,3,batch,false,2026-11-18T13:00:00Z,2",
        // Of which no minute is over yet.
        "2026-11-20T12:00:00Z,5,batch,false,,",
      ])
    let members = previous(
      fixture, "metrics=listens&by=level&granularity=hour&from=-1d&compare=previous")
    #expect(
      members.contains(
        #"{"compares_to":"2026-11-19T13:00:00Z","time":"2026-11-18T13:00:00Z","level":"paid","listens":2,"source":"batch","is_final":false,"is_partial":false}"#
      ), "\(members)")
  }

  @Test
  func `buckets that a range cuts stand beside such as are cut alike, the first beside the first`()
    throws
  {
    let fixture = try Fixture()
    for (minute, listens) in [
      ("02:10", 100), ("02:40", 1), ("05:40", 2), ("06:10", 100), ("06:40", 3), ("09:40", 4),
    ] {
      try fixture.add(.totals, minute: "2026-11-20 \(minute)Z", [.listens: listens])
    }
    let query =
      "metrics=listens&granularity=hour&compare=previous&from=2026-11-20T06:30&to=2026-11-20T10:00"
    #expect(
      fixture.csv(query) == [
        "2026-11-20T06:00:00Z,3,batch,false,2026-11-20T02:00:00Z,1",
        "2026-11-20T09:00:00Z,4,batch,false,2026-11-20T05:00:00Z,2",
      ])
    let text = previous(fixture, query)
    #expect(
      text.contains(
        #""time":"2026-11-20T02:00:00Z","listens":1,"source":"batch","is_final":false,"is_partial":true"#
      ))
    #expect(
      text.contains(
        #""time":"2026-11-20T05:00:00Z","listens":2,"source":"batch","is_final":false,"is_partial":false"#
      ))
  }

  @Test func `the last days of a longer month stand beside nothing`() throws {
    let fixture = try Fixture()
    for day in ["02-27", "02-28", "03-27", "03-28", "03-29", "03-31"] {
      try fixture.add(.totals, minute: "2026-\(day) 10:00Z", [.listens: 1])
    }
    let rows = fixture.csv(
      "metrics=listens&granularity=day&compare=last_month&from=2026-03-01&to=2026-04-01")
    #expect(
      rows == [
        "2026-03-27T00:00:00Z,1,batch,false,2026-02-27T00:00:00Z,1",
        "2026-03-28T00:00:00Z,1,batch,false,2026-02-28T00:00:00Z,1",
        "2026-03-29T00:00:00Z,1,batch,false,,", "2026-03-31T00:00:00Z,1,batch,false,,",
      ])
  }

  @Test
  func `a day that the earlier month does not have stands beside no number, and not beside 0`()
    throws
  {
    let fixture = try Fixture()
    try fixture.add(.totals, minute: "2026-02-28 10:00Z", [.listens: 7])
    try fixture.add(.totals, minute: "2026-03-30 10:00Z", [.listens: 3])
    let query =
      "metrics=listens&granularity=none&compare=last_month&from=2026-03-30&to=2026-03-31"
    #expect(
      previous(fixture, query).hasPrefix(
        #"{"from":"2026-02-28T00:00:00Z","to":"2026-02-28T00:00:00Z","rows":[]}"#))
    #expect(fixture.csv(query) == ["3,batch,false,"])
  }

  @Test func `the minute that is not over stands beside none, as an earlier one is whole`() throws {
    let fixture = try Fixture()
    for (minute, listens) in [("11:58", 4), ("11:59", 5), ("12:00", 6), ("12:01", 1)] {
      try fixture.add(.totals, minute: "2026-11-20 \(minute)Z", [.listens: listens])
    }
    #expect(
      fixture.csv(
        "metrics=listens&granularity=minute&compare=previous&from=2026-11-20T12:00&to=2026-11-20T12:02"
      ) == [
        "2026-11-20T12:00:00Z,6,batch,false,2026-11-20T11:58:00Z,4",
        "2026-11-20T12:01:00Z,1,batch,false,,",
      ])
  }

  @Test(arguments: ["none", "hour"])
  func `a range that is not over ends on both sides with the minute that is`(_ granularity: String)
    throws
  {
    let fixture = try Fixture()
    for (minute, listens) in [
      ("10:58", 3), ("10:59", 4), ("11:00", 5), ("11:01", 7), ("11:58", 2), ("12:00", 6),
      ("12:01", 1),
    ] {
      try fixture.add(.totals, minute: "2026-11-20 \(minute)Z", [.listens: listens])
    }
    let question =
      "metrics=listens&granularity=\(granularity)&compare=previous&from=2026-11-20T12:00&to=2026-11-20T13:00"
    let time = granularity == "none" ? "" : "2026-11-20T12:00:00Z,"
    let earlier = granularity == "none" ? "" : "2026-11-20T11:00:00Z,"
    #expect(fixture.csv(question) == ["\(time)6,batch,false,\(earlier)5"])
    let text = previous(fixture, question)
    #expect(text.hasPrefix(#"{"from":"2026-11-20T11:00:00Z","to":"2026-11-20T11:01:00Z","rows":["#))
    // What is asked without a comparison is all that there is.
    #expect(
      fixture.csv(question.replacing("&compare=previous", with: "")) == ["\(time)7,batch,false"])
  }

  @Test(arguments: [
    ("none", "2026-01-01T00:00Z", false), ("minute", "2026-11-20T12:01Z", true),
    ("hour", "2026-11-20T12:00Z", true), ("hour", "2026-11-20T12:01Z", false),
    ("day", "2026-11-20T00:00Z", true), ("day", "2026-11-20T01:00Z", false),
    ("day&tz=Europe/Berlin", "2026-11-19T23:00Z", true),
    ("day&tz=Europe/Berlin", "2026-11-20T00:00Z", false),
    ("hour&tz=Asia/Kolkata", "2026-11-20T11:30Z", true),
    ("hour&tz=Asia/Kolkata", "2026-11-20T12:00Z", false),
    ("week", "2026-11-16T00:00Z", true), ("week", "2026-11-17T00:00Z", false),
    ("month", "2026-11-01T00:00Z", true), ("month", "2026-11-02T00:00Z", false),
    ("quarter", "2026-10-01T00:00Z", true), ("quarter", "2026-11-01T00:00Z", false),
    ("year", "2026-01-01T00:00Z", true), ("year", "2026-02-01T00:00Z", false),
  ])
  func `a bucket begins`(_ granularity: String, _ time: String, _ begins: Bool) throws {
    let query = try parse("metrics=listens&granularity=\(granularity)&from=-1d")
    #expect(try query.beginsBucket(#require(Instant.parse(time, now: now))) == begins)
  }

  private func devices() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.run(
      "insert into warehouse.dim_device (device_key, os) values (1, 'a'), (2, 'b'), (3, 'c'), (4, null)"
    )
    for (key, hour, listens, skipped) in [
      (1, 8, 5, 1), (1, 9, 5, 4), (2, 8, 9, 1), (3, 9, 2, 2), (4, 9, 1, 0), (2, 6, 70, 0),
      (1, 6, 7, 7),
    ] {
      try fixture.add(
        .device, minute: "2026-11-20 0\(hour):00Z", keys: ["device_key": "\(key)"],
        [.listens: listens, .skipped: skipped, .completed: listens - skipped],
        members: [.listeners: Array(0..<listens)])
    }
    try fixture.settle()
    return fixture
  }

  private let range = "&from=2026-11-20T08:00Z&to=2026-11-20T10:00Z"

  @Test func `a list has the earlier numbers of its own members`() throws {
    let fixture = try devices()
    let query = "metrics=listens&by=os&compare=previous&limit=3" + range
    #expect(
      fixture.csv(query) == [
        "a,10,batch,false,7", "b,9,batch,false,70", "c,2,batch,false,",
      ])
    let text = previous(fixture, query)
    #expect(text.contains(#"{"os":"b","listens":70,"#) && !text.contains("\"os\":\"c\""))
    #expect(
      fixture.csv("metrics=listeners&by=os&granularity=hour&compare=previous&limit=2" + range) == [
        "2026-11-20T08:00:00Z,b,9,8,10,batch,false,2026-11-20T06:00:00Z,70,67,73",
        "2026-11-20T08:00:00Z,a,5,4,6,batch,false,2026-11-20T06:00:00Z,7,6,8",
      ])
  }

  @Test func `order is by what it says, then by the keys`() throws {
    let fixture = try devices()
    func names(_ what: String) -> [String] {
      fixture.csv("metrics=listens,skip_rate&by=os\(what)" + range).map {
        String($0.prefix { $0 != "," })
      }
    }
    #expect(names("") == ["a", "b", "c", ""])
    #expect(names("&order=listens:asc") == ["", "c", "b", "a"])
    #expect(names("&order=os:desc") == ["c", "b", "a", ""])
    #expect(names("&order=skip_rate") == ["c", "a", "b", ""])
    #expect(names("&order=skip_rate,os&offset=1&limit=2") == ["a", "b"])
    #expect(names("&having=listens:9") == ["a", "b"])
    #expect(names("&having=skipped:1,skip_rate:0.2&order=os") == ["a", "c"])
    let hours = fixture.csv("metrics=listens&by=os&granularity=hour&order=time:desc,os" + range)
    #expect(
      hours.map { $0.split(separator: ",", omittingEmptySubsequences: false)[...1].joined() } == [
        "2026-11-20T09:00:00Za", "2026-11-20T09:00:00Zc", "2026-11-20T09:00:00Z",
        "2026-11-20T08:00:00Za", "2026-11-20T08:00:00Zb",
      ])
  }

  @Test func `a series of the greatest of the range has the others in one row a bucket`() throws {
    let fixture = try devices()
    #expect(
      fixture.csv("metrics=listens,skip_rate,listeners&by=os&granularity=hour&top=2" + range) == [
        "2026-11-20T08:00:00Z,b,false,9,0.1111111111111111,9,8,10,batch,false",
        "2026-11-20T08:00:00Z,a,false,5,0.2,5,4,6,batch,false",
        "2026-11-20T09:00:00Z,a,false,5,0.8,5,4,6,batch,false",
        // 2 of c and 1 of what has no name; the listeners of both are united.
        "2026-11-20T09:00:00Z,,true,3,0.6666666666666666,2,1,3,batch,false",
      ])
    let rows = fixture.csv("metrics=listens&by=os&top=1&compare=previous" + range)
    #expect(rows == ["a,false,10,batch,false,7", ",true,12,batch,false,70"])
    // What has no name can be among the greatest, and is not the others.
    let all = fixture.csv("metrics=listens&by=os&top=4" + range)
    #expect(all.last == ",false,1,batch,false")
  }

  @Test(arguments: [
    ("order=planet", "order: found \"planet\", accepted: column, column:asc"),
    ("order=time", "order: found \"time\", accepted"), ("order=os:up", "order: found \"os:up\""),
    ("order=os,os", "order: found \"os\""),
    ("having=listens", "having: found \"listens\", accepted: metric:least"),
    ("having=listens:x", "having: found \"listens:x\""),
    ("having=plays:1", "having: found \"plays:1\""),
    ("top=101", "top: found \"101\", accepted: 1 to 100"),
    ("exact=yes", "exact: found \"yes\", accepted: true, false"),
    ("top=5&having=listens:1", "top: found \"it with having\""),
    ("compare=last_decade", "compare: found \"last_decade\", accepted: previous, last_week"),
  ])
  func `is refused`(text: String, message: String) {
    #expect {
      try parse("metrics=listens&by=os&\(text)")
    } throws: { ($0 as? RequestError)?.message.hasPrefix(message) == true }
  }

  @Test func `top has nothing to choose from without by, and a minimum needs its own columns`()
    throws
  {
    #expect(try parse("metrics=listens&top=5").top == nil)
    #expect(try QueryPlan(parse("metrics=page_views&having=listens:1")).source == .rollup(.totals))
    #expect(throws: RequestError.self) {
      try QueryPlan(parse("metrics=listens&by=song&having=page_views:1"))
    }
  }

  @Test func `exact counts are those of the facts`() throws {
    let fixture = try Fixture()
    try fixture.addFacts(seed: 11, from: "2026-11-18", days: 2)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 00:00Z")
    let expected = try fixture.connection.run(
      """
      select concat_ws(',', (select count(distinct user_id) from warehouse.fact_listen join warehouse.dim_user using (user_key) where user_key <> 0),
        (select count(distinct user_id) from (select user_key from warehouse.fact_listen union select user_key from
          warehouse.fact_auth union select user_key from warehouse.fact_page_view) as e join warehouse.dim_user using (user_key)
          where user_key <> 0),
        (select count(distinct session_id) from (select session_id from warehouse.fact_listen union select session_id from
          warehouse.fact_auth union select session_id from warehouse.fact_page_view) as e),
        (select count(distinct nullif(song_key, 0)) from warehouse.fact_listen))
      """
    ).textOrNull(0, 0)
    let query =
      "metrics=listeners,active_users,sessions,songs&granularity=none&from=2026-11-18&to=2026-11-20"
    #expect(
      fixture.csv(query + "&exact=true") == ["\(expected ?? ""),batch,true,2026-11-20T00:00:00Z"])
    let text = fixture.get("/api/v1/query", query + "&exact=true").text
    #expect(
      !text.contains("_low") && !text.contains("\"error\"") && text.contains("\"exact\":true"))
    // Where nothing is distinct, the rollups answer as ever.
    #expect(
      try QueryPlan(parse("metrics=listens&exact=true")).source == .rollup(.totals))
    #expect {
      try QueryPlan(parse("metrics=songs&exact=true&from=-60d"))
    } throws: { "\($0)".contains("exact distinct counts") }
  }

  /// Of songs, over many days: the members are found by running totals, and the earlier rows are theirs alone.
  @Test func `a ranked list is compared like any other`() throws {
    let fixture = try Fixture()
    try fixture.addFacts(seed: 3, from: "2026-10-01", days: 16)
    try fixture.settle("2026-10-14 10:23Z")
    let query =
      "metrics=listens,skip_rate&by=song&limit=4&compare=previous&from=2026-10-08&to=2026-10-16"
    let plan = try QueryPlan(parse(query), settledBefore: fixture.settledBefore())
    let access = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 20)
    let answers = try access.rows([
      QuerySQL.statement(for: plan), QuerySQL.statement(for: plan.overAllRows),
      QuerySQL.statement(for: plan.byMinutes),
    ])
    #expect(plan.ranking != nil)
    let ranked = QueryAnswer(plan, answers[0])
    #expect(ranked.isDecided && ranked.compared.count == 4)
    for other in answers.dropFirst() {
      let whole = QueryAnswer(plan, other)
      #expect(whole.rows == ranked.rows)
      #expect(whole.compared.map(\.texts) == ranked.compared.map(\.texts))
    }
  }
}
