/// A play that may still change: the part of a session's history that late but timely events can
/// reach.
struct Play {
  var fact: ListenFact
  /// When the play ends if no other listen comes. Milliseconds since 1970.
  var end: Int64
  /// The row of `minute_audience` that the play counts in.
  var audienceKey: Int64
  /// What the rollups say of the play now.
  var counted: Outcome = .open
  var countedListenedMs: Int32 = 0
  /// What the fact sink was told of the play: by this kernel or, of a play of earlier records, by the
  /// load that read those.
  var reported: Outcome = .open
  var reportedListenedMs: Int32 = 0
  /// True once the fact row exists, made by this kernel or from an earlier stretch of the log.
  var isReported = false
  /// True once the watermark has passed `end`: no event in time changes the outcome any more.
  var isFinal = false
  /// The session's play before this one; -1 for none.
  var older: Int32 = -1
  /// The session's play after this one; -1 for none.
  var newer: Int32 = -1
  /// Index into the store's sessions.
  var session: Int32 = -1

  /// When the play started. Milliseconds since 1970.
  var ts: Int64 { fact.keys.ts }

  /// How the play ended by what is known (docs/metrics.md), and how many milliseconds were listened to.
  /// - Parameters:
  ///   - next: when the session's next listen starts, not earlier than this one. Milliseconds since 1970.
  ///   - watermark: the watermark of the partition's listens. Milliseconds since 1970.
  func outcome(next: Int64?, watermark: Int64) -> (Outcome, Int32) {
    assert(next ?? ts >= ts, "the next play starts at \(next ?? ts), before this one, at \(ts)")
    guard fact.durationMs >= 0 else {
      // The song's length is not known: only a following listen says how long the song was heard.
      if let next, next < end {
        return next - ts < Self.skipMs ? (.skipped, heard(next)) : (.partial, heard(next))
      }
      return next != nil || watermark >= end ? (.partial, 0) : (.open, 0)
    }
    if let next, next < end {
      let listened = next - ts
      if listened * 10 >= Int64(fact.durationMs) * 9 { return (.completed, Int32(listened)) }
      return listened < Self.skipMs ? (.skipped, Int32(listened)) : (.partial, Int32(listened))
    }
    return next != nil || watermark >= end ? (.completed, fact.durationMs) : (.open, 0)
  }

  private func heard(_ next: Int64) -> Int32 { Int32(next - ts) }

  /// Milliseconds. A play that is left for the next song sooner than this counts as skipped.
  static let skipMs: Int64 = 30_000
  /// Milliseconds. How long a play of unknown length can last.
  static let unknownLengthMs: Int64 = 3_600_000
}

/// A page view that names no song, and counts for the song that its session heard last.
struct Credit {
  /// The page view's, by which its fact is found.
  var keys: FactKeys
  /// What the page view counts as.
  var counter: Counter
  /// Index into the store's sessions.
  var session: Int32
  /// When the page was viewed. Milliseconds since 1970.
  var ts: Int64 { keys.ts }
  /// The song that the rollups credit now; 0 for none yet.
  var songKey: Int64 = 0
  /// The session's credit added before this one; -1 for none.
  var older: Int32 = -1
}

/// The plays of the sessions of one partition, each session's in order of time.
struct PlayStore: ~Copyable {
  private struct Session {
    /// As `KeyHasher.session` makes it.
    var key: Int64
    /// The first and the last play in order of time; -1 for none.
    var oldest: Int32 = -1
    var newest: Int32 = -1
    /// The credit added last; -1 for none.
    var lastCredit: Int32 = -1
  }

  private var plays: UnsafeMutablePointer<Play>
  private var playCapacity = 1024
  private var playCount = 0
  private var freePlays: [Int32] = []
  private var sessions: [Session] = []
  private var sessionIndex = FlatTable()
  /// Plays that are not final, the first to end on top.
  private var endings = EndingHeap()
  /// Plays that have not been forgotten.
  private var live = 0
  var credits: [Credit] = []
  /// How many plays, credits and sessions together are never worth a sweep.
  var sweepFloor = 4096 { didSet { sweepAt = sweepFloor } }
  private var sweepAt = 4096

