import Metrics
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

@Suite struct Costs {
  private func cost(_ text: String) throws -> QueryCost { QueryCost(try QueryPlan(parse(text))) }

  @Test(arguments: [
    "metrics=listens", "metrics=listens&granularity=day&from=2020-01-01&to=2026-01-01",
    "metrics=listens&by=song&from=-24h", "metrics=listens,skip_rate&by=song&from=-30d&limit=10",
    "metrics=active_users&by=device_type&granularity=hour&from=-30d",
  ])
  func `what the page asks is not heavy`(text: String) throws {
    #expect(try !cost(text).isHeavy)
  }

  @Test(arguments: [
    "metrics=listens&by=song&granularity=hour&from=-30d",
    "metrics=listens&by=artist,state&from=-7d",
    "metrics=listens&granularity=second&from=-1d",
  ])
  func `what reads millions of rows is`(text: String) throws {
    let cost = try cost(text)
    #expect(cost.isHeavy && cost.rows <= QueryCost.limit)
  }

  @Test(arguments: [
    ("metrics=listens,skip_rate&by=song&from=-14m&to=now", Lane.list),
    ("metrics=listens&by=artist&from=-30d", .list),
    ("metrics=listeners&by=artist&filter=level:paid&from=-30m", .list),
    ("metrics=listens&by=device_type&from=-1d", .question),
    ("metrics=listens&granularity=minute&from=-6h", .question),
    ("metrics=listens&by=song&granularity=hour&from=-30d", .heavy),
  ])
  func `small questions wait for small ones alone`(text: String, lane: Lane) throws {
    #expect(try cost(text).lane == lane)
  }

  @Test func `what no database answers in time is refused, unless there is no data for most of it`()
    throws
  {
    let fixture = try Fixture()
    let century = "metrics=listens&by=song&granularity=minute&from=2000-01-01&to=2099-12-31"
    #expect(fixture.get("/api/v1/query", century).status == 200)
    try fixture.add(.totals, minute: "2001-01-05 08:00Z", [.listens: 6])
    let response = fixture.get("/api/v1/query", century)
    #expect(response.status == 400)
    #expect(response.text.contains("\"code\":\"too_costly\"") && response.text.contains("narrow"))
    #expect(fixture.get("/api/v1/query", "metrics=listens&by=song&from=-30d").status == 200)
  }
}

@Suite struct Encodings {
  @Test(
    arguments: [
      (nil, nil), ("", nil), ("identity", nil), ("gzip", ContentCoding.gzip), ("br", .brotli),
      ("gzip, zstd", .zstd), ("gzip, deflate, br, zstd", .brotli), ("br;q=0.9, zstd", .zstd),
      ("zstd;q=0.5, gzip", .gzip), ("zstd;q=0, gzip;q=0", nil), ("*", .gzip),
      ("GZIP;q=0.1", .gzip), ("gzip;q=x", nil), (";;,,q=", nil),
    ] as [(String?, ContentCoding?)])
  func `the client says which it likes`(header: String?, coding: ContentCoding?) {
    #expect(ContentCoding(accepted: header) == coding)
  }
}

@Suite struct Commits {
  private func commit(_ number: Int, _ version: String, load: String = "1") throws -> Commit {
    try #require(Commit(["\(number)", version, load, "0"]))
  }

  private func made(
    _ text: String, _ commit: Commit, ago: Duration = .zero, took: Duration = .zero
  ) -> AnswerCache.Made {
    AnswerCache.Made(answer: .json(text), commit: commit, began: .now - ago, took: took)
  }

  @Test func `an earlier snapshot that ends later changes nothing`() throws {
    let watch = CommitWatch()
    let began = ContinuousClock.now
    #expect(watch.version == nil && watch.freshVersion == nil)
    watch.note(try commit(7, "b"), began: began)
    watch.note(try commit(6, "a"), began: began)
    #expect(watch.version == "b" && watch.freshVersion == "b")
    // Taken after the other was known, and yet earlier: another server.
    watch.note(try commit(3, "c"), began: .now)
    #expect(watch.version == "c")
  }

  @Test func `a look counts for a tenth of a second`() throws {
    let watch = CommitWatch()
    watch.note(try commit(1, "a"), began: .now - .milliseconds(150))
    #expect(watch.version == "a" && watch.freshVersion == nil)
  }

  @Test func `a version that is over was the newest until the last snapshot that showed it`() throws
  {
    let watch = CommitWatch()
    let began = ContinuousClock.now
    watch.note(try commit(1, "a"), began: began)
    watch.note(try commit(1, "a"), began: began + .seconds(3))
    watch.note(try commit(2, "b"), began: began + .seconds(5))
    #expect(watch.lastSeen("a") == began + .seconds(3))
    #expect(watch.lastSeen("b") == began + .seconds(5) && watch.lastSeen("c") == nil)
  }

