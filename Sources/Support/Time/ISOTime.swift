/// Points in time as ISO 8601 writes them, in the proleptic Gregorian calendar. Milliseconds are counted
/// from 1970-01-01 UTC throughout.
public enum ISOTime {
  /// Milliseconds of a day; the calendar has no leap seconds.
  public static let millisecondsPerDay: Int64 = 86_400_000

  /// `2026-01-31T12:00:00Z`, with `.` and three digits where there are milliseconds. `parse` reads the
  /// years 0 to 9999 of it back.
  public static func text(_ milliseconds: Int64) -> String {
    let parts = parts(milliseconds)
    return "\(parts.date)T\(parts.time)" + (parts.fraction == "000" ? "" : ".\(parts.fraction)")
      + "Z"
  }

  /// `2026-01-31`, `12:00:00` and the three digits of the milliseconds, in UTC.
  public static func parts(_ milliseconds: Int64) -> (
    date: String, time: String, fraction: String
  ) {
    let day = CivilDate.floorDivide(milliseconds, millisecondsPerDay)
    let date = CivilDate(daysSince1970: day)
    let time = milliseconds - day * millisecondsPerDay
    return (
      "\(date.year.padded(to: 4))-\(date.month.padded(to: 2))-\(date.day.padded(to: 2))",
      "\((time / 3_600_000).padded(to: 2)):\((time / 60_000 % 60).padded(to: 2)):"
        + (time / 1000 % 60).padded(to: 2),
      (time % 1000).padded(to: 3)
    )
  }

  // MARK: - Reading

  /// What one place takes beyond what all of them do: `YYYY-MM-DD`, alone (midnight) or with `T` or a
  /// blank and `hh:mm` or `hh:mm:ss`, and then nothing or `Z`, both of which mean UTC, or `±hh:mm`.
  public struct Form: Sendable {
    /// How many digits may follow the seconds and a point. From the fourth on they are left out.
    public var fractionDigits: ClosedRange<Int>
    /// Largest number of hours in a zone, 0 to 99.
    public var zoneHoursMax: Int64
    /// Whether a zone may do without its colon.
    public var zoneMayLackColon: Bool
    /// Whether a zone may do without its minutes.
    public var zoneMayLackMinutes: Bool
    /// Whether a blank before a zone is a plus sign, as in a query string that was decoded.
    public var blankIsPlus: Bool
    /// Whether `t`, `z` and ` UTC` are taken for `T` and `Z`.
    public var takesTableSpellings: Bool

    /// As people write times; what is not given is not taken.
    public init(
      fractionDigits: ClosedRange<Int> = 3...3, zoneHoursMax: Int64 = 23,
      zoneMayLackColon: Bool = false, zoneMayLackMinutes: Bool = false, blankIsPlus: Bool = false,
      takesTableSpellings: Bool = false
    ) {
      self.fractionDigits = fractionDigits
      self.zoneHoursMax = zoneHoursMax
      self.zoneMayLackColon = zoneMayLackColon
      self.zoneMayLackMinutes = zoneMayLackMinutes
      self.blankIsPlus = blankIsPlus
      self.takesTableSpellings = takesTableSpellings
    }

    /// Milliseconds are three digits, a zone is `±hh:mm`.
    public static let plain = Form()
  }

  /// - Returns: milliseconds, rounded down; nil where the text is not of that form.
  public static func parse(_ text: String, _ form: Form = .plain) -> Int64? {
    var text = text
    return text.withUTF8 { parse($0, form) }
  }

  /// The same for UTF-8 in memory; allocates nothing.
  public static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ form: Form) -> Int64? {
    var rest = Cursor(bytes: bytes)
    guard let year = rest.digits(4), rest.skip("-"), let month = rest.digits(2), rest.skip("-"),
      let day = rest.digits(2)
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard date.isValid else { return nil }
    let midnight = date.daysSince1970 * millisecondsPerDay
    if rest.isAtEnd { return midnight }
    guard rest.skip("T") || rest.skip(" ") || (form.takesTableSpellings && rest.skip("t")),
      let clock = clock(&rest, form), let offset = zone(&rest, form)
    else { return nil }
    return midnight + clock - offset
  }

  /// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f` in milliseconds.
  private static func clock(_ rest: inout Cursor, _ form: Form) -> Int64? {
    guard let hour = rest.digits(2), hour < 24, rest.skip(":"), let minute = rest.digits(2),
      minute < 60
    else { return nil }
    let minutes = (hour * 60 + minute) * 60_000
    guard rest.skip(":") else { return minutes }
    guard let second = rest.digits(2), second < 60 else { return nil }
    guard rest.skip(".") else { return minutes + second * 1000 }
    guard let fraction = rest.fraction(form.fractionDigits) else { return nil }
    return minutes + second * 1000 + fraction
  }

  /// What the text ends with, as milliseconds east of UTC.
  private static func zone(_ rest: inout Cursor, _ form: Form) -> Int64? {
    if rest.isAtEnd || rest.isRest("Z") { return 0 }
    if form.takesTableSpellings, rest.isRest("z") || rest.isRest(" UTC") { return 0 }
    let isEast = rest.skip("+") || (form.blankIsPlus && rest.skip(" "))
    guard isEast || rest.skip("-"), let hours = rest.digits(2), hours <= form.zoneHoursMax else {
      return nil
    }
    var minutes: Int64 = 0
    if !(form.zoneMayLackMinutes && rest.isAtEnd) {
      guard rest.skip(":") || form.zoneMayLackColon, let found = rest.digits(2), found < 60 else {
        return nil
      }
      minutes = found
    }
    guard rest.isAtEnd else { return nil }
    let offset = (hours * 60 + minutes) * 60_000
    return isEast ? offset : -offset
  }

  private struct Cursor {
    let bytes: UnsafeBufferPointer<UInt8>
    var index = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }

    func isRest(_ text: StaticString) -> Bool {
      bytes[index...].elementsEqual(
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
      index += 1
      return true
    }

    private mutating func digit() -> Int64? {
      guard index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
      else { return nil }
      index += 1
      return Int64(bytes[index - 1] - UInt8(ascii: "0"))
    }

    mutating func digits(_ count: Int) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<count {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    /// All digits that come, as milliseconds.
    mutating func fraction(_ counts: ClosedRange<Int>) -> Int64? {
      let first = index
      var value: Int64 = 0
      var place: Int64 = 100
      while let digit = digit() {
        value += digit * place
        place /= 10
      }
      return counts.contains(index - first) ? value : nil
    }
  }
}
