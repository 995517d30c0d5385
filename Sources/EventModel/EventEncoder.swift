/// Writes an event as one JSON object (RFC 8259) in UTF-8: the fields in the order of
/// docs/events.md, absent ones left out, no blanks, no newline at the end.
public enum EventEncoder {
  /// Appends the event to `out`.
  public static func append(_ event: Event, to out: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maxByteCount(of: event)) { scratch in
      guard let start = scratch.baseAddress else { return }
      let count = encode(event, at: start)
      out.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
    }
  }

  /// The most bytes that `encode` can write for this event.
  public static func maxByteCount(of event: Event) -> Int {
    // Every byte of text may become \u00XX. The split sum keeps the type checker quick.
    var text = event.level.count + event.userAgent.count + event.city.count + event.state.count
    text += event.zip.count + event.country.count + event.firstName.count + event.lastName.count
    text += event.gender.count + event.auth.count + event.artist.count + event.song.count
    text += event.page.count + event.method.count + event.tag.count + event.trackId.count
    return text * 6 + keysAndNumbers
  }

  /// Writes the event at `start`, where at least `maxByteCount(of:)` bytes must be writable.
  /// - Returns: the number of bytes written.
  public static func encode(_ event: Event, at start: UnsafeMutablePointer<UInt8>) -> Int {
    var writer = Writer(cursor: start)
    // ts comes first and is always there, so that no other field has to ask about a comma.
    writer.literal("{\"ts\":")
    writer.number(event.ts)
    writer.literal(",\"sessionId\":")
    writer.number(event.sessionId)
    writer.literal(",\"itemInSession\":")
    writer.number(event.itemInSession)
    writer.text(",\"level\":\"", event.level)
    writer.text(",\"userAgent\":\"", event.userAgent)
    writer.text(",\"city\":\"", event.city)
    writer.text(",\"state\":\"", event.state)
    writer.text(",\"zip\":\"", event.zip)
    writer.text(",\"country\":\"", event.country)
    writer.decimal(",\"lon\":", event.lon)
    writer.decimal(",\"lat\":", event.lat)
    writer.integer(",\"userId\":", event.userId)
    writer.text(",\"firstName\":\"", event.firstName)
    writer.text(",\"lastName\":\"", event.lastName)
    writer.text(",\"gender\":\"", event.gender)
    writer.integer(",\"registration\":", event.registration)
    writer.text(",\"auth\":\"", event.auth)
    writer.text(",\"artist\":\"", event.artist)
    writer.text(",\"song\":\"", event.song)
    writer.decimal(",\"duration\":", event.duration)
    if let success = event.success {
      if success {
        writer.literal(",\"success\":true")
      } else {
        writer.literal(",\"success\":false")
      }
    }
    writer.text(",\"page\":\"", event.page)
    writer.text(",\"method\":\"", event.method)
    writer.integer(",\"status\":", event.status.map(Int64.init))
    writer.text(",\"tag\":\"", event.tag)
    writer.text(",\"trackId\":\"", event.trackId)
    writer.byte(UInt8(ascii: "}"))
    return writer.cursor - start
  }

  /// Bytes that keys, punctuation and numbers take at most; a test encodes the widest event.
  static let keysAndNumbers = 640
}

/// A cursor over memory that is known to be large enough.
private struct Writer {
  var cursor: UnsafeMutablePointer<UInt8>

  @inline(__always)
  mutating func byte(_ value: UInt8) {
    cursor.pointee = value
    cursor += 1
  }

  @inline(__always)
  mutating func literal(_ value: StaticString) {
    cursor.update(from: value.utf8Start, count: value.utf8CodeUnitCount)
    cursor += value.utf8CodeUnitCount
  }

  @inline(__always)
  mutating func number(_ value: Int64) {
    cursor = DecimalText.write(value, at: cursor)
  }

  @inline(__always)
  mutating func integer(_ key: StaticString, _ value: Int64?) {
    guard let value else { return }
    literal(key)
    number(value)
  }

  /// JSON has no infinities and no NaN: those are left out, as absent.
  @inline(__always)
  mutating func decimal(_ key: StaticString, _ value: Double?) {
    guard let value, value.isFinite else { return }
    literal(key)
    cursor = DecimalText.write(value, at: cursor)
  }

  @inline(__always)
  mutating func text(_ key: StaticString, _ value: ByteSlice) {
    guard let source = value.start, value.count > 0 else { return }
    literal(key)
    let clean = JSONText.cleanPrefix(source, value.count)
    cursor.update(from: source, count: clean)
    cursor += clean
    if clean < value.count { escape(source + clean, value.count - clean) }
    byte(UInt8(ascii: "\""))
  }

