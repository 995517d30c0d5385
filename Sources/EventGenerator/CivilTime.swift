import Support

/// Calendar arithmetic in UTC on the proleptic Gregorian calendar, without Foundation: the
/// simulation asks it for every session.
enum CivilTime {
  static let millisecondsPerDay: Int64 = 86_400_000
  /// A mean Gregorian year, which annual rates refer to.
  static let millisecondsPerYear = 365.2425 * 86_400_000.0

  /// Days since 1970-01-01 of a millisecond timestamp, rounded down.
  static func day(of timestamp: Int64) -> Int64 {
    CivilDate.floorDivide(timestamp, millisecondsPerDay)
  }

  /// Milliseconds since the day began.
  static func timeOfDay(_ timestamp: Int64) -> Int64 {
    timestamp - day(of: timestamp) * millisecondsPerDay
  }

  /// 0 = Monday to 6 = Sunday. Day 0 was a Thursday.
  static func weekday(ofDay day: Int64) -> Int {
    Int(day + 3 - CivilDate.floorDivide(day + 3, 7) * 7)
  }

  /// Saturday, Sunday, or a public holiday of the United States (5 U.S.C. 6103, on the day itself).
  static func isFree(day: Int64) -> Bool {
    let weekday = weekday(ofDay: day)
    if weekday >= 5 { return true }
    let date = CivilDate(daysSince1970: day)
    let week = (date.day - 1) / 7 + 1
    switch (date.month, date.day) {
    case (1, 1), (6, 19), (7, 4), (11, 11), (12, 25): return true
    default: break
    }
    switch (date.month, weekday) {
    case (1, 0), (2, 0): return week == 3
    case (5, 0): return date.day > 24
    case (9, 0): return week == 1
    case (10, 0): return week == 2
    case (11, 3): return week == 4
    default: return false
    }
  }
}

/// Timestamps as people write them.
public enum Timestamp {
  /// Reads `2026-01-31`, optionally followed by `T` or a blank and `hh:mm`, `hh:mm:ss` or
  /// `hh:mm:ss.fff`, optionally by `Z` or `±hh:mm`. UTC where no zone is given.
  /// - Returns: milliseconds since 1970-01-01 UTC; nil where the text is not of that form.
  public static func parse(_ text: String) -> Int64? {
    var reader = Reader(bytes: Array(text.utf8))
    guard let year = reader.digits(4), reader.skip("-"), let month = reader.digits(2),
      reader.skip("-"), let day = reader.digits(2), (1...12).contains(month), day >= 1
    else { return nil }
    let date = CivilDate(year: Int64(year), month: Int64(month), day: Int64(day))
    guard date.isValid else { return nil }
    var milliseconds = date.daysSince1970 * CivilTime.millisecondsPerDay
    if reader.isAtEnd { return milliseconds }
    guard reader.skip("T") || reader.skip(" "), let hour = reader.digits(2), hour < 24,
      reader.skip(":"), let minute = reader.digits(2), minute < 60
    else { return nil }
    milliseconds += Int64(hour * 3_600_000 + minute * 60_000)
    if reader.skip(":") {
      guard let second = reader.digits(2), second < 60 else { return nil }
      milliseconds += Int64(second * 1000)
      if reader.skip(".") {
        guard let fraction = reader.digits(3) else { return nil }
        milliseconds += Int64(fraction)
      }
    }
    if reader.isAtEnd || (reader.skip("Z") && reader.isAtEnd) { return milliseconds }
    let sign: Int64
    if reader.skip("+") {
      sign = 1
    } else if reader.skip("-") {
      sign = -1
    } else {
      return nil
    }
    guard let hours = reader.digits(2), hours < 24, reader.skip(":"),
      let minutes = reader.digits(2), minutes < 60, reader.isAtEnd
    else { return nil }
    return milliseconds - sign * Int64(hours * 3_600_000 + minutes * 60_000)
  }

  /// Writes a time so that `parse` reads it back: `2026-01-31T12:00:00Z`, with milliseconds where
  /// there are any.
  public static func text(_ timestamp: Int64) -> String {
    let parts = parts(timestamp)
    return "\(parts.date)T\(parts.time)" + (parts.fraction == "000" ? "" : ".\(parts.fraction)")
      + "Z"
  }

  /// `2026-01-31`, `12:00:00` and `000`, in UTC.
  static func parts(_ timestamp: Int64) -> (date: String, time: String, fraction: String) {
    let date = CivilDate(daysSince1970: CivilTime.day(of: timestamp))
    let time = Int(CivilTime.timeOfDay(timestamp))
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return (
      "\(padded(Int(date.year), 4))-\(padded(Int(date.month), 2))-\(padded(Int(date.day), 2))",
      "\(padded(time / 3_600_000, 2)):\(padded(time / 60_000 % 60, 2)):"
        + padded(time / 1000 % 60, 2), padded(time % 1000, 3)
    )
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func digits(_ count: Int) -> Int? {
      guard position + count <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[position..<position + count] {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      position += count
      return value
    }
  }
}
