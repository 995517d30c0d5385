/// Gzip (RFC 1952) of a stream that has no end: a header, and then pieces, each of them ended at a byte and made of nothing but its
/// own text and those just before it, so that all streams in which the same texts follow each other are sent the same pieces. What
/// has no end has no checksum.
enum EndlessGzip {
  /// What a stream begins with: deflate, no time, no name, no known system.
  static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]

  /// Bytes before a text that it can refer to.
  static let window = 32 * 1024

  /// Bytes in blocks of deflate, none of them the last one; whoever has read them knows all of the bytes. nil where there is no memory.
  ///
  /// - Parameter before: what the stream has said just before, to which the piece may refer; none for one that stands by itself.
  static func piece(of bytes: AnswerBytes, after before: [AnswerBytes] = []) -> AnswerBytes? {
    guard !before.isEmpty else {
      return Deflate.compress(bytes.buffer, level: 6, .none, isLast: false)
    }
    let said = before.flatMap { Array($0.buffer) }
    return said.withUnsafeBytes {
      Deflate.compress(bytes.buffer, level: 9, .none, isLast: false, after: $0)
    }
  }
}

/// Gzip of an answer that comes in pieces and has an end.
struct GzipPieces {
  private var checksum: UInt32 = 0
  private var count: UInt32 = 0

  let header = AnswerBytes(EndlessGzip.header)

  /// nil where there is no memory.
  mutating func piece(of bytes: AnswerBytes) -> AnswerBytes? {
    checksum = Deflate.checksum(of: bytes.buffer, after: checksum)
    count &+= UInt32(truncatingIfNeeded: bytes.count)
    return EndlessGzip.piece(of: bytes)
  }

  /// An empty last block, the checksum and the number of bytes.
  var end: AnswerBytes {
    AnswerBytes([0x03, 0x00] + Self.littleEndian(checksum) + Self.littleEndian(count))
  }

  private static func littleEndian(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
