import Foundation
import Support

/// What one part of a process says on stderr, in the format that the process was asked for. All that is said goes
/// through here; help, and what a command was asked to print, go to stdout.
struct Notices: Sendable {
  /// The name of the command that runs, as it was typed.
  private static let command = CommandLine.arguments.dropFirst().first ?? ""

  /// What speaks: `speed`, `schedule`, `postgres`, …
  private let component: String
  /// What stands before its messages in text.
  private let prefix: String

  init(_ component: String = Self.command, prefix: String = "") {
    self.component = component
    self.prefix = prefix
  }

  func say(_ notice: Notice) {
    switch LogFormat.current {
    case .text: Terminal.write("\(prefix)\(notice.mark)\(notice.message)\n")
    case .json: Terminal.write(json(notice) + "\n")
    }
  }

  func say(_ message: String, _ level: Notice.Level = .info, _ fields: [Notice.Field] = []) {
    say(Notice(message, level, fields))
  }

  /// Always begins with the same five members.
  private func json(_ notice: Notice) -> String {
    let parts = ISOTime.parts(Int64(Date().timeIntervalSince1970 * 1000))
    let members = [
      ("time", JSONString.quoted("\(parts.date)T\(parts.time).\(parts.fraction)Z")),
      ("level", JSONString.quoted(notice.level.rawValue)),
      ("command", JSONString.quoted(Self.command)), ("component", JSONString.quoted(component)),
      ("message", JSONString.quoted(notice.message)),
    ]
    let all = members + notice.fields.map { ($0.name.rawValue, $0.json) }
    return "{" + all.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }
}
