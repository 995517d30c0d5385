import Glibc

/// How a child process has ended.
public struct ProcessEnd: Equatable, Sendable {
  /// The signal that ended it; nil where it exited.
  public let signal: Int32?
  /// As a shell has it: the exit status, 0 to 255, or 128 and the signal.
  public let status: Int32

  /// - Parameter code: what `waitpid(2)` gives of a process that has ended.
  public init(waitStatus code: Int32) {
    let number = code & 0x7F
    signal = number == 0 ? nil : number
    status = number == 0 ? (code >> 8) & 0xFF : 128 + number
  }

  /// Whether it exited with status 0.
  public var isSuccess: Bool { status == 0 }

  /// Waits for the end of a child.
  /// - Returns: nil where its end is not known: somebody else has asked for it, or ignores SIGCHLD.
  public static func wait(for process: pid_t) -> ProcessEnd? {
    var code: Int32 = 0
    while waitpid(process, &code, 0) < 0 { if errno != EINTR { return nil } }
    return ProcessEnd(waitStatus: code)
  }

  /// What can be said of a child without waiting.
  public enum State: Equatable, Sendable {
    /// It has not ended, and may be stopped.
    case running
    /// It has ended, and this call was the first to learn how.
    case ended(ProcessEnd)
    /// It has ended and nobody knows how: somebody else has asked for it, or ignores SIGCHLD.
    case unknown
  }

  /// Asks whether a child has ended. The end is told once.
  public static func look(at process: pid_t) -> State {
    var code: Int32 = 0
    let found = waitpid(process, &code, WNOHANG)
    if found == process { return .ended(ProcessEnd(waitStatus: code)) }
    return found == 0 || errno == EINTR ? .running : .unknown
  }
}
