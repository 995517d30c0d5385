import EventLog
import StarSchema
import Support
import TestKit
import Testing
import Warehouse

@testable import Feed
@testable import Metrics

/// Dimension members and quarantined records: idempotent, and equal when they are read again.
@Suite struct MemberStoreTests {
  private static let odd = "\t\\N\n\"'añ🎵"

  /// For each dimension a member of key 1, which has all attributes.
  private static let oneOfEach: [String: @Sendable (inout NewMembers) -> Void] = [
    "user": {
      $0.users = [
        .init(
          key: 1, userId: 1, firstName: "a", lastName: "b", gender: "F", level: "free",
          registration: 0)
      ]
    },
    "song": {
      $0.songs = [.init(key: 1, artist: "a", title: "t", trackId: "i", duration: 1)]
    },
    "location": {
      $0.locations = [
        .init(
          key: 1, country: "US", state: "NY", city: "c", zip: "z", lon: 1, lat: 2,
          region: "Northeast")
      ]
    },
    "device": {
      $0.devices = [
        .init(key: 1, userAgent: "u", device: .init(deviceType: "d", os: "o", browser: "b"))
      ]
    },
  ]

  /// Columns that the rows of new members and quarantined records do not bring.
  private static let filledByOthers: [String: Set<String>] = [
    // Loads fill them in when they publish (`batch/users_seen.sql`, `batch/users_current.sql`).
    // Age and country come from the catalogue (`warehouse.catalogue_user`).
    "dim_user": ["first_seen", "last_seen", "is_current", "age", "country"],
    // Events do not have them. They come from the catalogue (`warehouse.catalogue_song`).
    "dim_song": [
      "track_alone", "track_id", "genre", "album", "popularity", "explicit", "danceability",
      "energy", "key",
      "loudness",
      "mode", "speechiness", "acousticness", "instrumentalness", "liveness", "valence", "tempo",
      "time_signature",
    ],
    // The server fills them in for each row.
    "quarantine": ["found_at", "content"],
  ]

  private func insert(_ members: NewMembers, _ connection: Connection) throws {
    let store = try MemberStore(connection: connection, library: SQLLibrary())
    try connection.transaction { () throws(WarehouseError) in try store.insert(members) }
  }

  /// Rows but the unknown member, each column as text, null as nil.
  private func rows(_ connection: Connection, _ table: String, _ columns: [String], _ order: String)
    throws -> [[String?]]
  {
    let texts = columns.map { "\($0)::text" }.joined(separator: ", ")
    let rows = try connection.run(
      "select \(texts) from \(table) as t where t.\(columns[0]) <> 0 order by t.\(order)")
    return (0..<rows.count).map { row in columns.indices.map { rows.textOrNull(row, $0) } }
  }

  private func count(_ connection: Connection, _ table: String, where condition: String = "true")
    throws -> Int64
  {
    try connection.run("select count(*) from \(table) where \(condition)").int(0, 0)
  }

