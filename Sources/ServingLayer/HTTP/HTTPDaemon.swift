import CMicrohttpd
import Glibc

/// The server of libmicrohttpd: takes requests off the socket, hands them to the router, and writes the answers. Every
/// connection has a thread of its own, so that a query or an event stream may block.
///
/// `@unchecked Sendable`: the handle is set once, before the object is shared, and libmicrohttpd's stop and
/// callbacks are thread-safe.
final class HTTPDaemon: @unchecked Sendable {
  /// PEM texts, with the NUL that C strings end in.
  struct TLS: Sendable {
    var certificate: [CChar]
    var key: [CChar]
  }

  /// Connections, and so threads, at a time.
  static let connectionLimit: UInt32 = 256
  /// Seconds without traffic after which a connection is closed; more than `heartbeat`, so that open streams stay.
  static let timeout: UInt32 = 60
  /// Seconds without an event after which a stream sends a comment line.
  static let heartbeat = 15.0
  /// Bytes for the request line and the headers of request and answer.
  static let connectionMemory = 32 * 1024
  /// Bytes.
  static let threadStack = 1 << 20

  private let context: Unmanaged<Context>
  private let handle: OpaquePointer
  /// Copies of the PEM texts: libmicrohttpd keeps pointers into them until it is stopped.
  private let pem: [UnsafeMutablePointer<CChar>]

  /// What libmicrohttpd hands to its callbacks.
  final class Context: Sendable {
    let router: Router
    init(router: Router) { self.router = router }
  }

  /// Begins to serve a listening socket. libmicrohttpd owns the socket from here on, and closes it, also where it
  /// cannot start.
  ///
  /// - Throws: `.system` where it cannot start, `.tls` where it cannot use the certificate and key.
  init(socket: CInt, router: Router, tls: TLS?) throws(ServingError) {
    let context = Unmanaged.passRetained(Context(router: router))
    var flags =
      MHD_USE_INTERNAL_POLLING_THREAD.rawValue | MHD_USE_THREAD_PER_CONNECTION.rawValue
      | MHD_USE_POLL.rawValue | MHD_USE_ITC.rawValue
    var options = [
      option(.LISTEN_SOCKET, Int(socket)),
      option(.CONNECTION_LIMIT, Int(Self.connectionLimit)),
      option(.CONNECTION_TIMEOUT, Int(Self.timeout)),
      option(.CONNECTION_MEMORY_LIMIT, Self.connectionMemory),
      option(.THREAD_STACK_SIZE, Self.threadStack),
    ]
    var pem: [UnsafeMutablePointer<CChar>] = []
    if let tls {
      flags |= MHD_USE_TLS.rawValue
      for (name, text) in [
        (MHD_OPTION.HTTPS_MEM_CERT, tls.certificate), (MHD_OPTION.HTTPS_MEM_KEY, tls.key),
      ] {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
        copy.initialize(from: text, count: text.count)
        pem.append(copy)
        options.append(MHD_OptionItem(option: name, value: 0, ptr_value: copy))
      }
    }
    options.append(option(.END, 0))
    guard
      let handle = polyrhythm_mhd_start(flags, answerRequest, context.toOpaque(), &options)
    else {
      context.release()
      for copy in pem { copy.deallocate() }
      throw tls == nil
        ? ServingError(.system, "The HTTP server could not start: too few threads or descriptors")
        : ServingError(
          .tls,
          "The HTTP server could not start: the TLS certificate and key are not a "
            + "matching pair in PEM format; check --tls-cert and --tls-key")
    }
    self.context = context
    self.handle = handle
    self.pem = pem
  }

  /// Ends all connections and waits for their threads. Event streams have to be closed before, as a thread does not
  /// end while its stream waits for an event.
  func stop() {
    MHD_stop_daemon(handle)
    context.release()
    for copy in pem { copy.deallocate() }
  }
}

