import CMicrohttpd
import Glibc
import Support
import Synchronization

/// The server of libmicrohttpd: takes requests off the sockets, hands them to the router, and writes the answers. One thread waits
/// for what happens on all connections, so that an open connection costs some memory and nothing else. What has to wait for the
/// database is done by the threads of a `Dispatcher`, and its connection is suspended meanwhile.
///
/// `@unchecked Sendable`: the handle is set once, before the object is shared, and libmicrohttpd's stop and
/// callbacks are thread-safe.
final class HTTPDaemon: @unchecked Sendable {
  /// PEM texts, with the NUL that C strings end in.
  struct TLS: Sendable {
    var certificate: [CChar]
    var key: [CChar]
  }

  /// Connections at a time.
  struct Limits: Sendable, Equatable {
    var connections: Int
    /// So that one client cannot take all.
    var perAddress: Int

    init(connections: Int, perAddress: Int) {
      self.connections = connections
      self.perAddress = perAddress
    }

    /// - Parameter descriptors: that the process may have open.
    init(descriptors: Int) {
      // Files, the log and the database need some too.
      let connections = min(16_384, max(64, descriptors - 256))
      self.init(connections: connections, perAddress: connections / 4)
    }
  }

  /// Seconds without traffic after which a connection is closed; more than `LiveHub.heartbeat`, so that open streams stay.
  static let timeout = 60
  /// Bytes for the request line and the headers of request and answer: 400 filters fit.
  static let connectionMemory = 64 * 1024
  /// Bytes of a request's body that are read, and not looked at, so that the client is there for its answer.
  static let bodyLimit = 64 * 1024

  /// What TLS may be spoken with, in the words of GnuTLS: versions 1.2 and 1.3 with forward secrecy and authenticated ciphers.
  private static let suites: StaticString =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"

  private let context: Unmanaged<Context>
  private let handle: OpaquePointer
  /// Copies of the PEM texts: libmicrohttpd keeps pointers into them until it is stopped.
  private let pem: [UnsafeMutablePointer<CChar>]
  private let sweeper: BackgroundWork

  /// What libmicrohttpd hands to its callbacks.
  final class Context: Sendable {
    let router: Router
    let dispatcher: Dispatcher
    let deadlines = ConnectionDeadlines()

    init(router: Router, dispatcher: Dispatcher) {
      self.router = router
      self.dispatcher = dispatcher
    }
  }

