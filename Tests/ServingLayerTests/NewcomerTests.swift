import Foundation
import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

/// `/api/v1/newcomers`: the question of that name, over both layers.
@Suite struct NewcomerTests {
  /// A listens on the 10th and 12th, B on the 10th, 11th and 12th, C on the 12th, which only the speed layer knows; a guest always.
  private func site() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.connection.script(
      """
      insert into warehouse.dim_user (user_key, user_id, level) values
        (1, 11, 'free'), (2, 12, 'free'), (3, 12, 'paid'), (4, 13, 'free')
      """)
    func add(_ user: Int, _ minute: String, epoch: Int? = nil) throws {
      try fixture.add(
        .user, epoch: epoch, minute: minute, keys: ["user_key": "\(user)"], [.listens: 2])
    }
    for minute in ["2026-11-10 10:00Z", "2026-11-11 23:30Z"] { try add(2, minute) }
    try add(1, "2026-11-10 12:00Z")
    try add(0, "2026-11-11 12:00Z")
    try fixture.sumRungs(of: .user)
    for user in [1, 3, 4, 0] { try add(user, "2026-11-12 09:00Z", epoch: 1) }
    try fixture.publish(loadedEpoch: 0, finalBefore: "2026-11-12 00:00Z")
    return fixture
  }

  private func document(_ fixture: Fixture, _ query: String) throws -> [String: Any] {
    let answer = fixture.get(Route.newcomers.path, query)
    #expect(answer.status == 200 && answer.header("ETag") != nil, "\(answer.text)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
  }

  private func rows(_ document: [String: Any]) -> [[String]] {
    (document["rows"] as? [[String: Any]] ?? []).map { row in
      ["time", "listeners", "new_listeners", "returning_listeners", "of_them_resurrected"].map {
        row[$0].map { "\($0)" } ?? "-"
      }
    }
  }

  @Test func `each day has who is new and who has come back, in both layers`() throws {
    let answer = try document(site(), "from=2026-11-10&to=2026-11-13")
    #expect(
      rows(answer) == [
        ["2026-11-10T00:00:00Z", "2", "2", "0", "0"], ["2026-11-11T00:00:00Z", "1", "0", "1", "0"],
        // A was away the day before; B has another plan now, and is who she was.
        ["2026-11-12T00:00:00Z", "3", "1", "2", "1"],
      ])
    #expect((answer["rows"] as? [[String: Any]])?[2]["new_share"] as? Double == 0.333)
    #expect(answer["final_before"] as? String == "2026-11-12T00:00:00Z")
    #expect(answer["granularity"] as? String == "day" && answer["tz"] as? String == "UTC")
  }

  @Test func `whoever was there before the range is not new in it, and the range is whole days`()
    throws
  {
    let answer = try document(site(), "from=2026-11-11T20:00&to=2026-11-12T01:00")
    #expect(rows(answer).map { $0[2] } == ["0", "1"])
    #expect(answer["from"] as? String == "2026-11-11T00:00:00Z")
    #expect(answer["to"] as? String == "2026-11-13T00:00:00Z")
  }

  @Test func `days begin in the time zone that is asked for`() throws {
    // 23:30 is the 12th in Berlin, where B has listened on the 10th and then on the 12th.
    let answer = try document(site(), "from=2026-11-10&to=2026-11-13&tz=Europe/Berlin")
    #expect(
      rows(answer) == [
        ["2026-11-09T23:00:00Z", "2", "2", "0", "0"], ["2026-11-11T23:00:00Z", "3", "1", "2", "0"],
      ])
    let weeks = try document(site(), "from=2026-11-10&to=2026-11-13&granularity=week")
    #expect(rows(weeks) == [["2026-11-09T00:00:00Z", "3", "3", "0", "0"]])
  }

  @Test func `a day whose midnight is shown twice begins with the first`() throws {
    let fixture = try site()
    try fixture.add(
      .user, minute: "2026-11-01 05:30Z", keys: ["user_key": "1"], [.listens: 2])
    let answer = try document(fixture, "from=2026-11-01&to=2026-11-02&tz=America/Havana")
    #expect(answer["from"] as? String == "2026-11-01T04:00:00Z")
    #expect(rows(answer).map { $0[0] } == ["2026-11-01T04:00:00Z"])
  }

  @Test func `what it cannot answer is refused, with what it can`() throws {
    let fixture = try site()
    for (query, message) in [
      ("granularity=hour", "accepted: day, week, month, quarter, year"),
      ("tz=Asia/Kolkata", "accepted: a zone whose days begin with an hour of UTC"),
      ("tz=Mars/Base", "tz: found"), ("filter=level:paid", "accepted: granularity, from, to, tz"),
      ("from=2026-11-12&to=2026-11-11", "accepted: a time before to"),
    ] {
      let answer = fixture.get(Route.newcomers.path, query)
      #expect(answer.status == 400 && answer.text.contains(message), "\(answer.text)")
    }
  }

  /// The route runs the file of the question: nothing is defined a second time.
  @Test func `it says what the question says`() throws {
    let fixture = try site()
    let sql = try SQLLibrary().sql(
      "new-and-returning-listeners",
      ["bucket": "day", "user": "serving.minute_user", "time": "minute"], in: "questions")
    let asked = try fixture.connection.run(
      "select listeners, new_listeners, returning_listeners, of_them_resurrected from (\(sql)) as q order by bucket",
      [.text("2026-11-10"), .text("2026-11-13")])
    let expected = (0..<asked.count).map { row in (0..<4).map { asked.textOrNull(row, $0) ?? "-" } }
    let answer = try document(fixture, "from=2026-11-10&to=2026-11-13")
    #expect(rows(answer).map { Array($0.dropFirst()) } == expected && expected.count == 3)
  }
}
