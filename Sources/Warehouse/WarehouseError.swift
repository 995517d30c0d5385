import Support

/// What PostgreSQL, or the way to it, had to say. The message carries no row values and no
/// password; `detail` may carry values and shows only in `debugDescription`.
public struct WarehouseError: UserFacingError, CustomStringConvertible,
  CustomDebugStringConvertible
{
  public enum Code: Sendable, Equatable {
    /// No server answers, it refuses the login, or the connection was lost.
    case connection
    /// The server answered a statement with an error; see `sqlState`.
    case statement
    /// Somebody else committed first: a fenced worker, a lost compare-and-set, a taken lock.
    case conflict
    /// The schema in the database is not the one that this program brings.
    case schema
    /// The private cluster cannot be made or started.
    case cluster
    /// A value did not have the type that was asked for.
    case decoding
    /// The server has no room on its disk.
    case diskFull
  }

  public var code: Code
  public var message: String
  /// The five-character SQLSTATE where the server gave one.
  public var sqlState: String?
  /// True where the same statement may go through later: connection losses, serialization
  /// failures, deadlocks, a server that is starting up or shutting down, a full disk.
  public var isRetriable: Bool
  /// The name of the constraint that was broken, where one was.
  public var constraint: String?
  /// PostgreSQL's DETAIL and CONTEXT. May hold row values: not for logs.
  public var detail: String?

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
