import Foundation
import Support
import Synchronization

/// What a person sees on stderr while a command works.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// One line.
  static func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  /// `1234567` as `1,234,567`.
  static func grouped(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var out = ""
    for (i, digit) in digits.enumerated() {
      if i > 0, (digits.count - i) % 3 == 0 { out.append(",") }
      out.append(digit)
    }
    return (number < 0 ? "-" : "") + out
  }

  /// Seconds to a tenth, or minutes and seconds from two minutes on.
  static func duration(_ seconds: Double) -> String {
    if seconds < 120 { return "\((seconds * 10).rounded() / 10) s" }
    return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }
}

/// A line that is written over and over on a terminal, with rate and time left; nothing elsewhere.
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

  /// - Parameter total: 0 where it is not known.
  func update(_ done: Int, of total: Int = 0) {
    guard Terminal.isInteractive else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard now - state.last > .milliseconds(200) else { return }
      state.last = now
      state.isShown = true
      let seconds = max(0.001, (now - start) / .seconds(1))
      let rate = Double(done) / seconds
      var line = "\(title): \(Terminal.grouped(done)) \(unit), \(Terminal.grouped(Int(rate)))/s"
      if total > done, rate > 0 {
        line += ", \(Terminal.duration(Double(total - done) / rate)) left"
      }
      FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
    }
  }

  /// Takes the line away, so that what follows starts on a clean one.
  func finish() {
    state.withLock { state in
      if state.isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
      state.isShown = false
    }
  }
}

/// Turns SIGINT and SIGTERM into a stop; a second one ends the process at once.
enum Signals {
  /// Requested when the process was asked to end.
  static let stop = StopToken()

  /// Call once, before anything else.
  static func install() {
    // Made now: a signal handler must not be the first to touch it.
    _ = stop
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      // Only an atomic store and _exit: both are allowed in a handler.
      signal(number) { number in
        if Signals.stop.isRequested { _exit(128 + number) }
        Signals.stop.request()
      }
    }
  }
}