  /// Begins to serve a listening socket. libmicrohttpd owns the socket from here on, and closes it, also where it
  /// cannot start.
  ///
  /// - Parameter threads: of each lane.
  /// - Throws: `.system` where it cannot start, `.tls` where it cannot use the certificate and key.
  init(
    socket: CInt, router: Router, tls: TLS?, threads: [Lane: Int], limits: Limits
  ) throws(ServingError) {
    let context = Unmanaged.passRetained(
      Context(router: router, dispatcher: Dispatcher(router: router, threads: threads)))
    var flags =
      MHD_USE_EPOLL.rawValue | MHD_USE_INTERNAL_POLLING_THREAD.rawValue
      | MHD_ALLOW_SUSPEND_RESUME.rawValue
    var options = [
      option(.LISTEN_SOCKET, Int(socket)),
      option(.CONNECTION_LIMIT, limits.connections),
      option(.PER_IP_CONNECTION_LIMIT, limits.perAddress),
      option(.CONNECTION_TIMEOUT, Self.timeout),
      option(.CONNECTION_MEMORY_LIMIT, Self.connectionMemory),
    ]
    var pem: [UnsafeMutablePointer<CChar>] = []
    if let tls {
      flags |= MHD_USE_TLS.rawValue
      options.append(
        MHD_OptionItem(
          option: .HTTPS_PRIORITIES, value: 0,
          ptr_value: UnsafeMutableRawPointer(mutating: Self.suites.utf8Start)))
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
      let handle = polyrhythm_mhd_start(
        flags, answerRequest, requestCompleted, connectionChanged, addressCame, context.toOpaque(),
        &options)
    else {
      context.takeUnretainedValue().dispatcher.stop(grace: 0)
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
    let (dispatcher, deadlines) = (
      context.takeUnretainedValue().dispatcher, context.takeUnretainedValue().deadlines
    )
    sweeper = BackgroundWork("serve sweep") { stop in
      var tidied = ContinuousClock.now
      while !stop.isRequested {
        if ContinuousClock.now - tidied >= .seconds(60) {
          router.cache?.forgetWhatIsOver()
          FreedMemory.giveBack()
          tidied = .now
        }
        dispatcher.sweep()
        deadlines.sweep()
        router.hub.beat()
        usleep(100_000)
      }
    }
  }

  /// Connections that are open.
  var connections: Int { context.takeUnretainedValue().deadlines.count }

  /// Takes no new connection, finishes the answers under way, for `grace` seconds and then those that wait for the database no
  /// more, and ends all connections. Event streams have to be closed before.
  func stop(grace: Double = 5) {
    let served = context.takeUnretainedValue()
    let listening = MHD_quiesce_daemon(handle)
    served.dispatcher.stop(grace: grace)
    let deadline = ContinuousClock.now + .seconds(1)
    while !served.deadlines.isQuiet, ContinuousClock.now < deadline { usleep(5_000) }
    sweeper.end()
    MHD_stop_daemon(handle)
    // Whoever quiets a daemon has to close its socket, after the daemon has ended.
    if listening >= 0 { close(listening) }
    context.release()
    for copy in pem { copy.deallocate() }
  }
}

private func option(_ name: MHD_OPTION, _ value: Int) -> MHD_OptionItem {
  MHD_OptionItem(option: name, value: value, ptr_value: nil)
}

private func served(_ cls: UnsafeMutableRawPointer) -> HTTPDaemon.Context {
  Unmanaged<HTTPDaemon.Context>.fromOpaque(cls).takeUnretainedValue()
}

// MARK: Connections

private func connectionChanged(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ change: MHD_ConnectionNotificationCode
) {
  guard let cls, let connection, let state else { return }
  let deadlines = served(cls).deadlines
  if change == .CONNECTION_NOTIFY_STARTED {
    let record = ConnectionDeadlines.Record(socket: polyrhythm_mhd_socket(connection))
    state.pointee = Unmanaged.passRetained(record).toOpaque()
    deadlines.add(record)
  } else if let held = state.pointee {
    let record = Unmanaged<ConnectionDeadlines.Record>.fromOpaque(held).takeRetainedValue()
    deadlines.remove(record)
    state.pointee = nil
  }
}

/// What is noted of a connection; nil before it is opened.
private func record(of connection: OpaquePointer) -> ConnectionDeadlines.Record? {
  polyrhythm_mhd_connection_state(connection).map {
    Unmanaged<ConnectionDeadlines.Record>.fromOpaque($0).takeUnretainedValue()
  }
}

private func enter(_ phase: ConnectionDeadlines.Phase, _ connection: OpaquePointer) {
  record(of: connection)?.enter(phase)
}

/// libmicrohttpd tells an address as it came, before it takes it apart.
private func addressCame(
  _ cls: UnsafeMutableRawPointer?, _ address: UnsafePointer<CChar>?, _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
  guard let connection, let record = record(of: connection) else { return nil }
  record.addressRefusal = address.flatMap { AddressRules.refusal(of: $0) }
  // Its parameters are not looked at. libmicrohttpd would take no memory for more than it has, and never answer.
  if record.addressRefusal != nil, let address, let mark = strchr(address, 0x3F) {
    mark[1] = 0
  }
  return nil
}

private func requestCompleted(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ requestState: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ reason: MHD_RequestTerminationCode
) {
  guard let connection, let requestState, let held = requestState.pointee else { return }
  Unmanaged<Exchange>.fromOpaque(held).release()
  requestState.pointee = nil
  enter(.idle, connection)
}

// MARK: Requests

/// libmicrohttpd calls with the headers of a request first, then with each piece of its body, then with nothing, and again
/// after its connection has been resumed.
private func answerRequest(
  _ cls: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
  _ uploadData: UnsafePointer<CChar>?, _ uploadSize: UnsafeMutablePointer<Int>?,
  _ requestState: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let cls, let connection, let url, let method, let uploadSize, let requestState else {
    return .NO
  }
  let context = served(cls)
  guard let held = requestState.pointee else {
    let exchange = Exchange(
      request(String(cString: method), String(cString: url), connection), on: connection)
    requestState.pointee = Unmanaged.passRetained(exchange).toOpaque()
    let spoken = version.map { String(cString: $0) } ?? ""
    if let error = record(of: connection)?.addressRefusal
      ?? MessageRules.refusal(of: exchange.request, version: spoken)
    {
      enter(.answering, connection)
      var response = context.router.finish(
        error.response, exchange.request, since: exchange.arrivedAt)
      response.headers.append(("Connection", "close"))
      return send(response, on: connection, context)
    }
    let length = exchange.request.headers["content-length"]
    guard length.map({ Int($0).map { $0 <= HTTPDaemon.bodyLimit } ?? false }) ?? true else {
      // Answered before the body has come, which libmicrohttpd then does not read.
      enter(.answering, connection)
      return send(
        context.router.finish(
          RequestError.body.response, exchange.request, since: exchange.arrivedAt),
        on: connection, context)
    }
    enter(.body, connection)
    return .YES
  }
  let exchange = Unmanaged<Exchange>.fromOpaque(held).takeUnretainedValue()
  guard uploadSize.pointee == 0 else {
    exchange.bodyCount += uploadSize.pointee
    uploadSize.pointee = 0
    return exchange.bodyCount <= HTTPDaemon.bodyLimit ? .YES : .NO
  }
  switch exchange.next {
  case .close: return .NO
  case .wait: return .YES
  case .answer(let response): return send(response, on: connection, context)
  case .begin: break
  }
  enter(.answering, connection)
  switch context.router.begin(exchange.request) {
  case .answer(let response):
    if case .events = response.body { enter(.streaming, connection) }
    return send(
      context.router.finish(response, exchange.request, since: exchange.arrivedAt),
      on: connection, context)
  case .lagging(let response, let renewal):
    context.dispatcher.renew(renewal)
    return send(
      context.router.finish(response, exchange.request, since: exchange.arrivedAt),
      on: connection, context)
  case .work(let work):
    exchange.suspend()
    context.dispatcher.submit(exchange, work)
    return .YES
  }
}

private func request(_ method: String, _ path: String, _ connection: OpaquePointer) -> Request {
  var address = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
  polyrhythm_mhd_address(connection, &address, socklen_t(address.count))
  let client = address.withUnsafeBufferPointer { text in
    text.baseAddress.map { String(cString: $0) } ?? ""
  }
  var request = Request(method: method, path: path, address: client)
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
          .take(header: text(name, nameSize), text(value, valueSize))
        return .YES
      }, request)
  }
  return request
}

private func text(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> String {
  guard let bytes else { return "" }
  return String(
    decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
}

private func send(
  _ response: Response, on connection: OpaquePointer, _ context: HTTPDaemon.Context
) -> MHD_Result {
  let message: OpaquePointer?
  switch response.body {
  case .bytes(let bytes):
    // Not copied: the response keeps the bytes until it has been written.
    message = MHD_create_response_from_buffer_with_free_callback_cls(
      bytes.count, UnsafeMutableRawPointer(mutating: bytes.buffer.baseAddress),
      { context in
        if let context { Unmanaged<AnswerBytes>.fromOpaque(context).release() }
      }, Unmanaged.passRetained(bytes).toOpaque())
  case .events(let last, let isCompressed):
    message = EventStream.response(
      on: connection, hub: context.router.hub, after: last, isCompressed: isCompressed)
  case .pieces(let pipe):
    let dispatcher = context.dispatcher
    message = pipe.response(on: connection) { dispatcher.forget($0) }
  }
  guard let message else { return .NO }
  defer { MHD_destroy_response(message) }
  for (name, value) in response.headers { MHD_add_response_header(message, name, value) }
  return MHD_queue_response(connection, UInt32(response.status), message)
}
