import BatchLayer
import Metrics
import StarSchema
import TestKit
import Testing
import Warehouse

@Suite struct ChecksTests {
  /// A way to break one rule of a sound warehouse, and the one check that must notice.
  struct Breakage: Sendable, CustomTestStringConvertible {
    var check: String
    var what: String
    var sql: String
    var rows = 1

    init(_ check: String, _ what: String, rows: Int = 1, _ sql: String) {
      self.check = check
      self.what = what
      self.rows = rows
      self.sql = sql
    }

    var testDescription: String { "\(check): \(what)" }
  }

  static let breakages: [Breakage] =
    uniqueness + references + keys + outcomes + totals + rollups + users + history

  /// One warehouse and one session for all, as each breakage is rolled back; so one at a time.
  nonisolated(unsafe) private static let sound = Result { try ChecksFixture() }

  @Test(.serialized, arguments: breakages)
  func brokenRuleIsFoundByItsCheckAlone(_ breakage: Breakage) throws {
    let connection = try Self.sound.get().connection
    try connection.script("begin")
    defer { try? connection.script("rollback") }
    try connection.script(breakage.sql)
    let found = try ChecksFixture.findings(connection)
    #expect(found == ["\(breakage.check) \(breakage.rows)"])
  }

  @Test func everyCheckHasAWayToBreakItsRule() throws {
    let library = try SQLLibrary()
    let names = try Checks(library: library).names.filter {
      try !library.text(of: "checks/\($0).sql").contains("\n-- on: ")
    }
    #expect(!names.isEmpty)
    #expect(Set(names) == Set(Self.breakages.map(\.check)))
  }

