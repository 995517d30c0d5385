import EventModel
import Glibc
import Support

/// Reads the cells of tables: numbers, times and truth values in the spellings in which databases,
/// spreadsheets and pandas write them.
public enum CellText {
  /// The cell without white space around it; `\N` (PostgreSQL's and MySQL's null) becomes empty.
  public static func trimmed(_ cell: ByteSlice) -> ByteSlice {
    guard var first = cell.start else { return .empty }
    var count = cell.count
    while count > 0, isSpace(first[0]) {
      first += 1
      count -= 1
    }
    while count > 0, isSpace(first[count - 1]) { count -= 1 }
    if count == 2, first[0] == UInt8(ascii: "\\"), first[1] == UInt8(ascii: "N") { count = 0 }
    return ByteSlice(start: first, count: count)
  }

  /// The text with U+FFFD in place of NUL and of bytes that are not valid UTF-8, so that an event can carry
  /// it; nil for plain ASCII text, which needs no repair.
  public static func repaired(_ cell: ByteSlice) -> [UInt8]? {
    if cell.buffer.allSatisfy({ $0 < 0x80 && $0 != 0 }) { return nil }
    var result: [UInt8] = []
    for byte in cell.string.utf8 {
      if byte == 0 { result += [0xEF, 0xBF, 0xBD] } else { result.append(byte) }
    }
    return result
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// True for an empty cell and for the words that stand for no value in a column of numbers or times.
  public static func isNull(_ cell: ByteSlice) -> Bool {
    cell.isEmpty || (cell.count <= 4 && ["null", "nan", "nat", "none"].contains(lowercased(cell)))
  }

  /// The text in lower case.
  public static func lowercased(_ cell: ByteSlice) -> String { cell.string.lowercased() }

  /// A whole number of 64 bits; nil for other text. `12.0` is a whole number too, as pandas writes columns of
  /// integers with gaps in that way.
  public static func integer(_ cell: ByteSlice) -> Int64? {
    var digits = cell.buffer[...]
    if let point = digits.firstIndex(of: UInt8(ascii: ".")) {
      let fraction = digits[(point + 1)...]
      guard !fraction.isEmpty, fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
      digits = digits[..<point]
    }
    var index = digits.startIndex
    var isNegative = false
    if index < digits.endIndex, digits[index] == UInt8(ascii: "-") {
      isNegative = true
      index += 1
    }
    guard index < digits.endIndex else { return nil }
    var value: Int64 = 0
    while index < digits.endIndex {
      let digit = digits[index]
      guard isDigit(digit) else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, more) = tens.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
      if overflow || more { return nil }
      value = sum
      index += 1
    }
    if isNegative { return value }
    return value == Int64.min ? nil : -value
  }

  /// A finite number in decimal; nil for other text.
  public static func number(_ cell: ByteSlice) -> Double? {
    let isPlain = cell.buffer.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
    guard isPlain, let value = Double(cell.string), value.isFinite else { return nil }
    return value
  }

  /// A truth value: `true`, `t`, `1`, `yes`, `y` or their opposites, in any case; nil for other text.
  public static func truth(_ cell: ByteSlice) -> Bool? {
    switch lowercased(cell) {
    case "true", "t", "1", "yes", "y": true
    case "false", "f", "0", "no", "n": false
    default: nil
    }
  }

  /// `YYYY-MM-DD`, alone (midnight) or with ` ` or `T` and `HH:MM[:SS[.fraction]]`, and then a zone:
  /// none or `Z` or ` UTC` for UTC, or `±HH[:MM]`.
  /// - Returns: milliseconds since 1970-01-01 UTC, rounded down; nil where the text is not of that form.
  public static func time(_ cell: ByteSlice) -> Int64? {
    var rest = Cursor(bytes: cell.buffer)
    guard let year = rest.digits(4), rest.skip("-"), let month = rest.digits(2), rest.skip("-"),
      let day = rest.digits(2)
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard date.isValid else { return nil }
    let midnight = date.daysSince1970 * 86_400_000
    if rest.isAtEnd { return midnight }
    guard rest.skip("T") || rest.skip("t") || rest.skip(" "), let hour = rest.digits(2),
      rest.skip(":"), let minute = rest.digits(2), hour < 24, minute < 60
    else { return nil }
    var milliseconds: Int64 = 0
    if rest.skip(":") {
      guard let second = rest.digits(2), second < 60 else { return nil }
      milliseconds = second * 1000
      if rest.skip(".") {
        guard let fraction = rest.fraction() else { return nil }
        milliseconds += fraction
      }
    }
    let local = midnight + (hour * 60 + minute) * 60_000 + milliseconds
    if rest.isAtEnd || rest.isRest("Z") || rest.isRest(" UTC") || rest.isRest("z") { return local }
    let isEast = rest.skip("+")
    guard isEast || rest.skip("-"), let zoneHours = rest.digits(2), zoneHours <= 15 else {
      return nil
    }
    var zoneMinutes: Int64 = 0
    if !rest.isAtEnd {
      _ = rest.skip(":")
      guard let minutes = rest.digits(2), minutes < 60 else { return nil }
      zoneMinutes = minutes
    }
    guard rest.isAtEnd else { return nil }
    let offset = (zoneHours * 60 + zoneMinutes) * 60_000
    return isEast ? local - offset : local + offset
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private struct Cursor {
    let bytes: UnsafeBufferPointer<UInt8>
    var index = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }

    mutating func digits(_ count: Int) -> Int64? {
      guard index + count <= bytes.count else { return nil }
      var value: Int64 = 0
      for _ in 0..<count {
        guard isDigit(bytes[index]) else { return nil }
        value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
        index += 1
      }
      return value
    }

    /// Any number of digits behind a decimal point, as milliseconds.
    mutating func fraction() -> Int64? {
      let first = index
      var value: Int64 = 0
      var place: Int64 = 100
      while index < bytes.count, isDigit(bytes[index]) {
        value += Int64(bytes[index] - UInt8(ascii: "0")) * place
        place /= 10
        index += 1
      }
      return index > first ? value : nil
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    func isRest(_ text: String) -> Bool { bytes[index...].elementsEqual(text.utf8) }
  }
}
