import CPlatform
import Foundation
import Support

/// Where a command speaks to a person: stderr and stdout, and values as people read them.
enum Terminal {
  /// Whether stderr is a terminal, and a person reads what is written there.
  static let isInteractive = isatty(STDERR_FILENO) == 1 && LogFormat.current == .text

  /// Says one line as the command itself.
  static func say(
    _ message: String, _ level: Notice.Level = .info, _ fields: [Notice.Field] = []
  ) {
    Notices().say(message, level, fields)
  }

  /// Says what failed.
  static func fail(_ message: String, _ fields: [Notice.Field] = []) {
    Notices(prefix: "polyrhythm: ").say(message, .error, fields)
  }

  /// Writes text to stderr as it is. A stderr that cannot be written to, because its disk is full, say, is no
  /// reason to end the work: the rest of the text is dropped.
  static func write(_ text: String) {
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

  /// Seconds, to a tenth below two minutes, then as minutes and seconds.
  static func duration(_ seconds: Double) -> String {
    if seconds < 120 { return "\((seconds * 10).rounded() / 10) s" }
    return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  }

  /// Call last, when everything is printed.
  /// - Throws: `.ioError` where what was printed to stdout could not be written. A reader that has closed the
  ///   pipe early, as `head` does, is no failure.
  static func requireOutput() throws(CommandError) {
    guard polyrhythm_output_is_lost() != 0 else { return }
    var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    if poll(&output, 1, 0) > 0, Int32(output.revents) & Int32(POLLERR) != 0 { return }
    throw CommandError(
      .ioError, "standard output could not be written in full; see whether its disk has room")
  }
}
