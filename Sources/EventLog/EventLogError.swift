import Support

/// What went wrong with a log, and where.
public struct EventLogError: UserFacingError, CustomStringConvertible {
  /// Kinds of trouble that callers treat differently.
  public enum Code: Sendable, Equatable {
    /// The URL or a property is not understood.
    case badURL
    /// An option that the program has set in code is outside its range.
    case badOption
    /// The directory, the broker or the topic is not there or cannot be reached.
    case unavailable
    /// Another process writes this partition.
    case locked
    /// Bytes on disk are not what the format says.
    case damaged
    /// The log has dropped records (retention) before they were read; `EventLogError.lost` says which.
    case lost
    /// The log is not the one that a database has counted: it lost its end, or is another one.
    case diverged
    /// The operating system or a broker refused a call: no space, no permission, too many files.
    case io
    /// The writer was closed before it was called: a mistake of the program's.
    case closed
    /// An earlier sync failed, so that nobody knows what is on the device: the writer takes no more.
    case unsynced
    /// A record is larger than the log takes.
    case tooLarge
  }

  /// Of what kind it is.
  public var code: Code
  /// One line: what happened, where, and what to do about it.
  public var message: String
  /// The records that are gone, where `code` is `.lost`.
  public var lost: LostRange?

  /// - Parameters:
  ///   - message: one line, without a newline at its end.
  ///   - lost: as the property has it.
  public init(_ code: Code, _ message: String, lost: LostRange? = nil) {
    self.code = code
    self.message = message
    self.lost = lost
  }

  /// The message.
  public var description: String { message }

  /// What a process ends with that cannot go on for this error.
  public var exitCode: ExitCode {
    switch code {
    case .badURL: .usage
    case .unavailable: .unavailable
    case .locked: .temporaryFailure
    case .damaged, .diverged, .lost: .dataError
    case .io, .unsynced: .ioError
    case .badOption, .closed: .software
    case .tooLarge: .dataError
    }
  }
}
