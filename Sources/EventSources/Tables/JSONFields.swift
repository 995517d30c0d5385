import EventModel

/// Writes further fields of a JSON object, each with a comma before it: those that an imported event carries
/// beyond the fields of `Event`.
struct JSONFields {
  private(set) var bytes: [UInt8] = []

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Adds a text field. Empty text is left out; bytes that are no UTF-8 become U+FFFD.
  mutating func add(_ key: String, text: ByteSlice) {
    guard !text.isEmpty else { return }
    begin(key)
    bytes.append(UInt8(ascii: "\""))
    if let repaired = CellText.repaired(text) {
      for byte in repaired { put(byte) }
    } else {
      for byte in text.buffer { put(byte) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func add(_ key: String, _ value: some CustomStringConvertible) {
    begin(key)
    bytes += Array(value.description.utf8)
  }

  private mutating func begin(_ key: String) {
    bytes.append(UInt8(ascii: ","))
    bytes.append(UInt8(ascii: "\""))
    for byte in key.utf8 { put(byte) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func put(_ byte: UInt8) {
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    } else if byte < 0x20 {
      let digits = Array("0123456789abcdef".utf8)
      bytes += Array("\\u00".utf8)
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    } else {
      bytes.append(byte)
    }
  }
}
