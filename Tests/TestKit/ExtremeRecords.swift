import EventModel

/// Draws events whose fields are at, near and beyond the bounds of plausibility, as the lines that a log
/// gets. Which of them are events is judged by limits that are written down here once more, so that a wrong
/// limit in the program shows.
public struct ExtremeRecords {
  /// A JSON value, and whether an event may have it.
  private struct Value {
    var json: String
    var isSound = true
    var text = ""
    var integer: Int64?
  }

  private var random: SeededRandom
  private var seen: Set<LoggedRecord.Identity> = []
  private var clock: Int64
  private let firstTime: Int64 = 946_684_800_000
  private let lastTime: Int64 = 4_102_444_799_999
  /// Days far from the present on which events fall as well: few, because each day is a partition of a table.
  private let farDays: [Int64]
  private var userAgents: [Value] = []

  /// - Parameter start: the present, milliseconds since 1970.
  public init(seed: UInt64, from start: Int64, farDays count: Int = 12) {
    var random = SeededRandom(seed: seed)
    farDays = (0..<count).map { _ in
      946_684_800_000 + 86_400_000 * Int64.random(in: 0..<36_525, using: &random)
    }
    self.random = random
    clock = start
    // Few, because telling the device from a long user agent is slow.
    userAgents = (0..<20).map { _ in text(2048) }
  }

  /// The next record; no two sound ones are the same event.
  public mutating func next() -> LoggedRecord {
    while true {
      let record = draw()
      guard let identity = record.identity else { return record }
      if seen.insert(identity).inserted { return record }
    }
  }

  private mutating func draw() -> LoggedRecord {
    let topic = pick(Topic.allCases)
    clock += Int64.random(in: 0...20_000, using: &random)
    var fields: [(String, Value)] = [
      ("ts", time()), ("sessionId", integer([], from: Int64.min, to: Int64.max)),
      ("itemInSession", integer([3_000_000_000, 3_000_000_001], from: 0, to: 2_147_483_647)),
      ("userId", userId()), ("registration", optional { $0.registration() }),
      ("lon", optional { $0.number(180) }), ("lat", optional { $0.number(90) }),
      ("duration", optional { $0.duration() }),
      ("status", optional { $0.integer([], from: 0, to: 999) }),
    ]
    for name in [
      "level", "city", "state", "zip", "country", "firstName", "lastName", "gender", "auth",
      "method", "tag", "location",
    ] {
      fields.append((name, optional { $0.text(256) }))
    }
    for name in ["artist", "song"] { fields.append((name, optional { $0.text(1024) })) }
    fields.append(("userAgent", optional { $0.pick($0.userAgents) }))
    fields.append(("page", page(isRequired: topic == .pageView)))
    let succeeds = random.chance(0.5)
    fields.append(("success", Value(json: succeeds ? "true" : "\"false\"")))
    return record(topic, fields.filter { !$0.1.json.isEmpty }, succeeds: succeeds)
  }

  private func record(_ topic: Topic, _ fields: [(String, Value)], succeeds: Bool) -> LoggedRecord {
    let payload = "{" + fields.map { "\"\($0)\":\($1.json)" }.joined(separator: ",") + "}"
    var record = LoggedRecord(malformed: Array(payload.utf8), topic: topic, arrival: clock)
    guard fields.allSatisfy(\.1.isSound) else { return record }
    func value(_ name: String) -> Value? { fields.first { $0.0 == name }?.1 }
    let user = value("userId")?.integer
    let session = value("sessionId")?.integer ?? 0
    record.key = Array((user.map { "\($0)" } ?? "s\(session)").utf8)
    record.identity = LoggedRecord.Identity(
      topic: topic, user: user, session: session, item: value("itemInSession")?.integer ?? 0,
      ts: value("ts")?.integer ?? 0)
    record.arrival = record.identity?.ts ?? clock
    for (index, name) in LoggedRecord.counters.enumerated() {
      let isCounted =
        switch name {
        case "listens": topic == .listen
        case "logins": topic == .auth && succeeds
        case "failed_logins": topic == .auth && !succeeds
        case "page_views": topic == .pageView
        case "errors": topic == .pageView && (value("status")?.integer ?? 0) >= 400
        default: topic == .pageView && Self.engagement[name] == value("page")?.text
        }
      if isCounted { record.counts[index] = 1 }
    }
    return record
  }

  private static let engagement = [
    "thumbs_up": "Thumbs Up", "thumbs_down": "Thumbs Down", "playlist_adds": "Add to Playlist",
    "shares": "Share", "friends_added": "Add Friend", "adverts": "Roll Advert",
  ]

