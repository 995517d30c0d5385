import EventModel
import Metrics

/// Keys by the rules of docs/keys.md, written a second time in a slow and plain way.
struct TwinKey {
  let user, song, location, device, audience, page: Int64

  init(_ s: Sample) {
    user = Self.user(s)
    song = Self.song(s)
    location = Self.location(s)
    device = Self.device(s)
    audience = Self.audience(s)
    page = Self.page(s)
  }

  static func bytes(_ text: String) -> [UInt8] {
    text.isEmpty ? [255, 255, 255, 255] : littleEndian(UInt64(text.utf8.count), 4) + text.utf8
  }

  static func bytes(_ value: Int64?) -> [UInt8] {
    guard let value else { return [255, 255, 255, 255] }
    return littleEndian(8, 4) + littleEndian(UInt64(bitPattern: value), 8)
  }

  private static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  static func hash(_ parts: [UInt8]...) -> Int64 {
    Array(parts.joined()).withUnsafeBytes { Int64(bitPattern: Murmur3.hash64($0)) }
  }

  static func user(_ s: Sample) -> Int64 {
    if let known = s.known { return known.user }
    guard let user = s.user else { return 0 }
    return hash(
      bytes(user), bytes(s.firstName), bytes(s.lastName), bytes(s.gender), bytes(s.level),
      bytes(s.registration))
  }

  static func song(_ s: Sample) -> Int64 {
    if let known = s.known { return known.song }
    return
      s.artist + s.song == "" ? 0 : hash(bytes(s.artist), bytes(s.song), bytes(s.lengthMs))
  }

  static func location(_ s: Sample) -> Int64 {
    if let known = s.known { return known.location }
    if s.state + s.city + s.zip + s.country == "" { return 0 }
    let country = s.country.isEmpty ? "US" : s.country
    return hash(bytes(country), bytes(s.state), bytes(s.city), bytes(s.zip))
  }

  static func device(_ s: Sample) -> Int64 {
    if let known = s.known { return known.device }
    return s.agent.isEmpty ? 0 : hash(bytes(s.agent))
  }

  static func audience(_ s: Sample) -> Int64 {
    if let known = s.known { return known.audience }
    return
      hash(
        bytes(s.gender.isEmpty || s.user == nil ? "unknown" : s.gender),
        bytes(s.level.isEmpty ? "unknown" : s.level)
      )
  }

  static func page(_ s: Sample) -> Int64 {
    if let known = s.known { return known.page }
    return
      hash(
        bytes(s.page), bytes(s.method), bytes(Int64(s.status ?? 0)), bytes(s.auth), bytes(s.level))
  }

  static func identity(_ s: Sample) -> Int64 {
    hash(
      bytes(Int64(s.topic.rawValue)), bytes(s.user), bytes(s.session), bytes(s.item), bytes(s.ts))
  }

  static func session(_ s: Sample) -> Int64 { hash(bytes(s.user), bytes(s.session)) }
}

extension Sample {
  var lengthMs: Int64? { duration.flatMap { $0 > 0 ? Int64(($0 * 1000).rounded()) : nil } }
}

struct RowKey: Hashable {
  var rollup: Rollup
  var minute: Int64
  var key: Int64
}

/// One rollup row: sums, and the hashes of the members of each distinct count.
struct TwinRow: Equatable {
  var counts = [Int64](repeating: 0, count: Counter.allCases.count)
  var distinct = [Set<UInt64>](repeating: [], count: Distinct.allCases.count)
}

/// A listen with its outcome.
struct TwinListen {
  var sample: Sample
  var outcome: Outcome
  var listenedMs: Int64
}

/// The numbers of docs/metrics.md, a second time: milliseconds, where nothing else is said.
enum TwinRule {
  static let day: Int64 = 86_400_000
  /// "Which events count, and how": records in the crowd, how many must have come before its pace is known, and how often it
  /// is asked.
  static let crowdRecords = 64
  static let paceRecords = 32
  static let askedEvery = 32
  /// Records a day apart from all others of the crowd, of which one alone says nothing.
  static let aloneRecords = 8
  /// How far ahead of the median event time goes: at least so much, or so many times its distance from the lower
  /// eighth.
  static let leastReach: Int64 = 300_000
  static let paces: Int64 = 8
  /// "Plays": a play without a length is over after an hour; less than 30 s is a skip; 90 % is completed.
  static let longestUnknownPlay: Int64 = 3_600_000
  static let skip: Int64 = 30_000
  static let completedPercent: Int64 = 90
  /// "Page views and logins": how long after a listen began a page view is credited to its song.
  static let credit: Int64 = 3_600_000
}

