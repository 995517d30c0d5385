import Support

/// What is wrong with a generator's config or with the place it writes to.
public struct GeneratorError: UserFacingError, Equatable, CustomStringConvertible {
  /// The kind of the error, which decides the exit code.
  public enum Code: Sendable, Equatable {
    /// The config file cannot be read.
    case unreadable
    /// The config is not a JSON object.
    case notJSON
    /// A key that has no default is not there.
    case missingKey
    /// A value has the wrong type or is out of its range.
    case badValue
    /// The transitions out of a state sum to more than 1.
    case probabilityAboveOne
    /// No session can get to a state, or no session can begin for some users.
    case noWayIn
    /// The output directory or a file in it cannot be made.
    case cannotCreate
    /// Another run is writing to the same place.
    case busy
    /// Writing failed, for instance because the disk is full.
    case writeFailed
  }

  /// The kind of the error.
  public var code: Code
  /// One line: the file or directory, the key and value at fault, and what to do about it.
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
    case .unreadable: .noInput
    case .notJSON: .dataError
    case .missingKey, .badValue, .probabilityAboveOne, .noWayIn: .configuration
    case .cannotCreate: .cannotCreate
    case .busy: .temporaryFailure
    case .writeFailed: .ioError
    }
  }
}
