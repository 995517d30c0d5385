import Glibc
import Synchronization

/// Closes connections that take too long over their requests. libmicrohttpd has a time limit for silence alone, and so a client that
/// sends a byte now and then could keep a connection for ever.
final class ConnectionDeadlines: Sendable {
  /// What a connection is at, and for how long it may be.
  enum Phase: Sendable {
    /// No request has come yet, or not all of its headers.
    case opening
    /// The body of a request is coming.
    case body
    /// An answer is being made, or written.
    case answering
    /// An event stream, which has no end. Silence of its client ends it.
    case streaming
    /// Between two requests, or amid the headers of the next.
    case idle

    var seconds: Double? {
      switch self {
      case .opening, .body: 10
      case .answering: 600
      case .streaming: nil
      case .idle: 60
      }
    }
  }

  /// One connection.
  final class Record: Sendable {
    fileprivate let socket: CInt
    fileprivate let state = Mutex((phase: Phase.opening, since: ContinuousClock.now))

    private let refusal = Mutex<RequestError?>(nil)

    init(socket: CInt) { self.socket = socket }

    /// What is wrong with the address of the request that is being read.
    var addressRefusal: RequestError? {
      get { refusal.withLock { $0 } }
      set { refusal.withLock { $0 = newValue } }
    }

    func enter(_ phase: Phase) { state.withLock { $0 = (phase, ContinuousClock.now) } }
  }

  private let records = Mutex<[ObjectIdentifier: Record]>([:])

  func add(_ record: Record) { records.withLock { $0[ObjectIdentifier(record)] = record } }

  /// Before the socket is closed.
  func remove(_ record: Record) { records.withLock { $0[ObjectIdentifier(record)] = nil } }

  var count: Int { records.withLock { $0.count } }

  /// Whether no answer is being made or written.
  var isQuiet: Bool {
    records.withLock {
      $0.values.allSatisfy { record in
        if case .answering = record.state.withLock({ $0.phase }) { false } else { true }
      }
    }
  }

  /// Shuts down the sockets that are over their time. libmicrohttpd then finds the client gone and closes them.
  func sweep() {
    let now = ContinuousClock.now
    // Under the lock no socket is closed, so that none is shut down that has just become somebody else's.
    records.withLock { records in
      for record in records.values {
        let (phase, since) = record.state.withLock { $0 }
        guard let seconds = phase.seconds, now - since > .seconds(seconds) else { continue }
        shutdown(record.socket, CInt(SHUT_RDWR))
      }
    }
  }
}
