/// Calendar arithmetic in UTC on the proleptic Gregorian calendar, without Foundation: the
/// simulation asks it for every session.
enum CivilTime {
  static let millisecondsPerDay: Int64 = 86_400_000
  /// A mean Gregorian year; what annual rates refer to.
  static let millisecondsPerYear = 365.2425 * 86_400_000.0

  /// Days since 1970-01-01 of a millisecond timestamp, rounded down.
  static func day(of timestamp: Int64) -> Int64 {
    floorDivide(timestamp, millisecondsPerDay)
  }

  /// Milliseconds since the day began.
  static func timeOfDay(_ timestamp: Int64) -> Int64 {
    timestamp - day(of: timestamp) * millisecondsPerDay
  }

  /// 0 = Monday to 6 = Sunday. Day 0 was a Thursday.
  static func weekday(ofDay day: Int64) -> Int {
    Int(day + 3 - floorDivide(day + 3, 7) * 7)
  }

  /// Days since 1970-01-01 of a date (algorithm of Howard Hinnant, "chrono-Compatible Low-Level
  /// Date Algorithms").
  static func day(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The inverse of `day(year:month:day:)`, from the same source.
  static func date(ofDay day: Int64) -> (year: Int, month: Int, day: Int) {
    let z = day + 719_468
    let era = floorDivide(z, 146_097)
    let dayOfEra = z - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let mp = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * mp + 2) / 5 + 1
    let month = mp < 10 ? mp + 3 : mp - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (Int(year), Int(month), Int(dayOfMonth))
  }

  /// Saturday, Sunday, or a public holiday of the United States (5 U.S.C. 6103, on the day itself).
  static func isFree(day: Int64) -> Bool {
    let weekday = weekday(ofDay: day)
    if weekday >= 5 { return true }
    let (_, month, dayOfMonth) = date(ofDay: day)
    let week = (dayOfMonth - 1) / 7 + 1
    switch (month, dayOfMonth) {
    case (1, 1), (6, 19), (7, 4), (11, 11), (12, 25): return true
    default: break
    }
    switch (month, weekday) {
    case (1, 0), (2, 0): return week == 3
    case (5, 0): return dayOfMonth > 24
    case (9, 0): return week == 1
    case (10, 0): return week == 2
    case (11, 3): return week == 4
    default: return false
    }
  }

  static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? quotient - 1 : quotient
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
    let dayNumber = CivilTime.day(year: year, month: month, day: day)
    // A day that the month does not have comes back as another date.
    guard CivilTime.date(ofDay: dayNumber) == (year, month, day) else { return nil }
    var milliseconds = dayNumber * CivilTime.millisecondsPerDay
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
    let (year, month, day) = CivilTime.date(ofDay: CivilTime.day(of: timestamp))
    let time = Int(CivilTime.timeOfDay(timestamp))
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return (
      "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))",
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
