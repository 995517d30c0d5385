import Foundation
import Glibc
import Support
import Synchronization

/// A proxy between PostgreSQL's clients and its socket, which counts the statements that clients send and
/// springs a trap at one of them. In this way a load ends exactly at its k-th statement, without any hook in
/// the load.
///
/// Of the protocol the proxy knows only where messages begin. Clients connect over a Unix socket, where
/// nothing is encrypted.
public final class ServerProxy: Sendable {
  /// What happens to the connection after the statement of a trap.
  public enum Verdict: Sendable {
    /// The connection goes on as if there were no proxy.
    case goOn
    /// Both ends are closed, and so are all other connections; new ones are refused until `reset`.
    case cut
  }

  /// What the proxy does at one statement.
  public struct Trap: Sendable {
    /// The number of the statement, counted from 1 over all connections since `reset`.
    var statement: Int
    /// True where the server gets the statement and answers it before the trap springs. The client gets the
    /// answer only afterwards.
    var afterAnswer: Bool
    var action: @Sendable () -> Verdict

    /// - Parameters:
    ///   - statement: counted from 1 over all connections since `reset`.
    ///   - afterAnswer: true to let the server run the statement and answer it before the trap springs.
    ///   - action: called on the connection's thread; the connection waits for it.
    public init(
      at statement: Int, afterAnswer: Bool, action: @escaping @Sendable () -> Verdict
    ) {
      self.statement = statement
      self.afterAnswer = afterAnswer
      self.action = action
    }
  }

  private struct State {
    var statements = 0
    var trap: Trap?
    var isRefusing = false
    var isClosed = false
    var open: [ProxiedSession] = []
  }

  private let state = Mutex(State())
  private let listener: Int32
  private let target: String
  private let path: String
  private let directory: String
  private let port: String

  /// - Parameters:
  ///   - url: the server's, as `postgresql://USER@/DATABASE?host=DIRECTORY&port=N`.
  ///   - directory: the directory for the proxy's socket; made where it is missing.
  /// - Throws: `CommandFailure` where the URL has no host or port, or the socket cannot be made.
  public init(url: String, in directory: String) throws {
    guard let query = URLComponents(string: url)?.queryItems,
      let host = query.first(where: { $0.name == "host" })?.value,
      let port = query.first(where: { $0.name == "port" })?.value
    else { throw CommandFailure("\(url): the proxy wants a host and a port") }
    self.directory = directory
    self.port = port
    target = "\(host)/.s.PGSQL.\(port)"
    path = "\(directory)/.s.PGSQL.\(port)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    unlink(path)
    listener = try Self.listen(at: path)
    let thread = Thread { [self] in accept() }
    thread.name = "proxy-accept"
    thread.start()
  }

  deinit { close(listener) }

  /// The URL of the same database by way of the proxy.
  public func url(instead url: String) -> String {
    let host = directory.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? directory
    return url.components(separatedBy: "?")[0] + "?host=\(host)&port=\(port)"
  }

  /// The number of statements since the last `reset`.
  public var statements: Int { state.withLock { $0.statements } }

  /// Counts statements from 0 again, and accepts connections again.
  /// - Parameter trap: springs once; nil for none.
  public func reset(_ trap: Trap? = nil) {
    state.withLock {
      $0.statements = 0
      $0.trap = trap
      $0.isRefusing = false
    }
  }

  /// Ends all connections, and refuses new ones until `reset`.
  public func cut() {
    let open = state.withLock { state in
      state.isRefusing = true
      return state.open
    }
    for session in open { session.shutDown() }
  }

  /// Ends all connections and the proxy for good.
  public func stop() {
    state.withLock { $0.isClosed = true }
    cut()
    shutdown(listener, Int32(SHUT_RDWR))
    unlink(path)
  }

  // MARK: Sessions

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else {
        if state.withLock({ $0.isClosed }) || (errno != EINTR && errno != ECONNABORTED) { return }
        continue
      }
      let isWelcome = state.withLock { !$0.isRefusing }
      guard isWelcome, let server = try? Self.connect(to: target) else {
        close(client)
        continue
      }
      let session = ProxiedSession(client: client, server: server)
      state.withLock { $0.open.append(session) }
      let thread = Thread { [self] in
        session.pump(countingWith: self)
        state.withLock { state in state.open.removeAll { $0 === session } }
      }
      thread.name = "proxy-session"
      thread.start()
    }
  }

  /// Counts one more statement.
  /// - Returns: the trap, where this statement is the trap's.
  func countStatement() -> Trap? {
    state.withLock { state in
      state.statements += 1
      guard let trap = state.trap, trap.statement == state.statements else { return nil }
      state.trap = nil
      return trap
    }
  }

  private static func address(_ path: String) throws -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw CommandFailure("\(path) is too long for a socket; use a shorter directory")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }

  private static func withSocket(
    _ path: String,
    _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    var address = try address(path)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let outcome = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard descriptor >= 0, outcome == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw CommandFailure("\(path): \(reason)")
    }
    return descriptor
  }

  private static func listen(at path: String) throws -> Int32 {
    try withSocket(path) { descriptor, address, length in
      guard bind(descriptor, address, length) == 0 else { return -1 }
      return Glibc.listen(descriptor, 64)
    }
  }

  private static func connect(to path: String) throws -> Int32 {
    try withSocket(path) { Glibc.connect($0, $1, $2) }
  }
}

/// A failure of the simulation's own means, not of the layers under test.
public struct CommandFailure: UserFacingError {
  /// One line: what could not be done, and what to do about it.
  public var message: String
  /// The code of sysexits.h for an internal error.
  public var exitCode: ExitCode { .software }
  /// - Parameter message: one line, as people are to read it.
  public init(_ message: String) { self.message = message }
}
