import EventLog
import Metrics
import StarSchema
import Support
import Warehouse

/// Publications that read nothing of the lake: of a build that waits, and the taking back of a load.
public struct Publications {
  let library: SQLLibrary
  let configuration: BatchLoader.Configuration

  /// - Parameter configuration: names the database; of the rest only `publishPauses` counts here.
  public init(library: SQLLibrary, configuration: BatchLoader.Configuration) {
    self.library = library
    self.configuration = configuration
  }

  /// What changed for readers.
  public struct Change: Sendable {
    /// The load that was published or taken back.
    public var run: Int64
    /// Whether speed workers have to count anew what it had counted in their place: until they have, readers see less.
    public var countsAnew = false
    /// Rules that are broken, and that stop nothing.
    public var warnings: [Checks.Finding] = []
  }

  /// How far published loads have the lake: one past the last record of each partition. Of the catalogue it is how far either
  /// layer has read.
  /// - Throws: errors of the server.
  public func loadedOffsets() throws(WarehouseError) -> [TopicPartition: Int64] {
    let connection = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load")
    return try connection.run(library.sql("batch/loaded_offsets")).offsets()
  }

  /// Publishes the build that a full load has left for it (`BatchLoader.Configuration.isShadow`). Readers see what it has loaded and,
  /// from its cut on, the rows of the speed layer; the next incremental load goes on from there.
  /// - Throws: `LoadError`: `.nothingToDo` where no build waits, `.overtaken` where a load since then makes it incomplete,
  ///   `.busy`, `.locked`, `.auditFailed`, `.stopped`; errors of the server.
  public func publishShadow(stop: StopToken = StopToken()) throws -> Change {
    try alone(stop) { control in
      let shadow = ShadowBuild(connection: control, library: library)
      guard let build = try shadow.waiting() else { throw LoadError.nothingWaits }
      let publisher = Publisher(
        connection: control, library: library, stop: stop, pauses: configuration.publishPauses)
      let warnings = try publisher.publish(build) { connection in
        let finished = try connection.run(library.sql("shadow/finish_run"), [.int(build.run)])
        guard finished.affected == 1 else { throw LoadError.overtaken }
      }
      return Change(run: build.run, warnings: warnings)
    }
  }

  /// Takes back the last published load, so that readers see what they would see without it.
  /// - Throws: `LoadError`: `.nothingToDo` where there is none, `.busy`, `.locked`, `.overtaken`, `.stopped`; errors of the
  ///   server. Nothing has changed then.
  public func rollBack(stop: StopToken = StopToken()) throws -> Change {
    try alone(stop) { control in
      let publisher = Publisher(
        connection: control, library: library, stop: stop, pauses: configuration.publishPauses)
      return try publisher.attempts {
        try control.transaction {
          try publisher.limitWaiting()
          _ = try control.run(library.sql("batch/read_published"))
          guard
            let load = try Rollback(
              connection: control, library: library, requestedBy: configuration.requestedBy
            ).takeBack()
          else {
            throw LoadError.nothingToTakeBack
          }
          return Change(run: load.run, countsAnew: load.countsAnew)
        }
      }
    }
  }

  /// Runs `body` while no load runs, and cleans up after it.
  private func alone(_ stop: StopToken, _ body: (Connection) throws -> Change) throws -> Change {
    let control = try Connection(
      url: configuration.databaseURL, applicationName: "polyrhythm load",
      idleTransactionSeconds: BatchLoader.idleLimit)
    let lock = LoadLock(
      connection: control, library: library, databaseURL: configuration.databaseURL)
    try lock.take(stop)
    defer { lock.release() }
    _ = try control.run(library.sql("batch/bury_dead_runs"))
    do {
      let change = try body(control)
      clean(control)
      return change
    } catch  where stop.isRequested && (error as? WarehouseError)?.sqlState == "57014" {
      throw LoadError.stopped
    }
  }

  /// Takes away what loads have left over. They are published, so they have not failed if something stays.
  func clean(_ control: Connection) {
    try? Stage.empty(control, library)
    try? MinuteRetention.forget(control, library)
    Cleaner(library: library).clean(control)
  }
}
