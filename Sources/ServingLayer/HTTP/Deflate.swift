import CZlib

/// One call of zlib for bytes that are there as a whole.
enum Deflate {
  /// The checksum of gzip over these bytes, and over those before them, whose own it is that is given.
  static func checksum(of bytes: UnsafeRawBufferPointer, after checksum: UInt32) -> UInt32 {
    guard let start = bytes.baseAddress else { return checksum }
    return UInt32(
      truncatingIfNeeded: crc32_z(
        UInt(checksum), start.assumingMemoryBound(to: Bytef.self), bytes.count))
  }

  /// What stands around the compressed blocks.
  enum Frame: Int32 {
    /// Nothing. zlib takes that from bits of the window below zero.
    case none = -15
    /// Gzip's header and checksum (RFC 1952). zlib takes that from 16 more than the window's 15 bits.
    case gzip = 31
  }

  /// The compressed bytes; nil where there is no memory for them.
  ///
  /// - Parameters:
  ///   - level: 1 to 9.
  ///   - isLast: whether the last block says that it is the last; otherwise the bytes end with an empty one, and more may follow.
  ///   - before: bytes that whoever unpacks these has unpacked just before them, so that these can refer to them. Only without a frame.
  static func compress(
    _ bytes: UnsafeRawBufferPointer, level: Int32, _ frame: Frame, isLast: Bool,
    after before: UnsafeRawBufferPointer? = nil
  ) -> AnswerBytes? {
    var stream = z_stream()
    // 8 is the default memory level.
    guard
      deflateInit2_(
        &stream, level, Z_DEFLATED, frame.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        CInt(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    if let before, let start = before.baseAddress {
      // zlib takes the end of what is longer than its window.
      guard
        deflateSetDictionary(
          &stream, start.assumingMemoryBound(to: Bytef.self), UInt32(clamping: before.count))
          == Z_OK
      else { return nil }
    }
    // The empty block has at most six bytes.
    let bound = Int(deflateBound(&stream, UInt(bytes.count))) + (isLast ? 0 : 16)
    return AnswerBytes(capacity: bound) { output in
      stream.next_in = UnsafeMutablePointer(
        mutating: bytes.baseAddress?.assumingMemoryBound(to: Bytef.self))
      stream.avail_in = UInt32(clamping: bytes.count)
      stream.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
      stream.avail_out = UInt32(clamping: output.count)
      let status = deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
      let isWhole =
        isLast
        ? status == Z_STREAM_END : status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0
      return isWhole ? Int(stream.total_out) : nil
    }
  }
}
