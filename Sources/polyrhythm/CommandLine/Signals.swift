import Foundation
import Support

/// Turns SIGINT and SIGTERM into a stop; a second one ends the process at once.
enum Signals {
  /// Requested when the process was asked to end.
  static let stop = StopToken()

  /// Call once, before anything else.
  static func install() {
    // A static property is made on first use, which allocates and locks; a signal handler may do neither.
    _ = stop
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      // `request` is an atomic store; that and _exit are allowed in a signal handler.
      signal(number) { number in
        if Signals.stop.isRequested { _exit(128 + number) }
        Signals.stop.request()
      }
    }
  }
}
