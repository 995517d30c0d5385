import CPlatform
import Foundation
import Support
import Synchronization

/// What a person sees on stderr while a command works.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// One line.
  static func say(_ line: String) { write(line + "\n") }

  /// Where stderr takes nothing, a full disk behind it, say, there is nobody to tell: the work goes on.
  fileprivate static func write(_ text: String) {
    Array(text.utf8).withUnsafeBytes {
      try? OpenFile.write($0, to: STDERR_FILENO, path: "standard error")
    }
  }

  /// Bytes in the unit that leaves one to three digits before the point.
  static func bytes(_ count: Int64) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1000 {
        return "\(unit == "B" ? "\(count)" : "\((value * 10).rounded() / 10)") \(unit)"
      }
      value /= 1000
    }
    return "\((value * 10).rounded() / 10) TB"
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
      Terminal.write("\r\u{1B}[K\(line)")
    }
  }

  /// Takes the line away, so that what follows starts on a clean one.
  func finish() {
    state.withLock { state in
      if state.isShown { Terminal.write("\r\u{1B}[K") }
      state.isShown = false
    }
  }
}

extension Terminal {
  /// - Throws: `.ioError` where what was printed could not be written. A reader that has seen enough and went
  ///   is no failure.
  static func requireOutput() throws(CommandError) {
    guard polyrhythm_output_is_lost() != 0 else { return }
    var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    if poll(&output, 1, 0) > 0, Int32(output.revents) & Int32(POLLERR) != 0 { return }
    throw CommandError(
      .ioError, "standard output could not be written in full; see whether its disk has room")
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
