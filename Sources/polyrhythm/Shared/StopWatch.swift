import Support
import Warehouse

/// Cancels a connection's present statement when the process is asked to end, as libpq itself waits for the
/// server without a bound.
final class StopWatch {
  private let ended = StopToken()
  private let worker: Worker<Void>

  init(_ connection: Connection) throws {
    let canceller = try connection.canceller()
    worker = Worker("stop-watch") { [ended] in
      while !ended.isRequested {
        if Signals.stop.isRequested { try? canceller.cancel() }
        ended.wait(seconds: 0.2)
      }
    }
  }

  /// Stops watching; returns when no cancellation is under way.
  func end() {
    ended.request()
    _ = try? worker.wait()
  }
}
