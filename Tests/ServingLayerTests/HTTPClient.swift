import Glibc

/// A blocking HTTP/1.1 client of a few lines, through which tests see the bytes that go over the socket.
final class HTTPClient {
  struct Failure: Error { var reason: String }

  private let socket: CInt
  private(set) var received = ""

  /// Connects to `127.0.0.1:PORT`. Reads give up after thirty seconds.
  ///
  /// - Parameter buffer: bytes that the system takes before they are read; nil for as many as it likes.
  init(_ address: String, buffer: CInt? = nil) throws {
    guard let port = UInt16(address.split(separator: ":").last ?? "") else {
      throw Failure(reason: "no port in \(address)")
    }
    socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    if var buffer {
      setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<CInt>.size))
    }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &place) {
      connect(
        socket, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self),
        socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    guard result == 0 else { throw Failure(reason: String(cString: strerror(errno))) }
  }

  deinit { close(socket) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }

  /// Reads until the text has come, or the server has closed.
  ///
  /// - Parameter seconds: without a byte, after which it gives up.
  func read(until text: String?, within seconds: Int = 30) throws -> String {
    var timeout = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while text.map({ !received.contains($0) }) ?? true {
      let count = recv(socket, &buffer, buffer.count, 0)
      if count == 0 { break }
      guard count > 0 else { throw Failure(reason: "nothing came; so far: \(received)") }
      received += String(decoding: buffer[..<count], as: UTF8.self)
    }
    return received
  }

  /// Whether the server closes the connection, without having sent anything, within so many seconds.
  func isClosed(within seconds: Int) -> Bool {
    var timeout = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, 0)
    return count == 0 || (count < 0 && errno == ECONNRESET)
  }

  /// One request, on a connection of its own: status line, headers and body as they came.
  static func get(
    _ target: String, from address: String, method: String = "GET", header: String = "",
    within seconds: Int = 30
  ) throws -> String {
    let client = try HTTPClient(address)
    client.send(
      "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(header)\r\n")
    return try client.read(until: nil, within: seconds)
  }
}
