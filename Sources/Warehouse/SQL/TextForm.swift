import Support

/// Reads PostgreSQL's text forms (DateStyle ISO, TimeZone UTC, bytea_output hex).
enum TextForm {
  /// The bytes of a `bytea` such as `\x00ff`; nil for text of another form.
  static func bytes(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.starts(with: [0x5C, 0x78]), digits.count % 2 == 0 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(digits.count / 2 - 1)
    for index in stride(from: 2, to: digits.count, by: 2) {
      guard let high = hexDigit(digits[index]), let low = hexDigit(digits[index + 1]) else {
        return nil
      }
      result.append(high << 4 | low)
    }
    return result
  }

  /// The time `YYYY-MM-DD[ HH:MM:SS[.ffffff][+00]][ BC]`, `infinity` or `-infinity`, as milliseconds since
  /// 1970, rounded down; nil for text of another form.
  static func milliseconds(_ text: String) -> Int64? {
    if text == "infinity" { return Int64.max }
    if text == "-infinity" { return Int64.min }
    var rest = Substring(text)
    let isBC = rest.hasSuffix(" BC")
    if isBC { rest = rest.dropLast(3) }
    let halves = rest.split(separator: " ", maxSplits: 1)
    guard let day = halves.first, halves.count <= 2 else { return nil }
    let date = day.split(separator: "-").compactMap { Int64($0) }
    guard date.count == 3, date[1] >= 1, date[1] <= 12, date[2] >= 1, date[2] <= 31 else {
      return nil
    }
    // ISO 8601 and the calendar rule count 1 BC as year 0.
    let days = CivilDate(year: isBC ? 1 - date[0] : date[0], month: date[1], day: date[2])
      .daysSince1970
    guard halves.count == 2 else { return days * 86_400_000 }
    var clock = halves[1]
    if clock.hasSuffix("+00") { clock = clock.dropLast(3) }
    let parts = clock.split(separator: ":")
    guard parts.count == 3, let hour = Int64(parts[0]), let minute = Int64(parts[1]) else {
      return nil
    }
    let seconds = parts[2].split(separator: ".", maxSplits: 1)
    guard let second = Int64(seconds[0]) else { return nil }
    var fraction: Int64 = 0
    if seconds.count == 2 {
      guard let digits = Int64((seconds[1] + "000").prefix(3)) else { return nil }
      fraction = digits
    }
    return days * 86_400_000 + (hour * 3600 + minute * 60 + second) * 1000 + fraction
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
