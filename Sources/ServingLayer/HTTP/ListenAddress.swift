import Glibc

/// Where to listen: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`. Port 0 lets the system choose.
struct ListenAddress: Sendable, Equatable {
  var host: String
  var port: UInt16
  /// Known in the address that `open` returns; false before.
  private(set) var isLoopback = false

  /// - Throws: `.address` where the text is not HOST:PORT.
  init(_ text: String) throws(ServingError) {
    let accepted = "HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else {
      throw ServingError(.address, "Cannot listen on \"\(text)\"; --listen takes \(accepted)")
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      throw ServingError(.address, "Cannot listen on \"\(text)\"; --listen takes \(accepted)")
    }
    guard !host.isEmpty else {
      throw ServingError(.address, "Cannot listen on \"\(text)\"; --listen takes \(accepted)")
    }
    self.host = host
    self.port = port
  }

  var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Opens a socket that is bound and listening. Whether that is on loopback is decided by the address that the name
  /// resolves to, as anybody's resolver may map `localhost` elsewhere.
  ///
  /// - Parameter allowsRemote: false refuses addresses that other machines can reach.
  /// - Returns: the socket's descriptor, and the address with the port that the system chose.
  /// - Throws: `.address`, `.tokenRequired`, `.addressInUse` or `.system`.
  func open(allowsRemote: Bool) throws(ServingError) -> (socket: CInt, bound: ListenAddress) {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0, let info = list?.pointee, let address = info.ai_addr else {
      let reason = code == 0 ? "no address" : String(cString: gai_strerror(code))
      throw ServingError(
        .address, "Cannot listen on \(text): \(reason); give an address of this machine to --listen"
      )
    }
    defer { freeaddrinfo(list) }
    guard allowsRemote || Self.isLoopback(address) else {
      throw ServingError(
        .tokenRequired,
        "Refusing to listen on \(text), which other machines can reach, without a token; "
          + "give --token-file, or listen on 127.0.0.1")
    }
    let descriptor = socket(info.ai_family, info.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure(errno) }
    var one: CInt = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
    guard bind(descriptor, address, info.ai_addrlen) == 0, listen(descriptor, 128) == 0 else {
      let reason = errno
      close(descriptor)
      throw failure(reason)
    }
    var bound = self
    bound.isLoopback = Self.isLoopback(address)
    bound.port = Self.port(of: descriptor)
    return (descriptor, bound)
  }

  private func failure(_ code: CInt) -> ServingError {
    if code == EADDRINUSE {
      return ServingError(
        .addressInUse,
        "Cannot listen on \(text): another program already does; stop it, or choose another "
          + "port with --listen")
    }
    let reason = String(cString: strerror(code))
    return ServingError(
      code == EADDRNOTAVAIL || code == EACCES ? .address : .system,
      "Cannot listen on \(text): \(reason); choose another address with --listen")
  }

  private static func isLoopback(_ address: UnsafePointer<sockaddr>) -> Bool {
    let raw = UnsafeRawPointer(address)
    switch CInt(address.pointee.sa_family) {
    case AF_INET:
      let ip = UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr)
      return ip >> 24 == 127
    case AF_INET6:
      let ip = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      return withUnsafeBytes(of: ip) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    default: return false
    }
  }

  private static func port(of descriptor: CInt) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      let raw = UnsafeMutableRawPointer(pointer)
      getsockname(descriptor, raw.assumingMemoryBound(to: sockaddr.self), &length)
      // The port is at the same place in both families.
      return UInt16(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_port)
    }
  }
}
