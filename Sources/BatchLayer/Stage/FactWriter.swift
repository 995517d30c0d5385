import EventModel
import Metrics
import StarSchema
import Warehouse

/// Says when the rows of facts go where: into a staged table for each fact and day, so that a whole day can be
/// attached to the warehouse as it is. A partition costs locks, which a server has so many of; so days
/// with few facts, once there are many of them (wild clocks can make 36,525), share a table.
final class FactWriter: FactSink {
  /// Bytes of rows that are collected for a table before they are sent.
  private static let sendBytes = 4 << 20
  /// Days that may be collected at a time, over all facts; beyond, those with many facts are sent.
  private static let daysAtOnce = 96
  /// A day with as many facts has a table of its own, however many days there are.
  static let manyRows = 1000

  /// One day of one fact.
  struct Part: Hashable, Sendable {
    var fact: FactTable
    var day: CalendarDay
  }

  struct Seen: Sendable {
    var first: Int64
    var last: Int64
  }

  private let numbers: LoadNumbers
  private let writer: StageWriter
  private var buffers: [Part: CopyBuffer] = [:]
  /// Days collected at which those with many facts are sent.
  private var crowd = FactWriter.daysAtOnce
  /// Days of a fact that get a table of their own though they have few facts.
  private let ownDays: Int
  /// How many days with few facts have a table of their own, by fact.
  private var small: [FactTable: Int]
  /// Which parts have a table of their own, and which share one; each is decided when it is first sent.
  private(set) var own: Set<Part> = []
  private(set) var rare: Set<Part> = []
  /// The buffer used last, by fact: most events are of the day before them.
  private var recent: [(day: Int32, key: Int32, buffer: CopyBuffer)?] = [nil, nil, nil]
  /// The day of the last fact, and its times; in `days` from the next day's first fact on.
  private var today = (day: CalendarDay(number: Int32.min), seen: Seen(first: 0, last: 0))
  private let changes = CopyBuffer()
  /// Page views that are credited to another song than their facts say.
  private(set) var credits = CreditChanges()
  /// What the tables of this load hold.
  private(set) var parts: Set<Part> = []
  private(set) var users: [Int64: Seen] = [:]
  /// Event times of this load's facts, by day.
  private(set) var days: [CalendarDay: Seen] = [:]
  /// Event times of changed plays of earlier loads.
  private(set) var changedSpan: ClosedRange<Int64>?
  /// Rows to be handed over to the writer, which may fail: facts come from deep inside the kernel, where
  /// nothing can, and so wait here for whoever feeds the kernel.
  private var due: [(table: StageTable, rows: [UInt8])] = []

  /// - Parameters:
  ///   - ownDays: days of a fact that get a table of their own though they have few facts.
  ///   - small: how many of those there are already, by fact.
  init(_ numbers: LoadNumbers, writer: StageWriter, ownDays: Int, small: [FactTable: Int]) {
    self.numbers = numbers
    self.writer = writer
    self.ownDays = ownDays
    self.small = small
  }

  func auth(_ keys: FactKeys, _ event: Event) {
    let (dateKey, buffer) = buffer(.auth, keys)
    FactRows.append(auth: event, keys, dateKey: dateKey, to: buffer)
    sendIfFull(.auth, buffer, keys)
  }

  func pageView(_ keys: FactKeys, songKey: Int64, _ credit: PageCredit, _ event: Event) {
    let (dateKey, buffer) = buffer(.pageView, keys)
    FactRows.append(
      pageView: event, keys, dateKey: dateKey, songKey: songKey, credit, to: buffer)
    sendIfFull(.pageView, buffer, keys)
  }

  func creditChanged(_ keys: FactKeys, songKey: Int64) { credits.note(keys, songKey: songKey) }

  func listen(_ fact: ListenFact, texts: InternedTexts) {
    let (dateKey, buffer) = buffer(.listen, fact.keys)
    FactRows.append(fact, dateKey: dateKey, texts: texts, to: buffer)
    sendIfFull(.listen, buffer, fact.keys)
  }

  func listenChanged(_ fact: ListenFact) {
    ListenChangeRows.append(fact, to: changes)
    changedSpan = EventSpans.including(fact.keys.ts, changedSpan)
    if changes.byteCount >= Self.sendBytes { send(changes, changeTable) }
  }

  /// The buffer of the fact's day, with the day's key; notes when the fact was.
  @inline(__always)
  private func buffer(_ fact: FactTable, _ keys: FactKeys) -> (dateKey: Int32, CopyBuffer) {
    let slot = slot(fact)
    let day = Int32(truncatingIfNeeded: keys.ts / 86_400_000)
    if recent[slot]?.day != day { recent[slot] = open(fact, day) }
    let (_, dateKey, buffer) = recent[slot]!
    see(keys)
    return (dateKey, buffer)
  }

