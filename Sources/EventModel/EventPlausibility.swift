import CEventDecoder

/// The plausible values of one field, a part of what its type could hold. An event with a value outside
/// the bound is quarantined when it is read.
public struct FieldBound: Sendable {
  /// The range of a field's values, by the kind of the field.
  public enum Extent: Sendable, Equatable {
    /// The least and the greatest integer allowed, in the field's own unit.
    case integer(ClosedRange<Int64>)
    /// The least and the greatest number allowed, in the field's own unit.
    case number(ClosedRange<Double>)
    /// The most bytes of UTF-8 that a text may have.
    case text(Int)
  }

  /// The field's name as it stands in the JSON, such as `itemInSession`.
  public var field: String
  /// The values that are allowed.
  public var extent: Extent
  /// What belongs in the field, in the words that the reason of a refusal uses.
  public var expected: String
  /// The reason for the bound, such as the type of a column.
  public var why: String
}

/// The bounds of plausibility, stated once: every column and every index of the warehouse takes whatever
/// lies within, so that no event that the log takes can stop a load. A B-tree refuses an index
/// row of more than 2704 bytes; the widest one here, the five keys of `minute_page`, has 1056.
extension EventDecoder {
  /// Event times are of the span of `dim_date`: 2000-01-01 to 2099-12-31 UTC, in milliseconds.
  public static let plausibleTimes: Range<Int64> = 946_684_800_000..<4_102_444_800_000
  /// Times of registration: 1900-01-01 to 2099-12-31 UTC, in milliseconds since 1970-01-01 UTC.
  public static let plausibleRegistrations: Range<Int64> = -2_208_988_800_000..<4_102_444_800_000
  /// Seconds. A round number (11.6 days) whose milliseconds surely fit into 32 bits.
  public static let longestDuration = 1_000_000.0
  /// HTTP status codes have three digits; 0 stands for none in some forks.
  public static let statuses: ClosedRange<Int64> = 0...999
  /// From 0 to what the column `item_in_session` holds. A larger item is refused and not cut to fit the
  /// column, because two items that were cut would look like one event.
  public static let itemsInSession: ClosedRange<Int64> = 0...Int64(Int32.max)
  /// The least integer stands for *no user* where events are looked up.
  public static let userIds: ClosedRange<Int64> = -Int64.max...Int64.max
  /// Bytes of UTF-8 that words, names and places may have.
  public static let longestWord = 256
  /// Bytes of UTF-8 that an artist or a song title may have: an index over both has room for them.
  public static let longestTitle = 1024
  /// Bytes of UTF-8 that a user agent may have.
  public static let longestUserAgent = 2048

  /// Degrees, east of Greenwich positive.
  public static let longitudes: ClosedRange<Double> = -180...180
  /// Degrees, north of the equator positive.
  public static let latitudes: ClosedRange<Double> = -90...90

  /// All bounds, in the order of `enum event_field`.
  public static let bounds: [FieldBound] = [
    FieldBound(
      field: "ts", extent: .integer(plausibleTimes.lowerBound...plausibleTimes.upperBound - 1),
      expected: "a time from 2000-01-01 to 2099-12-31 UTC in milliseconds",
      why: "the days of dim_date"),
    FieldBound(
      field: "sessionId", extent: .integer(Int64.min...Int64.max), expected: "an integer",
      why: "bigint"),
    FieldBound(
      field: "itemInSession", extent: .integer(itemsInSession),
      expected: "an integer from 0 to \(itemsInSession.upperBound)",
      why: "integer; two items that were cut to it would be one event"),
    FieldBound(
      field: "userId", extent: .integer(userIds), expected: "an integer from \(userIds.lowerBound)",
      why: "bigint, of which the least stands for no user"),
    FieldBound(
      field: "registration",
      extent: .integer(plausibleRegistrations.lowerBound...plausibleRegistrations.upperBound - 1),
      expected: "a time from 1900-01-01 to 2099-12-31 UTC in milliseconds",
      why: "somebody can have registered then"),
    FieldBound(
      field: "status", extent: .integer(statuses), expected: "an HTTP status", why: "three digits"),
    FieldBound(
      field: "lon", extent: .number(longitudes), expected: "degrees from -180 to 180",
      why: "the globe"),
    FieldBound(
      field: "lat", extent: .number(latitudes), expected: "degrees from -90 to 90",
      why: "the globe"),
    FieldBound(
      field: "duration", extent: .number(0...longestDuration),
      expected: "seconds from 0 to 1000000", why: "milliseconds as integer"),
    FieldBound(
      field: "length", extent: .number(0...longestDuration),
      expected: "seconds from 0 to 1000000", why: "another name for duration"),
    text("zip", longestWord, "a place"),
    text("level", longestWord, "in the indexes of minute_audience and minute_page"),
    text("userAgent", longestUserAgent, "room for an index over it"),
    text("city", longestWord, "a place"), text("state", longestWord, "a place"),
    text("country", longestWord, "a place"), text("firstName", longestWord, "a name"),
    text("lastName", longestWord, "a name"),
    text("gender", longestWord, "in the index of minute_audience"),
    text("auth", longestWord, "in the index of minute_page"),
    text("artist", longestTitle, "room for an index over artist and title"),
    text("song", longestTitle, "room for an index over artist and title"),
    text("page", longestWord, "in the index of minute_page"),
    text("method", longestWord, "in the index of minute_page"), text("tag", longestWord, "a word"),
    text("trackId", longestWord, "in the index of catalogue_song"),
    text("location", longestWord, "what the classic format makes city and state of"),
  ]

