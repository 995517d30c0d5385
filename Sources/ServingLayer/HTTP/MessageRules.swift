import Glibc

/// What a server has to refuse before it makes anything of a request (RFC 9112), as a proxy in front may have read it otherwise.
enum MessageRules {
  /// - Parameter version: as the request line has it.
  /// - Returns: the refusal, after which the connection is to be closed; nil where nothing is wrong.
  static func refusal(of request: Request, version: String) -> RequestError? {
    let host = request.headers["host"]
    // Section 3.2. Several are one with commas, which no name of a host has.
    if version == "HTTP/1.1", host == nil {
      return RequestError("bad_request", "Host: found none, accepted: one, in HTTP/1.1")
    }
    if host?.contains(",") == true {
      return RequestError("bad_request", "Host: found several, accepted: one")
    }
    // Section 5.1: `Content-Length : 5` is a length to some, and nothing to others.
    if request.headers.keys.contains(where: { $0.utf8.contains { $0 <= 0x20 } }) {
      return RequestError(
        "bad_request", "headers: found a space in a name, accepted: none before the colon")
    }
    return framing(request, version: version)
  }

  /// Where a request ends. Whoever sees another end sees other requests behind this one.
  private static func framing(_ request: Request, version: String) -> RequestError? {
    let length = request.headers["content-length"]
    let coding = request.headers["transfer-encoding"]
    // Section 6.1.
    if coding != nil, length != nil {
      return RequestError(
        "bad_request", "body: found Transfer-Encoding and Content-Length, accepted: one of them")
    }
    if let coding, version != "HTTP/1.1" || coding.lowercased() != "chunked" {
      return RequestError(
        "bad_request",
        "Transfer-Encoding: found \"\(coding.prefix(40))\" in \(version.prefix(10)), "
          + "accepted: chunked, once, in HTTP/1.1")
    }
    // Section 6.3. Of several, libmicrohttpd would take one.
    if let length, length.isEmpty || !length.utf8.allSatisfy({ (48...57).contains($0) }) {
      return RequestError(
        "bad_request", "Content-Length: found \"\(length.prefix(40))\", accepted: one whole number")
    }
    return nil
  }
}

/// What an address may be, before it is taken apart.
enum AddressRules {
  /// More than any question has: a hundred values of filters, and some more.
  static let parametersMax = 200
  /// Bytes. With the parameters, for each of which libmicrohttpd keeps 64, they fit into `HTTPDaemon.connectionMemory`.
  static let bytesMax = 48 * 1024

  /// - Parameter address: path and parameters as they came, still encoded.
  /// - Returns: the refusal; nil where nothing is wrong.
  static func refusal(of address: UnsafePointer<CChar>) -> RequestError? {
    let bytes = UnsafeBufferPointer(start: address, count: strlen(address))
    guard bytes.count <= bytesMax else {
      return RequestError(
        "bad_request", "address: found \(bytes.count) bytes, accepted: at most \(bytesMax)")
    }
    let mark = bytes.firstIndex(of: question) ?? bytes.endIndex
    // Decoded it would end the path, for us and for nobody in front of us.
    if let place = strstr(address, "%00"), place - UnsafeMutablePointer(mutating: address) < mark {
      return RequestError("bad_request", "path: found %00, accepted: a path without NUL characters")
    }
    let count = bytes[mark...].reduce(0) { $0 + ($1 == question || $1 == ampersand ? 1 : 0) }
    guard count <= parametersMax else {
      return RequestError(
        "bad_request", "parameters: found \(count), accepted: at most \(parametersMax)")
    }
    return nil
  }

  private static let question = CChar(bitPattern: UInt8(ascii: "?"))
  private static let ampersand = CChar(bitPattern: UInt8(ascii: "&"))
}
