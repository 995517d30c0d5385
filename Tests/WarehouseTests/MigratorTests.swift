import Foundation
import Support
import TestKit
import Testing
import Warehouse

@Suite struct MigratorTests {
  let files: TemporaryDirectory
  let database: TestDatabase
  let connection: Connection

  init() throws {
    files = try TemporaryDirectory()
    try files.write(
      "create table a (x int);\ninsert into a values (1);", to: "migrations/0001_a.sql")
    try files.write("create table b (x int)", to: "migrations/0002_b.sql")
    database = try TestDatabase.make(migrated: false)
    connection = try database.connect()
  }

  /// A migrator with a new library, as in a new process.
  private func migrator() throws -> Migrator {
    Migrator(library: try SQLLibrary(directory: files.path))
  }

  @Test func eachFileIsAppliedOnceAndInOrder() throws {
    #expect(try migrator().check(connection) == ["0001_a", "0002_b"])
    #expect(try migrator().migrate(connection) == ["0001_a", "0002_b"])
    #expect(try migrator().migrate(connection) == [])
    #expect(try migrator().check(connection) == [])
    try files.write("create table c (x int)", to: "migrations/0003_c.sql")
    #expect(try migrator().migrate(connection) == ["0003_c"])
    let rows = try connection.run("select number, name from warehouse.schema_migration order by 1")
    #expect(try (0..<rows.count).map { try rows.int($0, 0) } == [1, 2, 3])
    #expect(try connection.run("select count(*) from a").int(0, 0) == 1)
  }

  /// A reader has one of two tables and asks for the other one, which the migration has: the server undoes the session that
  /// looks for deadlocks first, which is the migration's, and only when the reader is surely waiting too.
  @Test func aMigrationThatIsUndoneToEndADeadlockIsAppliedAgain() throws {
    try migrator().migrate(connection)
    try files.write(
      "alter table a add column y int;\nalter table b add column y int;",
      to: "migrations/0003_c.sql")
    try connection.script("set deadlock_timeout = '4s'")
    let deadline = ContinuousClock.now + .seconds(30)
    let asking = Worker("test-reader") { [database] in
      let (reader, look) = (try database.connect(), try database.connect())
      try reader.script("set deadlock_timeout = '30s'; begin; lock table b in access share mode")
      let waiting = "select count(*) from pg_locks where not granted and locktype = 'relation'"
      while try look.run(waiting).int(0, 0) == 0 {
        try #require(ContinuousClock.now < deadline, "the migration does not wait")
        usleep(10_000)
      }
      let rows = try reader.run("select count(*) from a").int(0, 0)
      try reader.script("commit")
      return rows
    }
    let locked =
      "select count(*) from pg_locks where relation = 'b'::regclass and granted and pid <> pg_backend_pid()"
    while try connection.run(locked).int(0, 0) == 0 {
      try #require(ContinuousClock.now < deadline, "the reader does not begin")
      usleep(10_000)
    }
    #expect(try migrator().migrate(connection) == ["0003_c"])
    #expect(try asking.wait() == 1)
    #expect(try connection.run("select count(y) from b").int(0, 0) == 0)
  }

  /// The server ends a session that stands still in a transaction, and nothing is held between two of them: so the
  /// lock comes free from a process that froze, wherever that was.
  @Test func theLockIsHeldByEachMigrationsTransactionWhichMayNotStandStill() throws {
    let look = """
      create table NAME as
      select current_setting('idle_in_transaction_session_timeout') as idle,
        count(*) as locks
      from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
      """
    try files.write(look.replacing("NAME", with: "first_look"), to: "migrations/0003_c.sql")
    try files.write(look.replacing("NAME", with: "second_look"), to: "migrations/0004_d.sql")
    try migrator().migrate(connection)
    for table in ["first_look", "second_look"] {
      let rows = try connection.run("select idle, locks from \(table)")
      #expect(try rows.text(0, 0) == "10s" && rows.int(0, 1) == 1, "\(table)")
    }
    let after = try connection.run(
      "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")
    #expect(try after.int(0, 0) == 0)
    // A session that is gone in its transaction is waited for no longer than that.
    let frozen = try database.connect()
    try frozen.script(
      "begin; set local idle_in_transaction_session_timeout = '1s'; "
        + "select pg_advisory_xact_lock(\(0x706F_6C79_7268))")
    try files.write("create table e (x int)", to: "migrations/0005_e.sql")
    #expect(try migrator().migrate(connection) == ["0005_e"])
  }

