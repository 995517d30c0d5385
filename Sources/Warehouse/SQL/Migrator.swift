import Glibc

/// Brings a database to the schema of this program: the files `migrations/NNNN_name.sql`, in order, each
/// once and each in one transaction. The table `warehouse.schema_migration` has the name and the SHA-256 of
/// every file that has been applied.
public struct Migrator {
  private struct Migration {
    var number: Int64
    /// The file's name without `.sql`.
    var name: String
    var sql: String
  }

  /// The key of the advisory lock that keeps two migrators apart: any number that no other program uses. A migration
  /// holds the lock for its own transaction, so that the server can take it from a process that froze.
  private static let lockKey: Int64 = 0x706F_6C79_7268

  private let library: SQLLibrary

  /// - Parameter library: has the migrations.
  public init(library: SQLLibrary) { self.library = library }

  /// Applies the migrations that the database lacks. Several processes may call this at once: each migration is
  /// applied by one of them, while the others wait.
  /// - Returns: the names of the migrations that were applied now.
  /// - Throws: `.schema` for a changed file, a newer database or badly named files; `.conflict` where
  ///   other sessions hold the lock for 120 s; otherwise what the server had against a migration, of
  ///   which then no part has been applied.
  @discardableResult
  public func migrate(_ connection: Connection) throws(WarehouseError) -> [String] {
    let migrations = try load()
    let applied = try compare(migrations, connection)
    var names: [String] = []
    for migration in migrations where !applied.contains(migration.number) {
      if try applyOnce(migration, connection) { names.append(migration.name) }
    }
    return names
  }

  /// Seconds that other processes may take for one migration, before this one gives up.
  private static let patience = 120.0
  /// Seconds that a migration may stand still between two statements before the server ends its session.
  private static let idleLimit = 10

  /// What came of an attempt to apply a migration.
  private enum Attempt { case applied, isThere, isLocked }

  /// Applies a migration, unless another process has applied it meanwhile.
  /// - Returns: whether it was applied now.
  private func applyOnce(
    _ migration: Migration, _ connection: Connection
  ) throws(WarehouseError) -> Bool {
    let deadline = ContinuousClock.now + .seconds(Self.patience)
    while true {
      switch try applyUnlessDeadlocked(migration, connection, deadline) {
      case .applied: return true
      case .isThere: return false
      case .isLocked:
        guard ContinuousClock.now < deadline else {
          throw WarehouseError(
            .conflict,
            "Another session has held the lock of migrations for \(Int(Self.patience)) s"
              + "\(try holder(connection)); see what it waits for, end it, then try again")
        }
        usleep(50_000)
      }
    }
  }

  /// A reader that takes its locks in another order may make a circle with a migration, which the server ends by undoing
  /// either of them. Undone as a whole, the migration can be tried again.
  private func applyUnlessDeadlocked(
    _ migration: Migration, _ connection: Connection, _ deadline: ContinuousClock.Instant
  ) throws(WarehouseError) -> Attempt {
    do throws(WarehouseError) {
      return try apply(migration, connection)
    } catch  where error.sqlState == Self.deadlock && ContinuousClock.now < deadline {
      return .isLocked
    }
  }

  /// The SQLSTATE of a transaction that was undone to end a deadlock.
  private static let deadlock = "40P01"

  private func holder(_ connection: Connection) throws(WarehouseError) -> String {
    let rows = try connection.run(
      library.sql("lock_holder"),
      [.int(Self.lockKey >> 32), .int(Self.lockKey & 0xFFFF_FFFF), .int(1)])
    guard rows.count > 0 else { return "" }
    return " (session \(try rows.int(0, 0)), \(try rows.text(0, 1)))"
  }

  /// Compares the database with the migrations, and changes nothing.
  /// - Returns: the names that `migrate` would apply; empty where the database is up to date.
  /// - Throws: `.schema` as `migrate` does.
  public func check(_ connection: Connection) throws(WarehouseError) -> [String] {
    let migrations = try load()
    let applied = try compare(migrations, connection)
    return migrations.filter { !applied.contains($0.number) }.map(\.name)
  }

  /// How far a database is migrated.
  public struct Versions: Sendable {
    /// The number of the last migration that the database has, as its file has it; nil where it has none.
    public var database: String?
    /// The number of this program's last migration.
    public var program: String
    /// Whether the database lacks any.
    public var isBehind: Bool
  }

