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
    case .busy, .lakeBehind, .locked, .stopped: .temporaryFailure
    case .auditFailed: .dataError
    case .ledger: .software
    }
  }
}
