import Support

/// A failure of PostgreSQL, or of the connection to it. The message carries no row values and no password;
/// `detail` may carry values and shows only in `debugDescription`.
public struct WarehouseError: UserFacingError, CustomStringConvertible,
  CustomDebugStringConvertible
{
  /// The kind of the failure, which decides the exit code.
  public enum Code: Sendable, Equatable {
    /// No server answers, it refuses the login, or the connection was lost.
    case connection
    /// The server answered a statement with an error; see `sqlState`.
    case statement
    /// Another session was first: a fenced worker, a lost compare-and-set, a lock that is taken.
    case conflict
    /// The database's schema, or the directory of SQL files, does not belong to this program.
    case schema
    /// The private cluster cannot be made or started.
    case cluster
    /// A value did not have the type that was asked for.
    case decoding
    /// The server has no room on its disk.
    case diskFull
  }

  /// The kind of the failure.
  public var code: Code
  /// One line: the SQLSTATE where there is one, what happened, in which statement, and what to do about it.
  public var message: String
  /// The five-character SQLSTATE; nil where the server gave none.
  public var sqlState: String?
  /// True where the same statement may succeed later: connection losses, serialization failures, deadlocks,
  /// a server that is starting up or shutting down, a full disk.
  public var isRetriable: Bool
  /// The name of the constraint that was violated; nil where none was.
  public var constraint: String?
  /// PostgreSQL's DETAIL and CONTEXT; nil or empty where there are none. It may hold row values, and so must
  /// not be logged.
  public var detail: String?

  /// - Parameters:
  ///   - message: one line without row values or passwords.
  ///   - detail: may hold row values.
  public init(
    _ code: Code, _ message: String, sqlState: String? = nil, isRetriable: Bool = false,
    constraint: String? = nil, detail: String? = nil
  ) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.isRetriable = isRetriable
    self.constraint = constraint
    self.detail = detail
  }

  public var description: String { message }

  public var debugDescription: String {
    guard let detail, !detail.isEmpty else { return message }
    return "\(message)\n\(detail)"
  }

  /// The code of sysexits.h that the process ends with when nothing handles the error.
  public var exitCode: ExitCode {
    switch code {
    case .connection: .unavailable
    case .statement: .software
    case .conflict: .temporaryFailure
    case .schema: .configuration
    case .cluster: .unavailable
    case .decoding: .software
    case .diskFull: .ioError
    }
  }
}
