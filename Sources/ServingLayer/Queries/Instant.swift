import Support

/// A point in time: milliseconds since 1970-01-01 UTC.
struct Instant: Comparable, Sendable {
  var milliseconds: Int64

  static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }

  static let minute: Int64 = 60_000
  /// The span of `dim_date`: events outside it are quarantined, so a query has nothing to find there.
  static let earliest = Instant(milliseconds: 946_684_800_000)
  static let latest = Instant(milliseconds: 4_102_444_800_000)

  var flooredToMinute: Instant {
    let rest = milliseconds % Instant.minute
    return Instant(milliseconds: milliseconds - (rest < 0 ? rest + Instant.minute : rest))
  }

  var ceiledToMinute: Instant {
    let floor = flooredToMinute
    return floor == self ? self : Instant(milliseconds: floor.milliseconds + Instant.minute)
  }

  /// `2026-11-20T22:16:00Z`, with milliseconds where there are some.
  var iso8601: String {
    let seconds = CivilDate.floorDivide(milliseconds, 1000)
    let millis = milliseconds - seconds * 1000
    let days = CivilDate.floorDivide(seconds, 86_400)
    let second = seconds - days * 86_400
    let date = CivilDate(daysSince1970: days)
    let fraction = millis == 0 ? "" : "." + padded(millis, 3)
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
      + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
      + "\(fraction)Z"
  }

  /// Reads `now`, `-15m`, `now-7d`, epoch milliseconds, or ISO 8601; nil for anything else.
  /// A time without a zone is UTC.
  static func parse(_ text: String, now: Instant) -> Instant? {
    if text == "now" { return now }
    if text.hasPrefix("now-") { return ago(text.dropFirst(4), now) }
    if text.hasPrefix("-") { return ago(text.dropFirst(1), now) }
    if text.utf8.allSatisfy(isDigit) {
      // 12 or 13 digits are milliseconds of the years 1973 to 2286. Fewer could be seconds or a year, and a wrong
      // guess would be off by a factor of 1000.
      return (12...13).contains(text.utf8.count) ? Int64(text).map(Instant.init) : nil
    }
    return iso(Array(text.utf8))
  }

  static let accepted =
    "ISO 8601 (2026-11-20T09:30:00Z, 2026-11-20), epoch milliseconds, now, or -15m, -6h, -7d"

  private static func ago(_ text: Substring, _ now: Instant) -> Instant? {
    let units: [Character: Int64] = [
      "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
    ]
    guard let suffix = text.last, let unit = units[suffix],
      text.utf8.dropLast().allSatisfy(isDigit),
      let count = Int64(text.dropLast()), count <= 100 * 366 * 86_400
    else { return nil }
    let (span, overflow) = count.multipliedReportingOverflow(by: unit)
    let (time, underflow) = now.milliseconds.subtractingReportingOverflow(span)
    return overflow || underflow ? nil : Instant(milliseconds: time)
  }

  private static func iso(_ bytes: [UInt8]) -> Instant? {
    var scanner = DigitScanner(bytes: bytes)
    guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2),
      scanner.skip("-"), let day = scanner.number(2)
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard date.isValid else { return nil }
    var milliseconds = date.daysSince1970 * 86_400_000
    if scanner.atEnd { return Instant(milliseconds: milliseconds) }
    guard scanner.skip("T") || scanner.skip(" "), let hour = scanner.number(2), hour < 24,
      scanner.skip(":"), let minute = scanner.number(2), minute < 60
    else { return nil }
    milliseconds += hour * 3_600_000 + minute * 60_000
    if scanner.skip(":") {
      guard let second = scanner.number(2), second < 60 else { return nil }
      milliseconds += second * 1000
      if scanner.skip(".") {
        guard let millis = scanner.fraction() else { return nil }
        milliseconds += millis
      }
    }
    if scanner.atEnd || (scanner.skip("Z") && scanner.atEnd) {
      return Instant(milliseconds: milliseconds)
    }
    // In a query string `+` stands for a space, so an offset's plus sign may have been decoded to one.
    let east = scanner.skip("+") || scanner.skip(" ")
    guard east || scanner.skip("-"), let hours = scanner.number(2), hours < 24 else { return nil }
    _ = scanner.skip(":")
    guard let minutes = scanner.number(2), minutes < 60, scanner.atEnd else { return nil }
    let offset = hours * 3_600_000 + minutes * 60_000
    return Instant(milliseconds: milliseconds + (east ? -offset : offset))
  }
}

private struct DigitScanner {
  let bytes: [UInt8]
  var position = 0

  var atEnd: Bool { position == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func number(_ digits: Int) -> Int64? {
    guard position + digits <= bytes.count else { return nil }
    let slice = bytes[position..<position + digits]
    guard slice.allSatisfy(isDigit) else { return nil }
    position += digits
    return slice.reduce(0) { $0 * 10 + Int64($1 - 48) }
  }

  /// Digits after the decimal point as milliseconds, cut off.
  mutating func fraction() -> Int64? {
    let digits = bytes[position...].prefix(while: isDigit)
    guard (1...9).contains(digits.count) else { return nil }
    position += digits.count
    return (Array(digits.prefix(3)) + [48, 48, 48]).prefix(3).reduce(0) { $0 * 10 + Int64($1 - 48) }
  }
}

private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

private func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