  private mutating func pick<T>(_ values: [T]) -> T {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  /// A field that is absent most of the time: a record with every field drawn would hardly ever be sound.
  private mutating func optional(_ draw: (inout Self) -> Value) -> Value {
    if random.chance(0.6) { return Value(json: "") }
    return random.chance(0.1) ? Value(json: pick(["null", "\"\""])) : draw(&self)
  }

  /// Whether the next value lies beyond its bounds, as one in a hundred does.
  private mutating func isBeyond() -> Bool { random.chance(0.01) }

  private mutating func integer(_ further: [Int64], from low: Int64, to high: Int64) -> Value {
    if isBeyond() {
      var beyond = further
      if low > Int64.min { beyond += [low - 1, Int64.min] }
      if high < Int64.max { beyond += [high + 1, Int64.max] }
      let other = ["9223372036854775808", "1e400", "1.5", "[]", "\"x\""]
      let json = random.chance(0.7) && !beyond.isEmpty ? "\(pick(beyond))" : pick(other)
      return Value(json: json, isSound: false)
    }
    let value = pick([
      low, low + 1, high, high - 1, max(low, min(high, 0)),
      Int64.random(in: low...high, using: &random),
      max(low, min(high, Int64.random(in: 0...5, using: &random))),
    ])
    return Value(json: "\(value)", integer: value)
  }

  private mutating func userId() -> Value {
    if random.chance(0.2) { return Value(json: pick(["", "null", "\"\""])) }
    var value = integer([], from: -Int64.max, to: Int64.max)
    if value.isSound, random.chance(0.2) { value.json = "\"\(value.json)\"" }
    return value
  }

  private mutating func registration() -> Value {
    integer([], from: -2_208_988_800_000, to: lastTime)
  }

  private mutating func time() -> Value {
    if isBeyond() {
      let beyond = [firstTime - 1, lastTime + 1, 0, -1, Int64.min, Int64.max]
      return Value(json: "\(pick(beyond))", isSound: false)
    }
    var value = clock
    if random.chance(0.1) {
      value = pick([
        firstTime, lastTime, firstTime + Int64.random(in: 0..<86_400_000, using: &random),
        lastTime - Int64.random(in: 0..<86_400_000, using: &random),
        pick(farDays) + Int64.random(in: 0..<86_400_000, using: &random),
        clock - Int64.random(in: 0...7_200_000, using: &random),
      ])
    }
    return Value(json: "\(value)", integer: value)
  }

  private mutating func number(_ limit: Double) -> Value {
    if isBeyond() {
      return Value(
        json: pick(["\(limit.nextUp)", "\(-limit.nextUp)", "1e308", "1e400", "\"1e400\""]),
        isSound: false)
    }
    return Value(json: pick(["\(limit)", "\(-limit)", "0", "-0.0", "1e-308", "\"12.5\""]))
  }

  private mutating func duration() -> Value {
    if isBeyond() {
      return Value(json: pick(["-0.001", "1000000.1", "1e308", "\"-1\""]), isSound: false)
    }
    return Value(
      json: pick(["0", "0.0001", "0.001", "20", "200.5", "1000000", "999999.9996", "\"180\""]))
  }

  private mutating func page(isRequired: Bool) -> Value {
    if random.chance(0.5) {
      let name = pick(Array(Self.engagement.values).sorted() + ["NextSong", "Home"])
      return Value(json: "\"\(name)\"", text: name)
    }
    let text = text(256)
    return text.json == "\"\"" && isRequired ? Value(json: text.json, isSound: false) : text
  }

  /// Text that no compression makes shorter, up to the limit and beyond.
  private mutating func text(_ limit: Int) -> Value {
    if isBeyond() {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: return Value(json: "\"\\u0000\"", isSound: false)
      case 1: return Value(json: "\"a\\ud800b\"", isSound: false)
      case 2: return Value(json: "17e400", isSound: false)
      default:
        let bytes = pick([limit + 1, limit + 2, 3000, 100_000])
        return Value(json: "\"\(characters(bytes))\"", isSound: bytes <= limit)
      }
    }
    let bytes = pick([1, 2, 3, 10, limit - 1, limit])
    if random.chance(0.1) { return Value(json: #""\n\"\\\u0007\ud83c\udfb5\t""#) }
    let text = characters(bytes)
    return Value(json: "\"\(text)\"", text: text)
  }

  /// Text of exactly `bytes` bytes, in characters of one, two and three bytes.
  private mutating func characters(_ bytes: Int) -> String {
    var text = ""
    var left = bytes
    while left > 0 {
      let width = min(left, Int.random(in: 1...3, using: &random))
      left -= width
      let code: UInt32 =
        switch width {
        case 1: UInt32.random(in: 0x61...0x7A, using: &random)
        case 2: UInt32.random(in: 0x100...0x7FF, using: &random)
        default: UInt32.random(in: 0x4E00...0x9FFF, using: &random)
        }
      if let scalar = Unicode.Scalar(code) { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}
