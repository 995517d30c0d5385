/// Finds one text among the members of a JSON object without reading the others. What it goes over is not validated: that
/// is for whoever decodes the record.
struct MemberScan {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The text of the first member with this name, between its quotes and with its escapes; nil where there is none, or where it is
  /// no text.
  func text(of name: String) -> UnsafeRawBufferPointer? {
    var scan = self
    var name = name
    return name.withUTF8 { scan.find(UnsafeRawBufferPointer($0)) }
  }

  private mutating func find(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    skipBlanks()
    guard take(UInt8(ascii: "{")) else { return nil }
    while true {
      skipBlanks()
      guard let key = string() else { return nil }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipBlanks()
      if key.count == name.count, key.elementsEqual(name) { return string() }
      guard skipValue() else { return nil }
      skipBlanks()
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func skipBlanks() {
    while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  /// Goes over a text with its quotes.
  /// - Returns: what is between them; nil where there is no text.
  private mutating func string() -> UnsafeRawBufferPointer? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = at
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return UnsafeRawBufferPointer(rebasing: bytes[start..<at - 1])
      case UInt8(ascii: "\\"): at += 2
      default: at += 1
      }
    }
    return nil
  }

  /// - Returns: false where the record ends in the middle of the value.
  private mutating func skipValue() -> Bool {
    var depth = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        guard string() != nil else { return false }
        if depth == 0 { return true }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return true }
        depth -= 1
        at += 1
        if depth == 0 { return true }
      case UInt8(ascii: ",") where depth == 0: return true
      default: at += 1
      }
    }
    return false
  }
}
