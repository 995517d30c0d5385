/// An error that a person will read: it ends as one line that says what happened and what to do,
/// and as an exit code of sysexits.h.
public protocol UserFacingError: Error {
  /// One line, no trailing newline: what happened, where, and what to do about it.
  var message: String { get }
  /// What the process exits with when nothing handled the error.
  var exitCode: ExitCode { get }
}

/// Exit codes of BSD's sysexits.h, by the names used there.
public enum ExitCode: Int32, Sendable {
  case ok = 0
  /// What was to be shown to hold does not: no code of sysexits.h is about that.
  case failure = 1
  case usage = 64
  case dataError = 65
  case noInput = 66
  case unavailable = 69
  case software = 70
  case osError = 71
  case cannotCreate = 73
  case ioError = 74
  case temporaryFailure = 75
  case noPermission = 77
  case configuration = 78
}
