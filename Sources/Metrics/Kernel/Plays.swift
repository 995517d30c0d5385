/// A play that may still change: the part of a session's history that late but timely events can
/// reach.
///
/// A site has some hundred thousands of them at a time, so it is laid out without a gap: 96 bytes.
struct Play {
  /// When the play started. Milliseconds since 1970.
  var ts: Int64
  /// As `FactKeys` has them.
  var userKey, locationKey, deviceKey, sessionId: Int64
  /// Of `dim_song`; 0 where the event names no song.
  var songKey: Int64
  /// The row of `minute_audience` that the play counts in.
  var audienceKey: Int64
  /// Position within the session, from 0.
  var itemInSession: Int32
  /// As `ListenFact` has them.
  var auth, level: InternedTexts.ID
  /// The song's length in milliseconds, at most `EventPlausibility.longestDuration`; negative where the event does not say.
  var durationMs: Int32
  /// What the rollups say of the play now, with `counted`.
  var countedListenedMs: Int32 = 0
  /// What the fact sink was told of the play, with `reported`.
  var reportedListenedMs: Int32 = 0
  /// The session's play before this one; -1 for none.
  var older: Int32 = -1
  /// The session's play after this one; -1 for none.
  var newer: Int32 = -1
  /// Index into the store's sessions.
  var session: Int32 = -1
  /// What the rollups say of the play now.
  var counted: Outcome = .open
  /// What the fact sink was told of the play: by this kernel or, of a play of earlier records, by the
  /// load that read those.
  var reported: Outcome = .open
  /// True once the fact row exists, made by this kernel or from an earlier stretch of the log.
  var isReported = false
  /// True once the watermark has passed `end`: no event in time changes the outcome any more.
  var isFinal = false

  /// A play of which nothing is counted yet.
  init(
    keys: FactKeys, songKey: Int64, auth: InternedTexts.ID = 0, level: InternedTexts.ID = 0,
    durationMs: Int64?, audienceKey: Int64
  ) {
    ts = keys.ts
    userKey = keys.userKey
    locationKey = keys.locationKey
    deviceKey = keys.deviceKey
    sessionId = keys.sessionId
    itemInSession = keys.itemInSession
    self.songKey = songKey
    self.auth = auth
    self.level = level
    self.durationMs = durationMs.map { Int32(clamping: $0) } ?? -1
    self.audienceKey = audienceKey
  }

  /// When the play ends if no other listen comes. Milliseconds since 1970.
  var end: Int64 { ts + (durationMs < 0 ? Self.unknownLengthMs : Int64(durationMs)) }

  var keys: FactKeys {
    FactKeys(
      ts: ts, userKey: userKey, locationKey: locationKey, deviceKey: deviceKey,
      sessionId: sessionId, itemInSession: itemInSession)
  }

  /// The row of `fact_listen`, as the rollups count the play now.
  var fact: ListenFact {
    ListenFact(
      keys: keys, songKey: songKey, auth: auth, level: level, durationMs: durationMs,
      listenedMs: countedListenedMs, outcome: counted)
  }