  @Test(arguments: oneOfEach.keys.sorted() + ["quarantine"])
  func whatRowsPassThroughHasTheColumnsOfTheirTable(_ name: String) throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    _ = try MemberStore(connection: connection, library: SQLLibrary())
    let table = name == "quarantine" ? name : "dim_\(name)"
    let others = Self.filledByOthers[table] ?? []
    let columns = try connection.columns(of: "warehouse.\(table)")
    let through = try connection.columns(of: "pg_temp.new_\(name)")
    #expect(
      through.map { "\($0.name) \($0.type)" }.sorted()
        == columns.filter { !others.contains($0.name) }.map { "\($0.name) \($0.type)" }.sorted())
    #expect(others.isSubset(of: columns.map(\.name)))
  }

  /// A table, a column, a list of `NewMembers` or a statement that is new is not forgotten here.
  @Test func everyDimensionHasItsUnknownMemberAndTakesNewOnesWithAllTheirAttributes() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    let tables = try connection.memberTables()
    #expect(tables == Self.oneOfEach.keys.map { "dim_\($0)" }.sorted())
    let library = try SQLLibrary()
    for (name, add) in Self.oneOfEach {
      var members = NewMembers()
      #expect(members.isEmpty)
      add(&members)
      #expect(!members.isEmpty, "\(name)")
      for _ in 0..<2 { try insert(members, connection) }
      let filled = try connection.run(
        """
        select field.name
        from warehouse.dim_\(name) as d, jsonb_each(to_jsonb(d)) as field (name, value)
        where \(name)_key = 1 and field.value <> 'null'
        """)
      let names = Set(try (0..<filled.count).map { try filled.text($0, 0) })
      for column in try connection.columns(of: "warehouse.dim_\(name)").map(\.name)
      where Self.filledByOthers["dim_\(name)"]?.contains(column) != true {
        #expect(names.contains(column), "dim_\(name).\(column)")
      }
      #expect(try count(connection, "warehouse.dim_\(name)", where: "\(name)_key = 0") == 1)
      // Two processes that insert the same members must not wait for each other in a circle.
      let statement = try library.sql("members/insert_\(name)")
      #expect(
        ["", "n."].contains { statement.contains("\norder by \($0)\(name)_key") },
        "insert_\(name)")
    }
  }

  @Test func usersComeBackAsTheyWere() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    var members = NewMembers()
    members.users = [
      .init(
        key: .max, userId: .min + 1, firstName: Self.odd, lastName: "", gender: "F", level: "paid",
        registration: -2_208_988_800_000),
      .init(
        key: .min, userId: 7, firstName: nil, lastName: nil, gender: nil, level: nil,
        registration: nil),
      .init(
        key: -1, userId: 7, firstName: nil, lastName: nil, gender: nil, level: "free",
        registration: 4_102_444_799_999),
    ]
    try insert(members, connection)
    let found = try rows(
      connection, "warehouse.dim_user",
      [
        "user_key", "user_id", "first_name", "last_name", "gender", "level",
        "(extract(epoch from registration) * 1000)::bigint", "first_seen", "is_current",
      ], "user_key")
    #expect(
      found == [
        ["\(Int64.min)", "7", nil, nil, nil, nil, nil, nil, "false"],
        ["-1", "7", nil, nil, nil, "free", "4102444799999", nil, "false"],
        [
          "\(Int64.max)", "\(Int64.min + 1)", Self.odd, "", "F", "paid", "-2208988800000", nil,
          "false",
        ],
      ])
  }

  @Test func songsComeBackAsTheyWere() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    var members = NewMembers()
    members.songs = [
      .init(key: 1, artist: Self.odd, title: "t", duration: 200.123),
      .init(key: 2, artist: nil, title: nil, duration: nil),
      .init(key: 3, artist: "a", title: "", duration: 0),
    ]
    try insert(members, connection)
    let columns = ["song_key", "artist", "title", "duration"]
    let expected: [[String?]] = [
      ["1", Self.odd, "t", "200.123"], ["2", nil, nil, nil], ["3", "a", "", "0"],
    ]
    #expect(try rows(connection, "warehouse.dim_song", columns, "song_key") == expected)
  }

  @Test func devicesComeBackAsTheyWere() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0"
    let device = Array(agent.utf8).withUnsafeBufferPointer { Device(userAgent: $0) }
    var members = NewMembers()
    members.devices = [.init(key: 5, userAgent: agent, device: device)]
    try insert(members, connection)
    let columns = ["device_key", "user_agent", "device_type", "os", "browser"]
    let expected: [[String?]] = [["5", agent, device.deviceType, device.os, device.browser]]
    #expect(try rows(connection, "warehouse.dim_device", columns, "device_key") == expected)
  }

  @Test func aSongHasTheLeastTrackIdInWhateverOrderTheyCome() throws {
    for ids in [["b", nil, "a"], [nil, "a", "b"], ["a", "b", nil], ["b", "a", nil]] {
      let database = try TestDatabase.make()
      let connection = try database.connect()
      for id in ids {
        var members = NewMembers()
        members.songs = [.init(key: 1, artist: "x", title: "t", trackId: id, duration: 1)]
        try insert(members, connection)
      }
      #expect(
        try rows(connection, "warehouse.dim_song", ["song_key", "event_track_id"], "song_key")
          == [["1", "a"]], "\(ids)")
    }
  }

  @Test func aUserIsInAGroupOnceHoweverOftenEventsSaySo() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    var members = NewMembers()
    members.tags = [
      .init(userId: 2, tag: "B"), .init(userId: 1, tag: "A"), .init(userId: 1, tag: "A"),
    ]
    for _ in 0..<2 { try insert(members, connection) }
    #expect(
      try rows(connection, "warehouse.user_tag", ["user_id", "tag"], "user_id")
        == [["1", "A"], ["2", "B"]])
  }

  @Test func whatIsUnknownReadsUnknown() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    for name in Self.oneOfEach.keys {
      let texts = try connection.columns(of: "warehouse.dim_\(name)").filter {
        $0.type == "text" && !$0.name.hasSuffix("track_id")
      }
      for column in texts {
        let read = try connection.run(
          "select \(column.name) from warehouse.dim_\(name) where \(name)_key = 0")
        #expect(try read.text(0, 0) == "Unknown", "dim_\(name).\(column.name)")
      }
    }
  }

  private func place(_ key: Int64, lon: Double?, lat: Double?) -> NewMembers.Location {
    NewMembers.Location(
      key: key, country: "US", state: "NY", city: Self.odd, zip: "00501", lon: lon, lat: lat,
      region: "Northeast")
  }

  @Test func aPlaceHasTheLeastCoordinatesInWhateverOrderTheyCome() throws {
    let coordinates: [(Double?, Double?)] = [
      (nil, nil), (180, -90), (-180, 90), (-180, 89.5), (-180, nil),
    ]
    var random = SeededRandom(seed: 5)
    for _ in 0..<6 {
      let database = try TestDatabase.make()
      let connection = try database.connect()
      for (lon, lat) in coordinates.shuffled(using: &random) {
        var members = NewMembers()
        members.locations = [place(9, lon: lon, lat: lat), place(9, lon: nil, lat: nil)]
        try insert(members, connection)
      }
      let columns = [
        "location_key", "country", "state", "city", "zip", "lon", "lat", "region",
      ]
      let expected: [[String?]] = [
        ["9", "US", "NY", Self.odd, "00501", "-180", "89.5", "Northeast"]
      ]
      #expect(try rows(connection, "warehouse.dim_location", columns, "location_key") == expected)
    }
  }

  @Test func membersThatAreThereAlreadyStayAndOneThatComesTwiceIsOneRow() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    var members = NewMembers()
    members.songs = [
      .init(key: 1, artist: "a", title: "t", duration: 1),
      .init(key: 1, artist: "a", title: "t", duration: 1),
    ]
    members.users = [
      .init(
        key: 2, userId: 2, firstName: nil, lastName: nil, gender: nil, level: "free",
        registration: nil)
    ]
    try insert(members, connection)
    // As a load and a catalogue leave them.
    try connection.script(
      """
      update warehouse.dim_song set genre = 'rock' where song_key = 1;
      update warehouse.dim_user set is_current = true, first_seen = now() where user_key = 2
      """)
    try insert(members, connection)
    let genres = try rows(connection, "warehouse.dim_song", ["song_key", "genre"], "song_key")
    #expect(genres == [["1", "rock"]])
    let users = try rows(
      connection, "warehouse.dim_user", ["user_key", "is_current", "first_seen is null"],
      "user_key")
    #expect(users == [["2", "true", "false"]])
  }

  @Test func aQuarantinedRecordComesBackByteForByteAndOnce() throws {
    let database = try TestDatabase.make()
    let connection = try database.connect()
    let store = try MemberStore(connection: connection, library: SQLLibrary())
    let records = [
      QuarantinedRecord(
        source: TopicPartition("listen_events", 0), offset: 0, reason: "field ts: \(Self.odd)",
        raw: Array(0...255)),
      QuarantinedRecord(
        source: TopicPartition("auth_events", Int32.max), offset: Int64.max, reason: "empty",
        raw: []),
      // The same line, come again: a record of its own.
      QuarantinedRecord(
        source: TopicPartition("listen_events", 0), offset: 1, reason: "field ts: \(Self.odd)",
        raw: Array(0...255)),
    ]
    for _ in 0..<2 {
      try connection.transaction { () throws(WarehouseError) in
        try store.insert(NewMembers(), quarantined: records)
      }
    }
    let rows = try connection.run(
      "select topic, partition, record_offset, reason, raw from warehouse.quarantine "
        + "order by topic desc, record_offset")
    #expect(rows.count == 3)
    for (row, number) in [0, 2, 1].enumerated() {
      let record = records[number]
      #expect(try rows.text(row, 0) == record.source.topic)
      #expect(try rows.int(row, 1) == Int64(record.source.partition))
      #expect(try rows.int(row, 2) == record.offset)
      #expect(try rows.text(row, 3) == record.reason)
      #expect(try rows.bytes(row, 4) == record.raw)
    }
    let lines = try connection.run("select records from warehouse.quarantine_line order by 1")
    #expect(try (0..<lines.count).map { try lines.int($0, 0) } == [1, 2])
  }

  /// A session that stands still within a COPY is not ended by the server, so it must not hold members that
  /// others insert.
  @Test(arguments: oneOfEach.keys.sorted() + ["quarantine"])
  func whatStandsStillInACopyKeepsNobodyFromInsertingTheSameMembers(_ table: String) throws {
    let database = try TestDatabase.make()
    var members = NewMembers()
    for add in Self.oneOfEach.values { add(&members) }
    let record = QuarantinedRecord(
      source: TopicPartition("listen_events", 0), offset: 0, reason: "empty", raw: [])
    let new = members
    let barrier = try database.connect()
    try barrier.script("select pg_advisory_lock(1)")
    let still = Worker("test-still") {
      let connection = try database.connect()
      let store = try MemberStore(connection: connection, library: SQLLibrary())
      try connection.script("select pg_advisory_lock(1)")
      try connection.transaction { () throws(WarehouseError) in
        try store.insert(new, quarantined: [record])
      }
    }
    let other = try database.connect()
    let isWaiting = "datname = current_database() and wait_event_type = 'Lock'"
    #expect(
      try eventually(within: 60) { try count(other, "pg_stat_activity", where: isWaiting) == 1 })
    let schema = try other.run(
      "select relnamespace::regnamespace::text from pg_class where relname = 'new_user'"
    ).text(0, 0)
    try barrier.script("begin; lock table \(schema).new_\(table) in access exclusive mode")
    try barrier.script("select pg_advisory_unlock(1)")
    #expect(
      try eventually(within: 60) {
        try count(
          other, "pg_stat_activity", where: "\(isWaiting) and query like 'copy%new_\(table)%'") == 1
      })
    try other.script("set lock_timeout = '2s'")
    let second = try MemberStore(connection: other, library: SQLLibrary())
    try other.transaction { () throws(WarehouseError) in
      try second.insert(new, quarantined: [record])
    }
    try barrier.script("rollback")
    try still.wait()
    for name in Self.oneOfEach.keys {
      #expect(try count(other, "warehouse.dim_\(name)", where: "\(name)_key = 1") == 1)
    }
    #expect(try count(other, "warehouse.quarantine") == 1)
  }
}
