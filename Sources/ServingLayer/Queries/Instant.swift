import Support

/// A point in time: milliseconds since 1970-01-01 UTC.
struct Instant: Comparable, Sendable {
  var milliseconds: Int64

  static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }

  static let minute: Int64 = 60_000
  /// The span of `dim_date`: events outside it are quarantined, so a query has nothing to find there.
  static let earliest = Instant(milliseconds: 946_684_800_000)
  static let latest = Instant(milliseconds: 4_102_444_800_000)

  /// The day (UTC): `2026-11-20`.
  var isoDate: String { String(iso8601.prefix(10)) }

  /// `2026-11-20T22:16:00Z`, with milliseconds where there are some.
  var iso8601: String { ISOTime.text(milliseconds) }

  /// Reads `now`, `-15m`, `now-7d`, epoch milliseconds, or ISO 8601; nil for anything else.
  /// A date, and a time without a zone, are UTC.
  static func parse(_ text: String, now: Instant) -> Instant? {
    if text == "now" { return now }
    if isRelative(text) { return ago(text.drop { $0 != "-" }.dropFirst(), now) }
    if text.utf8.allSatisfy(isDigit) {
      // 12 or 13 digits are milliseconds of the years 1973 to 2286. Fewer could be seconds or a year, and a wrong
      // guess would be off by a factor of 1000.
      return (12...13).contains(text.utf8.count) ? Int64(text).map(Instant.init) : nil
    }
    return ISOTime.parse(text, form).map(Instant.init)
  }

  /// Whether a text that `parse` reads counts from now.
  static func isRelative(_ text: String) -> Bool {
    text == "now" || text.hasPrefix("now-") || text.hasPrefix("-")
  }

  /// Whether a text that `parse` reads is a date, or a time that names no zone, and so depends on where it is.
  static func isLocal(_ text: String) -> Bool {
    ISOTime.parse(text + "T00:00Z", form) != nil || ISOTime.parse(text + "Z", form) != nil
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

  /// Seconds may have a fraction of any precision up to nanoseconds. In a query string `+` stands for a space,
  /// so an offset's plus sign may have been decoded to one.
  private static let form = ISOTime.Form(
    fractionDigits: 1...9, zoneMayLackColon: true, blankIsPlus: true)
}

private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