  @Test func theRecordedHashIsTheFilesSHA256() throws {
    // printf 'create table b (x int)' | sha256sum
    try migrator().migrate(connection)
    let rows = try connection.run(
      "select sha256 from warehouse.schema_migration where number = 2")
    #expect(
      try rows.text(0, 0) == "2e453adb8b9ded31d5292050c95916f21e1b85c2e39263dae7ea50b12b84e8cf")
  }

  @Test func processesThatStartAtOnceApplyEachFileOnce() throws {
    let url = database.url
    let path = files.path
    let applied = Outcomes<[String]>()
    let errors = Threads.run(4) { _ in
      let migrator = Migrator(library: try SQLLibrary(directory: path))
      applied.add(try migrator.migrate(Connection(url: url)))
    }
    #expect(errors.isEmpty)
    #expect(applied.all.flatMap { $0 }.sorted() == ["0001_a", "0002_b"])
    #expect(try connection.run("select count(*) from a").int(0, 0) == 1)
  }

  /// Another session holds the lock, such as a migrator that froze.
  @Test func whereNothingIsToBeDoneNobodyIsWaitedFor() throws {
    try migrator().migrate(connection)
    let holder = try Connection(url: database.url)
    _ = try holder.run("select pg_advisory_lock($1)", [.int(0x706F_6C79_7268)])
    try connection.script("set statement_timeout = '20s'")
    #expect(try migrator().migrate(connection) == [])
  }

  @Test func aFileChangedAfterItWasAppliedIsRefusedWithBothHashes() throws {
    try migrator().migrate(connection)
    let old = try connection.run(
      "select sha256 from warehouse.schema_migration where number = 1"
    ).text(0, 0)
    try files.write("create table a (x bigint)", to: "migrations/0001_a.sql")
    let error = #expect(throws: WarehouseError.self) { try migrator().migrate(connection) }
    #expect(error?.code == .schema)
    #expect(error?.message.contains("0001_a.sql") == true)
    #expect(error?.message.contains(old) == true)
    let new = try connection.run(
      "select encode(sha256('create table a (x bigint)'::bytea), 'hex')"
    ).text(0, 0)
    #expect(error?.message.contains(new) == true)
    #expect(throws: WarehouseError.self) { try migrator().check(connection) }
  }

  @Test func aDatabaseOfANewerProgramIsRefused() throws {
    try migrator().migrate(connection)
    try connection.run(
      "insert into warehouse.schema_migration values (9, '0009_future', 'ff', now())")
    let error = #expect(throws: WarehouseError.self) { try migrator().migrate(connection) }
    #expect(error?.code == .schema)
    #expect(error?.message.contains("newer version") == true)
    #expect(error?.message.contains("0009_future") == true)
  }

  @Test func aFailureUndoesTheWholeFileAndKeepsTheOnesBefore() throws {
    try files.write(
      "create table c (x int);\ninsert into nowhere values (1);", to: "migrations/0003_c.sql")
    let error = #expect(throws: WarehouseError.self) { try migrator().migrate(connection) }
    #expect(error?.message.contains("0003_c.sql") == true)
    #expect(error?.sqlState == "42P01")
    #expect(error?.message.contains("line 2") == true)
    let there = try connection.run("select to_regclass('b') is null, to_regclass('c') is null")
    #expect(try !there.bool(0, 0))
    #expect(try there.bool(0, 1))
    try files.write("create table c (x int)", to: "migrations/0003_c.sql")
    #expect(try migrator().migrate(connection) == ["0003_c"])
  }

  @Test func aFileThatEndsItsTransactionIsRefused() throws {
    try files.write("create table c (x int); commit;", to: "migrations/0003_c.sql")
    let error = #expect(throws: WarehouseError.self) { try migrator().migrate(connection) }
    #expect(error?.message.contains("0003_c.sql") == true)
    #expect(error?.code == .schema)
  }

  @Test(arguments: ["3_c", "00003_c", "0003-c", "0002_other"])
  func aBadlyNamedFileIsRefused(name: String) throws {
    try files.write("select 1", to: "migrations/\(name).sql")
    let error = #expect(throws: WarehouseError.self) { try migrator().migrate(connection) }
    #expect(error?.code == .schema)
    #expect(error?.message.contains(name) == true)
  }
}

@Suite struct SQLLibraryTests {
  let files: TemporaryDirectory
  let library: SQLLibrary

  init() throws {
    files = try TemporaryDirectory()
    try files.write(
      "select '{}'::int[], x from {table}_{epoch} join {table}", to: "queries/speed/open.sql")
    try files.write("select 1", to: "checks/b.sql")
    try files.write("select 2", to: "checks/a.sql")
    library = try SQLLibrary(directory: files.path)
  }

  @Test func placesAreFilledWithIdentifiers() throws {
    let sql = try library.sql("speed/open", ["table": "speed.minute_song", "epoch": "12"])
    #expect(sql == "select '{}'::int[], x from speed.minute_song_12 join speed.minute_song")
  }

  @Test(arguments: ["", "a b", "a;drop", "a'", "a\"", "a-b", "ä", "a\n", "{table}", "a\0"])
  func whatIsNotAnIdentifierIsRefused(value: String) {
    let error = #expect(throws: WarehouseError.self) {
      try library.sql("speed/open", ["table": value, "epoch": "1"])
    }
    #expect(error?.code == .schema)
  }

  @Test func unfilledAndUnknownPlacesAreRefused() {
    for values in [["table": "a"], ["table": "a", "epoch": "1", "other": "b"]] {
      let error = #expect(throws: WarehouseError.self) { try library.sql("speed/open", values) }
      #expect(error?.code == .schema)
    }
  }

  @Test func aMissingFileIsNamed() {
    let error = #expect(throws: WarehouseError.self) { try library.sql("speed/none") }
    #expect(error?.code == .schema)
    #expect(error?.message.contains("queries/speed/none.sql") == true)
  }

  @Test func filesAreListedInOrder() {
    #expect(library.names(in: "checks") == ["a", "b"])
    #expect(library.names(in: "nothing") == [])
  }
}
