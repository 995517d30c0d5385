import BatchLayer
import EventLog
import Foundation
import Support
import Synchronization
import TestKit
import Testing
import Warehouse

/// Warehouses that versions before have left, as `scripts/dump-warehouse.sh` keeps them: with loads of both kinds, a build that
/// waits, and rows that only the speed layer has.
@Suite struct KeptWarehouseTests {
  private static let directory = "\(Program.packageRoot)/Tests/Dumps"
  /// The last migration of each.
  static let versions = FileSystem.sortedNames(in: directory)

  /// CONTRIBUTING.md says when the next one is made.
  @Test func warehousesAreKeptAndTheNewestIsNotLongAgo() throws {
    let newest = try #require(Self.versions.last)
    let since = try SQLLibrary().names(in: "migrations").filter { $0.prefix(4) > newest }
    #expect(since.count <= 12, "scripts/dump-warehouse.sh makes the next one, before you add more")
  }

  /// A warehouse as it was kept, and its log.
  private struct Kept {
    let database: TestDatabase
    let log: String

    init(_ version: String) throws {
      // Roles belong to the server, and are there once some database is migrated.
      _ = try TestDatabase.make()
      database = try TestDatabase.make(migrated: false)
      let place = try TestDatabase.directory() + "/kept-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      log = "\(place)/log"
      let script = """
        set -o pipefail
        tar --zstd -xf "$0/log.tar.zst" -C "$1" &&
          zstd -dc "$0/warehouse.sql.zst" | psql -qX -o /dev/null -v ON_ERROR_STOP=1 "$2" 2>&1
        """
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [
        "bash", "-c", script, "\(KeptWarehouseTests.directory)/\(version)", place, database.url,
      ]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let said = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
    }

    /// Members for what is unknown have been made and changed (`0032_calendar_and_pages.sql`,
    /// `0039_unknown_members.sql`): they are left out.
    private static let known = [
      "warehouse.dim_date": "date_key > 0", "warehouse.dim_time": "time_key >= 0",
      "warehouse.dim_user": "user_key <> 0", "warehouse.dim_song": "song_key <> 0",
      "warehouse.dim_location": "location_key <> 0", "warehouse.dim_device": "device_key <> 0",
    ]

    /// How many rows each of these views has, and what is in their columns, as one number.
    func contents(_ columns: [String: [String]]) throws -> [String: String] {
      let connection = try database.connect()
      var contents: [String: String] = [:]
      for (view, columns) in columns {
        contents[view] = try connection.run(
          "select count(*) || ' ' || coalesce(sum(hashtextextended(row(\(columns.joined(separator: ", ")))::text, 0)), 0) from \(view) where \(Self.known[view] ?? "true")"
        ).text(0, 0)
      }
      return contents
    }

    /// The columns of everything that people read.
    func columns() throws -> [String: [String]] {
      let rows = try database.connect().run(
        """
        select table_schema || '.' || table_name, column_name
        from information_schema.columns
        where table_schema in ('serving', 'warehouse', 'batch')
          and table_name <> 'schema_migration'
        order by 1, ordinal_position
        """)
      var columns: [String: [String]] = [:]
      for row in 0..<rows.count {
        columns[try rows.text(row, 0), default: []].append(try rows.text(row, 1))
      }
      return columns
    }

    func counted() throws -> Int64 {
      try database.connect().run(
        "select sum(listens + page_views + logins + failed_logins)::bigint from serving.minute_totals"
      ).int(0, 0)
    }
  }

  @Test(arguments: versions)
  func whatPeopleReadIsTheSameAndIsReadMeanwhile(_ version: String) throws {
    let kept = try Kept(version)
    let columns = try kept.columns()
    #expect(columns.count > 40)
    let before = try kept.contents(columns)
    let counted = try kept.counted()
    let stop = StopToken()
    let url = kept.database.url
    let looks = Mutex(0)
    let reader = Worker("reader") {
      let connection = try Connection(url: url)
      while !stop.isRequested {
        let sum = try lookThenRest {
          try connection.run(
            "select sum(listens + page_views + logins + failed_logins)::bigint from serving.day_totals"
          )
        }
        try #require(try sum.int(0, 0) == counted)
        looks.withLock { $0 += 1 }
      }
    }
    #expect(eventually(within: 60) { looks.withLock { $0 } > 3 })
    try Migrator(library: SQLLibrary()).migrate(kept.database.connect())
    let looked = looks.withLock { $0 }
    #expect(eventually(within: 60) { looks.withLock { $0 } > looked + 3 })
    stop.request()
    try reader.wait()
    let after = try kept.contents(columns)
    for (view, contents) in before { #expect(after[view] == contents, "\(view)") }
    let findings = try Checks(library: SQLLibrary()).run(
      kept.database.connect(), from: nil, to: nil)
    #expect(findings.map(\.description) == [])
  }

  @Test(arguments: versions)
  func loadsAndTheBuildThatWaitsGoOn(_ version: String) throws {
    let kept = try Kept(version)
    let library = try SQLLibrary()
    let connection = try kept.database.connect()
    try Migrator(library: library).migrate(connection)
    let written = try LogFiles(kept.log).count().total
    let configuration = BatchLoader.Configuration(databaseURL: kept.database.url)
    let lake = try EventLogs.open("dir:\(kept.log)")
    let publications = Publications(library: library, configuration: configuration)
    let loader = BatchLoader(lake: lake, library: library, configuration: configuration) { _, _ in }
    func expectSound(_ when: String) throws {
      #expect(try kept.counted() == written, "\(when)")
      let findings = try Checks(library: library).run(connection, from: nil, to: nil)
      #expect(findings.map(\.description) == [], "\(when)")
    }
    _ = try publications.publishShadow()
    try expectSound("the build that waited is published")
    _ = try publications.rollBack()
    try expectSound("and taken back")
    _ = try loader.load(.incremental)
    try expectSound("an incremental load")
    _ = try loader.load(.full)
    try expectSound("a full load")
  }
}
