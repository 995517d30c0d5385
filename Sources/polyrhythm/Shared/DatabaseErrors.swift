import Warehouse

/// Runs statements of a command that only looks, and says in words what their errors come from.
/// - Parameter connection: the session that `body` uses.
/// - Throws: `.configuration` where the database has no tables of ours yet, or those of an older version of this program;
///   `.schema` where they are of a newer one; `.temporaryFailure` where the process was asked to stop; any other error as it is.
func explainingDatabaseErrors<T>(
  _ connection: Connection, _ library: SQLLibrary, _ body: () throws -> T
) throws -> T {
  do {
    return try body()
  } catch let error as WarehouseError
    where error.sqlState == queryCancelled && Signals.stop.isRequested
  {
    throw CommandError(.temporaryFailure, "stopped before it was done")
  } catch let error as WarehouseError where schemaDiffers.contains(error.sqlState ?? "") {
    try requirePresentSchema(connection, library)
    throw error
  }
}

/// - Throws: `.configuration` where the database has no tables of ours yet, or those of an older version of this program;
///   `.schema` where they are of a newer one.
func requirePresentSchema(_ connection: Connection, _ library: SQLLibrary) throws {
  let versions = try Migrator(library: library).versions(connection)
  guard let present = versions.database else {
    throw CommandError(
      .configuration,
      "the database has no Polyrhythm schema yet; polyrhythm load full or speed makes it")
  }
  guard !versions.isBehind else {
    throw CommandError(
      .configuration,
      "the database has the schema of migration \(present), this program's is that of \(versions.program): "
        + "polyrhythm load, speed or serve migrates it")
  }
}

private let queryCancelled = "57014"
/// undefined_table, invalid_schema_name, undefined_column, undefined_function.
private let schemaDiffers: Set<String> = ["42P01", "3F000", "42703", "42883"]
