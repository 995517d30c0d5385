import Support

/// Why a load did not take place.
public struct LoadError: UserFacingError, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// Another process is loading.
    case busy
    /// The lake does not have what the cut says, and does not get it.
    case lakeBehind
    /// An audit of severity error found rows.
    case auditFailed
    /// The numbers do not add up: a fault of this program.
    case ledger
    /// Readers kept the tables that a full load swaps.
    case locked
    /// A stop was asked for before the load was published.
    case stopped
    /// The load was taken for dead meanwhile, and others went on where it was to publish.
    case overtaken
  }

  public var code: Code
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  static let stopped = LoadError(
    .stopped,
    "The load was stopped before it was published; the last good warehouse stays, and the speed layer "
      + "counts what came since")

  static let overtaken = LoadError(
    .overtaken,
    "The load was not published: it stood still for longer than its lease of "
      + "\(Int(LoadLock.lease)) s, and others went on meanwhile; load again")

  static let forgotten = LoadError(
    .ledger,
    "The load was not published: a record asks for more of the past than was read again; a full load "
      + "(polyrhythm load full) reads all of it; please report this")

  public var description: String { message }

  public var exitCode: ExitCode {
    switch code {
    case .busy, .lakeBehind, .locked, .stopped, .overtaken: .temporaryFailure
    case .auditFailed: .dataError
    case .ledger: .software
    }
  }
}
