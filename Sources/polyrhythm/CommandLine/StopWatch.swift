import Support
import Warehouse

/// Ends the statement under way on a connection when the process is asked to end.
final class StopWatch {
  private let end = StopToken()
  private let worker: Worker<Void>

  init(_ connection: Connection) throws {
    let canceller = try connection.canceller()
    worker = Worker("stop-watch") { [end] in
      while !end.isRequested {
        if Signals.stop.isRequested { try? canceller.cancel() }
        end.wait(seconds: 0.2)
      }
    }
  }

  deinit {
    end.request()
    _ = try? worker.wait()
  }
}
