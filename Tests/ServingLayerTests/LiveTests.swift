import Glibc
import Metrics
import Support
import TestKit
import Testing
import Warehouse

@testable import ServingLayer

@Suite struct Live {
  private func flush(_ fixture: Fixture, _ minute: String, listens: Int) throws {
    try fixture.add(.totals, epoch: 1, minute: minute, [.listens: listens])
    try fixture.connection.run(
      "insert into speed.progress as p values ('t', 0, 1, 0, '', now()) on conflict (topic, partition)"
        + " do update set next_offset = p.next_offset + 1, updated_at = clock_timestamp()")
  }

  /// The next message; nil where there is none yet.
  private func next(_ hub: LiveHub, _ subscription: LiveHub.Subscription) -> String? {
    guard case .message(let bytes) = hub.next(subscription) else { return nil }
    return String(decoding: bytes.buffer, as: UTF8.self)
  }

  @Test func `the first message has the last hour, the next ones what changed`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    try fixture.add(.totals, minute: "2026-11-20 11:58Z", [.listens: 2])
    try fixture.add(.totals, minute: "2026-11-20 10:58Z", [.listens: 99])
    try flush(fixture, "2026-11-20 11:58Z", listens: 3)
    try flush(fixture, "2026-11-20 11:59Z", listens: 4)
    let subscription = hub.subscribe()
    hub.poll()
    let first = try #require(next(hub, subscription))
    #expect(first.contains("\"full\":true") && first.contains("\"database\":\"up\""))
    #expect(first.contains("\"latest_minute\":\"2026-11-20T11:59:00Z\""))
    #expect(first.contains("\"first_minute\":\"2026-11-20T10:58:00Z\""))
    #expect(first.contains("\"settled_before\":"))
    #expect(first.contains("\"time\":\"2026-11-20T11:58:00Z\",\"listens\":5,"))
    #expect(first.contains("\"listens_batch\":2}") && first.contains("\"listens_batch\":0}"))
    #expect(!first.contains("\"time\":\"2026-11-20T10:58"))

