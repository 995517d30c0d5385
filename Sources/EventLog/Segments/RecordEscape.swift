import Glibc

/// How a payload that cannot be a line of its own is kept as one: `{"$raw":"<base64>"}`, which is
/// still a line of JSON for every other reader of the lake.
///
/// Escaped are payloads that are empty (an empty line means a gap), that contain a newline or a zero
/// byte (which then means that a power failure took something), or that start with the prefix of an
/// escaped one. Everything else is stored byte for byte.
enum RecordEscape {
  private static let prefix: StaticString = "{\"$raw\":\""
  private static let suffix: StaticString = "\"}"
  /// The first eight bytes of the prefix, as one load on the hot path sees them.
  private static let prefixWord: UInt64 = prefix.withUTF8Buffer {
    UnsafeRawBufferPointer($0).loadUnaligned(as: UInt64.self)
  }
  static let newline = UInt8(ascii: "\n")

  /// Where the last newline among `count` bytes is.
  static func lastNewline(_ bytes: UnsafeRawPointer, _ count: Int) -> Int? {
    UnsafeRawBufferPointer(start: bytes, count: count).lastIndex(of: newline)
  }

  static func isNeeded(_ payload: UnsafeRawBufferPointer) -> Bool {
    guard let start = payload.baseAddress, payload.count > 0 else { return true }
    return memchr(start, Int32(newline), payload.count) != nil
      || memchr(start, 0, payload.count) != nil || hasPrefix(payload)
  }

  private static func hasPrefix(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= prefix.utf8CodeUnitCount
      && bytes.loadUnaligned(as: UInt64.self) == prefixWord
      && bytes[prefix.utf8CodeUnitCount - 1] == UInt8(ascii: "\"")
  }

  /// Bytes that `count` bytes of payload take when escaped, without the newline.
  static func escapedCount(_ count: Int) -> Int {
    prefix.utf8CodeUnitCount + (count + 2) / 3 * 4 + suffix.utf8CodeUnitCount
  }

  /// Writes the escaped form to `target`, which has room for `escapedCount`.
  static func escape(_ payload: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer) {
    let out = target.assumingMemoryBound(to: UInt8.self)
    memcpy(out, prefix.utf8Start, prefix.utf8CodeUnitCount)
    let end = base64(payload, into: out + prefix.utf8CodeUnitCount)
    memcpy(end, suffix.utf8Start, suffix.utf8CodeUnitCount)
  }

  /// Writes RFC 4648 base64 with padding to `out`, which has room for it: four characters for three bytes.
  /// - Returns: where the text ends.
  @discardableResult
  static func base64(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutablePointer<UInt8>)
    -> UnsafeMutablePointer<UInt8>
  {
    var end = 0
    var index = 0
    while index < bytes.count {
      let left = bytes.count - index
      var bits = UInt32(bytes[index]) << 16
      if left > 1 { bits |= UInt32(bytes[index + 1]) << 8 }
      if left > 2 { bits |= UInt32(bytes[index + 2]) }
      out[end] = digit(bits >> 18)
      out[end + 1] = digit(bits >> 12)
      out[end + 2] = left > 1 ? digit(bits >> 6) : UInt8(ascii: "=")
      out[end + 3] = left > 2 ? digit(bits) : UInt8(ascii: "=")
      end += 4
      index += 3
    }
    return out + end
  }

  /// Undoes `escape` in place where `line` is an escaped record.
  /// - Returns: the payload's length; nil where the line starts like an escaped record but is not.
  @inline(__always)
  static func unescape(_ line: UnsafeMutableRawPointer, count: Int) -> Int? {
    guard hasPrefix(UnsafeRawBufferPointer(start: line, count: count)) else { return count }
    return decode(line.assumingMemoryBound(to: UInt8.self), count: count)
  }

  @inline(never)
  private static func decode(_ line: UnsafeMutablePointer<UInt8>, count: Int) -> Int? {
    let first = prefix.utf8CodeUnitCount
    let end = count - suffix.utf8CodeUnitCount
    guard end >= first, (end - first) % 4 == 0, line[end] == UInt8(ascii: "\""),
      line[end + 1] == UInt8(ascii: "}")
    else { return nil }
    var length = 0
    var index = first
    while index < end {
      let isLast = index + 4 == end
      let padding =
        !isLast || line[index + 3] != UInt8(ascii: "=")
        ? 0 : line[index + 2] == UInt8(ascii: "=") ? 2 : 1
      var bits: UInt32 = 0
      for position in 0..<(4 - padding) {
        guard let value = value(line[index + position]) else { return nil }
        bits |= value << UInt32(18 - 6 * position)
      }
      line[length] = UInt8(truncatingIfNeeded: bits >> 16)
      if padding < 2 { line[length + 1] = UInt8(truncatingIfNeeded: bits >> 8) }
      if padding < 1 { line[length + 2] = UInt8(truncatingIfNeeded: bits) }
      length += 3 - padding
      index += 4
    }
    return length
  }

  private static func digit(_ bits: UInt32) -> UInt8 {
    switch UInt8(bits & 63) {
    case let value where value < 26: value + UInt8(ascii: "A")
    case let value where value < 52: value - 26 + UInt8(ascii: "a")
    case let value where value < 62: value - 52 + UInt8(ascii: "0")
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
  }

  private static func value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
