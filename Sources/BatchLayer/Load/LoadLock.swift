import Foundation
import Support
import Warehouse

/// The right to load, which one load has at a time. A session holds it, and a lease tells a load that works
/// from one that froze.
struct LoadLock {
  /// Seconds without a renewal after which a load counts as dead.
  static let lease = 10.0
  /// Seconds between renewals.
  private static let beat = 2.0
  /// Seconds that a load waits for the lock: the session of a load that was killed holds it until the server
  /// notices that its client is gone.
  private static let patience = 5.0

  /// The first of the two numbers that name the lock; the second is 0 (`batch/lock_loads.sql`).
  private static let lockKey: Int64 = 1_886_350_458

  let connection: Connection
  let library: SQLLibrary
  let databaseURL: String

  /// Takes the lock. Where the load that holds it has let its lease run out, that load's sessions are ended.
  /// - Throws: `LoadError.busy` with the load that is running or the session that holds the lock,
  ///   `LoadError.stopped`, and errors of the server.
  func take(_ stop: StopToken) throws {
    var deadline = ContinuousClock.now + .seconds(Self.patience)
    var hasEndedOther = false
    while try !connection.run(library.sql("batch/lock_loads")).bool(0, 0) {
      if stop.isRequested { throw LoadError.stopped }
      if ContinuousClock.now >= deadline {
        let other = try connection.run(library.sql("batch/running_load"))
        let isAlive = try other.count > 0 && other.bool(0, 3)
        guard !isAlive, !hasEndedOther else { throw try busy(other, isAlive: isAlive) }
        _ = try connection.run(library.sql("batch/end_load_sessions"))
        hasEndedOther = true
        deadline = ContinuousClock.now + .seconds(Self.patience)
      }
      stop.wait(seconds: 0.1)
    }
  }

  private func busy(_ other: Rows, isAlive: Bool) throws -> LoadError {
    if !isAlive, let stranger = try stranger() { return stranger }
    guard other.count > 0 else {
      return LoadError(.busy, "Another load is about to begin; try again when it is done")
    }
    return LoadError(
      .busy,
      "Load \(try other.int(0, 0)) is running since \(try other.text(0, 2)) UTC "
        + "(\(try other.text(0, 1))); try again when it is done")
  }

  /// The error for a session that holds the lock and is no load's; nil where there is no such session.
  private func stranger() throws -> LoadError? {
    let holder = try connection.run(
      library.sql("lock_holder"), [.int(Self.lockKey), .int(0), .int(2)])
    guard holder.count > 0 else { return nil }
    let (session, name, role) = (
      try holder.int(0, 0), try holder.text(0, 1), try holder.text(0, 2)
    )
    if name.hasPrefix("polyrhythm load") { return nil }
    return LoadError(
      .busy,
      "Session \(session) of \(role) (\"\(name)\") holds the lock of loads and is no load; end it: "
        + "select pg_terminate_backend(\(session))")
  }

  /// Frees the lock. It would go with the session, but the server ends a session some time after its
  /// connection, and the next load should not have to wait for that.
  func release() { _ = try? connection.run(library.sql("batch/unlock_loads")) }

  /// Starts a thread that renews the run's lease, buries frozen speed workers whose locks the load could wait
  /// for, and cancels the load's present statement once a stop is asked for.
  func keepAlive(_ run: Int64, _ stop: StopToken) throws -> BackgroundWork {
    assert(Self.lease > 2 * Self.beat, "a lease of \(Self.lease) s, renewed every \(Self.beat) s")
    let canceller = try connection.canceller()
    return BackgroundWork("load-lease") { [databaseURL, library] end in
      var session: Connection?
      var next = ContinuousClock.now
      while !end.isRequested {
        if stop.isRequested { try? canceller.cancel() }
        if ContinuousClock.now >= next {
          do {
            let open =
              try session
              ?? Connection(
                url: databaseURL, applicationName: "polyrhythm load lease",
                idleTransactionSeconds: 5)
            session = open
            _ = try open.run(
              library.sql("batch/renew_lease"), [.int(run), .double(Self.lease)])
            _ = try open.run(library.sql("speed/bury_workers"))
          } catch {
            // Nothing is reported: the publication finds out whether the lease was kept.
            session = nil
          }
          next = ContinuousClock.now + .seconds(Self.beat)
        }
        end.wait(seconds: 0.2)
      }
    }
  }
}
