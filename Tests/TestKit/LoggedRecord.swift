import EventModel
import Support

/// Random numbers that the same seed repeats.
public typealias SeededRandom = SplitMix64

/// One record of a log, with what a test needs to know of it.
public struct LoggedRecord: Sendable {
  /// The fields by which two records are known to be the same event.
  public struct Identity: Hashable, Sendable {
    public var topic: Topic
    public var user: Int64?
    public var session: Int64
    public var item: Int64
    public var ts: Int64
  }

  /// The totals that can be told from the event alone, by the names of their columns.
  public static let counters = [
    "listens", "page_views", "errors", "logins", "failed_logins", "thumbs_up", "thumbs_down",
    "playlist_adds", "shares", "friends_added", "adverts",
  ]

  public var topic: Topic
  public var key: [UInt8]
  public var payload: [UInt8]
  /// Milliseconds since 1970: when the log gets it.
  public var arrival: Int64
  /// nil where the record is no event.
  public var identity: Identity?
  /// What the event adds to each of `counters`, in their order.
  public var counts: [Int64] = Array(repeating: 0, count: counters.count)

  /// A record of an event, arriving at its own time.
  public init(_ event: Event) {
    topic = event.topic
    key = []
    event.appendMessageKey(to: &key)
    payload = []
    EventEncoder.append(event, to: &payload)
    arrival = event.ts
    identity = Identity(
      topic: event.topic, user: event.userId, session: event.sessionId, item: event.itemInSession,
      ts: event.ts)
    func count(_ name: String) {
      if let index = Self.counters.firstIndex(of: name) { counts[index] += 1 }
    }
    switch event.topic {
    case .listen: count("listens")
    case .auth: count(event.success == true ? "logins" : "failed_logins")
    case .pageView:
      count("page_views")
      if (event.status ?? 0) >= 400 { count("errors") }
      switch event.page.string {
      case "Thumbs Up": count("thumbs_up")
      case "Thumbs Down": count("thumbs_down")
      case "Add to Playlist": count("playlist_adds")
      case "Share": count("shares")
      case "Add Friend": count("friends_added")
      case "Roll Advert": count("adverts")
      default: break
      }
    }
  }

  /// A record that is no event.
  public init(malformed payload: [UInt8], topic: Topic, arrival: Int64) {
    self.topic = topic
    self.payload = payload
    self.arrival = arrival
    key = Array("1".utf8)
  }
}

/// What goes wrong on the way to a log, each kind as its share of all events.
public struct Faults: Sendable {
  /// Events that arrive up to four minutes late, which the kernel puts in order.
  public var shuffled = 0.1
  /// Events that arrive a second time within four minutes, which the kernel drops.
  public var repeatedSoon = 0.02
  /// Events that arrive 20 minutes to 30 hours late.
  public var late = 0.01
  /// Events that arrive a second time one to 30 hours later, behind the watermark: both layers look such
  /// events up, and count them once.
  public var repeatedLate = 0.0
  /// Lines that are no events.
  public var malformed = 0.005

  public init() {}

  public static var withLateRepeats: Faults {
    var faults = Faults()
    faults.repeatedLate = 0.005
    return faults
  }

  private static let minute: Int64 = 60_000

  /// The records in the order in which a log gets them.
  public func apply(to records: [LoggedRecord], random: inout SeededRandom) -> [LoggedRecord] {
    var result: [LoggedRecord] = []
    result.reserveCapacity(records.count + records.count / 10)
    for var record in records {
      if random.chance(late) {
        record.arrival += Int64.random(in: 20 * Self.minute...1800 * Self.minute, using: &random)
      } else if random.chance(shuffled) {
        record.arrival += Int64.random(in: 0...4 * Self.minute, using: &random)
      }
      result.append(record)
      let isInTime = record.arrival - (record.identity?.ts ?? 0) <= 4 * Self.minute
      if isInTime, random.chance(repeatedSoon) {
        var again = record
        again.arrival += Int64.random(in: 0...4 * Self.minute, using: &random)
        result.append(again)
      }
      if random.chance(repeatedLate) {
        var again = record
        again.arrival += Int64.random(in: 60 * Self.minute...1800 * Self.minute, using: &random)
        result.append(again)
      }
      if random.chance(malformed) { result.append(Self.malformed(record, &random)) }
    }
    // `sorted` need not be stable, and so the position decides between equal times.
    return result.enumerated().sorted {
      ($0.element.arrival, $0.offset) < ($1.element.arrival, $1.offset)
    }.map(\.element)
  }

  private static func malformed(_ record: LoggedRecord, _ random: inout SeededRandom)
    -> LoggedRecord
  {
    var payload = record.payload
    switch Int.random(in: 0..<7, using: &random) {
    case 0: payload.removeLast(payload.count / 2)
    case 1: payload = []
    case 2: payload = Array("[1,2,3]".utf8)
    case 3: payload[payload.count / 2] = 0xff
    case 4: payload = Array("{\"ts\":\"yesterday\",\"sessionId\":1,\"itemInSession\":2}".utf8)
    case 5: payload = Array("{\"ts\":99999999999999,\"sessionId\":1,\"itemInSession\":2}".utf8)
    default: payload = [0, 10, 13, 0, 123]
    }
    var broken = LoggedRecord(
      malformed: payload, topic: record.topic, arrival: record.arrival)
    broken.key = record.key
    return broken
  }
}

/// What the records add up to where each event counts once, by plain counting.
public struct Truth: Sendable {
  public private(set) var minutes: [Int64: [Int64]] = [:]
  public private(set) var totals: [Int64] = LoggedRecord.counters.map { _ in 0 }
  public private(set) var malformed: [LoggedRecord] = []
  private var seen: Set<LoggedRecord.Identity> = []

  public init() {}

  public init(_ records: some Sequence<LoggedRecord>) {
    for record in records { add(record) }
  }

  /// Distinct events.
  public var events: Int { seen.count }

  public func total(_ counter: String) -> Int64 {
    LoggedRecord.counters.firstIndex(of: counter).map { totals[$0] } ?? 0
  }

  public mutating func add(_ record: LoggedRecord) {
    guard let identity = record.identity else {
      malformed.append(record)
      return
    }
    guard seen.insert(identity).inserted else { return }
    let minute = identity.ts / 60_000 * 60
    var counts = minutes[minute] ?? LoggedRecord.counters.map { _ in 0 }
    for (index, value) in record.counts.enumerated() {
      counts[index] += value
      totals[index] += value
    }
    minutes[minute] = counts
  }
}
