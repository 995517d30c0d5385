/// Gzip (RFC 1952) of a stream that has no end: a header, and then pieces, each of them compressed by itself and ended at a byte, so
/// that every stream can be sent the same ones. What has no end has no checksum.
enum EndlessGzip {
  /// What a stream begins with: deflate, no time, no name, no known system.
  static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]

  /// Bytes in blocks of deflate that refer to nothing before them, none of them the last one; whoever has read them knows all of the
  /// bytes. nil where there is no memory.
  static func piece(of bytes: AnswerBytes) -> AnswerBytes? {
    Deflate.compress(bytes.buffer, level: 6, .none, isLast: false)
  }
}