  @Test func emptyWarehouseBreaksNoRule() throws {
    let fixture = try ChecksFixture(isEmpty: true)
    #expect(try fixture.findings() == [])
    #expect(
      try fixture.findings(from: ChecksFixture.firstDay, to: ChecksFixture.secondDay) == [])
  }

  @Test func soundWarehouseBreaksNoRuleOnTheWholeNorByTheDay() throws {
    let fixture = try ChecksFixture()
    #expect(try fixture.findings() == [])
    #expect(
      try fixture.findings(from: ChecksFixture.firstDay, to: ChecksFixture.secondDay) == [])
    #expect(
      try fixture.findings(from: ChecksFixture.secondDay, to: ChecksFixture.thirdDay) == [])
  }

  @Test func factsOutsideTheBoundsAreNotLookedAt() throws {
    let fixture = try ChecksFixture()
    try fixture.connection.script(
      """
      update warehouse.fact_listen set device_key = 999 where date_key = 20260302;
      update batch.minute_totals set completed = 0 where minute = '2026-03-02 00:00Z'
      """)
    #expect(
      try fixture.findings(from: ChecksFixture.firstDay, to: ChecksFixture.secondDay) == [])
    #expect(
      try fixture.findings(from: ChecksFixture.secondDay, to: ChecksFixture.thirdDay) == [
        "fact_listen_references 1", "facts_by_minute 1",
      ])
  }

  @Test func factPartitionsOutsideTheBoundsAreNotPlanned() throws {
    let fixture = try ChecksFixture()
    let library = try SQLLibrary()
    for name in Checks(library: library).names where name.hasPrefix("fact_") {
      let plan = try fixture.connection.run(
        "explain "
          + library.text(of: "checks/\(name).sql").replacing("{sample}", with: "true"),
        [
          .timestamp(milliseconds: ChecksFixture.firstDay),
          .timestamp(milliseconds: ChecksFixture.secondDay),
        ])
      let lines = try (0..<plan.count).map { try plan.text($0, 0) }.joined(separator: "\n")
      #expect(lines.contains("_a"), "\(name):\n\(lines)")
      #expect(!lines.contains("_b "), "\(name):\n\(lines)")
    }
  }

  @Test func sameTimeAndPlaceInASessionOfAnotherUserIsAnotherEvent() throws {
    let fixture = try ChecksFixture()
    try fixture.connection.script(
      Self.copyOfOpenPlay + "update builds.fact_listen set user_key = 13 where ctid = "
        + "(select max(ctid) from builds.fact_listen where time_key = 39599) "
        + "and time_key = 39599;")
    #expect(try fixture.findings() == [])
  }

  // MARK: Uniqueness

  /// All rollups count the added row, so that the only fault is the duplicate fact.
  private static let copyOfOpenPlay =
    """
    insert into warehouse.fact_listen
      select * from warehouse.fact_listen where time_key = 39599;
    update batch.minute_totals set listens = 2 where minute = '2026-03-01 10:59Z';

    """ + bump(.listens)

  /// Adds one to each rollup that keeps the counter, except to the totals.
  private static func bump(_ counter: Counter) -> String {
    Rollup.allCases.filter { $0 != .totals && $0.counters.contains(counter) }.map {
      "update batch.\($0.table(.minute).name) set \(counter.column) = \(counter.column) + 1 "
        + "where minute = '2026-03-01 10:00Z';\n"
    }.joined()
  }

  static let uniqueness: [Breakage] = [
    Breakage("fact_listen_unique", "the same row twice", copyOfOpenPlay),
    Breakage(
      "fact_listen_unique", "again, in another state of the user",
      copyOfOpenPlay + "update builds.fact_listen set user_key = 12 where ctid = "
        + "(select max(ctid) from builds.fact_listen where time_key = 39599) "
        + "and time_key = 39599;"),
    Breakage(
      "fact_auth_unique", "a guest's event twice",
      """
      insert into warehouse.fact_auth select * from warehouse.fact_auth where not success;
      update batch.minute_totals set failed_logins = 2 where minute = '2026-03-01 11:00Z'
      """),
    Breakage(
      "fact_page_view_unique", "two pages at one place in the session",
      """
      insert into builds.fact_page_view
        (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session,
         song_key, page, method, status, auth, level)
        select
          ts, date_key, time_key, user_key, location_key, device_key, session_id,
          item_in_session, song_key, 'Home', method, status, auth, level
        from warehouse.fact_page_view where user_key = 11;
      update batch.minute_totals set page_views = 2 where minute = '2026-03-01 10:00Z';
      """ + bump(.pageViews)),
  ]

  // MARK: Keys

  static let references: [Breakage] = missingMembers + missingSeconds

  /// Of every key but those of the calendar, which have a check of their own.
  private static let missingMembers: [Breakage] = FactTable.allCases.flatMap { fact in
    fact.columns.filter {
      $0.hasSuffix("_key") && $0 != "date_key" && $0 != "time_key"
    }.map { (column: String) -> Breakage in
      Breakage(
        "\(fact.name)_references", "no member for \(column)",
        "update builds.\(fact.name) set \(column) = 999 where date_key = 20260301 "
          + "and session_id = 5 and item_in_session in (0, 1, 8)")
    }
  }

  /// Facts are sampled in large loads, rollups never.
  @Test(arguments: ["user", "song", "location", "device"])
  func memberThatIsGoneIsMissedInTheRollupsOfFullLoads(_ dimension: String) throws {
    let fixture = try ChecksFixture()
    _ = try fixture.findings()
    try fixture.connection.script("delete from warehouse.dim_\(dimension)")
    func findings(_ occasion: Checks.Occasion, sixteenth: Int?) throws -> [String] {
      try Checks(library: SQLLibrary()).run(
        fixture.connection, from: nil, to: nil, on: occasion, sixteenth: sixteenth
      ).map(\.check).filter { $0.hasSuffix("_references") }
    }
    // No session of the fixture is in this sixteenth.
    let sampled = try findings(.fullLoad, sixteenth: 15)
    #expect(sampled.contains("rollup_references"))
    #expect(!sampled.contains("fact_listen_references"))
    #expect(try findings(.check, sixteenth: nil).contains("rollup_references"))
    #expect(try !findings(.load, sixteenth: nil).contains("rollup_references"))
  }

  private static let missingSeconds: [Breakage] = [
    Breakage(
      "facts_by_minute", "no such second", rows: 1,
      "delete from warehouse.dim_time where time_key = 36000")
  ]

  static let keys: [Breakage] = [
    Breakage(
      "facts_by_minute", "the second before", rows: 8,
      "update warehouse.fact_listen set time_key = time_key - 1 where date_key = 20260301"),
    Breakage(
      "facts_by_minute", "the day after", rows: 1,
      "update warehouse.fact_auth set date_key = 20260302"),
    Breakage(
      "facts_by_minute", "the second of another time zone", rows: 2,
      "update builds.fact_page_view set time_key = time_key + 7 * 3600"),
  ]

  // MARK: Outcomes

  /// The first play, settled in another way, and its minute counted accordingly.
  private static func outcome(_ duration: String, _ listened: String, _ outcome: String)
    -> Breakage
  {
    Breakage(
      "fact_listen_outcome", "\(outcome) after \(listened) of \(duration) ms",
      """
      update warehouse.fact_listen
      set duration_ms = \(duration), listened_ms = \(listened), outcome = \(outcome)
      where time_key = 36000;
      update batch.minute_totals as t
      set
        listened_ms = coalesce(f.listened_ms, 0),
        completed = (f.outcome is not distinct from 'completed')::integer,
        skipped = (f.outcome is not distinct from 'skipped')::integer,
        partial = (f.outcome is not distinct from 'partial')::integer
      from warehouse.fact_listen as f
      where f.time_key = 36000 and t.minute = '2026-03-01 10:00Z'
      """)
  }

  static let outcomes: [Breakage] = [
    outcome("200000", "null", "'completed'"), outcome("200000", "null", "'skipped'"),
    outcome("200000", "null", "'partial'"), outcome("200000", "5", "null"),
    outcome("200000", "5", "'stopped'"), outcome("200000", "-1", "'skipped'"),
    outcome("200000", "200001", "'completed'"), outcome("200000", "179999", "'completed'"),
    outcome("200000", "30000", "'skipped'"), outcome("20000", "19000", "'skipped'"),
    outcome("200000", "29999", "'partial'"), outcome("200000", "180000", "'partial'"),
    outcome("null", "200000", "'completed'"), outcome("null", "29999", "'partial'"),
    outcome("null", "3600000", "'partial'"), outcome("null", "30000", "'skipped'"),
  ]

  // MARK: Rollups

  static let totals: [Breakage] = wrongCounts + wrongMinutes

  private static let wrongCounts: [Breakage] = [
    "listened_ms", "completed", "skipped", "partial", "errors", "logins", "failed_logins",
  ].map { (column: String) -> Breakage in
    Breakage(
      "facts_by_minute", "one too many of \(column)",
      "update batch.minute_totals set \(column) = \(column) + 1 "
        + "where minute = '2026-03-01 10:08Z'")
  }

  private static let wrongMinutes: [Breakage] = [
    Breakage(
      "facts_by_minute", "a listen in the minute before", rows: 2,
      """
      update batch.minute_totals set listens = 1 where minute = '2026-03-01 10:09Z';
      update batch.minute_totals set listens = 3 where minute = '2026-03-01 10:08Z'
      """),
    Breakage(
      "facts_by_minute", "a page view in the minute before", rows: 2,
      """
      update batch.minute_totals set page_views = 0 where minute = '2026-03-01 10:01Z';
      update batch.minute_totals set page_views = 2 where minute = '2026-03-01 10:00Z'
      """),
    Breakage(
      "facts_by_minute", "a minute that is missing",
      "delete from batch.minute_totals where minute = '2026-03-01 11:00Z'"),
    Breakage(
      "facts_by_minute", "a minute without facts", rows: 2,
      """
      update batch.minute_totals set minute = '2026-03-01 11:01Z'
      where minute = '2026-03-01 11:00Z'
      """),
  ]

  static let rollups: [Breakage] = wrongListens + wrongPageViews + wrongDays

  private static let wrongListens: [Breakage] = [
    "song", "user", "location", "device", "audience",
  ].map { (rollup: String) -> Breakage in
    Breakage(
      "rollups_agree", "one too many in minute_\(rollup)",
      "update batch.minute_\(rollup) set listens = 8 where minute = '2026-03-01 10:00Z'")
  }

  private static let wrongPageViews: [Breakage] = [
    "page", "user", "location", "device", "audience",
  ].map { (rollup: String) -> Breakage in
    Breakage(
      "rollups_agree", "one too few in minute_\(rollup)",
      "update batch.minute_\(rollup) set page_views = 1 where minute = '2026-03-01 10:00Z'")
  }

  private static let wrongDays: [Breakage] = [
    Breakage(
      "rollups_agree", "a day that one has not",
      "delete from batch.minute_device where minute = '2026-03-02 00:00Z'"),
    Breakage(
      "rollups_agree", "another day in one", rows: 2,
      "update batch.minute_song set minute = '2026-03-03 00:00Z' where listens = 1"),
    Breakage(
      "rollups_agree", "a day that only one has",
      "update batch.minute_page set page_views = 1 where minute = '2026-03-02 00:00Z'"),
  ]

  // MARK: Users

  static let users: [Breakage] = [
    Breakage(
      "dim_user_current", "two current states",
      "update warehouse.dim_user set is_current = true where user_key = 11"),
    Breakage(
      "dim_user_current", "no current state",
      "update warehouse.dim_user set is_current = false where user_key = 12"),
    Breakage(
      "dim_user_current", "an earlier state is current",
      "update warehouse.dim_user set is_current = not is_current where user_id = 1"),
    Breakage(
      "dim_user_current", "current before any load has seen the user",
      "update warehouse.dim_user set is_current = true where user_id = 2"),
  ]

  static let history: [Breakage] = [
    Breakage(
      "user_level_history_chain", "a gap",
      "update warehouse.user_level_history set valid_to = '2026-03-01 10:30Z' where level = 'free'"),
    Breakage(
      "user_level_history_chain", "an overlap",
      "update warehouse.user_level_history set valid_to = '2026-03-01 11:30Z' where level = 'free'"),
    Breakage(
      "user_level_history_chain", "two open intervals",
      "update warehouse.user_level_history set valid_to = null where level = 'free'"),
    Breakage(
      "user_level_history_chain", "no open interval",
      "update warehouse.user_level_history set valid_to = '2026-03-02 00:00Z' where level = 'paid'"),
  ]
}
