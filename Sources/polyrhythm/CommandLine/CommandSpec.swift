/// One flag of a command.
struct Flag: Sendable {
  /// With the dashes, as in `--users`.
  var name: String
  /// What its value is called in the help; nil for a switch.
  var value: String?
  var help: String
  /// An environment variable that gives the flag's value where the command line does not.
  var environment: String?

  init(_ name: String, _ value: String? = nil, _ help: String, environment: String? = nil) {
    self.name = name
    self.value = value
    self.help = help
    self.environment = environment
  }
}

/// A command: its flags, its help text and its action.
struct CommandSpec: Sendable {
  var name: String
  /// One line for the overview of all commands.
  var summary: String
  /// What stands behind the command's name, as in `full | incremental`.
  var operands: String = ""
  /// How many operands may be given.
  var operandCount: ClosedRange<Int> = 0...0
  /// Those that are its own.
  var flags: [Flag]
  /// What it does. Errors that are `UserFacingError` become the message and the exit code of the process.
  var run: @Sendable (Arguments) throws -> Void

  /// All flags that it takes: its own, and that of every command.
  var allFlags: [Flag] { flags + [LogFormat.flag] }

  /// What `--help` prints.
  var help: String {
    var lines = [
      "polyrhythm \(name)\(operands.isEmpty ? "" : " \(operands)") [flags]", "", summary,
    ]
    let lefts = allFlags.map { $0.name + ($0.value.map { " \($0)" } ?? "") }
    let width = min(34, lefts.map(\.count).max() ?? 0)
    lines.append("")
    for (flag, left) in zip(allFlags, lefts) {
      let padding = String(repeating: " ", count: max(1, width - left.count + 2))
      let variable = flag.environment.map { " [\($0)]" } ?? ""
      lines.append("  \(left)\(padding)\(flag.help)\(variable)")
    }
    return lines.joined(separator: "\n")
  }
}