private func option(_ name: MHD_OPTION, _ value: Int) -> MHD_OptionItem {
  MHD_OptionItem(option: name, value: value, ptr_value: nil)
}

/// The state of a request whose headers have been seen: libmicrohttpd calls back with the headers first, and again
/// with the body. Only the address of this byte is used.
private nonisolated(unsafe) let headersSeen = UnsafeMutableRawPointer.allocate(
  byteCount: 1, alignment: 1)

private func answerRequest(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
  _ uploadData: UnsafePointer<CChar>?, _ uploadSize: UnsafeMutablePointer<Int>?,
  _ requestState: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let cls, let connection, let url, let method, let uploadSize, let requestState else {
    return .NO
  }
  let verb = String(cString: method)
  // A request of another method is answered on the first call, so that its body is never read.
  if requestState.pointee == nil, Route.methods.contains(verb) {
    requestState.pointee = headersSeen
    return .YES
  }
  // No endpoint takes a body.
  if uploadSize.pointee > 0 { return .NO }
  let context = Unmanaged<HTTPDaemon.Context>.fromOpaque(cls).takeUnretainedValue()
  var request = Request(method: verb, path: String(cString: url))
  withUnsafeMutablePointer(to: &request) { request in
    MHD_get_connection_values_n(
      connection, .GET_ARGUMENT_KIND,
      { context, _, name, nameSize, value, valueSize in
        context?.assumingMemoryBound(to: Request.self).pointee.query.append(
          (text(name, nameSize), text(value, valueSize)))
        return .YES
      }, request)
    MHD_get_connection_values_n(
      connection, .HEADER_KIND,
      { context, _, name, nameSize, value, valueSize in
        context?.assumingMemoryBound(to: Request.self).pointee
          .headers[text(name, nameSize).lowercased()] = text(value, valueSize)
        return .YES
      }, request)
  }
  return send(context.router.route(request), on: connection, hub: context.router.hub)
}

private func text(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> String {
  guard let bytes else { return "" }
  return String(
    decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
}

private func send(_ response: Response, on connection: OpaquePointer, hub: LiveHub) -> MHD_Result {
  let message: OpaquePointer?
  switch response.body {
  case .bytes(let bytes):
    message = bytes.withUnsafeBytes { buffer in
      // Copied by libmicrohttpd before the call returns.
      MHD_create_response_from_buffer(
        buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress),
        .RESPMEM_MUST_COPY)
    }
  case .events:
    let stream = Unmanaged.passRetained(EventStream(hub.subscribe()))
    message = MHD_create_response_from_callback(
      UInt64.max, 32 * 1024,
      { context, _, buffer, capacity in
        guard let context, let buffer else { return -2 }
        return Unmanaged<EventStream>.fromOpaque(context).takeUnretainedValue()
          .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
      }, stream.toOpaque(),
      { context in
        if let context { Unmanaged<EventStream>.fromOpaque(context).release() }
      })
  }
  guard let message else { return .NO }
  defer { MHD_destroy_response(message) }
  for (name, value) in response.headers { MHD_add_response_header(message, name, value) }
  return MHD_queue_response(connection, UInt32(response.status), message)
}

/// The bytes of one event stream. Used by its connection's thread only.
private final class EventStream {
  private let subscription: LiveHub.Subscription
  // `retry` tells the browser to connect again one second after a stream has broken.
  private var pending = Array("retry: 1000\n\n".utf8)[...]

  init(_ subscription: LiveHub.Subscription) { self.subscription = subscription }

  /// - Returns: the number of bytes written, or -1 (MHD_CONTENT_READER_END_OF_STREAM) once the hub has closed.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if pending.isEmpty {
      guard let message = subscription.next(heartbeatAfter: HTTPDaemon.heartbeat) else { return -1 }
      pending = Array(message.utf8)[...]
    }
    let count = min(pending.count, buffer.count)
    buffer.copyBytes(from: pending.prefix(count))
    pending = pending.dropFirst(count)
    return count
  }
}
