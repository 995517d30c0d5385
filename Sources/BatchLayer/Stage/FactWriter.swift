import EventModel
import Metrics
import StarSchema
import Warehouse

/// Says where the rows of facts go: into a staged table for each fact and day, so that a whole day can be
/// attached to the warehouse as it is. A partition costs locks, which a server has so many of; so days
/// with few facts, once there are many of them (wild clocks can make 36,525), share a table.
final class FactWriter {
  /// A day with as many facts has a table of its own, however many days there are.
  static let manyRows = 1000

  /// One day of one fact.
  struct Part: Hashable, Sendable {
    var fact: FactTable
    var day: CalendarDay
  }

  /// The kinds of staged tables.
  enum Place {
    /// The part has a table of its own.
    case own
    /// One of the days with few facts, of which there are many: those of a fact share a table.
    case rare
    /// The warehouse has the part already, and gets few facts more: those of a fact share a table, from which PostgreSQL
    /// deals them to their days.
    case few
  }

  struct Seen: Sendable {
    var first: Int64
    var last: Int64
  }

  /// What the kernels write to, one for each feed.
  let collectors: [FactCollector]
  private let numbers: LoadNumbers
  private let writer: StageWriter
  /// Days of a fact that get a table of their own though they have few facts.
  private let ownDays: Int
  /// How many days with few facts have a table of their own, by fact.
  private var small: [FactTable: Int]
  /// Where the rows of each part go; decided when it is first sent.
  private var places: [Part: Place] = [:]
  /// Parts that the warehouse has a partition for.
  private let present: Set<Part>
  /// Facts sent, by fact and day.
  private(set) var counts: [Part: Int] = [:]
  /// Facts of days that are not made anew: they were counted, and are sent nowhere.
  private(set) var leftOut: [Part: Int] = [:]

  /// - Parameters:
  ///   - width: how many feeds there are at most.
  ///   - ownDays: days of a fact that get a table of their own though they have few facts.
  ///   - small: how many of those there are already, by fact.
  ///   - present: the parts that the warehouse has a partition for, where facts are added to those.
  ///   - joinsViews: as `FactCollector` has it.
  init(
    _ numbers: LoadNumbers, writer: StageWriter, width: Int, ownDays: Int,
    small: [FactTable: Int], present: Set<Part>, joinsViews: Bool
  ) {
    self.present = present
    self.numbers = numbers
    self.writer = writer
    self.ownDays = ownDays
    self.small = small
    collectors = (0..<max(1, width)).map { _ in
      FactCollector(notesMinutes: !numbers.isFull, joinsViews: joinsViews)
    }
  }

  // MARK: What was collected

  /// Page views of a day that plays stand for.
  func viewsOfPlays(_ day: CalendarDay) -> Int {
    collectors.reduce(0) { $0 + $1.viewsOfPlays[day, default: 0] }
  }

  /// What the tables of this load hold.
  var parts: Set<Part> { collectors.reduce(into: []) { $0.formUnion($1.parts) } }