  @Test func `the kept answers have a bound, and one that is too large ends those before it`()
    throws
  {
    let watch = CommitWatch()
    let cache = AnswerCache(watch: watch, limit: 20_000)
    let first = try commit(1, "a")
    watch.note(first, began: .now)
    for number in 0..<100 { cache.keep(made("\(number)", first), to: "\(number)") }
    #expect(cache.answer(to: "0", version: "a") == nil)
    #expect(cache.answer(to: "99", version: "a") != nil && cache.mayAnswer("99"))
    cache.keep(made(String(repeating: "x", count: 9000), first), to: "99")
    #expect(cache.answer(to: "99", version: "a") == nil && cache.atHand("99") == nil)
    watch.note(try commit(2, "b"), began: .now)
    #expect(!cache.mayAnswer("98"))
  }

  @Test func `an answer is given for a while after a flush, and for none after a load`() throws {
    let watch = CommitWatch()
    let cache = AnswerCache(watch: watch)
    let first = try commit(1, "a")
    watch.note(first, began: .now)
    for (question, took) in [("cheap", 5), ("costly", 200), ("slow", 3000)] {
      cache.keep(made(question, first, took: .milliseconds(took)), to: question)
    }
    // The newest until here.
    let now = ContinuousClock.now
    watch.note(first, began: now)
    watch.note(try commit(2, "b"), began: now)
    // Given for so many seconds after that, the costly ones for longer, none for more than ten.
    for (question, given) in [("cheap", 1.0), ("costly", 4), ("slow", 10)] {
      let (young, end) = (now + .seconds(given * 0.4), now + .seconds(given * 0.95))
      #expect(cache.atHand(question, now: young)?.answer != nil, "\(question)")
      #expect(cache.atHand(question, now: young)?.renewBy == nil, "\(question)")
      #expect(
        cache.atHand(question, now: end)?.renewBy == now + .seconds(given), "\(question)")
      // One who asks sees to it, and until it is made again it lags on, to a bound.
      #expect(cache.atHand(question, now: end)?.renewBy == nil, "\(question)")
      #expect(cache.atHand(question, now: now + .seconds(9.9)) != nil, "\(question)")
      #expect(cache.atHand(question, now: now + .seconds(10.5)) == nil, "\(question)")
      // Where that failed, nobody is given the old one for longer than without.
      cache.endRenewal(of: question)
      #expect(cache.atHand(question, now: now + .seconds(given * 1.1)) == nil, "\(question)")
    }
    cache.forgetWhatIsOver(now: now + .seconds(9))
    #expect(cache.atHand("cheap", now: now) != nil)
    cache.forgetWhatIsOver(now: now + .seconds(20))
    #expect(cache.atHand("slow", now: now) == nil)
    for question in ["cheap", "costly"] { cache.keep(made(question, first), to: question) }
    watch.lose()
    #expect(cache.atHand("cheap", now: now) == nil)
    watch.note(try commit(2, "b"), began: .now)
    #expect(cache.atHand("cheap", now: now) != nil)
    watch.note(try commit(3, "c", load: "2"), began: .now)
    for question in ["cheap", "costly"] { #expect(cache.atHand(question, now: now) == nil) }
    cache.keep(made("gone", first), to: "gone")
    #expect(cache.kept("gone") == nil)
  }

  @Test func `an answer lags behind the turn of its minute as behind a flush`() throws {
    let watch = CommitWatch()
    let cache = AnswerCache(watch: watch)
    let first = try commit(1, "a")
    let now = ContinuousClock.now
    watch.note(first, began: now)
    let turn = now + .seconds(20)
    var moving = made("moving", first)
    moving.goodUntil = turn
    cache.keep(moving, to: "moving")
    cache.keep(made("standing", first), to: "standing")
    watch.note(first, began: turn + .seconds(30))
    #expect(cache.answer(to: "moving", version: "a", now: turn - .seconds(1)) != nil)
    #expect(cache.answer(to: "moving", version: "a", now: turn) == nil)
    #expect(cache.atHand("moving", now: turn + .seconds(0.4))?.renewBy == nil)
    #expect(cache.atHand("moving", now: turn + .seconds(0.6))?.renewBy == turn + .seconds(1))
    cache.endRenewal(of: "moving")
    #expect(cache.atHand("moving", now: turn + .seconds(1.1)) == nil)
    #expect(cache.atHand("standing", now: turn + .seconds(30)) != nil)
    cache.forgetWhatIsOver(now: turn + .seconds(11))
    #expect(cache.kept("moving") == nil && cache.kept("standing") != nil)
  }