  /// How the play ended by what is known (docs/metrics.md), and how many milliseconds were listened to.
  /// - Parameters:
  ///   - next: when the session's next listen starts, not earlier than this one. Milliseconds since 1970.
  ///   - watermark: the watermark of the partition's listens. Milliseconds since 1970.
  func outcome(next: Int64?, watermark: Int64) -> (Outcome, Int32) {
    assert(next ?? ts >= ts, "the next play starts at \(next ?? ts), before this one, at \(ts)")
    guard durationMs >= 0 else {
      // The song's length is not known: only a following listen says how long the song was heard.
      if let next, next < end {
        return next - ts < Self.skipMs ? (.skipped, heard(next)) : (.partial, heard(next))
      }
      return next != nil || watermark >= end ? (.partial, 0) : (.open, 0)
    }
    if let next, next < end {
      let listened = next - ts
      if listened * 10 >= Int64(durationMs) * 9 { return (.completed, Int32(listened)) }
      return listened < Self.skipMs ? (.skipped, Int32(listened)) : (.partial, Int32(listened))
    }
    return next != nil || watermark >= end ? (.completed, durationMs) : (.open, 0)
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

  private var plays = PlayBlocks()
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

  /// A play in place, valid until the play is forgotten.
  @inline(__always)
  func at(_ index: Int32) -> UnsafeMutablePointer<Play> { plays.at(index) }

  private subscript(index: Int32) -> Play {
    @inline(__always) unsafeAddress { UnsafePointer(plays.at(index)) }
    @inline(__always) nonmutating unsafeMutableAddress { plays.at(index) }
  }

  /// Plays, credits and sessions that are remembered.
  var counts: (plays: Int, credits: Int, sessions: Int) { (live, credits.count, sessions.count) }
  /// How many plays there is memory for.
  var playCapacity: Int { plays.capacity }

  /// The index of a session, made where it is missing. Valid until the next sweep.
  mutating func session(_ key: Int64) -> Int32 {
    let next = Int32(sessions.count)
    let index = sessionIndex.findOrInsert(0, key, new: next)
    if index == next { sessions.appendSparingly(Session(key: key)) }
    return index
  }

  /// Puts a play into its session's order: by time, then by position in the session.
  /// - Returns: the play's index, valid until the play is forgotten.
  mutating func insert(_ play: Play, session: Int32) -> Int32 {
    let index = plays.add(play)
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
    a.ts != b.ts ? a.ts < b.ts : a.itemInSession < b.itemInSession
  }

  /// The song of the session's last play that started at or before `ts` (milliseconds since 1970), at
  /// most an hour earlier; 0 where there is no such play, or it names no song.
  func lastSong(_ session: Int32, at ts: Int64) -> Int64 {
    var index = sessions[Int(session)].newest
    while index >= 0, self[index].ts > ts { index = self[index].older }
    guard index >= 0, ts - self[index].ts <= Self.creditMs else { return 0 }
    return self[index].songKey
  }

  /// Milliseconds. How long after a play began a page view may still be about it.
  static let creditMs: Int64 = 3_600_000

  /// Remembers a credit until a sweep finds that no listen can change it any more.
  mutating func addCredit(_ credit: Credit) {
    credits.appendSparingly(credit)
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
    for index in sessions.indices { sessions[index].lastCredit = -1 }
    for index in credits.indices { chain(Int32(index)) }
    sessionIndex.removeAll()
    var kept = 0
    for old in sessions.indices {
      var session = sessions[old]
      prune(&session, creditHorizon)
      guard session.oldest >= 0 || session.lastCredit >= 0 else { continue }
      if old != kept { renumber(session, Int32(kept)) }
      _ = sessionIndex.findOrInsert(0, session.key, new: Int32(kept))
      sessions[kept] = session
      kept += 1
    }
    sessions.removeLast(sessions.count - kept)
    let total = live + credits.count + sessions.count
    sweepAt = total + total / 4 + sweepFloor
  }

  /// Tells the plays and credits of a session that it has another number.
  private mutating func renumber(_ session: Session, _ number: Int32) {
    var play = session.oldest
    while play >= 0 {
      self[play].session = number
      assertInOrder(play)
      play = self[play].newer
    }
    var credit = session.lastCredit
    while credit >= 0 {
      credits[Int(credit)].session = number
      credit = credits[Int(credit)].older
    }
  }

  /// Forgets what the session of a play that has just become final needs no more. Most plays are followed by another one
  /// before they end: they go here, and leave nothing to a sweep.
  /// - Parameter creditHorizon: as `sweep` has it.
  @inline(__always)
  mutating func forget(around play: Int32, creditHorizon: Int64) {
    let number = Int(self[play].session)
    var session = sessions[number]
    prune(&session, creditHorizon)
    sessions[number] = session
  }

  /// Forgets the session's oldest plays, as far as they are final and no page view can be about them.
  private mutating func prune(_ session: inout Session, _ creditHorizon: Int64) {
    while session.oldest >= 0 {
      let play = (
        isFinal: self[session.oldest].isFinal, ts: self[session.oldest].ts,
        newer: self[session.oldest].newer
      )
      let isSuperseded = play.newer >= 0 && self[play.newer].ts <= creditHorizon
      guard play.isFinal, isSuperseded || play.ts + Self.creditMs < creditHorizon else { return }
      plays.remove(session.oldest)
      live -= 1
      session.oldest = play.newer
      if session.oldest >= 0 { self[session.oldest].older = -1 } else { session.newest = -1 }
    }
  }
}
