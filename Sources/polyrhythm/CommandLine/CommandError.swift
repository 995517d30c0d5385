import Support

/// A command could not do what it was asked to. The message names the value or the limit and what to do.
struct CommandError: UserFacingError {
  var exitCode: ExitCode
  var message: String
  init(_ exitCode: ExitCode, _ message: String) {
    self.exitCode = exitCode
    self.message = message
  }
}

/// The command line was not understood. The message names the flag or operand and what is accepted.
struct UsageError: UserFacingError {
  var message: String
  var exitCode: ExitCode { .usage }
  init(_ message: String) { self.message = message }
}
