import Support
import Synchronization

/// A progress line on a terminal, written over and over, with the rate and the time left. Where stderr is no
/// terminal it writes nothing.
final class ProgressLine: Sendable {
  private struct State {
    var last = ContinuousClock.now - .seconds(1)
    var isShown = false
  }

  private let title: String
  private let unit: String
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  init(_ title: String, unit: String = "events") {
    self.title = title
    self.unit = unit
  }

  /// Shows how far the work is, at most five times a second.
  /// - Parameter total: what `done` will be at the end; 0 where it is not known.
  func update(_ done: Int, of total: Int = 0) {
    guard Terminal.isInteractive else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard now - state.last > .milliseconds(200) else { return }
      state.last = now
      state.isShown = true
      let seconds = max(0.001, (now - start) / .seconds(1))
      let rate = Double(done) / seconds
      var line = "\(title): \(done.grouped) \(unit), \(Int(rate).grouped)/s"
      if total > done, rate > 0 {
        line += ", \(Terminal.duration(Double(total - done) / rate)) left"
      }
      Terminal.write("\r\u{1B}[K\(line)")
    }
  }

  /// Clears the line, so that the next message does not begin behind it.
  func finish() {
    state.withLock { state in
      if state.isShown { Terminal.write("\r\u{1B}[K") }
      state.isShown = false
    }
  }
}
