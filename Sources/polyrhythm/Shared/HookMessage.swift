import BatchLayer
import Foundation
import Support

/// What the web hook is told of a load.
struct HookMessage {
  /// One line.
  var json: String

  /// Nil where the report is nothing to be told.
  init?(_ report: Scheduler.Report) {
    let event: String
    let due: Int64
    var more: [(String, String)] = []
    switch report {
    case .failed(let failure):
      event = "load_failed"
      due = failure.due
      more = [
        ("message", JSONString.quoted(failure.message)),
        ("load_run", failure.run.map(String.init) ?? "null"), ("attempts", "\(failure.attempts)"),
      ]
    case .late(let instant, let seconds):
      event = "load_late"
      due = instant
      more = [("late_after_seconds", "\(seconds)")]
    default: return nil
    }
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let members =
      [
        ("event", JSONString.quoted(event)), ("time", JSONString.quoted(ISOTime.text(now))),
        ("due", JSONString.quoted(ISOTime.text(due))),
        // By this name chat services take a message.
        ("text", JSONString.quoted("polyrhythm: \(report.description)")),
      ] + more
    json = "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }
}
