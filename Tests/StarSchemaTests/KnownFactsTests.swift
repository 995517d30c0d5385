import EventModel
import StarSchema
import TestKit
import Testing
import Warehouse

/// Whether an event is a fact is told by its whole identity.
@Suite struct KnownFactsTests {
  private static let day: Int64 = 20_514
  private static let start = day * KnownFacts.dayMs

  private func identity(ts: Int64, user: Int64?, session: Int64 = 5, item: Int64 = 0)
    -> KnownFacts.Identity
  {
    var event = Event(topic: .pageView)
    event.ts = ts
    event.userId = user
    event.sessionId = session
    event.itemInSession = item
    return KnownFacts.Identity(event)
  }

  @Test(arguments: Topic.allCases)
  func everyTopicHasAFactTableWithItsIdentity(_ topic: Topic) throws {
    let database = try TestDatabase.make()
    let columns = try database.connect().columns(of: FactTable(topic).qualifiedName)
    for name in ["ts", "user_key", "session_id", "item_in_session"] {
      #expect(columns.contains { $0.name == name }, "\(FactTable(topic).qualifiedName).\(name)")
    }
  }

  @Test func anEventIsKnownWhereEveryPartOfItsIdentityIs() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    try connection.script(
      """
      create table parts.fact_page_view_a partition of parts.fact_page_view_b0
        for values from ('2026-03-02 00:00Z') to ('2026-03-03 00:00Z');
      insert into warehouse.dim_user (user_key, user_id, level) values (11, 1, 'free'), (12, 1, 'paid');
      insert into builds.fact_page_view
        (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session,
          song_key, page)
      values
        ('2026-03-02 00:00:00Z', 20260302, 0, 11, 0, 0, 5, 0, 0, 'Home'),
        ('2026-03-02 23:59:59.999Z', 20260302, 86399, 12, 0, 0, 5, 0, 0, 'Home'),
        ('2026-03-02 00:00:01Z', 20260302, 1, 0, 0, 0, 5, 0, 0, 'Home')
      """)
    let last = Self.start + KnownFacts.dayMs - 1
    let known = [
      identity(ts: Self.start, user: 1), identity(ts: last, user: 1),
      identity(ts: Self.start + 1000, user: nil),
    ]
    let others = [
      identity(ts: Self.start + 1, user: 1), identity(ts: Self.start, user: 2),
      identity(ts: Self.start, user: nil), identity(ts: Self.start + 1000, user: 1),
      identity(ts: Self.start, user: 1, session: 6), identity(ts: Self.start, user: 1, item: 1),
    ]
    let facts = KnownFacts(connection: connection, library: try SQLLibrary())
    for table in [FactTable.pageView.qualifiedName, "parts.fact_page_view_a"].map(FactPlace.init) {
      let found = try facts.indices(of: others + known + others, in: table)
      #expect(found.sorted() == [6, 7, 8], "\(table)")
      let byIndex = try facts.indicesByIndex(of: others + known + others, in: table)
      #expect(byIndex.sorted() == [6, 7, 8], "\(table)")
      #expect(try facts.indices(of: others, in: table).isEmpty)
      #expect(try facts.indices(of: [], in: table).isEmpty)
      #expect(try facts.indicesByIndex(of: [], in: table).isEmpty)
    }
  }

  @Test func anEventMayBeAFactWhereItsUserWasSeenInItsHourOrItHasNone() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    try connection.script(
      """
      insert into warehouse.dim_user (user_key, user_id, level)
      values (11, 1, 'free'), (12, 1, 'paid'), (13, 2, 'free');
      insert into builds.hour_user (hour, user_key, listens)
      values ('2026-03-02 00:00Z', 12, 1), ('2026-03-02 02:00Z', 11, 1), ('2026-03-02 05:00Z', 12, 1),
        ('2026-03-02 05:00Z', 11, 1)
      """)
    let hour: Int64 = 3_600_000
    let facts = KnownFacts(connection: connection, library: try SQLLibrary())
    let events = [
      identity(ts: Self.start, user: 1), identity(ts: Self.start + hour - 1, user: 1),
      identity(ts: Self.start + hour, user: 1), identity(ts: Self.start + 2 * hour, user: 1),
      identity(ts: Self.start + 5 * hour, user: 1), identity(ts: Self.start, user: 2),
      identity(ts: Self.start, user: 3), identity(ts: Self.start + hour, user: nil),
    ]
    let seen = try facts.indicesOfSeen(events, in: "batch.hour_user")
    #expect(seen.sorted() == [0, 1, 3, 4, 7])
    #expect(try facts.indicesOfSeen([], in: "batch.hour_user").isEmpty)
  }
}
