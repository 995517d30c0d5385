/// Work on a thread of its own that goes on until it is told to end.
public struct BackgroundWork: Sendable {
  private let stop: StopToken
  private let worker: Worker<Void>

  /// Starts at once.
  /// - Parameters:
  ///   - name: as for `Worker`.
  ///   - body: ends soon after a stop is asked for. What it throws is not reported.
  public init(_ name: String, _ body: @escaping @Sendable (StopToken) throws -> Void) {
    let stop = StopToken()
    self.stop = stop
    worker = Worker(name) { try body(stop) }
  }

  /// Asks for the end, and waits for it. Safe to call again.
  public func end() {
    stop.request()
    _ = try? worker.wait()
  }
}
