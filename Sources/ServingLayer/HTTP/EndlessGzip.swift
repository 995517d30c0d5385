import CZlib

/// Gzip (RFC 1952) of a stream that has no end: a header, and then pieces, each of them compressed by itself and ended at a byte, so
/// that every stream can be sent the same ones. What has no end has no checksum.
enum EndlessGzip {
  /// What a stream begins with: deflate, no time, no name, no known system.
  static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]

  /// Bytes in blocks of deflate that refer to nothing before them, none of them the last one; whoever has read them knows all of the
  /// bytes. nil where there is no memory.
  static func piece(of bytes: AnswerBytes) -> AnswerBytes? {
    var stream = z_stream()
    // Less than zero asks for blocks without header and checksum; 8 is the default memory level.
    guard
      deflateInit2_(
        &stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        CInt(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    let input = bytes.buffer
    // The empty block that ends a piece has at most six bytes.
    let bound = Int(deflateBound(&stream, UInt(input.count))) + 16
    return AnswerBytes(capacity: bound) { output in
      stream.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: Bytef.self))
      stream.avail_in = UInt32(clamping: input.count)
      stream.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
      stream.avail_out = UInt32(clamping: output.count)
      let status = deflate(&stream, Z_SYNC_FLUSH)
      return status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0
        ? Int(stream.total_out) : nil
    }
  }
}