  /// Where `recent` has the buffer of a fact.
  @inline(__always)
  private func slot(_ fact: FactTable) -> Int {
    switch fact {
    case .listen: 0
    case .auth: 1
    case .pageView: 2
    }
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
  private func sendIfFull(_ fact: FactTable, _ buffer: CopyBuffer, _ keys: FactKeys) {
    if buffer.byteCount >= Self.sendBytes {
      send(buffer, of: Part(fact: fact, day: CalendarDay(milliseconds: keys.ts)))
    }
  }

  private func open(_ fact: FactTable, _ day: Int32) -> (Int32, Int32, CopyBuffer) {
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
    guard numbers.covers(part.day) else { return buffer.removeAll() }
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
    let name = "\(part.fact.name)_g\(numbers.run)_\(part.day.key)"
    return StageTable(
      name: name, makeQuery: "batch/stage_fact",
      makeValues: numbers.values([
        "table": name, "fact": part.fact.name, "day": "\(part.day.key)",
        "next_day": "\(part.day.next.key)",
      ]),
      finishQuery: "batch/index_fact", finishValues: ["table": name], columns: part.fact.columns)
  }

  /// The name, without the schema, of the staged table that the days with few facts share.
  static func rareName(_ fact: FactTable, _ run: Int64) -> String {
    "\(fact.name)_g\(run)_rare"
  }

  /// What the days with few facts share.
  func rareTable(_ fact: FactTable) -> StageTable {
    let name = Self.rareName(fact, numbers.run)
    return StageTable(
      name: name, makeQuery: "batch/stage_rare_fact",
      makeValues: numbers.values(["table": name, "fact": fact.name]),
      finishQuery: "batch/index_fact", finishValues: ["table": name], columns: fact.columns)
  }

  /// Plays of earlier loads whose outcome has changed.
  var changeTable: StageTable {
    let name = "listen_change_g\(numbers.run)"
    return StageTable(
      name: name, makeQuery: "batch/stage_listen_change", makeValues: ["table": name],
      columns: ListenChangeRows.columns)
  }

  /// Page views whose credit has changed.
  var creditTable: StageTable {
    let name = "credit_change_g\(numbers.run)"
    return StageTable(
      name: name, makeQuery: "batch/stage_credit_change", makeValues: ["table": name],
      columns: CreditChangeRows.columns)
  }

  /// What has changed of facts since they were written.
  var factChanges: [FactChange] {
    [
      changedSpan.map {
        FactChange(query: "close_plays", fact: .listen, rows: changeTable, span: $0)
      },
      credits.span.map {
        FactChange(query: "move_credits", fact: .pageView, rows: creditTable, span: $0)
      },
    ].compactMap { $0 }
  }

  /// When each state of a user was first and last seen in this load.
  var userTable: StageTable {
    let name = "user_seen_g\(numbers.run)"
    return StageTable(
      name: name, makeQuery: "batch/stage_user_seen", makeValues: ["table": name],
      columns: UserSeenRows.columns)
  }

  private func send(_ buffer: CopyBuffer, _ table: StageTable) {
    guard buffer.rowCount > 0 else { return }
    due.append((table, Array(buffer.bytes)))
    buffer.removeAll()
  }

  /// Hands the rows that are due over to the writer. To be called whenever some records have been read.
  /// - Throws: the writing connection's error, where it has failed.
  func handOver() throws {
    defer { due = [] }
    for (table, rows) in due { try writer.write(rows, to: table) }
  }

  /// Sends what is collected, and hands it over; the days with the most facts first, as they are worth a
  /// table the most.
  func flush() throws {
    let parts = buffers.sorted {
      ($1.value.rowCount, $0.key.day) < ($0.value.rowCount, $1.key.day)
    }
    for (part, buffer) in parts { send(buffer, of: part) }
    buffers = [:]
    recent = [nil, nil, nil]
    send(changes, changeTable)
    send(credits.rows(), creditTable)
    try handOver()
  }

  /// Sends when each state of a user was seen, and hands it over.
  func flushUsers() throws {
    let buffer = CopyBuffer()
    for (key, seen) in users.sorted(by: { $0.key < $1.key }) {
      UserSeenRows.append(userKey: key, first: seen.first, last: seen.last, to: buffer)
    }
    send(buffer, userTable)
    try handOver()
  }
}

extension FactWriter.Seen {
  @inline(__always)
  fileprivate mutating func include(_ ts: Int64) {
    first = min(first, ts)
    last = max(last, ts)
  }
}
