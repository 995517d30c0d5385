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
  public static func time(_ cell: ByteSlice) -> Int64? { ISOTime.parse(cell.buffer, form) }

  /// The form in which databases and spreadsheets write times.
  private static let form = ISOTime.Form(
    fractionDigits: 1...Int.max, zoneHoursMax: 15, zoneMayLackColon: true,
    zoneMayLackMinutes: true, takesTableSpellings: true)

  static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
