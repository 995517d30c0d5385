import EventModel
import Metrics
import Warehouse

/// Turns facts into rows of staged tables: one for each fact and day, so that a whole day can be
/// attached to the warehouse as it is. A partition costs locks, which a server has so many of; so days
/// with few facts, once there are many of them (wild clocks can make 36,525), share a table.
final class FactWriter: FactSink {
  /// Bytes of rows that are collected for a table before they are sent.
  private static let sendBytes = 4 << 20
  /// Days that may be collected at a time, over all facts; beyond, those with many facts are sent.
  private static let daysAtOnce = 96
  /// A day with as many facts has a table of its own, however many days there are.
  static let manyRows = 1000

  enum Fact: String, CaseIterable, Sendable {
    case listen = "fact_listen"
    case auth = "fact_auth"
    case pageView = "fact_page_view"

    init(_ topic: Topic) {
      switch topic {
      case .listen: self = .listen
      case .auth: self = .auth
      case .pageView: self = .pageView
      }
    }

    static let shared = [
      "ts", "date_key", "time_key", "user_key", "location_key", "device_key", "session_id",
      "item_in_session",
    ]

    var columns: [String] {
      switch self {
      case .listen:
        Self.shared + ["song_key", "auth", "level", "duration_ms", "listened_ms", "outcome"]
      case .auth: Self.shared + ["success", "level"]
      case .pageView: Self.shared + ["song_key", "page", "method", "status", "auth", "level"]
      }
    }
  }

  /// One day of one fact.
  struct Part: Hashable, Sendable {
    var fact: Fact
    var day: CalendarDay
  }

  struct Seen: Sendable {
    var first: Int64
    var last: Int64
  }

  private let generation: Int64
  private let writer: StageWriter
  private let listenColumns = Fact.listen.columns.count
  private let authColumns = Fact.auth.columns.count
  private let pageViewColumns = Fact.pageView.columns.count
  private var buffers: [Part: CopyBuffer] = [:]
  /// Days collected at which those with many facts are sent.
  private var crowd = FactWriter.daysAtOnce
  /// Days of a fact that get a table of their own though they have few facts.
  private let ownDays: Int
  /// How many days with few facts have a table of their own, by fact.
  private var small: [Fact: Int]
  /// Which parts have a table of their own, and which share one; each is decided when it is first sent.
  private(set) var own: Set<Part> = []
  private(set) var rare: Set<Part> = []
  /// The buffer used last, by fact: most events are of the day before them.
  private var recent: [(day: Int32, key: Int32, buffer: CopyBuffer)?] = [nil, nil, nil]
  /// The day of the last fact, and its times; in `days` from the next day's first fact on.
  private var today = (day: CalendarDay(number: Int32.min), seen: Seen(first: 0, last: 0))
  private let changes = CopyBuffer()
  /// What the tables of this load hold.
  private(set) var parts: Set<Part> = []
  private(set) var users: [Int64: Seen] = [:]
  /// Event times of this load's facts, by day.
  private(set) var days: [CalendarDay: Seen] = [:]
  /// Event times of changed plays of earlier loads.
  private(set) var changedSpan: ClosedRange<Int64>?
  /// A failed writer's error; thrown at the next chance, as facts come from deep inside the kernel.
  private var failure: (any Error)?

  /// - Parameters:
  ///   - ownDays: days of a fact that get a table of their own though they have few facts.
  ///   - small: how many of those there are already, by fact.
  init(generation: Int64, writer: StageWriter, ownDays: Int, small: [Fact: Int]) {
    self.generation = generation
    self.writer = writer
    self.ownDays = ownDays
    self.small = small
  }

  func auth(_ keys: FactKeys, _ event: Event) {
    let buffer = startRow(.auth, keys, columns: authColumns)
    buffer.bool(event.success ?? false)
    text(event.level, buffer)
    endRow(.auth, buffer, keys)
  }

  func pageView(_ keys: FactKeys, songKey: Int64, _ event: Event) {
    let buffer = startRow(.pageView, keys, columns: pageViewColumns)
    buffer.int64(songKey)
    buffer.bytes(event.page.buffer)
    text(event.method, buffer)
    buffer.int32OrNull(event.status)
    text(event.auth, buffer)
    text(event.level, buffer)
    endRow(.pageView, buffer, keys)
  }

