import Support
import Warehouse

/// Ends the statement under way on a connection when the process is asked to end.
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

  func end() {
    ended.request()
    _ = try? worker.wait()
  }
}