    try flush(fixture, "2026-11-20 11:59Z", listens: 1)
    hub.poll()
    let second = try #require(next(hub, subscription))
    #expect(second.contains("\"full\":false"))
    #expect(second.contains("\"time\":\"2026-11-20T11:59:00Z\",\"listens\":5,"))
    #expect(!second.contains("11:58:00Z"))
  }

  @Test func `that a worker without records is there is told, without rows`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    try flush(fixture, "2026-11-20 11:58Z", listens: 3)
    let subscription = hub.subscribe()
    hub.poll()
    _ = next(hub, subscription)
    try fixture.connection.run("update speed.progress set updated_at = '2026-11-20 11:59:07Z'")
    hub.poll()
    let message = try #require(next(hub, subscription))
    #expect(message.contains(#""as_of":"2026-11-20T11:59:07.000Z""#))
    #expect(message.contains(#""rows":[]"#))
  }

  @Test func `nothing new is a heartbeat, not a message`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    let woken = SharedCounter()
    let subscription = hub.subscribe { woken.add(1) }
    hub.poll()
    _ = next(hub, subscription)
    hub.poll()
    #expect(next(hub, subscription) == nil)
    hub.beat(after: .seconds(3600))
    #expect(woken.count == 0)
    hub.beat(after: .zero)
    #expect(woken.count == 1)
    #expect(next(hub, subscription) == ": still here\n\n")
    #expect(next(hub, subscription) == nil)
  }

  @Test func `a stream that waits is woken once, by what it waits for`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    let woken = SharedCounter()
    let suspended = SharedCounter()
    let subscription = hub.subscribe { woken.add(1) }
    guard case .nothing = hub.next(subscription, orWait: { suspended.add(1) }) else {
      Issue.record("a message before the database was looked at")
      return
    }
    #expect(suspended.count == 1 && woken.count == 0)
    hub.poll()
    hub.poll()
    #expect(woken.count == 1)
    #expect(next(hub, subscription)?.contains("\"full\":true") == true)
  }

  @Test func `thousands who have seen the same get the same bytes`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    let subscriptions = (0..<2000).map { _ in hub.subscribe() }
    hub.poll()
    var messages: Set<ObjectIdentifier> = []
    for _ in 0..<2 {
      for subscription in subscriptions {
        if case .message(let bytes) = hub.next(subscription) {
          messages.insert(ObjectIdentifier(bytes))
        }
      }
      try flush(fixture, "2026-11-20 11:59Z", listens: 1)
      hub.poll()
    }
    #expect(messages.count == 2)
  }

  @Test func `who comes back with the id of an event gets what changed since`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    try flush(fixture, "2026-11-20 11:57Z", listens: 1)
    let subscription = hub.subscribe()
    hub.poll()
    let first = try #require(next(hub, subscription))
    let id = try #require(first.split(separator: "\n").first?.dropFirst("id: ".count))
    try flush(fixture, "2026-11-20 11:58Z", listens: 1)
    hub.poll()
    try flush(fixture, "2026-11-20 11:59Z", listens: 1)
    hub.poll()

    let resumed = hub.subscribe(after: String(id))
    hub.poll()
    let rest = try #require(next(hub, resumed))
    #expect(
      rest.contains("\"full\":false") && rest.contains("11:58:00Z") && rest.contains("11:59:00Z"))
    #expect(!rest.contains("\"time\":\"2026-11-20T11:57:00Z\""))
    for unknown in ["other-1", "1", "", id + "0", "\(id.split(separator: "-")[0])--1"] {
      let stranger = hub.subscribe(after: String(unknown))
      hub.poll()
      #expect(next(hub, stranger)?.contains("\"full\":true") == true, "\(unknown)")
    }
  }

  /// The minutes that a message tells, as `11:58`.
  private func minutes(_ message: String?) -> [String] {
    message?.matches(of: /"time":"2026-11-20T(..:..):00Z"/).map { String($0.output.1) } ?? []
  }

  @Test func `minutes before the newest take turns, until all have been told`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    let old = ["11:50", "11:51", "11:52", "11:53", "11:54"]
    for minute in old + ["11:58", "11:59"] {
      try flush(fixture, "2026-11-20 \(minute)Z", listens: 1)
    }
    let subscription = hub.subscribe()
    hub.poll()
    let first = try #require(next(hub, subscription))
    #expect(minutes(first).count == 7)
    for minute in old + ["11:58", "11:59"] {
      try flush(fixture, "2026-11-20 \(minute)Z", listens: 1)
    }
    hub.poll()
    #expect(minutes(next(hub, subscription)) == ["11:50", "11:51", "11:59"])
    // Who comes back waits for no turn.
    let id = try #require(first.split(separator: "\n").first?.dropFirst("id: ".count))
    let resumed = hub.subscribe(after: String(id))
    // What was told changes again, and goes to the end of the row.
    try flush(fixture, "2026-11-20 11:50Z", listens: 5)
    hub.poll()
    #expect(minutes(next(hub, resumed)) == old + ["11:58", "11:59"])
    #expect(minutes(next(hub, subscription)) == ["11:52", "11:53"])
    // Nothing comes in any more.
    hub.poll()
    #expect(minutes(next(hub, subscription)) == ["11:54", "11:58"])
    hub.poll()
    let last = next(hub, subscription)
    #expect(minutes(last) == ["11:50"])
    #expect(last?.contains("\"time\":\"2026-11-20T11:50:00Z\",\"listens\":7,") == true)
    hub.poll()
    #expect(next(hub, subscription) == nil)
    // A minute that has just ended is told with the next one.
    for minute in old + ["11:59", "12:00"] {
      try flush(fixture, "2026-11-20 \(minute)Z", listens: 1)
    }
    hub.poll()
    #expect(minutes(next(hub, subscription)) == ["11:50", "11:51", "11:59", "12:00"])
  }

  @Test func `after a load, and after an outage, no minute waits for its turn`() throws {
    let fixture = try Fixture()
    let database = ScriptedDatabase(
      failing: nil, over: WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 5))
    let hub = try Fixture.router(database).hub
    let all = ["11:51", "11:52", "11:53", "11:54", "11:58", "11:59"]
    let subscription = hub.subscribe()
    database.fail(ScriptedDatabase.down)
    hub.poll()
    #expect(minutes(next(hub, subscription)) == [])
    for minute in all { try flush(fixture, "2026-11-20 \(minute)Z", listens: 1) }
    database.fail(nil)
    hub.poll()
    #expect(minutes(next(hub, subscription)) == all)
    for minute in all {
      try fixture.add(.totals, minute: "2026-11-20 \(minute)Z", [.listens: 1])
    }
    try fixture.publish(loadedEpoch: 1, finalBefore: "2026-11-20 11:00Z")
    hub.poll()
    #expect(minutes(next(hub, subscription)) == all)
  }

  @Test func `that others come brings nobody more messages`() throws {
    let fixture = try Fixture()
    let database = WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 5)
    let hub = LiveHub(
      database: database, queries: try ServingQueries(SQLLibrary()), spacing: .seconds(3600),
      clock: { now })
    let subscription = hub.subscribe()
    hub.poll()
    #expect(next(hub, subscription) != nil)
    try flush(fixture, "2026-11-20 11:59Z", listens: 7)
    let other = hub.subscribe()
    hub.poll()
    #expect(next(hub, other)?.contains("\"listens\":7,") == true)
    #expect(next(hub, subscription) == nil)
  }

  @Test func `nobody who connects is shown less than is known`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    let early = hub.subscribe()
    hub.poll()
    _ = next(hub, early)
    hub.forget(early)
    usleep(150_000)
    // Nobody polled while nobody was there.
    try flush(fixture, "2026-11-20 11:59Z", listens: 7)
    let subscription = hub.subscribe()
    #expect(next(hub, subscription) == nil)
    hub.poll()
    #expect(next(hub, subscription)?.contains("\"listens\":7,") == true)
  }

  @Test func `events of long ago are shown up to their own end`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    try fixture.add(.totals, minute: "2026-01-05 08:00Z", [.listens: 6])
    let subscription = hub.subscribe()
    hub.poll()
    let message = try #require(next(hub, subscription))
    #expect(message.contains("\"latest_minute\":\"2026-01-05T08:00:00Z\""))
    #expect(message.contains("\"rows\":[{\"time\":\"2026-01-05T08:00:00Z\""))
  }

  @Test func `an outage is told once, and so is its end`() throws {
    let fixture = try Fixture()
    let database = ScriptedDatabase(
      failing: nil, over: WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 5))
    let hub = try Fixture.router(database).hub
    let subscription = hub.subscribe()
    hub.poll()
    _ = next(hub, subscription)
    database.fail(ScriptedDatabase.down)
    hub.poll()
    hub.poll()
    #expect(next(hub, subscription)?.contains("\"database\":\"down\"") == true)
    #expect(next(hub, subscription) == nil)
    database.fail(nil)
    hub.poll()
    #expect(next(hub, subscription)?.contains("\"database\":\"up\"") == true)
  }

  @Test func `a closed hub ends its subscriptions, and a dropped one is forgotten`() throws {
    let hub = try Fixture.router(ScriptedDatabase(failing: nil)).hub
    let woken = SharedCounter()
    let subscription = hub.subscribe { woken.add(1) }
    #expect(hub.subscribers == 1 && next(hub, subscription) == nil)
    hub.close()
    #expect(woken.count == 1)
    guard case .closed = hub.next(subscription) else {
      Issue.record("a closed hub goes on")
      return
    }
    hub.forget(subscription)
    #expect(hub.subscribers == 0)
  }
}
