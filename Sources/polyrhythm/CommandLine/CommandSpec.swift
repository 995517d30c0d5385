import Support

/// One flag of a command.
struct Flag: Sendable {
  /// With the dashes: `--users`.
  var name: String
  /// What its value is called in the help; nil for a switch.
  var value: String?
  var help: String
  /// An environment variable that sets the same; the flag wins.
  var environment: String?

  init(_ name: String, _ value: String? = nil, _ help: String, environment: String? = nil) {
    self.name = name
    self.value = value
    self.help = help
    self.environment = environment
  }
}

/// A command: what it is called with, and what it does.
struct CommandSpec: Sendable {
  var name: String
  /// One line.
  var summary: String
  /// What stands behind the command's name, as in `full | incremental`.
  var operands: String = ""
  /// How many operands may be given.
  var operandCount: ClosedRange<Int> = 0...0
  var flags: [Flag]
  var run: @Sendable (Arguments) throws -> Void

  /// What `--help` prints.
  var help: String {
    var lines = [
      "polyrhythm \(name)\(operands.isEmpty ? "" : " \(operands)") [flags]", "", summary,
    ]
    if !flags.isEmpty {
      let lefts = flags.map { $0.name + ($0.value.map { " \($0)" } ?? "") }
      let width = min(34, lefts.map(\.count).max() ?? 0)
      lines.append("")
      for (flag, left) in zip(flags, lefts) {
        let padding = String(repeating: " ", count: max(1, width - left.count + 2))
        let variable = flag.environment.map { " [\($0)]" } ?? ""
        lines.append("  \(left)\(padding)\(flag.help)\(variable)")
      }
    }
    return lines.joined(separator: "\n")
  }
}

/// The command line was not understood.
struct UsageError: UserFacingError {
  var message: String
  var exitCode: ExitCode { .usage }
  init(_ message: String) { self.message = message }
}
