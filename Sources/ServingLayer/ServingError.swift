import Support

/// Why the server could not be set up.
public struct ServingError: UserFacingError, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// `--listen` is not HOST:PORT, or its host is not an address of this machine.
    case address
    /// Somebody else listens there.
    case addressInUse
    /// An address that others can reach, and no token.
    case tokenRequired
    /// The certificate or key cannot be read or used.
    case tls
    /// The system refused threads, sockets or memory.
    case system
  }

  public var code: Code
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }

  public var exitCode: ExitCode {
    switch code {
    case .address: .usage
    case .addressInUse: .unavailable
    case .tokenRequired, .tls: .configuration
    case .system: .osError
    }
  }
}