  @Test func `an answer of an earlier snapshot never takes the place of a later one`() throws {
    let watch = CommitWatch()
    let cache = AnswerCache(watch: watch)
    let first = try commit(1, "a")
    watch.note(first, began: .now)
    watch.note(try commit(2, "b"), began: .now)
    // Made before the flush, and there after it.
    let later = made("later", first)
    cache.keep(later, to: "question")
    cache.keep(made("earlier", first, ago: .seconds(1)), to: "question")
    #expect(cache.kept("question") === later.answer)
  }

  @Test func `answers are made again in half a processor of two`() {
    #expect(RenewalBudget.share(of: 1) == 0.5 && RenewalBudget.share(of: 2) == 0.5)
    #expect(RenewalBudget.share(of: 16) == 4)
    let budget = RenewalBudget(share: 0.5)
    let now = ContinuousClock.now + .seconds(60)
    #expect(budget.wait(now: now) == .zero)
    // What was not used for long is there at once, but no more than a quarter of a second of it.
    budget.spend(.milliseconds(200), now: now)
    #expect(budget.wait(now: now) == .zero)
    budget.spend(.milliseconds(100), now: now)
    #expect(budget.wait(now: now) == .milliseconds(100))
    budget.spend(.seconds(1), now: now)
    #expect(budget.wait(now: now) == .milliseconds(2100))
    #expect(budget.wait(now: now + .seconds(3)) == .zero)
  }

  @Test func `numbers of snapshots grow with each transaction, whatever else runs`() throws {
    let fixture = try Fixture()
    let sql = try ServingQueries(SQLLibrary()).committed
    func now() throws -> Commit {
      let rows = try fixture.connection.run(sql)
      return try #require(Commit((0..<4).map { rows.textOrNull(0, $0) }))
    }
    let other = try fixture.database.connect()
    let first = try now()
    try other.run("begin")
    try other.run("create table one (a int)")
    let during = try now()
    try fixture.flush(listens: 1)
    let flushed = try now()
    try other.run("commit")
    let last = try now()
    #expect(first.number <= during.number && during.number < flushed.number)
    #expect(flushed.number < last.number)
    #expect(first.version == during.version && flushed.version == last.version)
    #expect(during.version != flushed.version && during.published == flushed.published)
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-10 00:00Z")
    #expect(try now().published != flushed.published)
  }
}

@Suite struct Lag {
  /// - Parameter left: records that a live worker sees in the log and has not committed; nil: there is no worker.
  private func ready(_ fixture: Fixture, event: Int, committed: Int, left: Int?) throws -> Response
  {
    try fixture.connection.script(
      """
      truncate speed.progress, speed.watermark_mark, speed.log_end;
      delete from speed.worker;
      insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark, updated_at, moved_at)
      select 't', 0, 5, 0, '', t, t from (select now() - interval '\(committed) s') as x (t)
      """)
    try fixture.connection.run(
      "insert into speed.watermark_mark (topic, partition, next_offset, greatest, farthest)"
        + " select 't', 0, 5, t, t from (select (extract(epoch from now()) - \(event)) * 1000) as x (t)"
    )
    if let left {
      try fixture.connection.run("insert into speed.log_end values ('t', 0, \(5 + left), now())")
      try fixture.connection.run(
        "insert into speed.worker (process, backend_pid, lease_until)"
          + " values ('1@here', 1, now() + interval '10 s')")
    }
    var router = fixture.router
    router.readyLag = 300
    return router.route(Request(path: "/readyz"))
  }

  @Test func `a stopped or late speed layer is not ready, a quiet site and an import are`() throws {
    let fixture = try Fixture()
    // Seconds ago.
    for (event, committed, left, status) in [
      (2, 1, 0, 200), (2, 1, nil, 200), (400, 399, nil, 503), (400, 399, 0, 200),
      (4000, 5, 7, 503), (4000, 5, nil, 503), (900_000, 5, 7, 200), (900_000, 899_999, nil, 503),
    ] as [(Int, Int, Int?, Int)] {
      let response = try ready(fixture, event: event, committed: committed, left: left)
      let found = "\(event) \(committed) \(left.map { "\($0)" } ?? "no worker"): \(response.text)"
      #expect(response.status == status, "\(found)")
      if status == 503 { #expect(response.text.contains("\"code\":\"lagging\"")) }
    }
    var router = fixture.router
    router.readyLag = 0
    #expect(router.route(Request(path: "/readyz")).status == 200)
  }
}