  private mutating func escape(_ source: UnsafePointer<UInt8>, _ count: Int) {
    for index in 0..<count {
      let value = source[index]
      if !JSONText.mustEscape(value) {
        byte(value)
        continue
      }
      byte(UInt8(ascii: "\\"))
      switch value {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte(value)
      case 0x08: byte(UInt8(ascii: "b"))
      case 0x09: byte(UInt8(ascii: "t"))
      case 0x0A: byte(UInt8(ascii: "n"))
      case 0x0C: byte(UInt8(ascii: "f"))
      case 0x0D: byte(UInt8(ascii: "r"))
      default:
        literal("u00")
        byte(JSONText.hexDigit(value >> 4))
        byte(JSONText.hexDigit(value & 15))
      }
    }
  }
}

private enum JSONText {
  @inline(__always)
  static func mustEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// How many bytes at the start can be copied as they are; whole words of 8 at a time.
  @inline(__always)
  static func cleanPrefix(_ source: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var index = 0
    while index + 8 <= count {
      let word = UnsafeRawPointer(source + index).loadUnaligned(as: UInt64.self)
      if hasByteToEscape(word) { break }
      index += 8
    }
    while index < count, !mustEscape(source[index]) { index += 1 }
    return index
  }

  /// True when one of the eight bytes must be escaped. Subtracting n from a byte below n borrows, which
  /// sets the byte's high bit although it was clear before. The borrow may falsify the bytes above, but
  /// only where a byte to escape has been found already.
  @inline(__always)
  private static func hasByteToEscape(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let control = (word &- ones &* 0x20) & ~word
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let quoted = (quote &- ones) & ~quote
    let slashed = (backslash &- ones) & ~backslash
    return (control | quoted | slashed) & (ones &* 0x80) != 0
  }
}

/// Numbers as decimal text, without allocation on the paths that events take.
enum DecimalText {
  /// Digits of the longest Int64, with its sign.
  static let maxDigits = 20

  /// Writes `value` and returns where the text ends.
  @inline(__always)
  static func write(_ value: Int64, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<
    UInt8
  > {
    var cursor = start
    if value < 0 {
      cursor.pointee = UInt8(ascii: "-")
      cursor += 1
    }
    return write(value.magnitude, at: cursor)
  }

  /// Writes a finite number so that it reads back as the same double. Numbers with up to six
  /// decimals, as coordinates and durations are, take the fast way: for an integer n below 2^53
  /// both n / 10^6 and a parser's reading of the same decimal are the double nearest to it.
  @inline(__always)
  static func write(_ value: Double, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<
    UInt8
  > {
    let scaled = (value.magnitude * 1e6).rounded()
    guard scaled < 9e15, scaled / 1e6 == value.magnitude else { return writeAny(value, at: start) }
    var cursor = start
    if value < 0 {
      cursor.pointee = UInt8(ascii: "-")
      cursor += 1
    }
    let (whole, fraction) = UInt64(scaled).quotientAndRemainder(dividingBy: 1_000_000)
    cursor = write(whole, at: cursor)
    guard fraction != 0 else { return cursor }
    cursor.pointee = UInt8(ascii: ".")
    cursor += 1
    var rest = fraction
    var place: UInt64 = 100_000
    while rest != 0 {
      let digit = rest / place
      cursor.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
      cursor += 1
      rest -= digit * place
      place /= 10
    }
    return cursor
  }

  @inline(never)
  private static func writeAny(_ value: Double, at start: UnsafeMutablePointer<UInt8>)
    -> UnsafeMutablePointer<UInt8>
  {
    var cursor = start
    for byte in value.description.utf8 {
      cursor.pointee = byte
      cursor += 1
    }
    return cursor
  }

  @inline(__always)
  private static func write(_ value: UInt64, at start: UnsafeMutablePointer<UInt8>)
    -> UnsafeMutablePointer<UInt8>
  {
    let length = digitCount(value)
    var rest = value
    var position = length
    while rest >= 100 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      rest = quotient
      position -= 2
      writePair(pair, at: start + position)
    }
    if rest >= 10 {
      writePair(rest, at: start)
    } else {
      start.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)
    }
    return start + length
  }

  @inline(__always)
  private static func writePair(_ pair: UInt64, at start: UnsafeMutablePointer<UInt8>) {
    let tens = pair / 10
    start[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: tens)
    start[1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: pair - tens * 10)
  }

  @inline(__always)
  private static func digitCount(_ value: UInt64) -> Int {
    var count = 1
    var limit: UInt64 = 10
    while value >= limit {
      count += 1
      let (next, overflow) = limit.multipliedReportingOverflow(by: 10)
      if overflow { break }
      limit = next
    }
    return count
  }
}
