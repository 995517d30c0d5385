import CMicrohttpd
import Synchronization

/// The bytes of one event stream, in pieces that libmicrohttpd asks for. While nothing is new the connection is suspended.
///
/// `@unchecked Sendable`: libmicrohttpd keeps a suspended connection, and resuming it is allowed from any thread; everything
/// else happens on the thread of events.
final class EventStream: @unchecked Sendable {
  /// Bytes that are copied at a time, and so what an open stream takes of memory.
  private static let piece = 4096
  // `retry` tells the browser to connect again one second after a stream has broken.
  private static let opening = AnswerBytes("retry: 1000\n\n")
  /// nil where there is no memory.
  private static let compressedOpening = EndlessGzip.piece(of: opening).map { piece in
    AnswerBytes(EndlessGzip.header + Array(piece.buffer))
  }

  private let connection: OpaquePointer
  private let hub: LiveHub
  private let subscription: LiveHub.Subscription
  private var pending: AnswerBytes
  private var sent = 0

  private init(
    _ connection: OpaquePointer, _ hub: LiveHub, _ subscription: LiveHub.Subscription,
    _ opening: AnswerBytes
  ) {
    pending = opening
    self.connection = connection
    self.hub = hub
    self.subscription = subscription
  }

  deinit { hub.forget(subscription) }

  /// A response of libmicrohttpd that never ends; nil where there is no memory.
  ///
  /// - Parameters:
  ///   - last: the id of the event that the client has seen last.
  ///   - isCompressed: whether the bytes are those of `EndlessGzip`.
  static func response(
    on connection: OpaquePointer, hub: LiveHub, after last: String?, isCompressed: Bool
  ) -> OpaquePointer? {
    guard let opening = isCompressed ? compressedOpening : opening else { return nil }
    let waker = Waker(connection)
    let subscription = hub.subscribe(after: last, isCompressed: isCompressed) { waker.wake() }
    let stream = Unmanaged.passRetained(EventStream(connection, hub, subscription, opening))
    let response = MHD_create_response_from_callback(
      UInt64.max, piece,
      { context, _, buffer, capacity in
        guard let context, let buffer else { return -2 }
        return Unmanaged<EventStream>.fromOpaque(context).takeUnretainedValue()
          .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
      }, stream.toOpaque(),
      { context in
        if let context { Unmanaged<EventStream>.fromOpaque(context).release() }
      })
    if response == nil { stream.release() }
    return response
  }

  /// Wakes a suspended stream.
  ///
  /// `@unchecked Sendable`: only the connection's address, which is used while the connection is suspended.
  private final class Waker: @unchecked Sendable {
    private let connection: OpaquePointer
    init(_ connection: OpaquePointer) { self.connection = connection }
    func wake() { MHD_resume_connection(connection) }
  }

  /// - Returns: the number of bytes written; 0 where the connection has been suspended; -1
  ///   (MHD_CONTENT_READER_END_OF_STREAM) once the hub has closed.
  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if sent == pending.count {
      switch hub.next(subscription, orWait: { MHD_suspend_connection(connection) }) {
      case .closed: return -1
      case .nothing: return 0
      case .message(let message):
        pending = message
        sent = 0
      }
    }
    let count = min(pending.count - sent, buffer.count, Self.piece)
    buffer.copyBytes(from: UnsafeRawBufferPointer(rebasing: pending.buffer[sent..<(sent + count)]))
    sent += count
    return count
  }
}
