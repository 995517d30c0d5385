import CMicrohttpd
import Synchronization

/// One request on a connection, from its headers until its answer has been written. While it waits for its answer the connection is
/// suspended, and costs neither a thread nor a look.
///
/// `@unchecked Sendable`: libmicrohttpd keeps a suspended connection, and resuming it is allowed from any thread; everything
/// else happens on the thread of events.
final class Exchange: @unchecked Sendable {
  private enum Progress {
    case read
    /// Suspended, waiting for an answer.
    case waiting
    case answered(Response)
    /// Nobody is there any more to get an answer.
    case abandoned
  }

  /// What the daemon is to do with the connection.
  enum Next {
    case begin
    case answer(Response)
    case close
    /// The answer has not come yet.
    case wait
  }

  let request: Request
  let arrivedAt = ContinuousClock.now
  /// Valid while the exchange waits.
  let socket: CInt
  /// Bytes of the body that have come.
  var bodyCount = 0
  private let connection: OpaquePointer
  private let progress = Mutex(Progress.read)

  init(_ request: Request, on connection: OpaquePointer) {
    self.request = request
    self.connection = connection
    socket = polyrhythm_mhd_socket(connection)
  }

  /// On the thread of events: no more is read from the connection until `complete`.
  func suspend() {
    progress.withLock { $0 = .waiting }
    MHD_suspend_connection(connection)
  }

  /// Gives the answer, or nil where nobody waits for it any more. Only the first call counts.
  func complete(_ response: Response?) {
    let isFirst = progress.withLock { progress in
      guard case .waiting = progress else { return false }
      progress = response.map { .answered($0) } ?? .abandoned
      return true
    }
    if isFirst { MHD_resume_connection(connection) }
  }

  var next: Next {
    progress.withLock {
      switch $0 {
      case .read: .begin
      case .waiting: .wait
      case .answered(let response): .answer(response)
      case .abandoned: .close
      }
    }
  }
}