  init() { plays = .allocate(capacity: 1024) }

  deinit { plays.deallocate() }

  /// A play in place, valid until the next insertion.
  @inline(__always)
  func at(_ index: Int32) -> UnsafeMutablePointer<Play> { plays + Int(index) }

  private subscript(index: Int32) -> Play {
    @inline(__always) unsafeAddress { UnsafePointer(plays + Int(index)) }
    @inline(__always) nonmutating unsafeMutableAddress { plays + Int(index) }
  }

  /// The index of a session, made where it is missing. Valid until the next sweep.
  mutating func session(_ key: Int64) -> Int32 {
    let next = Int32(sessions.count)
    let index = sessionIndex.findOrInsert(0, key, new: next)
    if index == next { sessions.append(Session(key: key)) }
    return index
  }

  /// Puts a play into its session's order: by time, then by position in the session.
  /// - Returns: the play's index, valid until the play is forgotten.
  mutating func insert(_ play: Play, session: Int32) -> Int32 {
    let index = allocate()
    (plays + Int(index)).initialize(to: play)
    self[index].session = session
    var older = sessions[Int(session)].newest
    var newer: Int32 = -1
    while older >= 0, Self.isBefore(play, self[older]) {
      newer = older
      older = self[older].older
    }
    self[index].older = older
    self[index].newer = newer
    if older >= 0 { self[older].newer = index } else { sessions[Int(session)].oldest = index }
    if newer >= 0 { self[newer].older = index } else { sessions[Int(session)].newest = index }
    assertInOrder(index)
    live += 1
    endings.push(end: play.end, play: index)
    return index
  }

  /// A session's plays are in order, and each one's neighbours know it. Checked when a play is put in
  /// and when it is kept by a sweep; costs nothing in release builds.
  @inline(__always)
  private func assertInOrder(_ index: Int32) {
    assert(
      self[index].older < 0 || self[self[index].older].newer == index,
      "the play before play \(index) leads to play \(self[self[index].older].newer)")
    assert(
      self[index].newer < 0 || self[self[index].newer].older == index,
      "the play after play \(index) leads back to play \(self[self[index].newer].older)")
    assert(
      self[index].older < 0 || !Self.isBefore(self[index], self[self[index].older]),
      "the play at \(self[index].ts) comes after the one at \(self[self[index].older].ts)")
    assert(
      self[index].newer < 0 || !Self.isBefore(self[self[index].newer], self[index]),
      "the play at \(self[index].ts) comes before the one at \(self[self[index].newer].ts)")
  }

  private static func isBefore(_ a: Play, _ b: Play) -> Bool {
    a.ts != b.ts ? a.ts < b.ts : a.fact.keys.itemInSession < b.fact.keys.itemInSession
  }

  private mutating func allocate() -> Int32 {
    if let index = freePlays.popLast() { return index }
    if playCount == playCapacity {
      let larger = UnsafeMutablePointer<Play>.allocate(capacity: playCapacity * 2)
      larger.moveInitialize(from: plays, count: playCount)
      plays.deallocate()
      plays = larger
      playCapacity *= 2
    }
    playCount += 1
    return Int32(playCount - 1)
  }

  /// The song of the session's last play that started at or before `ts` (milliseconds since 1970), at
  /// most an hour earlier; 0 where there is no such play, or it names no song.
  func lastSong(_ session: Int32, at ts: Int64) -> Int64 {
    var index = sessions[Int(session)].newest
    while index >= 0, self[index].ts > ts { index = self[index].older }
    guard index >= 0, ts - self[index].ts <= Self.creditMs else { return 0 }
    return self[index].fact.songKey
  }

  /// Milliseconds. How long after a play began a page view may still be about it.
  static let creditMs: Int64 = 3_600_000

  /// Remembers a credit until a sweep finds that no listen can change it any more.
  mutating func addCredit(_ credit: Credit) {
    credits.append(credit)
    chain(Int32(credits.count - 1))
  }

  private mutating func chain(_ credit: Int32) {
    let session = Int(credits[Int(credit)].session)
    credits[Int(credit)].older = sessions[session].lastCredit
    sessions[session].lastCredit = credit
  }