  /// Event times of this load's facts: a range for each run of days that follow each other.
  var spans: [ClosedRange<Int64>] {
    let days = Self.joined(collectors.map { $0.daysSeen() })
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

  /// Minutes whose facts are new or have changed, as stretches of time; nil for a full load.
  var touched: [ClosedRange<Int64>]? {
    guard !numbers.isFull else { return nil }
    return collectors.compactMap(\.minutes).reduce(into: MinuteSet()) { $0.formUnion($1) }
      .stretches(joiningUpTo: Self.touchedGap)
  }

  /// Minutes that may lie between two minutes of one stretch: a stretch costs more than a few minutes' facts.
  private static let touchedGap: Int32 = 10

  /// Whether this load has seen any state of a user.
  var hasUsers: Bool { collectors.contains { !$0.users.isEmpty } }

  /// What has changed of facts since they were written.
  var factChanges: [FactChange] {
    [
      EventSpans.joined(collectors.map(\.changedSpan)).map {
        FactChange(query: "close_plays", fact: .listen, rows: changeTable, span: $0)
      },
      creditSpan.map {
        FactChange(query: "move_credits", fact: .pageView, rows: creditTable, span: $0)
      },
    ].compactMap { $0 }
  }

  /// From the first to the last page view whose credit has changed; nil where there are none.
  var creditSpan: ClosedRange<Int64>? { EventSpans.joined(collectors.map(\.credits.span)) }

  private static func joined<Key>(_ seen: [[Key: Seen]]) -> [Key: Seen] {
    guard let first = seen.first else { return [:] }
    return seen.dropFirst().reduce(into: first) { all, more in
      all.merge(more) { Seen(first: min($0.first, $1.first), last: max($0.last, $1.last)) }
    }
  }

  // MARK: Sending

  /// Hands the rows that are due over to the writer. To be called whenever some records have been read.
  /// - Throws: the writing connection's error, where it has failed.
  func handOver() throws {
    for collector in collectors { try send(collector.takeDue()) }
  }

  /// Hands over all that is collected; the days with the most facts first, as they are worth a table the most.
  func flush() throws {
    let all = collectors.flatMap { $0.takeAll() }
    var counts: [Part: Int] = [:]
    for rows in all {
      if case .facts(let part) = rows.kind { counts[part, default: 0] += rows.count }
    }
    for (part, count) in counts.sorted(by: { ($1.value, $0.key.day) < ($0.value, $1.key.day) }) {
      decide(part, rows: count)
    }
    try send(all)
    for collector in collectors {
      try writer.write(collector.takeCredits(), to: creditTable)
    }
  }

  /// Sends when each state of a user was seen.
  func flushUsers() throws {
    let buffer = CopyBuffer()
    let users = Self.joined(collectors.map(\.users))
    for (key, seen) in users.sorted(by: { $0.key < $1.key }) {
      UserSeenRows.append(userKey: key, first: seen.first, last: seen.last, to: buffer)
    }
    try writer.write(buffer, to: userTable)
  }

  /// Bytes of rows for one table that are sent together.
  private static let sharedBytes = 4 << 20

  /// Sends rows, those of days that share a table in one go: late events may be of a day each.
  private func send(_ all: [FactCollector.Rows]) throws {
    var shared: [StageTable: [UInt8]] = [:]
    for rows in all {
      guard case .facts(let part) = rows.kind else {
        try writer.write(rows.bytes, to: changeTable)
        continue
      }
      guard numbers.covers(part.day) else {
        leftOut[part, default: 0] += rows.count
        continue
      }
      decide(part, rows: rows.count)
      counts[part, default: 0] += rows.count
      let table = table(part)
      guard places[part] != .own else {
        try writer.write(rows.bytes, to: table)
        continue
      }
      shared[table, default: []] += FactRows.dated(rows.bytes, dateKey: part.day.key)
      if let bytes = shared[table], bytes.count >= Self.sharedBytes {
        try writer.write(bytes, to: table)
        shared[table] = nil
      }
    }
    for (table, bytes) in shared.sorted(by: { $0.key.name < $1.key.name }) {
      try writer.write(bytes, to: table)
    }
  }

  /// Decides whether a part has a table of its own, where that is open.
  private func decide(_ part: Part, rows: Int) {
    guard numbers.covers(part.day), places[part] == nil else { return }
    if rows >= Self.manyRows {
      places[part] = .own
    } else if present.contains(part) {
      places[part] = .few
    } else if small[part.fact, default: 0] < ownDays {
      small[part.fact, default: 0] += 1
      places[part] = .own
    } else {
      places[part] = .rare
    }
  }

  /// The parts whose rows have gone there.
  func parts(in place: Place) -> Set<Part> { Set(places.filter { $0.value == place }.keys) }

  // MARK: Tables

  /// The staged table of a part.
  func table(_ part: Part) -> StageTable {
    switch places[part] {
    case .rare: return sharedTable(Self.rareName(part.fact, numbers.run), part.fact)
    case .few: return sharedTable(Self.fewName(part.fact, numbers.run), part.fact)
    case .own, nil: break
    }
    let name = "\(part.fact.name)_g\(numbers.run)_\(part.day.key)"
    return StageTable(
      name: name, makeQuery: "batch/stage_lean",
      makeValues: ["table": name, "like": part.fact.name],
      finishQuery: "batch/complete_fact",
      finishValues: numbers.values([
        "table": name, "day": "\(part.day.key)", "next_day": "\(part.day.next.key)",
      ]),
      columns: part.fact.columnsOfDay)
  }

  /// The name, without the schema, of the staged table that the days with few facts share.
  static func rareName(_ fact: FactTable, _ run: Int64) -> String {
    "\(fact.name)_g\(run)_rare"
  }

  /// The name, without the schema, of the staged table of few facts for days that are there.
  static func fewName(_ fact: FactTable, _ run: Int64) -> String {
    "\(fact.name)_g\(run)_few"
  }

  private func sharedTable(_ name: String, _ fact: FactTable) -> StageTable {
    StageTable(
      name: name, makeQuery: "batch/stage_rare_fact",
      makeValues: numbers.values(["table": name, "fact": fact.name]),
      finishQuery: "batch/index_fact", finishValues: ["table": name], columns: fact.storedColumns)
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

  /// When each state of a user was first and last seen in this load.
  var userTable: StageTable {
    let name = "user_seen_g\(numbers.run)"
    return StageTable(
      name: name, makeQuery: "batch/stage_user_seen", makeValues: ["table": name],
      columns: UserSeenRows.columns)
  }
}

extension FactWriter.Seen {
  @inline(__always)
  mutating func include(_ ts: Int64) {
    first = min(first, ts)
    last = max(last, ts)
  }
}
