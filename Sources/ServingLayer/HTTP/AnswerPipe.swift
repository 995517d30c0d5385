import CMicrohttpd
import Dispatch
import Synchronization

/// The bytes of one answer on their way from the thread that makes them to the socket, a few at a time: whoever makes them waits
/// while the client has not taken what is there, and for a client that takes nothing not for long.
///
/// `@unchecked Sendable`: libmicrohttpd keeps a suspended connection, and resuming it is allowed from any thread; everything
/// else is behind a lock.
final class AnswerPipe: @unchecked Sendable {
  /// How an answer ends.
  private enum End {
    /// All of it is there.
    case whole
    /// The rest will not come. The client sees that, as the last chunk is missing.
    case broken
  }

  private struct State {
    var pieces: [AnswerBytes] = []
    /// Bytes of the first piece that are taken.
    var taken = 0
    /// Of all pieces.
    var count = 0
    var end: End?
    /// When the client last took something.
    var takenAt = ContinuousClock.now
    /// Whether the connection is suspended, while nothing is there.
    var isWaiting = false
  }

  /// Bytes that may wait for the client, about.
  static let capacity = 1 << 20
  /// For how long a client may take nothing, while a connection to the database waits for it.
  static let patience = Duration.seconds(20)
  /// Bytes that are handed over at a time, and so what libmicrohttpd keeps for the connection.
  private static let block = 32 << 10

  private let capacity: Int
  private let patience: Duration
  private let state = Mutex(State())
  /// Set before anything is read.
  private var connection: OpaquePointer?
  /// Signalled when the client has taken something, or there is none any more.
  private let moved = DispatchSemaphore(value: 0)

  init(capacity: Int = capacity, patience: Duration = patience) {
    self.capacity = capacity
    self.patience = patience
  }

  // MARK: Whoever makes the answer

  /// Hands bytes over, once there is room for them.
  ///
  /// - Returns: false where nobody takes them any more; the rest need not be made.
  func put(_ bytes: AnswerBytes) -> Bool {
    guard bytes.count > 0 else { return true }
    while true {
      let (isOver, wakes, left) = state.withLock { state -> (Bool?, Bool, Duration) in
        guard state.end == nil else { return (true, false, .zero) }
        guard state.count < capacity else {
          return (nil, false, patience - (ContinuousClock.now - state.takenAt))
        }
        // Nobody can have taken what was not there.
        if state.pieces.isEmpty { state.takenAt = .now }
        state.pieces.append(bytes)
        state.count += bytes.count
        return (false, Self.wakes(&state), .zero)
      }
      if wakes { resume() }
      if let isOver { return !isOver }
      guard left > .zero else {
        abandon()
        return false
      }
      _ = moved.wait(timeout: .now() + left / .seconds(1))
    }
  }

  /// Says that nothing more comes.
  ///
  /// - Parameter isWhole: false where the answer could not be made to its end.
  func finish(isWhole: Bool) { end(isWhole ? .whole : .broken) }

  /// Ends the answer where it is, as nobody takes it any more.
  func abandon() { end(.broken) }

  /// Whether nothing more comes.
  var isOver: Bool { state.withLock { $0.end != nil } }

  private func end(_ end: End) {
    let wakes = state.withLock { state in
      guard state.end == nil else { return false }
      state.end = end
      return Self.wakes(&state)
    }
    if wakes { resume() }
    moved.signal()
  }

  /// Whether the caller is to resume the connection.
  private static func wakes(_ state: inout State) -> Bool {
    defer { state.isWaiting = false }
    return state.isWaiting
  }

  private func resume() {
    if let connection { MHD_resume_connection(connection) }
  }

  // MARK: Whoever sends it

  /// All that has been put, for callers without a socket.
  var all: AnswerBytes {
    AnswerBytes(state.withLock { $0.pieces.flatMap { Array($0.buffer) } })
  }

  /// A response of libmicrohttpd with what comes through the pipe; nil where there is no memory.
  ///
  /// - Parameter released: called when nothing more will be asked for, and the socket is still open.
  func response(
    on connection: OpaquePointer, released: @escaping @Sendable (AnswerPipe) -> Void
  ) -> OpaquePointer? {
    self.connection = connection
    let sender = Unmanaged.passRetained(Sender(pipe: self, connection: connection, released))
    let response = MHD_create_response_from_callback(
      UInt64.max, Self.block,
      { context, _, buffer, capacity in
        guard let context, let buffer else { return AnswerPipe.withError }
        let sender = Unmanaged<Sender>.fromOpaque(context).takeUnretainedValue()
        return sender.pipe.read(
          into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity),
          on: sender.connection)
      }, sender.toOpaque(),
      { context in
        guard let context else { return }
        let sender = Unmanaged<Sender>.fromOpaque(context).takeRetainedValue()
        sender.released(sender.pipe)
        sender.pipe.abandon()
      })
    if response == nil {
      sender.release()
      abandon()
    }
    return response
  }

  private final class Sender {
    let pipe: AnswerPipe
    let connection: OpaquePointer
    let released: @Sendable (AnswerPipe) -> Void

    init(
      pipe: AnswerPipe, connection: OpaquePointer,
      _ released: @escaping @Sendable (AnswerPipe) -> Void
    ) {
      self.pipe = pipe
      self.connection = connection
      self.released = released
    }
  }

  /// MHD_CONTENT_READER_END_OF_STREAM and MHD_CONTENT_READER_END_WITH_ERROR, which are casts in C.
  private static let ofStream = -1
  private static let withError = -2

  /// On the thread of events.
  ///
  /// - Returns: the number of bytes written; 0 where the connection has been suspended; or that there are no more.
  private func read(into buffer: UnsafeMutableRawBufferPointer, on connection: OpaquePointer) -> Int
  {
    let count = state.withLock { state -> Int in
      guard let piece = state.pieces.first else {
        switch state.end {
        case .whole: return Self.ofStream
        case .broken: return Self.withError
        case nil:
          state.isWaiting = true
          MHD_suspend_connection(connection)
          return 0
        }
      }
      // What is broken is not sent to its end, so that nobody waits for a client that takes nothing.
      if case .broken = state.end { return Self.withError }
      let count = min(piece.count - state.taken, buffer.count)
      buffer.copyBytes(
        from: UnsafeRawBufferPointer(rebasing: piece.buffer[state.taken..<(state.taken + count)]))
      state.taken += count
      state.count -= count
      state.takenAt = .now
      if state.taken == piece.count {
        state.pieces.removeFirst()
        state.taken = 0
      }
      return count
    }
    if count > 0 { moved.signal() }
    return count
  }
}
