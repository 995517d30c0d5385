import EventModel
import Metrics
import StarSchema
import Warehouse

/// Collects the facts of the kernels of one feed, by fact and day, until they are worth sending.
final class FactCollector: FactSink {
  /// Bytes of rows that are collected for a day before they are due.
  private static let sendBytes = 4 << 20
  /// Days that may be collected at a time, over all facts; beyond, those with many facts are due.
  private static let daysAtOnce = 96
  /// Bytes of rows of days with few facts that may be collected at a time.
  private static let fewFactsBytes = 64 << 20

  /// Rows that are due: what they are, in PostgreSQL's binary COPY format.
  struct Rows {
    enum Kind {
      case facts(FactWriter.Part)
      case listenChanges
    }
    var kind: Kind
    var bytes: [UInt8]
    var count: Int
  }

  private var buffers: [FactWriter.Part: CopyBuffer] = [:]
  /// Days collected at which those with many facts are due.
  private var crowd = FactCollector.daysAtOnce
  /// The latest day that has come.
  private var newest = Int32.min
  /// The buffer used last, by fact: most events are of the day before them.
  private var recent: [(day: Int32, buffer: CopyBuffer)?] = [nil, nil, nil]
  /// The day of the last fact, and its times; in `days` from the next day's first fact on.
  private var today = (
    day: CalendarDay(number: Int32.min), seen: FactWriter.Seen(first: 0, last: 0)
  )
  private let changes = CopyBuffer()
  /// Minutes of the facts that are new or have changed; nil where nobody asks for them.
  private(set) var minutes: MinuteSet?
  /// Page views that are credited to another song than their facts say.
  private(set) var credits = CreditChanges()
  /// What has been collected so far.
  private(set) var parts: Set<FactWriter.Part> = []
  /// When each state of a user was seen.
  private(set) var users: [Int64: FactWriter.Seen] = [:]
  private var days: [CalendarDay: FactWriter.Seen] = [:]
  /// Event times of changed plays of earlier loads.
  private(set) var changedSpan: ClosedRange<Int64>?
  /// Parts of which rows have been due before.
  private var begun: Set<FactWriter.Part> = []
  /// Rows to be sent: facts come from deep inside the kernel, where nothing can fail, and so wait here for whoever
  /// feeds the kernel.
  private var due: [Rows] = []

  /// Page views that a play may stand for; nil where each is a row of its own.
  private var waiting: WaitingViews?
  /// Texts of the page views that wait, and of plays.
  private var texts: InternedTexts?
  /// Page views that plays stand for, by day.
  private(set) var viewsOfPlays: [CalendarDay: Int] = [:]

  /// - Parameters:
  ///   - notesMinutes: whether `minutes` is asked for.
  ///   - joinsViews: whether a play stands for its page view too, where that says nothing more.
  init(notesMinutes: Bool, joinsViews: Bool) {
    minutes = notesMinutes ? MinuteSet() : nil
    waiting = joinsViews ? WaitingViews() : nil
  }

  func auth(_ keys: FactKeys, _ event: Event) {
    see(keys)
    let buffer = buffer(.auth, keys)
    FactRows.append(auth: event, keys, to: buffer)
    dueIfFull(.auth, buffer, keys)
  }

  func pageView(
    _ keys: FactKeys, songKey: Int64, _ credit: PageCredit, _ event: Event, texts: InternedTexts
  ) {
    see(keys)
    if waiting != nil,
      let view = ViewOfPlay(keys, songKey: songKey, credit, event, texts: texts)
    {
      assert(self.texts == nil || self.texts === texts, "texts of two kernels in one collector")
      self.texts = texts
      if let other = waiting!.put(view) { write(other) }
      return
    }
    let buffer = buffer(.pageView, keys)
    FactRows.append(pageView: event, keys, songKey: songKey, credit, to: buffer)
    dueIfFull(.pageView, buffer, keys)
  }

  /// Writes a page view that waits no longer.
  private func write(_ view: ViewOfPlay) {
    guard let texts else { return }
    let buffer = buffer(.pageView, view.keys)
    FactRows.append(view, texts: texts, to: buffer)
    dueIfFull(.pageView, buffer, view.keys)
  }

  func creditChanged(_ keys: FactKeys, songKey: Int64) {
    credits.note(keys, songKey: songKey)
    minutes?.insert(keys.ts)
  }

