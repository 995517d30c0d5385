import Synchronization

/// An answer of 200 that is given to many: its bytes are shared, compressed once for each coding, and known by a strong tag, so
/// that whoever has them gets a 304.
final class StoredAnswer: Sendable {
  /// Bytes. Of shorter bodies less is saved than the headers of a coding cost.
  static let compressedFrom = 256
  /// Longer ones take milliseconds to compress, and are compressed by a thread that may take them.
  static let compressedAtOnce = 64 * 1024

  let headers: [(name: String, value: String)]
  private let identity: AnswerBytes
  /// Without quotes.
  private let tag: String
  /// Whether the bytes stay as long as the process.
  private let isFixed: Bool
  private let compressed = Mutex<[ContentCoding: AnswerBytes]>([:])

  /// - Parameters:
  ///   - response: of status 200, with a whole body.
  ///   - isFixed: whether the answer stays as long as the process, and `prepare` is called for it.
  init(_ response: Response, isFixed: Bool = false) {
    self.isFixed = isFixed
    headers = response.headers
    identity = response.bytes
    tag = Self.hash(identity.buffer)
  }

  convenience init(_ contentType: String, _ bytes: AnswerBytes, caching: String) {
    self.init(
      Response(
        status: 200, headers: [("Content-Type", contentType), ("Cache-Control", caching)],
        body: .bytes(bytes)), isFixed: true)
  }

  static func json(_ text: String) -> StoredAnswer {
    StoredAnswer("application/json; charset=utf-8", AnswerBytes(text), caching: "no-cache")
  }

  /// About what the answer takes of memory.
  var size: Int { identity.count + identity.count / 2 + 1024 }

  /// Compresses as far as each coding goes, for a thread that nobody waits for. Who asks before that has been done gets more bytes.
  func prepare() {
    guard identity.count >= Self.compressedFrom else { return }
    for coding in ContentCoding.allCases where compressed.withLock({ $0[coding] }) == nil {
      let bytes = coding.compress(identity.buffer, isThorough: true)
      compressed.withLock { $0[coding] = bytes }
    }
  }

  /// Compresses by the codings in which another answer was asked for.
  func compress(as other: StoredAnswer) {
    guard identity.count >= Self.compressedFrom else { return }
    for coding in other.compressed.withLock({ Array($0.keys) }) { _ = compressed(by: coding) }
  }

  /// Whether `response` takes no more than a moment.
  func isReady(for request: Request) -> Bool {
    guard let coding = coding(for: request), identity.count > Self.compressedAtOnce else {
      return true
    }
    return compressed.withLock { $0[coding] != nil }
  }

  /// In the coding that the client asks for; 304 without a body where the client has it.
  func response(for request: Request) -> Response {
    var coding = coding(for: request)
    var bytes = identity
    if let asked = coding {
      if let shorter = compressed(by: asked) { bytes = shorter } else { coding = nil }
    }
    let entityTag = "\"\(tag)\(coding.map { "-\($0.rawValue)" } ?? "")\""
    var headers = self.headers
    headers.append(("ETag", entityTag))
    if identity.count >= Self.compressedFrom { headers.append(("Vary", "Accept-Encoding")) }
    if Self.matches(request.headers["if-none-match"], entityTag) {
      headers.removeAll { $0.name == "Content-Type" || $0.name == "Content-Disposition" }
      return Response(status: 304, headers: headers, body: .bytes(AnswerBytes([])))
    }
    if let coding { headers.append(("Content-Encoding", coding.rawValue)) }
    return Response(status: 200, headers: headers, body: .bytes(bytes))
  }

  private func coding(for request: Request) -> ContentCoding? {
    guard identity.count >= Self.compressedFrom else { return nil }
    return ContentCoding(accepted: request.headers["accept-encoding"])
  }

  private func compressed(by coding: ContentCoding) -> AnswerBytes? {
    if let known = compressed.withLock({ $0[coding] }) { return known }
    let bytes = coding.compress(identity.buffer)
    if !isFixed { compressed.withLock { $0[coding] = bytes } }
    return bytes
  }

  /// RFC 9110, 13.1.2: a list of tags, or `*` for any.
  private static func matches(_ header: String?, _ tag: String) -> Bool {
    guard let header else { return false }
    return header.split(separator: ",").contains { part in
      var given = part.drop { $0 == " " }
      while given.last == " " { given.removeLast() }
      if given.hasPrefix("W/") { given = given.dropFirst(2) }
      return given == "*" || given == tag
    }
  }

  /// FNV-1a over 64 bits, in hexadecimal: the same in every process.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
