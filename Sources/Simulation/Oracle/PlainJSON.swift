/// A JSON reader of the oracle's own, slow and plain, because the decoder must not be judged by itself. It
/// reads a line that is one object (RFC 8259).
struct PlainJSON {
  enum Value: Equatable {
    case null, structure
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
  }

  private let bytes: [UInt8]
  private var at = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The members of the object on the line; of several with one name the last. Nil where the line is anything
  /// but one object.
  static func object(_ line: [UInt8]) -> [String: Value]? {
    guard String(validating: line, as: UTF8.self) != nil else { return nil }
    var reader = PlainJSON(line)
    reader.skipSpace()
    guard let members = reader.object(depth: 0) else { return nil }
    reader.skipSpace()
    return reader.at == line.count ? members : nil
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { at += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    guard next == character.asciiValue else { return false }
    at += 1
    return true
  }

  private mutating func word(_ text: String) -> Bool {
    guard bytes[at...].starts(with: text.utf8) else { return false }
    at += text.utf8.count
    return true
  }

  private mutating func object(depth: Int) -> [String: Value]? {
    guard depth < 64, take("{") else { return nil }
    var members: [String: Value] = [:]
    skipSpace()
    if take("}") { return members }
    while true {
      skipSpace()
      guard let name = text() else { return nil }
      skipSpace()
      guard take(":"), let value = value(depth: depth) else { return nil }
      members[name] = value
      if take("}") { return members }
      guard take(",") else { return nil }
    }
  }

  private mutating func array(depth: Int) -> Bool {
    guard depth < 64, take("[") else { return false }
    skipSpace()
    if take("]") { return true }
    while true {
      guard value(depth: depth) != nil else { return false }
      if take("]") { return true }
      guard take(",") else { return false }
    }
  }

  private mutating func value(depth: Int) -> Value? {
    skipSpace()
    defer { skipSpace() }
    switch next {
    case UInt8(ascii: "{"): return object(depth: depth + 1) == nil ? nil : .structure
    case UInt8(ascii: "["): return array(depth: depth + 1) ? .structure : nil
    case UInt8(ascii: "\""): return text().map { .text($0) }
    case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return word("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func number() -> Value? {
    let start = at
    while let byte = next, "+-.eE0123456789".utf8.contains(byte) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if let integer = Int64(text) { return .integer(integer) }
    return Double(text).map { .number($0) }
  }

  private mutating func text() -> String? {
    guard take("\"") else { return nil }
    var units: [UInt8] = []
    while let byte = next {
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        units += String(Character(scalar)).utf8
      case 0..<0x20: return nil
      default: units.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = next else { return nil }
    at += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"):
      guard let first = hexadecimal() else { return nil }
      guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
      guard take("\\"), take("u"), let second = hexadecimal(),
        (0xDC00..<0xE000).contains(second)
      else { return nil }
      return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    default: return nil
    }
  }

  private mutating func hexadecimal() -> UInt32? {
    guard at + 4 <= bytes.count else { return nil }
    defer { at += 4 }
    return UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
  }
}

extension [String: PlainJSON.Value] {
  func text(_ name: String) -> String {
    if case .text(let text)? = self[name] { return text }
    return ""
  }

  func integer(_ name: String) -> Int64? {
    if case .integer(let value)? = self[name] { return value }
    return nil
  }

  func number(_ name: String) -> Double? {
    switch self[name] {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }
}
