import Support
import Warehouse

/// What a publication that reads nothing of the lake would do, in words. Nothing is changed by asking.
extension Publications {
  /// Says what `rollBack` would do if it began now.
  /// - Throws: `LoadError.nothingToDo` as `rollBack` does, and errors of the server.
  public func rollbackPlan() throws -> [String] {
    let plan = try reader().run(library.sql("undo/plan"))
    guard plan.count > 0 else { throw LoadError.nothingToTakeBack }
    let (run, kind) = (try plan.int(0, 0), try plan.text(0, 1))
    var lines = [
      "load rollback would take back load \(run) (\(kind)): \(Int(try plan.int(0, 2)).grouped) records"
    ]
    if let before = try plan.intOrNull(0, 3) {
      lines.append("readers would see what load \(before) had published")
    } else {
      lines.append("readers would see no load, as nothing was published before it")
    }
    if let first = plan.textOrNull(0, 5), let last = plan.textOrNull(0, 6) {
      lines.append("it would touch facts and rollups from \(first) to \(last)")
    } else {
      lines.append("it would move the pointer to a build, and touch no fact and no rollup")
    }
    let reserved = try plan.int(0, 4)
    switch (kind, reserved) {
    case ("days", _): break
    case (_, 0):
      lines.append("the speed layer's rows of that stretch of the log would count again")
    default:
      lines.append(
        "speed workers would count \(reserved) partitions anew from its cut on; until then these records are missing"
      )
    }
    return lines
  }

  /// Says what `publishShadow` would do if it began now, and what would change for readers.
  /// - Throws: `LoadError`: `.nothingToDo` and `.overtaken` as `publishShadow` does; errors of the server.
  public func publicationPlan() throws -> [String] {
    let connection = try reader()
    guard let build = try ShadowBuild(connection: connection, library: library).waiting() else {
      throw LoadError.nothingWaits
    }
    let published = try connection.run(library.sql("batch/published_build")).intOrNull(0, 1)
    let place =
      published.map { "in the place of what load \($0) published" }
      ?? "in place; nothing was published yet"
    return ["load publish would put the build of load \(build.run) \(place)"]
      + (try ShadowComparison(connection, library).lines)
  }

  private func reader() throws(WarehouseError) -> Connection {
    try Connection(url: configuration.databaseURL, applicationName: "polyrhythm load plan")
  }
}
