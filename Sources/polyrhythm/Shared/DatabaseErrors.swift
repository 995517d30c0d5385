import Warehouse

/// Runs statements of a command that only looks, and says in words what their errors come from.
/// - Throws: `.configuration` where the database has no tables of ours yet, `.temporaryFailure` where the process
///   was asked to stop; any other error as it is.
func explainingDatabaseErrors<T>(_ body: () throws -> T) throws -> T {
  do {
    return try body()
  } catch let error as WarehouseError
    where error.sqlState == queryCancelled && Signals.stop.isRequested
  {
    throw CommandError(.temporaryFailure, "stopped before it was done")
  } catch let error as WarehouseError where schemaMissing.contains(error.sqlState ?? "") {
    throw CommandError(
      .configuration,
      "the database has no Polyrhythm schema yet; polyrhythm load full or speed makes it")
  }
}

private let queryCancelled = "57014"
/// undefined_table, invalid_schema_name.
private let schemaMissing: Set<String> = ["42P01", "3F000"]
