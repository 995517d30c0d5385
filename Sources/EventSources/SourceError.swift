import Support

/// What went wrong with a source of events, and what to do about it.
public struct SourceError: UserFacingError, CustomStringConvertible, Equatable {
  public enum Code: Sendable, Equatable {
    /// The address of a source, or a setting that it needs, is not understood or missing.
    case configuration
    /// The file, the object, the bucket or the table is not there, or there is nothing in it.
    case notFound
    /// The other side refuses: wrong keys, or no permission.
    case denied
    /// The other side cannot be reached, or keeps failing.
    case unavailable
    /// The content is not what its name or its place says.
    case badContent
    /// The operating system refused: no space, no permission.
    case io
    /// Files cannot be put where they should go.
    case cannotCreate
    /// Somebody asked for the stop.
    case stopped
  }

  public var code: Code
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  public var exitCode: ExitCode {
    switch code {
    case .configuration: .configuration
    case .notFound: .noInput
    case .denied: .noPermission
    case .unavailable: .unavailable
    case .badContent: .dataError
    case .io: .ioError
    case .cannotCreate: .cannotCreate
    case .stopped: .temporaryFailure
    }
  }
}