/// How far event time has come, by the rule of docs/metrics.md. This alone is a fold, as the rule is one.
struct TwinMark {
  private(set) var greatest: Int64?
  private var crowd: [Int64] = []
  private var allowed: Int64 = 0
  private var sinceAsked = 0

  mutating func take(_ ts: Int64) {
    if let greatest, ts < greatest - TwinRule.day { return }
    crowd = (crowd + [ts]).suffix(TwinRule.crowdRecords)
    sinceAsked += 1
    let sorted = crowd.sorted()
    let median = sorted[(crowd.count - 1) / 2]
    if let greatest {
      if ts <= allowed { self.greatest = max(greatest, ts) }
      if ts <= allowed && sinceAsked < TwinRule.askedEvery { return }
    } else if crowd.filter({ abs($0 - median) <= TwinRule.day }).count < 2
      && crowd.count < TwinRule.aloneRecords
    {
      return
    }
    sinceAsked = 0
    let least = max(greatest ?? median, median)
    allowed = least + TwinRule.day
    if crowd.count >= TwinRule.paceRecords {
      let eighth = sorted[(crowd.count - 1) / 8]
      allowed = min(allowed, median + max(TwinRule.leastReach, TwinRule.paces * (median - eighth)))
    }
    greatest = max(least, sorted.last { $0 <= allowed } ?? least)
  }
}

/// The definitions of docs/metrics.md by brute force over all events at once, with no order except that
/// of offsets, and no incremental state but `TwinMark`. Sketches are hashed by the product's `Murmur3`, which has
/// tests of its own.
struct KernelTwin {
  let log: SampleLog
  let latenessMs: Int64
  /// By topic: the events within the window that are no redeliveries, and the events outside the window.
  private(set) var inWindow: [[Sample]] = []
  private(set) var outside: [[Sample]] = []
  /// By topic: the event time reached after each record.
  private(set) var greatest: [[Int64?]] = []
  private(set) var rows: [RowKey: TwinRow] = [:]
  private(set) var listens: [TwinListen] = []

  private struct Session: Hashable {
    var user: Int64?
    var number: Int64
    init(_ s: Sample) { (user, number) = (s.user, s.session) }
  }

  private struct Start {
    var ts, item, song: Int64
  }

  /// The timely listens of each session, in no order.
  private var starts: [Session: [Start]] = [:]

  /// - Parameter onceForAll: true to recognise redeliveries behind the window too, as the batch layer does.
  init(_ log: SampleLog, latenessMs: Int64, onceForAll: Bool = false) {
    self.log = log
    self.latenessMs = latenessMs
    for topic in log.topics { classify(topic, onceForAll) }
    for s in inWindow[Int(Topic.listen.rawValue)] {
      let start = Start(ts: s.ts, item: s.item, song: TwinKey.song(s))
      starts[Session(s), default: []].append(start)
    }
    for sample in inWindow.joined() { countAnyEvent(sample) }
    for sample in outside.joined() { countAnyEvent(sample) }
    for sample in inWindow[Int(Topic.listen.rawValue)] { end(sample) }
    for sample in outside[Int(Topic.listen.rawValue)] { endAtOnce(sample) }
    for sample in inWindow[Int(Topic.pageView.rawValue)] { credit(sample, timely: true) }
    for sample in outside[Int(Topic.pageView.rawValue)] { credit(sample, timely: false) }
  }

  private struct Identity: Hashable {
    var user: Int64?
    var session, item, ts: Int64
    init(_ s: Sample) { (user, session, item, ts) = (s.user, s.session, s.item, s.ts) }
  }

  private mutating func classify(_ samples: [Sample], _ onceForAll: Bool) {
    var mark = TwinMark()
    var seen = Set<Identity>()
    var timely: [Sample] = []
    var other: [Sample] = []
    var marks: [Int64?] = []
    for s in samples {
      let isIn = mark.greatest.map { s.ts >= $0 - latenessMs && s.ts <= $0 + TwinRule.day } ?? true
      if isIn {
        if seen.insert(Identity(s)).inserted { timely.append(s) }
      } else if (!onceForAll && s.ts < mark.greatest!) || seen.insert(Identity(s)).inserted {
        other.append(s)
      }
      mark.take(s.ts)
      marks.append(mark.greatest)
    }
    inWindow.append(timely)
    outside.append(other)
    greatest.append(marks)
  }

  /// The watermark of the listens.
  private var watermark: Int64? {
    greatest[Int(Topic.listen.rawValue)].last.flatMap { $0 }.map { $0 - latenessMs }
  }