  func listen(_ fact: ListenFact, texts: InternedTexts) {
    let buffer = startRow(.listen, fact.keys, columns: listenColumns)
    buffer.int64(fact.songKey)
    if fact.auth == 0 { buffer.null() } else { buffer.text(texts[fact.auth]) }
    if fact.level == 0 { buffer.null() } else { buffer.text(texts[fact.level]) }
    buffer.int32OrNull(fact.durationMs < 0 ? nil : fact.durationMs)
    outcome(fact, buffer)
    endRow(.listen, buffer, fact.keys)
  }

  func listenChanged(_ fact: ListenFact) {
    changes.startRow(columns: 6)
    changes.timestamp(milliseconds: fact.keys.ts)
    changes.int64(fact.keys.userKey)
    changes.int64(fact.keys.sessionId)
    changes.int32(fact.keys.itemInSession)
    outcome(fact, changes)
    let ts = fact.keys.ts
    changedSpan =
      changedSpan.map { min($0.lowerBound, ts)...max($0.upperBound, ts) } ?? ts...ts
    if changes.byteCount >= Self.sendBytes { send(changes, changeTable) }
  }

  private func outcome(_ fact: ListenFact, _ buffer: CopyBuffer) {
    guard let text = fact.outcome.text else {
      buffer.null()
      buffer.null()
      return
    }
    buffer.int32(fact.listenedMs)
    buffer.text(text)
  }

  /// Text and bytes travel alike; a decoded text has no NUL to look for.
  @inline(__always)
  private func text(_ slice: ByteSlice, _ buffer: CopyBuffer) {
    if slice.isEmpty { buffer.null() } else { buffer.bytes(slice.buffer) }
  }

  @inline(__always)
  private func startRow(_ fact: Fact, _ keys: FactKeys, columns: Int) -> CopyBuffer {
    let slot = fact == .listen ? 0 : fact == .auth ? 1 : 2
    let day = Int32(truncatingIfNeeded: keys.ts / 86_400_000)
    if recent[slot]?.day != day { recent[slot] = open(fact, day) }
    let (_, dateKey, buffer) = recent[slot]!
    buffer.startRow(columns: columns)
    buffer.timestamp(milliseconds: keys.ts)
    buffer.int32(dateKey)
    buffer.int32(Int32(truncatingIfNeeded: keys.ts / 1000 % 86_400))
    buffer.int64(keys.userKey)
    buffer.int64(keys.locationKey)
    buffer.int64(keys.deviceKey)
    buffer.int64(keys.sessionId)
    buffer.int32(keys.itemInSession)
    see(keys)
    return buffer
  }

  private func see(_ keys: FactKeys) {
    let day = CalendarDay(milliseconds: keys.ts)
    if day != today.day {
      keepToday()
      today = (day, days[day] ?? Seen(first: keys.ts, last: keys.ts))
    }
    today.seen.include(keys.ts)
    users[keys.userKey, default: Seen(first: keys.ts, last: keys.ts)].include(keys.ts)
  }

  private func keepToday() {
    if today.day.number != Int32.min { days[today.day] = today.seen }
  }

  /// Event times of this load's facts: a range for each run of days that follow each other.
  var spans: [ClosedRange<Int64>] {
    keepToday()
    var spans: [ClosedRange<Int64>] = []
    var last: CalendarDay?
    for (day, seen) in days.sorted(by: { $0.key < $1.key }) {
      if let last, last.next == day, let open = spans.last {
        spans[spans.count - 1] = open.lowerBound...seen.last
      } else {
        spans.append(seen.first...seen.last)
      }
      last = day
    }
    return spans
  }

  @inline(__always)
  private func endRow(_ fact: Fact, _ buffer: CopyBuffer, _ keys: FactKeys) {
    if buffer.byteCount >= Self.sendBytes {
      send(buffer, of: Part(fact: fact, day: CalendarDay(milliseconds: keys.ts)))
    }
  }