  /// Compares the database with the migrations as `check` does, and changes nothing.
  /// - Throws: `.schema` as `migrate` does.
  public func versions(_ connection: Connection) throws(WarehouseError) -> Versions {
    let migrations = try load()
    let applied = try compare(migrations, connection)
    let last = migrations.last { applied.contains($0.number) }
    return Versions(
      database: last.map { String($0.name.prefix(4)) },
      program: String(migrations.last?.name.prefix(4) ?? ""),
      isBehind: applied.count < migrations.count)
  }

  private func load() throws(WarehouseError) -> [Migration] {
    var migrations: [Migration] = []
    for name in library.names(in: "migrations") {
      let digits = name.prefix(4)
      guard digits.count == 4, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
        name.dropFirst(4).hasPrefix("_"), let number = Int64(digits)
      else {
        throw WarehouseError(
          .schema, "\(library.directory)/migrations/\(name).sql is not named NNNN_name.sql")
      }
      if let other = migrations.last, other.number == number {
        throw WarehouseError(
          .schema, "Two migrations have number \(number): \(other.name) and \(name)")
      }
      migrations.append(
        Migration(number: number, name: name, sql: try library.text(of: "migrations/\(name).sql")))
    }
    guard !migrations.isEmpty else {
      throw WarehouseError(.schema, "There are no migrations in \(library.directory)/migrations")
    }
    return migrations
  }

  /// - Returns: the numbers of the migrations that have been applied, all of them known and unchanged.
  private func compare(_ migrations: [Migration], _ connection: Connection)
    throws(WarehouseError) -> Set<Int64>
  {
    guard try hasRecord(connection) else { return [] }
    let rows = try connection.run(
      "select number, name, sha256 from warehouse.schema_migration order by number")
    var applied: Set<Int64> = []
    for row in 0..<rows.count {
      let number = try rows.int(row, 0)
      let (name, recorded) = (try rows.text(row, 1), try rows.text(row, 2))
      guard let migration = migrations.first(where: { $0.number == number }) else {
        throw WarehouseError(
          .schema,
          "The database was migrated by a newer version of this program (it has \(name), "
            + "which is not in \(library.directory)/migrations); use that version")
      }
      let present = try sha256(of: migration.sql, connection)
      guard present == recorded else {
        throw WarehouseError(
          .schema,
          "Migration \(migration.name).sql was changed after it was applied (SHA-256 "
            + "\(recorded) then, \(present) now); restore the file and put the change into a new one"
        )
      }
      applied.insert(number)
    }
    return applied
  }

  private func apply(
    _ migration: Migration, _ connection: Connection
  ) throws(WarehouseError) -> Attempt {
    let hash = try sha256(of: migration.sql, connection)
    do throws(WarehouseError) {
      return try connection.transaction { () throws(WarehouseError) -> Attempt in
        try connection.script(
          "set local idle_in_transaction_session_timeout = '\(Self.idleLimit)s'")
        let lock = try connection.run(
          "select pg_try_advisory_xact_lock($1)", [.int(Self.lockKey)])
        guard try lock.bool(0, 0) else { return .isLocked }
        guard try !isApplied(migration, connection) else { return .isThere }
        try connection.script(migration.sql)
        guard connection.isInTransaction else {
          throw WarehouseError(
            .schema, "it ends the transaction that it runs in; remove its commit or rollback")
        }
        try connection.script(
          """
          create schema if not exists warehouse;
          create table if not exists warehouse.schema_migration (
            number integer primary key, name text not null, sha256 text not null,
            applied_at timestamptz not null default now())
          """)
        try connection.run(
          "insert into warehouse.schema_migration (number, name, sha256) values ($1, $2, $3)",
          [.int(migration.number), .text(migration.name), .text(hash)])
        return .applied
      }
    } catch {
      var named = error
      named.message = "Migration \(migration.name).sql: \(error.message)"
      throw named
    }
  }

  /// Whether any migration has been applied.
  private func hasRecord(_ connection: Connection) throws(WarehouseError) -> Bool {
    try connection.run("select to_regclass('warehouse.schema_migration') is not null").bool(0, 0)
  }

  private func isApplied(
    _ migration: Migration, _ connection: Connection
  ) throws(WarehouseError) -> Bool {
    guard try hasRecord(connection) else { return false }
    return try connection.run(
      "select from warehouse.schema_migration where number = $1", [.int(migration.number)]
    ).count > 0
  }

  /// The SHA-256 of the text in hexadecimal digits, computed by PostgreSQL.
  private func sha256(of text: String, _ connection: Connection) throws(WarehouseError) -> String {
    try connection.run("select encode(sha256($1), 'hex')", [.bytes(Array(text.utf8))]).text(0, 0)
  }
}
