import Support

/// Why the server could not be set up.
public struct ServingError: UserFacingError, Equatable, CustomStringConvertible {
  /// What went wrong, for programs; it decides the exit code.
  public enum Code: Sendable, Equatable {
    /// `--listen` is not HOST:PORT, or its host is not an address of this machine.
    case address
    /// Another program listens on the address.
    case addressInUse
    /// Other machines can reach the address, and there is no token.
    case tokenRequired
    /// The file of tokens cannot be read.
    case tokenFileUnreadable
    /// The file of tokens has something that is no token, or others can read it.
    case tokenFile
    /// The certificate or key cannot be read or used.
    case tls
    /// The system refused threads, sockets or memory.
    case system
  }

  /// What went wrong.
  public var code: Code
  /// One line: the value, the reason, and what to do.
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }

  /// What a process ends with that cannot go on.
  public var exitCode: ExitCode {
    switch code {
    case .address: .usage
    case .addressInUse: .unavailable
    case .tokenFileUnreadable: .noInput
    case .tokenFile: .dataError
    case .tokenRequired, .tls: .configuration
    case .system: .osError
    }
  }
}
