import Support

/// What PostgreSQL, or the way to it, had to say. The message carries no row values.
public struct WarehouseError: UserFacingError, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// No server answers, or it refuses the login.
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
  }

  public var code: Code
  public var message: String
  /// The five-character SQLSTATE where the server gave one.
  public var sqlState: String?
  /// True where the same statement may go through later: connection losses, serialization
  /// failures, deadlocks, a server that is starting up or shutting down.
  public var isRetriable: Bool

  public init(_ code: Code, _ message: String, sqlState: String? = nil, isRetriable: Bool = false) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.isRetriable = isRetriable
  }

  public var description: String { message }

  public var exitCode: ExitCode {
    switch code {
    case .connection: .unavailable
    case .statement: .software
    case .conflict: .temporaryFailure
    case .schema: .configuration
    case .cluster: .unavailable
    case .decoding: .software
    }
  }
}