  func listen(_ fact: ListenFact, texts: InternedTexts) {
    see(fact.keys)
    let hasPageView = waiting?.take(of: fact) ?? false
    if hasPageView { viewsOfPlays[CalendarDay(milliseconds: fact.keys.ts), default: 0] += 1 }
    let buffer = buffer(.listen, fact.keys)
    FactRows.append(fact, hasPageView: hasPageView, texts: texts, to: buffer)
    dueIfFull(.listen, buffer, fact.keys)
  }

  func listenChanged(_ fact: ListenFact) {
    ListenChangeRows.append(fact, to: changes)
    minutes?.insert(fact.keys.ts)
    changedSpan = EventSpans.including(fact.keys.ts, changedSpan)
    if changes.byteCount >= Self.sendBytes { take(changes, .listenChanges) }
  }

  /// The buffer of the fact's day.
  @inline(__always)
  private func buffer(_ fact: FactTable, _ keys: FactKeys) -> CopyBuffer {
    let slot = slot(fact)
    let day = Int32(truncatingIfNeeded: keys.ts / 86_400_000)
    if recent[slot]?.day != day { recent[slot] = open(fact, day) }
    return recent[slot]!.buffer
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

  /// Notes when the fact was.
  private func see(_ keys: FactKeys) {
    let day = CalendarDay(milliseconds: keys.ts)
    if day != today.day {
      keepToday()
      today = (day, days[day] ?? FactWriter.Seen(first: keys.ts, last: keys.ts))
    }
    today.seen.include(keys.ts)
    minutes?.insert(keys.ts)
    users[keys.userKey, default: FactWriter.Seen(first: keys.ts, last: keys.ts)].include(keys.ts)
  }

  private func keepToday() {
    if today.day.number != Int32.min { days[today.day] = today.seen }
  }

  /// Event times of the facts, by day.
  func daysSeen() -> [CalendarDay: FactWriter.Seen] {
    keepToday()
    return days
  }

  @inline(__always)
  private func dueIfFull(_ fact: FactTable, _ buffer: CopyBuffer, _ keys: FactKeys) {
    if buffer.byteCount >= Self.sendBytes {
      take(
        buffer, .facts(FactWriter.Part(fact: fact, day: CalendarDay(milliseconds: keys.ts))))
    }
  }

  private func open(_ fact: FactTable, _ day: Int32) -> (Int32, CopyBuffer) {
    let part = FactWriter.Part(fact: fact, day: CalendarDay(number: day))
    if day > newest {
      newest = day
      takeFullDays(before: day - 1)
    }
    if buffers[part] == nil, buffers.count >= crowd {
      takeFullDays(before: Int32.max)
      if buffers.values.reduce(0, { $0 + $1.byteCount }) > Self.fewFactsBytes { takeDays() }
      crowd = max(Self.daysAtOnce, 2 * buffers.count)
    }
    let buffer = buffers[part] ?? CopyBuffer(capacity: 1 << 10)
    buffers[part] = buffer
    parts.insert(part)
    return (day, buffer)
  }

  /// Takes the rows of days before this one (days since 1970) that have many facts: keeps memory flat over many days.
  private func takeFullDays(before day: Int32) {
    for (part, buffer) in buffers
    where part.day.number < day
      && (buffer.rowCount >= FactWriter.manyRows || begun.contains(part))
    {
      take(buffer, .facts(part))
      buffers[part] = nil
    }
    recent = [nil, nil, nil]
  }

  private func takeDays() {
    for (part, buffer) in buffers { take(buffer, .facts(part)) }
    buffers = [:]
    recent = [nil, nil, nil]
  }

  private func take(_ buffer: CopyBuffer, _ kind: Rows.Kind) {
    guard buffer.rowCount > 0 else { return }
    if case .facts(let part) = kind { begun.insert(part) }
    due.append(Rows(kind: kind, bytes: Array(buffer.bytes), count: buffer.rowCount))
    buffer.removeAll()
  }

  /// The rows that are due since the last call.
  func takeDue() -> [Rows] {
    defer { due = [] }
    return due
  }

  /// The credits that have changed since the last call, of each page view the last one.
  func takeCredits() -> CopyBuffer { credits.rows() }

  /// All rows that are left, those that are due first.
  func takeAll() -> [Rows] {
    for view in waiting?.takeAll() ?? [] { write(view) }
    takeDays()
    take(changes, .listenChanges)
    return takeDue()
  }
}