  private mutating func add(_ key: RowKey, _ counter: Counter, _ amount: Int64) {
    rows[key, default: TwinRow()].counts[counter.rawValue] += amount
  }

  private mutating func add(_ key: RowKey, _ distinct: Distinct, _ value: Int64) {
    rows[key, default: TwinRow()].distinct[distinct.rawValue].insert(Murmur3.hash64(value))
  }

  private func commonRows(_ s: Sample) -> [RowKey] {
    [
      (Rollup.totals, 0), (.user, TwinKey.user(s)), (.location, TwinKey.location(s)),
      (.device, TwinKey.device(s)), (.audience, TwinKey.audience(s)),
    ].map { RowKey(rollup: $0.0, minute: s.ts / 60_000, key: $0.1) }
  }

  private func row(_ rollup: Rollup, _ s: Sample, _ key: Int64) -> RowKey {
    RowKey(rollup: rollup, minute: s.ts / 60_000, key: key)
  }

  private mutating func countAnyEvent(_ s: Sample) {
    var rows = commonRows(s)
    if s.topic == .pageView { rows.append(row(.page, s, TwinKey.page(s))) }
    for key in rows {
      add(key, .sessions, s.session)
      if let user = s.user { add(key, .activeUsers, user) }
    }
    switch s.topic {
    case .auth:
      for key in rows { add(key, s.success == true ? .logins : .failedLogins, 1) }
    case .pageView:
      for key in rows {
        add(key, .pageViews, 1)
        if let status = s.status, status >= 400 { add(key, .errors, 1) }
        if let counter = Self.engagement(s) { add(key, counter, 1) }
      }
    case .listen:
      let song = TwinKey.song(s)
      for key in rows {
        add(key, .listens, 1)
        if song != 0 { add(key, .songs, song) }
        if let user = s.user { add(key, .listeners, user) }
      }
      add(row(.song, s, song), .listens, 1)
      if let user = s.user { add(row(.song, s, song), .listeners, user) }
    }
  }

  static func engagement(_ s: Sample) -> Counter? {
    switch s.page {
    case "Thumbs Up": .thumbsUp
    case "Thumbs Down": .thumbsDown
    case "Add to Playlist": .playlistAdds
    case "Share": .shares
    case "Add Friend": .friendsAdded
    case "Roll Advert": .adverts
    default: nil
    }
  }

  private mutating func end(_ s: Sample) {
    var next: Int64?
    for other in starts[Session(s)]! where (other.ts, other.item) > (s.ts, s.item) {
      next = min(next ?? Int64.max, other.ts)
    }
    let isPast = { [watermark] (time: Int64) in watermark.map { $0 >= time } ?? false }
    guard let length = s.lengthMs else {
      let limit = s.ts + TwinRule.longestUnknownPlay
      if let next, next < limit {
        book(s, next - s.ts < TwinRule.skip ? .skipped : .partial, next - s.ts)
      } else if next != nil || isPast(limit) {
        book(s, .partial, 0)
      } else {
        book(s, .open, 0)
      }
      return
    }
    guard next != nil || isPast(s.ts + length) else { return book(s, .open, 0) }
    let listened = min(length, next.map { $0 - s.ts } ?? length)
    if listened * 100 >= length * TwinRule.completedPercent {
      book(s, .completed, listened)
    } else {
      book(s, listened < TwinRule.skip ? .skipped : .partial, listened)
    }
  }

  private mutating func endAtOnce(_ s: Sample) {
    if let length = s.lengthMs { book(s, .completed, length) } else { book(s, .partial, 0) }
  }

  private mutating func book(_ s: Sample, _ outcome: Outcome, _ listened: Int64) {
    listens.append(TwinListen(sample: s, outcome: outcome, listenedMs: listened))
    let counter: Counter
    switch outcome {
    case .open: return
    case .completed: counter = .completed
    case .partial: counter = .partial
    case .skipped: counter = .skipped
    }
    for key in commonRows(s) + [row(.song, s, TwinKey.song(s))] {
      add(key, counter, 1)
      add(key, .listenedMs, listened)
    }
  }

  private mutating func credit(_ s: Sample, timely: Bool) {
    guard let counter = Self.engagement(s) else { return }
    var song = TwinKey.song(s)
    if song == 0 && timely {
      var last: Start?
      for start in starts[Session(s)] ?? [] where start.ts <= s.ts {
        if let best = last, (best.ts, best.item) > (start.ts, start.item) { continue }
        last = start
      }
      if let last, s.ts - last.ts <= TwinRule.credit { song = last.song }
    }
    if song != 0 { add(row(.song, s, song), counter, 1) }
  }
}
