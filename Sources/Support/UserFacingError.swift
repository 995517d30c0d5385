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
  /// All is well.
  case ok = 0
  /// What was to be shown to hold does not: no code of sysexits.h is about that.
  case failure = 1
  /// The command line is not understood.
  case usage = 64
  /// What was read is not what it should be: a damaged log, an import that cannot be understood.
  case dataError = 65
  /// A file to be read is not there.
  case noInput = 66
  /// A service is not there or does not answer.
  case unavailable = 69
  /// A mistake of this program's.
  case software = 70
  /// The operating system refused something that no file is about.
  case osError = 71
  /// A file or directory cannot be made.
  case cannotCreate = 73
  /// Reading or writing failed.
  case ioError = 74
  /// Trying again later may help.
  case temporaryFailure = 75
  /// Somebody may not do this.
  case noPermission = 77
  /// Settings or versions do not fit together.
  case configuration = 78
  /// There is nothing to do: no code of sysexits.h is about that either. Airflow's shell operators skip what depends on a task that
  /// ends so.
  case nothingNew = 99
}
