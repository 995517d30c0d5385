import EventModel

/// A field's value with its own memory, so that values can be compared.
enum FieldValue: Equatable {
  case text([UInt8])
  case integer(Int64)
  case number(Double)
  case boolean(Bool)

  static func text(_ string: String) -> FieldValue { .text(Array(string.utf8)) }
}

/// All values of an event by the field's name in `Event`, without absent fields.
func contents(of event: Event) -> [String: FieldValue] {
  var fields: [String: FieldValue] = [
    "ts": .integer(event.ts), "sessionId": .integer(event.sessionId),
    "itemInSession": .integer(event.itemInSession),
  ]
  fields["userId"] = event.userId.map(FieldValue.integer)
  fields["registration"] = event.registration.map(FieldValue.integer)
  fields["status"] = event.status.map { .integer(Int64($0)) }
  fields["lon"] = event.lon.map(FieldValue.number)
  fields["lat"] = event.lat.map(FieldValue.number)
  fields["duration"] = event.duration.map(FieldValue.number)
  fields["success"] = event.success.map(FieldValue.boolean)
  let texts: [(String, ByteSlice)] = [
    ("level", event.level), ("userAgent", event.userAgent), ("city", event.city),
    ("state", event.state), ("zip", event.zip), ("country", event.country),
    ("firstName", event.firstName), ("lastName", event.lastName), ("gender", event.gender),
    ("auth", event.auth), ("artist", event.artist), ("song", event.song), ("page", event.page),
    ("method", event.method), ("tag", event.tag), ("trackId", event.trackId),
  ]
  for (name, slice) in texts where !slice.isEmpty { fields[name] = .text(Array(slice.buffer)) }
  return fields
}

/// A JSON object as its members in order, so that tests can change one at a time.
typealias Members = [(key: String, value: String)]

func json(_ members: Members) -> String {
  "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
}

/// The members with one set to another value, or added.
func setting(_ key: String, to value: String, in members: Members) -> Members {
  guard let index = members.firstIndex(where: { $0.key == key }) else {
    return members + [(key, value)]
  }
  var changed = members
  changed[index].value = value
  return changed
}

func removing(_ key: String, from members: Members) -> Members { members.filter { $0.key != key } }

/// Valid lines with every field of their topic, as eventsim writes them.
enum Sample {
  static let place: Members = [
    ("ts", "1538352117000"), ("sessionId", "29"), ("level", #""paid""#), ("itemInSession", "50"),
    ("city", #""Bakersfield""#), ("zip", #""93309""#), ("state", #""CA""#),
    ("userAgent", #""\"Mozilla/5.0 (Windows NT 6.1; WOW64)\"""#), ("lon", "-119.062"),
    ("lat", "35.334"), ("userId", "30"), ("lastName", #""Freeman""#), ("firstName", #""Colin""#),
    ("gender", #""M""#), ("registration", "1538173362000"), ("tag", #""control""#),
    ("country", #""US""#),
  ]
  static let song: Members = [
    ("artist", #""Martha Tilston""#), ("song", #""Rockpools""#), ("duration", "277.89016"),
    ("trackId", #""TRAAAAW128F429D538""#),
  ]
  static let listen: Members = place + [("auth", #""Logged In""#)] + song
  static let auth: Members = place + [("success", "true")]
  static let pageView: Members =
    place + [
      ("auth", #""Logged In""#), ("page", #""NextSong""#), ("method", #""PUT""#), ("status", "200"),
    ] + song
  static let classic: Members = [
    ("ts", "1538352117000"), ("userId", #""30""#), ("sessionId", "29"), ("page", #""NextSong""#),
    ("auth", #""Logged In""#), ("method", #""PUT""#), ("status", "200"), ("level", #""paid""#),
    ("itemInSession", "50"), ("location", #""Bakersfield, CA""#), ("userAgent", #""Mozilla/5.0""#),
    ("lastName", #""Freeman""#), ("firstName", #""Colin""#), ("registration", "1538173362000"),
    ("gender", #""M""#), ("artist", #""Martha Tilston""#), ("song", #""Rockpools""#),
    ("length", "277.89016"),
  ]

  static func of(_ topic: Topic) -> Members {
    switch topic {
    case .listen: listen
    case .auth: auth
    case .pageView: pageView
    }
  }
}

extension EventDecoder {
  /// Decodes bytes that live only for the call.
  func contents(
    _ bytes: [UInt8], as topic: Topic
  ) throws(DecodingFailure) -> [String: FieldValue] {
    let line = bytes.withUnsafeBytes { padded($0) }
    return EventModelTests.contents(of: try decode(line, as: topic))
  }

  func contents(_ text: String, as topic: Topic) throws(DecodingFailure) -> [String: FieldValue] {
    try contents(Array(text.utf8), as: topic)
  }

  /// Why the bytes are no event, or nil if they are one.
  func failure(_ bytes: [UInt8], as topic: Topic) -> DecodingFailure? {
    do {
      _ = try contents(bytes, as: topic)
      return nil
    } catch {
      return error
    }
  }

  func failure(_ text: String, as topic: Topic) -> DecodingFailure? {
    failure(Array(text.utf8), as: topic)
  }
}