  /// The session's last credit, from which `older` leads to the others; -1 for none.
  @inline(__always)
  func lastCredit(_ session: Int32) -> Int32 { sessions[Int(session)].lastCredit }

  /// The next play whose end the watermark has passed, taken off the list of plays that are not final.
  @inline(__always)
  mutating func popEnded(_ watermark: Int64) -> Int32? {
    guard let index = endings.pop(until: watermark) else { return nil }
    assert(
      self[index].end <= watermark,
      "play \(index) is closed at watermark \(watermark), before its end at \(self[index].end)")
    return index
  }

  /// Plays that are not final, in no particular order.
  func forEachNotFinal(_ body: (Int32) -> Void) {
    for entry in endings.entries { body(entry.play) }
  }

  /// True when so much was added since the last sweep that another sweep is worth it.
  var needsSweep: Bool { live + credits.count + sessions.count > sweepAt }

  /// Forgets credits that no listen can change, final plays that no page view can be about, and sessions
  /// without either. Nothing of that can matter any more to listens that are not earlier than
  /// `creditsBelow` and page views that are not earlier than `creditHorizon` (both in milliseconds since
  /// 1970).
  mutating func sweep(creditsBelow bound: Int64, creditHorizon: Int64) {
    credits.removeAll { $0.ts < bound }
    var kept: [Session] = []
    var index = FlatTable(minimumCapacity: sessions.count / 2)
    var hasCredits = Set<Int32>()
    for credit in credits { hasCredits.insert(credit.session) }
    var renumbered: [Int32: Int32] = [:]
    for (old, var session) in sessions.enumerated() {
      prune(&session, creditHorizon)
      let waits = hasCredits.contains(Int32(old))
      guard session.oldest >= 0 || waits else { continue }
      let new = Int32(kept.count)
      _ = index.findOrInsert(0, session.key, new: new)
      if waits { renumbered[Int32(old)] = new }
      var play = session.oldest
      while play >= 0 {
        self[play].session = new
        assertInOrder(play)
        play = self[play].newer
      }
      session.lastCredit = -1
      kept.append(session)
    }
    sessions = kept
    for i in credits.indices {
      credits[i].session = renumbered[credits[i].session]!
      chain(Int32(i))
    }
    sessionIndex = index
    sweepAt = 2 * (live + credits.count + sessions.count) + sweepFloor
  }

  /// Forgets the session's oldest plays, as far as they are final and no page view can be about them.
  private mutating func prune(_ session: inout Session, _ creditHorizon: Int64) {
    while session.oldest >= 0 {
      let play = self[session.oldest]
      let isSuperseded = play.newer >= 0 && self[play.newer].ts <= creditHorizon
      guard play.isFinal, isSuperseded || play.ts + Self.creditMs < creditHorizon else { return }
      freePlays.append(session.oldest)
      live -= 1
      session.oldest = play.newer
      if session.oldest >= 0 { self[session.oldest].older = -1 } else { session.newest = -1 }
    }
  }
}

/// A binary heap of plays by their end.
struct EndingHeap {
  struct Entry {
    /// Milliseconds since 1970.
    var end: Int64
    /// Index into the store's plays.
    var play: Int32
  }

  private(set) var entries: [Entry] = []

  mutating func push(end: Int64, play: Int32) {
    entries.append(Entry(end: end, play: play))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if entries[parent].end <= entries[child].end { break }
      entries.swapAt(parent, child)
      child = parent
    }
  }

  /// Takes off the play that ends first, if it ends at or before `bound`.
  @inline(__always)
  mutating func pop(until bound: Int64) -> Int32? {
    guard let first = entries.first, first.end <= bound else { return nil }
    return removeFirst()
  }

  private mutating func removeFirst() -> Int32 {
    let result = entries[0].play
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      var parent = 0
      while true {
        var child = 2 * parent + 1
        if child >= entries.count { break }
        if child + 1 < entries.count, entries[child + 1].end < entries[child].end { child += 1 }
        if entries[parent].end <= entries[child].end { break }
        entries.swapAt(parent, child)
        parent = child
      }
    }
    return result
  }
}
