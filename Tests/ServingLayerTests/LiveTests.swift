import Metrics
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

  @Test func `the first message has the last hour, the next ones what changed`() throws {
    let fixture = try Fixture()
    let hub = fixture.router.hub
    try fixture.add(.totals, minute: "2026-11-20 11:58Z", [.listens: 2])
    try fixture.add(.totals, minute: "2026-11-20 10:58Z", [.listens: 99])
    try flush(fixture, "2026-11-20 11:58Z", listens: 3)
    try flush(fixture, "2026-11-20 11:59Z", listens: 4)
    let subscription = hub.subscribe()
    hub.poll()
    let first = try #require(subscription.next(heartbeatAfter: 0))
    #expect(first.contains("\"full\":true") && first.contains("\"database\":\"up\""))
    #expect(first.contains("\"latest_minute\":\"2026-11-20T11:59:00Z\""))
    #expect(first.contains("\"time\":\"2026-11-20T11:58:00Z\",\"listens\":5,"))
    #expect(first.contains("\"listens_batch\":2}") && first.contains("\"listens_batch\":0}"))
    #expect(!first.contains("10:58"))

    try flush(fixture, "2026-11-20 11:59Z", listens: 1)
    hub.poll()
    let second = try #require(subscription.next(heartbeatAfter: 0))
    #expect(second.contains("\"full\":false"))
    #expect(second.contains("\"time\":\"2026-11-20T11:59:00Z\",\"listens\":5,"))
    #expect(!second.contains("11:58:00Z"))
  }

  @Test func `nothing new is a heartbeat, not a message`() throws {
    let fixture = try Fixture()
    let subscription = fixture.router.hub.subscribe()
    fixture.router.hub.poll()
    _ = subscription.next(heartbeatAfter: 0)
    fixture.router.hub.poll()
    #expect(subscription.next(heartbeatAfter: 0) == ": still here\n\n")
  }

  @Test func `events of long ago are shown up to their own end`() throws {
    let fixture = try Fixture()
    try fixture.add(.totals, minute: "2026-01-05 08:00Z", [.listens: 6])
    let subscription = fixture.router.hub.subscribe()
    fixture.router.hub.poll()
    let message = try #require(subscription.next(heartbeatAfter: 0))
    #expect(message.contains("\"latest_minute\":\"2026-01-05T08:00:00Z\",\"rows\":[{"))
  }

  @Test func `an outage is told once, and so is its end`() throws {
    let fixture = try Fixture()
    let database = ScriptedDatabase(
      failing: nil, over: WarehouseDatabase(url: fixture.database.url, connections: 1, timeout: 5))
    let hub = try Fixture.router(database).hub
    let subscription = hub.subscribe()
    hub.poll()
    _ = subscription.next(heartbeatAfter: 0)
    database.fail(ScriptedDatabase.down)
    hub.poll()
    hub.poll()
    #expect(subscription.next(heartbeatAfter: 0)?.contains("\"database\":\"down\"") == true)
    #expect(subscription.next(heartbeatAfter: 0)?.hasPrefix(":") == true)
    database.fail(nil)
    hub.poll()
    #expect(subscription.next(heartbeatAfter: 0)?.contains("\"database\":\"up\"") == true)
  }

  @Test func `a closed hub ends its subscriptions, and a dropped one is forgotten`() throws {
    let hub = try Fixture.router(ScriptedDatabase(failing: nil)).hub
    var subscription: LiveHub.Subscription? = hub.subscribe()
    #expect(hub.subscribers == 1)
    hub.close()
    #expect(subscription?.next(heartbeatAfter: 60) == nil)
    subscription = nil
    #expect(hub.subscribers == 0)
  }
}
