import Glibc

/// What the operating system refused. It has no words for a person: what was being done, and what to do
/// about it, the caller knows.
public struct SystemError: Error, Equatable, Sendable {
  /// The error number, such as `ENOENT`.
  public var code: Int32
  /// The file or directory concerned, as it was named.
  public var path: String

  /// - Parameters:
  ///   - code: `errno`, read right after the call that failed.
  ///   - path: the file or directory concerned.
  public init(_ code: Int32, _ path: String) {
    self.code = code
    self.path = path
  }

  /// What the system says of it, such as `No such file or directory`.
  public var reason: String { Self.reason(code) }

  /// What the system says of an error number.
  public static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
