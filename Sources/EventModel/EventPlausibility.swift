import CEventDecoder

// What values an event's fields can have beyond their types. The limits keep one wild event from
// failing, in a layer that computes with it, the batch of sound ones around it.
extension EventDecoder {
  /// Event times are of the span of `dim_date`: 2000-01-01 to 2099-12-31 UTC, in milliseconds.
  public static let plausibleTimes: Range<Int64> = 946_684_800_000..<4_102_444_800_000
  /// Registration: from 1900-01-01 to the end of that span, in milliseconds.
  public static let plausibleRegistrations: Range<Int64> = -2_208_988_800_000..<4_102_444_800_000
  /// Seconds. The longest duration whose milliseconds surely fit 32 bits, 11.6 days.
  public static let longestDuration = 1_000_000.0
  /// HTTP status codes have three digits; 0 stands for none in some forks.
  public static let statuses: ClosedRange<Int64> = 0...999

  func checkRanges() throws(DecodingFailure) {
    let fields = fields
    guard Self.plausibleTimes.contains(fields.pointee.ts) else {
      throw failure(
        EVENT_TS, .implausibleTime, "a time from 2000-01-01 to 2099-12-31 UTC in milliseconds")
    }
    guard fields.pointee.item_in_session >= 0 else {
      throw failure(EVENT_ITEM_IN_SESSION, .outOfRange, "an integer from 0")
    }
    if has(EVENT_REGISTRATION), !Self.plausibleRegistrations.contains(fields.pointee.registration) {
      throw failure(
        EVENT_REGISTRATION, .outOfRange, "a time from 1900-01-01 to 2099-12-31 UTC in milliseconds")
    }
    if has(EVENT_STATUS), !Self.statuses.contains(fields.pointee.status) {
      throw failure(EVENT_STATUS, .outOfRange, "an HTTP status")
    }
    if has(EVENT_LON), !(-180.0...180.0).contains(fields.pointee.lon) {
      throw failure(EVENT_LON, .outOfRange, "degrees from -180 to 180")
    }
    if has(EVENT_LAT), !(-90.0...90.0).contains(fields.pointee.lat) {
      throw failure(EVENT_LAT, .outOfRange, "degrees from -90 to 90")
    }
    if has(EVENT_DURATION), !(0...Self.longestDuration).contains(fields.pointee.duration) {
      throw failure(EVENT_DURATION, .outOfRange, "seconds from 0 to 1000000")
    }
    if has(EVENT_LENGTH), !(0...Self.longestDuration).contains(fields.pointee.length) {
      throw failure(EVENT_LENGTH, .outOfRange, "seconds from 0 to 1000000")
    }
  }

  /// The failure for fields that have a wrong value or, if none has, are missing.
  func wrongOrMissing(_ required: UInt32) -> DecodingFailure {
    let wrong = fields.pointee.wrong
    let missing = required & ~fields.pointee.present
    let first = wrong != 0 ? wrong : missing
    let field = event_field(UInt32(first.trailingZeroBitCount))
    let expects = String(cString: event_field_expects(field))
    guard wrong != 0 else {
      return DecodingFailure(
        code: .missingField, field: field.name, expected: expects, found: "nothing")
    }
    let problem = event_decoder_problem(handle, field)
    guard problem.out_of_range else { return failure(field, .wrongType, expects) }
    let isText = problem.kind == EVENT_VALUE_STRING && field.rawValue >= EVENT_ZIP.rawValue
    return failure(
      field, .outOfRange, isText ? "a string without NUL" : "a number that 64 bits hold exactly")
  }

  func documentFailure(_ outcome: event_outcome) -> DecodingFailure {
    let isMalformed = outcome == EVENT_MALFORMED
    let found =
      isMalformed
      ? String(cString: event_decoder_message(handle))
      : event_decoder_problem(handle, EVENT_FIELD_COUNT).found
    return DecodingFailure(
      code: isMalformed ? .malformedJSON : .notAnObject, field: "", expected: "one JSON object",
      found: found)
  }

  private func failure(_ field: event_field, _ code: DecodingFailure.Code, _ expected: String)
    -> DecodingFailure
  {
    DecodingFailure(
      code: code, field: field.name, expected: expected,
      found: event_decoder_problem(handle, field).found)
  }
}

extension event_field {
  fileprivate var name: String { String(cString: event_field_name(self)) }
}

extension event_problem {
  /// The value as a message shows it.
  fileprivate var found: String {
    switch kind {
    case EVENT_VALUE_NULL: "null"
    case EVENT_VALUE_BOOLEAN: "boolean \(boolean)"
    case EVENT_VALUE_INTEGER: "number \(integer)"
    case EVENT_VALUE_UNSIGNED: "number \(natural)"
    case EVENT_VALUE_DOUBLE: "number \(number)"
    case EVENT_VALUE_LARGE_NUMBER:
      text.count <= 32
        ? "number \(ByteSlice(text).string)"
        : "number \(ByteSlice(start: text.start, count: 31).string)…"
    case EVENT_VALUE_STRING: "string \(DecodingFailure.quoted(ByteSlice(text).buffer))"
    case EVENT_VALUE_ARRAY: "an array"
    default: "an object"
    }
  }
}