  private static func text(_ field: String, _ bytes: Int, _ why: String) -> FieldBound {
    FieldBound(
      field: field, extent: .text(bytes), expected: "a text of at most \(bytes) bytes", why: why)
  }

  /// Checks the fields of the last document against the bounds.
  func checkRanges() throws(DecodingFailure) {
    let fields = fields
    guard Self.plausibleTimes.contains(fields.pointee.ts) else {
      throw beyond(EVENT_TS, .implausibleTime)
    }
    guard Self.itemsInSession.contains(fields.pointee.item_in_session) else {
      throw beyond(EVENT_ITEM_IN_SESSION)
    }
    if has(EVENT_USER_ID), !Self.userIds.contains(fields.pointee.user_id) {
      throw beyond(EVENT_USER_ID)
    }
    if has(EVENT_REGISTRATION), !Self.plausibleRegistrations.contains(fields.pointee.registration) {
      throw beyond(EVENT_REGISTRATION)
    }
    if has(EVENT_STATUS), !Self.statuses.contains(fields.pointee.status) {
      throw beyond(EVENT_STATUS)
    }
    if has(EVENT_LON), !Self.longitudes.contains(fields.pointee.lon) { throw beyond(EVENT_LON) }
    if has(EVENT_LAT), !Self.latitudes.contains(fields.pointee.lat) { throw beyond(EVENT_LAT) }
    if has(EVENT_DURATION), !(0...Self.longestDuration).contains(fields.pointee.duration) {
      throw beyond(EVENT_DURATION)
    }
    if has(EVENT_LENGTH), !(0...Self.longestDuration).contains(fields.pointee.length) {
      throw beyond(EVENT_LENGTH)
    }
    if mayHaveLongText { try checkLengths() }
  }

  /// False where no text can be beyond its bound. Lengths that are or-ed together are below a power of two
  /// exactly if each of them is, so that this test costs a few instructions an event.
  @inline(__always)
  private var mayHaveLongText: Bool {
    let f = fields
    var words = f.pointee.zip.count | f.pointee.level.count | f.pointee.city.count
    words |= f.pointee.state.count | f.pointee.country.count | f.pointee.first_name.count
    words |= f.pointee.last_name.count | f.pointee.gender.count | f.pointee.auth.count
    words |= f.pointee.page.count | f.pointee.method.count | f.pointee.tag.count
    words |= f.pointee.location.count | f.pointee.track_id.count
    let titles = f.pointee.artist.count | f.pointee.song.count | f.pointee.user_agent.count
    return words >= Self.longestWord || titles >= Self.longestTitle
  }

  private func checkLengths() throws(DecodingFailure) {
    for index in EVENT_ZIP.rawValue..<EVENT_FIELD_COUNT.rawValue {
      let field = event_field(index)
      guard has(field), case .text(let limit) = Self.bounds[field].extent else { continue }
      let problem = event_decoder_problem(handle, field)
      // A zip code or a track id that came as a number is as long as its digits, which are few.
      guard problem.kind == EVENT_VALUE_STRING, problem.text.count > limit else { continue }
      throw DecodingFailure(
        code: .outOfRange, field: field.name, expected: Self.bounds[field].expected,
        found: "\(problem.text.count) bytes, \(problem.found)")
    }
  }

  private func beyond(_ field: event_field, _ code: DecodingFailure.Code = .outOfRange)
    -> DecodingFailure
  {
    failure(field, code, Self.bounds[field].expected)
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

extension [FieldBound] {
  /// `success` is the one field without a bound: it is one of two values.
  fileprivate subscript(field: event_field) -> FieldBound {
    self[Int(field.rawValue < EVENT_SUCCESS.rawValue ? field.rawValue : field.rawValue - 1)]
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
