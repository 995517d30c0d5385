import Glibc

/// The envelopes of the records of one batch, as the lake keeps them: what a record came with beside its bytes. Each is one
/// JSON object without a newline (docs/log-format.md).
final class EnvelopeBatch {
  struct Entry {
    /// Of the record.
    var offset: Int64
    /// Of the record, milliseconds since 1970; `RecordBatch.unknownTimestamp` where it has none.
    var time: Int64
    var start: Int
    var count: Int
  }

  private(set) var entries: [Entry] = []
  private var buffer = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 64)
  private var capacity = 4096
  private var end = 0
  /// Whether the envelope that is being written has a member already.
  private var hasMember = false

  deinit { buffer.deallocate() }

  func removeAll() {
    entries.removeAll(keepingCapacity: true)
    end = 0
  }

  subscript(index: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: buffer + entries[index].start, count: entries[index].count)
  }

  /// Writes one envelope; none where `body` writes nothing.
  func add(offset: Int64, time: Int64, _ body: (EnvelopeBatch) -> Void) {
    let start = end
    hasMember = false
    put(UInt8(ascii: "{"))
    body(self)
    guard hasMember else {
      end = start
      return
    }
    put(UInt8(ascii: "}"))
    entries.append(Entry(offset: offset, time: time, start: start, count: end - start))
  }

  // MARK: - Members

  func member(_ name: StaticString, _ number: Int64) {
    begin(name)
    put(String(number))
  }

  /// A member with text, or where the bytes are no UTF-8 one whose name ends in `_base64`.
  func member(_ name: StaticString, _ bytes: UnsafeRawBufferPointer) {
    if isText(bytes) {
      begin(name)
      putText(bytes)
    } else {
      begin(name, "_base64")
      putBase64(bytes)
    }
  }

  /// A member with an array of what `body` writes with `header`.
  func headers(_ body: (EnvelopeBatch) -> Void) {
    begin("headers")
    put(UInt8(ascii: "["))
    let start = end
    body(self)
    // A comma comes behind each.
    if end > start { end -= 1 }
    put(UInt8(ascii: "]"))
  }

  /// A pair of name and value: text, null, or an object with `base64`.
  func header(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
    put(UInt8(ascii: "["))
    if isText(name) { putText(name) } else { putBase64(name) }
    put(UInt8(ascii: ","))
    switch value {
    case nil: put("null")
    case let value? where isText(value): putText(value)
    case let value?:
      put("{\"base64\":")
      putBase64(value)
      put(UInt8(ascii: "}"))
    }
    put("],")
  }

  private func begin(_ name: StaticString, _ suffix: StaticString = "") {
    if hasMember { put(UInt8(ascii: ",")) }
    hasMember = true
    put(UInt8(ascii: "\""))
    put(name)
    put(suffix)
    put("\":")
  }

  // MARK: - Bytes

  private func reserve(_ count: Int) {
    guard end + count > capacity else { return }
    let larger = max(end + count, capacity * 2)
    let room = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    room.copyMemory(from: buffer, byteCount: end)
    buffer.deallocate()
    buffer = room
    capacity = larger
  }

  private func put(_ byte: UInt8) {
    reserve(1)
    buffer.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
    end += 1
  }

  private func put(_ text: StaticString) {
    put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private func put(_ text: String) {
    var text = text
    text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    memcpy(buffer + end, start, bytes.count)
    end += bytes.count
  }

  /// Whether the bytes are UTF-8.
  private func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
  }

  /// Text in quotes, as JSON has it.
  private func putText(_ bytes: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    let isPlain = bytes.allSatisfy {
      $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain {
      put(bytes)
    } else {
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          put(UInt8(ascii: "\\"))
          put(byte)
        case 0..<0x20:
          put("\\u00")
          put(UInt8(ascii: byte < 0x10 ? "0" : "1"))
          put(Array("0123456789abcdef".utf8)[Int(byte & 15)])
        default: put(byte)
        }
      }
    }
    put(UInt8(ascii: "\""))
  }

  private func putBase64(_ bytes: UnsafeRawBufferPointer) {
    put(UInt8(ascii: "\""))
    let count = (bytes.count + 2) / 3 * 4
    reserve(count)
    RecordEscape.base64(bytes, into: (buffer + end).assumingMemoryBound(to: UInt8.self))
    end += count
    put(UInt8(ascii: "\""))
  }
}
