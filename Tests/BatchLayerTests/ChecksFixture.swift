import BatchLayer
import Metrics
import TestKit
import Warehouse

/// A small warehouse that breaks no rule, every number in it counted by hand: two days, a user on two
/// plans, a guest, and plays of every kind, those at the edges of the rules included.
struct ChecksFixture {
  let database: TestDatabase
  let connection: Connection

  init(isEmpty: Bool = false) throws {
    database = try TestDatabase.make()
    connection = try database.connect()
    guard !isEmpty else { return }
    try connection.script(Self.partitions + Self.dimensions + Self.facts)
    try fillRollups()
  }

  /// Names of the checks that found something, with the number of rows. Hours and days are those of the minutes as
  /// they are now.
  func findings(from: Int64? = nil, to: Int64? = nil) throws -> [String] {
    try Self.findings(connection, from: from, to: to)
  }

  static func findings(_ connection: Connection, from: Int64? = nil, to: Int64? = nil) throws
    -> [String]
  {
    for rollup in Rollup.allCases { try sumRungs(connection, rollup) }
    return try Checks(library: SQLLibrary()).run(connection, from: from, to: to, on: .load)
      .map { "\($0.check) \($0.rows)" }
  }

  // 2026-03-01 and the day after.
  static let firstDay: Int64 = 1_772_323_200_000
  static let secondDay: Int64 = firstDay + 86_400_000
  static let thirdDay: Int64 = secondDay + 86_400_000

  private static let partitions = ["listen", "auth", "page_view"].map { fact in
    """
    create table parts.fact_\(fact)_a partition of parts.fact_\(fact)_b0
      for values from ('2026-03-01 00:00Z') to ('2026-03-02 00:00Z');
    create table parts.fact_\(fact)_b partition of parts.fact_\(fact)_b0
      for values from ('2026-03-02 00:00Z') to ('2026-03-03 00:00Z');

    """
  }.joined()

  /// User 1 was on the free plan, then paid; user 2 is known from the speed layer only.
  private static let dimensions = """
    insert into warehouse.dim_user (user_key, user_id, level, first_seen, last_seen, is_current)
    values
      (11, 1, 'free', '2026-03-01 10:00Z', '2026-03-01 10:59:59Z', false),
      (12, 1, 'paid', '2026-03-01 11:00Z', '2026-03-02 00:00Z', true),
      (13, 2, 'free', null, null, false);
    insert into warehouse.user_level_history
    values
      (1, 'free', '2026-03-01 10:00Z', '2026-03-01 11:00Z'),
      (1, 'paid', '2026-03-01 11:00Z', null);
    insert into warehouse.dim_song (song_key, artist, title, duration) values (21, 'a', 't', 200);
    insert into warehouse.dim_location (location_key, city) values (31, 'c');
    insert into warehouse.dim_device (device_key, user_agent) values (41, 'u');

    """

  private static let facts = """
    insert into warehouse.fact_listen
    values
      ('2026-03-01 10:00:00.250Z', 20260301, 36000, 11, 31, 41, 5, 0, 21, 'Logged In', 'free',
        200000, 200000, 'completed'),
      ('2026-03-01 10:05:00Z', 20260301, 36300, 11, 31, 41, 5, 2, 21, null, null,
        200000, 180000, 'completed'),
      ('2026-03-01 10:08:00Z', 20260301, 36480, 11, 31, 41, 5, 3, 21, null, null,
        200000, 29999, 'skipped'),
      ('2026-03-01 10:08:30Z', 20260301, 36510, 11, 31, 41, 5, 4, 21, null, null,
        200000, 30000, 'partial'),
      ('2026-03-01 10:09:00Z', 20260301, 36540, 11, 31, 41, 5, 5, 0, null, null,
        null, 0, 'partial'),
      ('2026-03-01 10:09:30Z', 20260301, 36570, 11, 31, 41, 5, 6, 0, null, null,
        null, 5000, 'skipped'),
      ('2026-03-01 10:59:59.999Z', 20260301, 39599, 11, 31, 41, 5, 7, 21, null, null,
        200000, null, null),
      ('2026-03-02 00:00:00Z', 20260302, 0, 12, 31, 41, 5, 9, 21, null, 'paid',
        200000, 200000, 'completed');
    insert into builds.fact_page_view
      (ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session,
       song_key, page, method, status, auth, level)
    values
      ('2026-03-01 10:00:01Z', 20260301, 36001, 11, 31, 41, 5, 1, 21, 'Thumbs Up', 'PUT', 307,
        'Logged In', 'free'),
      ('2026-03-01 10:01:00Z', 20260301, 36060, 0, 0, 0, 6, 0, 0, 'Error', 'GET', 404, 'Guest',
        null);
    insert into warehouse.fact_auth
    values
      ('2026-03-01 11:00:00Z', 20260301, 39600, 12, 31, 41, 5, 8, true, 'paid'),
      ('2026-03-01 11:00:30Z', 20260301, 39630, 0, 0, 0, 6, 1, false, null);

    """

  private func fillRollups() throws {
    let minutes: [(minute: String, counts: [String: Int])] = [
      (
        "2026-03-01 10:00Z",
        ["listens": 1, "listened_ms": 200_000, "completed": 1, "page_views": 1]
      ),
      ("2026-03-01 10:01Z", ["page_views": 1, "errors": 1]),
      ("2026-03-01 10:05Z", ["listens": 1, "listened_ms": 180_000, "completed": 1]),
      ("2026-03-01 10:08Z", ["listens": 2, "listened_ms": 59_999, "skipped": 1, "partial": 1]),
      ("2026-03-01 10:09Z", ["listens": 2, "listened_ms": 5000, "skipped": 1, "partial": 1]),
      ("2026-03-01 10:59Z", ["listens": 1]),
      ("2026-03-01 11:00Z", ["logins": 1, "failed_logins": 1]),
      ("2026-03-02 00:00Z", ["listens": 1, "listened_ms": 200_000, "completed": 1]),
    ]
    for (minute, counts) in minutes { try add(.totals, ["minute": "'\(minute)'"], counts) }
    // The facts of a day are folded into one row of each rollup.
    let keys: [Rollup: [String: String]] = [
      .song: ["song_key": "21"], .user: ["user_key": "11"], .location: ["location_key": "31"],
      .device: ["device_key": "41"], .audience: ["gender": "'F'", "level": "'free'"],
      .page: ["page": "'p'", "method": "'GET'", "status": "200", "auth": "''", "level": "''"],
    ]
    for (rollup, key) in keys {
      for (minute, listens, pageViews) in [
        ("2026-03-01 10:00Z", 7, 2), ("2026-03-02 00:00Z", 1, 0),
      ] {
        try add(
          rollup, key.merging(["minute": "'\(minute)'"]) { $1 },
          ["listens": listens, "page_views": pageViews])
      }
    }
  }

  private func add(_ rollup: Rollup, _ key: [String: String], _ counts: [String: Int]) throws {
    var columns: [String] = []
    var values: [String] = []
    for (column, value) in key {
      columns.append(column)
      values.append(value)
    }
    for counter in rollup.counters {
      columns.append(counter.column)
      values.append("\(counts[counter.column] ?? 0)")
    }
    try connection.script(
      "insert into batch.\(rollup.table(.minute).name) (\(columns.joined(separator: ", "))) "
        + "values (\(values.joined(separator: ", ")))")
  }

  private static func sumRungs(_ connection: Connection, _ rollup: Rollup) throws {
    try connection.sumRungs(
      of: rollup.name, keys: rollup.keyColumns, counters: rollup.counters.map(\.column),
      sketches: rollup.distincts.map(\.column))
  }
}