  private func open(_ fact: Fact, _ day: Int32) -> (Int32, Int32, CopyBuffer) {
    let part = Part(fact: fact, day: CalendarDay(number: day))
    if buffers[part] == nil, buffers.count >= crowd { sendFullDays() }
    let buffer = buffers[part] ?? CopyBuffer(capacity: 1 << 10)
    buffers[part] = buffer
    parts.insert(part)
    return (day, part.day.key, buffer)
  }

  /// Keeps memory flat over many days.
  private func sendFullDays() {
    for (part, buffer) in buffers where buffer.rowCount >= Self.manyRows || own.contains(part) {
      send(buffer, of: part)
      buffers[part] = nil
    }
    crowd = max(Self.daysAtOnce, 2 * buffers.count)
    recent = [nil, nil, nil]
  }

  /// Sends the rows of a part to the table that it has, or gets now.
  private func send(_ buffer: CopyBuffer, of part: Part) {
    if !own.contains(part), !rare.contains(part) {
      if buffer.rowCount >= Self.manyRows {
        own.insert(part)
      } else if small[part.fact, default: 0] < ownDays {
        small[part.fact, default: 0] += 1
        own.insert(part)
      } else {
        rare.insert(part)
      }
    }
    send(buffer, table(part))
  }

  /// The staged table of a part.
  func table(_ part: Part) -> StageTable {
    if rare.contains(part) { return rareTable(part.fact) }
    let name = "\(part.fact.rawValue)_g\(generation)_\(part.day.key)"
    return StageTable(
      name: name, makeQuery: "batch/stage_fact",
      makeValues: [
        "table": name, "fact": part.fact.rawValue, "day": "\(part.day.key)",
        "next_day": "\(part.day.next.key)",
      ],
      finishQuery: "batch/index_fact", finishValues: ["table": name], columns: part.fact.columns)
  }

  /// What the days with few facts share.
  func rareTable(_ fact: Fact) -> StageTable {
    let name = "\(fact.rawValue)_g\(generation)_rare"
    return StageTable(
      name: name, makeQuery: "batch/stage_rare_fact",
      makeValues: ["table": name, "fact": fact.rawValue],
      finishQuery: "batch/index_fact", finishValues: ["table": name], columns: fact.columns)
  }

  /// Plays of earlier loads whose outcome has changed.
  var changeTable: StageTable {
    let name = "listen_change_g\(generation)"
    return StageTable(
      name: name, makeQuery: "batch/stage_listen_change", makeValues: ["table": name],
      columns: ["ts", "user_key", "session_id", "item_in_session", "listened_ms", "outcome"])
  }

  /// When each state of a user was first and last seen in this load.
  var userTable: StageTable {
    let name = "user_seen_g\(generation)"
    return StageTable(
      name: name, makeQuery: "batch/stage_user_seen", makeValues: ["table": name],
      columns: ["user_key", "first_seen", "last_seen"])
  }

  private func send(_ buffer: CopyBuffer, _ table: StageTable) {
    guard failure == nil else { return buffer.removeAll() }
    do { try writer.write(buffer, to: table) } catch { failure = error }
  }

  /// Throws where a writer has failed.
  func check() throws {
    if let failure { throw failure }
  }

  /// Sends what is collected; the days with the most facts first, as they are worth a table the most.
  func flush() throws {
    let parts = buffers.sorted {
      ($1.value.rowCount, $0.key.day) < ($0.value.rowCount, $1.key.day)
    }
    for (part, buffer) in parts { send(buffer, of: part) }
    buffers = [:]
    recent = [nil, nil, nil]
    send(changes, changeTable)
    try check()
  }

  /// Sends when each state of a user was seen.
  func flushUsers() throws {
    let buffer = CopyBuffer()
    for (key, seen) in users.sorted(by: { $0.key < $1.key }) {
      buffer.startRow(columns: 3)
      buffer.int64(key)
      buffer.timestamp(milliseconds: seen.first)
      buffer.timestamp(milliseconds: seen.last)
    }
    send(buffer, userTable)
    try check()
  }
}

extension FactWriter.Seen {
  @inline(__always)
  fileprivate mutating func include(_ ts: Int64) {
    first = min(first, ts)
    last = max(last, ts)
  }
}
