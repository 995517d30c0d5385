import Support

/// A failure of a source of events, with what to do about it.
public struct SourceError: UserFacingError, CustomStringConvertible, Equatable {
  /// The kind of the failure, which decides the exit code.
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
    /// A directory or file cannot be made where files should go.
    case cannotCreate
    /// The import was asked to stop.
    case stopped
  }

  /// The kind of the failure.
  public var code: Code
  /// One line: the source, what is wrong with it, and what to do about it.
  public var message: String

  /// - Parameter message: one line, as people are to read it.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  /// The code of sysexits.h that the process ends with when nothing handles the error.
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
