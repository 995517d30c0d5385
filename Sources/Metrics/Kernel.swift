import EventModel

/// What all kernels of a process write to: rollup rows, and members met for the first time.
public final class KernelOutput {
  public let rollups = RollupSet()
  public let members = MemberDirectory()
  public let texts = TextTable()

  public init() {}
}

/// What came of one record.
public enum Verdict: Sendable {
  case counted
  /// Counted, though it came behind the watermark (or a day ahead of it): outside the window in which
  /// order, redeliveries and the session around it are known.
  case countedOutOfWindow
  /// The same event had come before.
  case redelivered
  /// The caller asked to see out-of-window events first; nothing has happened yet.
  case deferred
}

/// The one definition of every rollup, as a fold over the records of one partition number of the
/// three topics. Both layers run this.
///
/// What it has written after reading the records below a set of offsets (one for each topic) is a
/// function of those records alone: each topic is read in offset order, and how the topics are
/// interleaved has no influence, provided that none lags another by more than six hours of event time. Its
/// state depends only on the records from `replayPoint` on, so that there is no state to store.
public final class Kernel {
  public struct Configuration: Sendable {
    /// Milliseconds. How far behind the greatest timestamp of its topic and partition an event may
    /// come and still be in time.
    public var allowedLatenessMs: Int64
    public init(allowedLatenessMs: Int64 = 600_000) { self.allowedLatenessMs = allowedLatenessMs }
  }

  private let configuration: Configuration
  private let output: KernelOutput
  private let rollups: RollupSet
  private let members: MemberDirectory
  /// Where counted events go as facts; the speed layer has none.
  public var facts: (any FactSink)?
  /// Whether out-of-window events come back as `deferred`, to be looked up elsewhere and then given
  /// to `foldOutOfWindow`.
  public var defersOutOfWindow = false

  /// Identities of loaded events that lie ahead of the watermark.
  private var countedAhead: Set<Int64> = []
  /// False while records below the committed offsets are read again to rebuild the state.
  private var isEmitting = false
  /// State in memory of our own, by topic where it is one for each: nothing to retain and no access
  /// to check for every event.
  private let hasher: UnsafeMutablePointer<KeyHasher>
  private let identities: UnsafeMutablePointer<IdentityMemory>
  private let marks: UnsafeMutablePointer<Watermark>
  private let replays: UnsafeMutablePointer<ReplayIndex>
  private let store: UnsafeMutablePointer<PlayStore>
  /// The bound below which identities were last forgotten, by topic.
  private let forgotten: UnsafeMutablePointer<Int64>
  /// Combinations of page attributes met, with the engagement that they stand for: its raw value, or
  /// `noEngagement`.
  private let pages: UnsafeMutablePointer<FlatTable>
  private static let noEngagement: Int32 = 1000
  /// Audiences that have been named.
  private let audiences: UnsafeMutablePointer<FlatTable>

  @inline(__always)
  private func play(_ index: Int32) -> UnsafeMutablePointer<Play> { store.pointee.at(index) }

  public init(configuration: Configuration, output: KernelOutput) {
    self.configuration = configuration
    self.output = output
    rollups = output.rollups
    members = output.members
    let n = Topic.allCases.count
    hasher = .single(KeyHasher())
    store = .single(PlayStore())
    pages = .single(FlatTable())
    audiences = .single(FlatTable())
    identities = .allocate(capacity: n)
    marks = .allocate(capacity: n)
    replays = .allocate(capacity: n)
    forgotten = .allocate(capacity: n)
    for t in 0..<n {
      (identities + t).initialize(to: IdentityMemory())
      (marks + t).initialize(to: Watermark())
      (replays + t).initialize(to: ReplayIndex())
      (forgotten + t).initialize(to: Int64.min)
    }
  }

  deinit {
    let n = Topic.allCases.count
    hasher.pointee.free()
    store.pointee.free()
    pages.pointee.free()
    audiences.pointee.free()
    for t in 0..<n { identities[t].free() }
    identities.deinitialize(count: n).deallocate()
    marks.deinitialize(count: n).deallocate()
    replays.deinitialize(count: n).deallocate()
    forgotten.deallocate()
    hasher.deinitialize(count: 1).deallocate()
    store.deinitialize(count: 1).deallocate()
    pages.deinitialize(count: 1).deallocate()
    audiences.deinitialize(count: 1).deallocate()
  }

  /// How much state is never worth tidying up; has no influence on any result.
  var sweepFloor: Int {
    get { store.pointee.sweepFloor }
    set { store.pointee.sweepFloor = newValue }
  }

  // MARK: Recovery

  /// Sets the watermark as it was at the offset that reading begins from. Call before any record.
  public func restore(_ topic: Topic, watermark: Watermark) {
    marks[Int(topic.rawValue)] = watermark
    // Had there been no record, there would be no watermark, nor one in the making.
    replays[Int(topic.rawValue)].hasSeenAny = watermark != Watermark()
  }

  /// From here on, what is folded counts. Call when all three topics have been read up to the
  /// offsets that were committed.
  public func beginEmitting() {
    isEmitting = true
    store.pointee.forEachNotFinal { index in
      play(index).pointee.reported = play(index).pointee.counted
      play(index).pointee.reportedListenedMs = play(index).pointee.countedListenedMs
      play(index).pointee.isReported = true
    }
  }

  /// From where a topic must be read again to have the state after the last record folded.
  /// - Parameter next: one past the last record's offset.
  public func replayPoint(_ topic: Topic, next: Int64) -> ReplayPoint {
    let t = Int(topic.rawValue)
    let own = watermark(topic)
    var horizon = own
    switch topic {
    case .auth: break
    case .pageView:
      for credit in store.pointee.credits { horizon = min(horizon, credit.ts) }
    case .listen:
      horizon = creditHorizon - PlayStore.creditMs
      store.pointee.forEachNotFinal { horizon = min(horizon, play($0).pointee.ts) }
    }
    return replays[t].point(horizon: horizon, next: next, mark: marks[t])
  }

  /// Tells of events that were counted when they were more than a day ahead, and so left no memory:
  /// should they come again once their time has come, they have been counted already.
  public func rememberAhead(_ events: some Sequence<EventIdentity>) {
    for event in events { countedAhead.insert(hasher.pointee.identity(event)) }
  }

  /// The greatest plausible timestamp of a topic, milliseconds since 1970; nil before there is one.
  public func greatest(_ topic: Topic) -> Int64? { marks[Int(topic.rawValue)].greatest }

  // MARK: Watermarks

  /// Greatest timestamp less the allowed lateness; `Int64.min` before there is one.
  public func watermark(_ topic: Topic) -> Int64 {
    marks[Int(topic.rawValue)].greatest.map { $0 - configuration.allowedLatenessMs } ?? Int64.min
  }

  /// Minutes that begin before this are complete, but for events that come later than allowed and
  /// plays that are open; `Int64.max` where nothing has come at all. Milliseconds.
  public var finalBefore: Int64 {
    var bound = Int64.max
    for topic in Topic.allCases where replays[Int(topic.rawValue)].hasSeenAny {
      bound = min(bound, watermark(topic))
    }
    store.pointee.forEachNotFinal { bound = min(bound, play($0).pointee.ts) }
    return bound
  }

  /// Page views later than this may still ask for a session's last song.
  private var creditHorizon: Int64 {
    let listens = watermark(.listen)
    let views = watermark(.pageView)
    if listens == Int64.min { return Int64.min + 4 * Self.maximumSkewMs }
    return max(min(listens, views), listens - Self.maximumSkewMs)
  }

  /// Milliseconds of event time that page views may lag behind listens and still find their song.
  private static let maximumSkewMs: Int64 = 6 * 3_600_000

  // MARK: Folding

  /// Folds the next record of its topic.
  @discardableResult
  public func fold(_ event: Event, offset: Int64) -> Verdict {
    let t = Int(event.topic.rawValue)
    let ts = event.ts
    let before = marks[t]
    // Who sent it matters only to those that wait for confirmation, which are few.
    let needsActor = before.greatest == nil || before.isAhead(ts)
    marks[t].observe(ts, actor: needsActor ? hasher.pointee.actor(event) : 0)
    replays[t].hasSeenAny = true
    let low = before.greatest.map { $0 - configuration.allowedLatenessMs } ?? Int64.min
    if ts < low || before.isAhead(ts) {
      advance(event.topic)
      if defersOutOfWindow && isEmitting { return .deferred }
      if isEmitting { foldOutOfWindow(event) }
      return .countedOutOfWindow
    }
    replays[t].note(timestamp: ts, offset: offset, mark: before)
    let identity = hasher.pointee.identity(event)
    if isEmitting, !countedAhead.isEmpty, countedAhead.contains(identity) {
      advance(event.topic)
      return .redelivered
    }
    guard identities[t].insert(identity, timestamp: ts) else {
      advance(event.topic)
      return .redelivered
    }
    count(event, offset: offset, inWindow: true)
    advance(event.topic)
    return .counted
  }

  /// Counts an event that came outside the window: on its own, without touching any state, so that
  /// it has no influence on what else is counted. A listen is closed at once.
  public func foldOutOfWindow(_ event: Event) {
    count(event, offset: -1, inWindow: false)
  }

  private func count(_ event: Event, offset: Int64, inWindow: Bool) {
    let place = Place(
      minute: Int32(truncatingIfNeeded: event.ts / 60_000), user: hasher.pointee.user(event),
      location: hasher.pointee.location(event), device: hasher.pointee.device(event),
      audience: hasher.pointee.audience(event))
    nameAudience(event, place)
    if isEmitting { meet(event, place) }
    let keys = FactKeys(
      ts: event.ts, userKey: place.user, locationKey: place.location, deviceKey: place.device,
      sessionId: event.sessionId, itemInSession: Int32(clamping: event.itemInSession))
    switch event.topic {
    case .auth:
      guard isEmitting else { return }
      let counter: Counter = event.success == true ? .logins : .failedLogins
      touch(event, place) { $1.pointee.add(counter, 1) }
      facts?.auth(keys, event)
    case .pageView:
      let song = hasher.pointee.song(event)
      countPageView(event, place, song: song, inWindow: inWindow)
      if isEmitting { facts?.pageView(keys, songKey: song, event) }
    case .listen: countListen(event, place, keys, inWindow: inWindow)
    }
  }

  private func meet(_ event: Event, _ place: Place) {
    members.meetUser(place.user, event)
    members.meetLocation(place.location, event)
    members.meetDevice(place.device, event)
  }

  /// Also while nothing is emitted: a play that is read again may end, and count, after that.
  private func nameAudience(_ event: Event, _ place: Place) {
    if audiences.pointee.insertNew(place.audience) {
      rollups.name(
        place.audience,
        .audience(
          gender: (event.gender.isEmpty ? KeyHasher.unknown : event.gender).string,
          level: (event.level.isEmpty ? KeyHasher.unknown : event.level).string))
    }
  }

  /// Visits the rows that every event counts in, and notes who and which session it was there.
  @inline(__always)
  private func touch(
    _ event: Event, _ place: Place,
    _ body: (Rollup, UnsafeMutablePointer<RollupCell>) -> Void
  ) {
    let session = Murmur3.hash64(event.sessionId)
    let user = event.userId.map { Murmur3.hash64($0) }
    place.forEachRow { rollup, key in
      let cell = rollups.cell(rollup, place.minute, key)
      cell.pointee.sessions.insert(hash: session)
      if rollup != .user, let user { cell.pointee.activeUsers.insert(hash: user) }
      body(rollup, cell)
    }
  }

  // MARK: Page views

  private func countPageView(
    _ event: Event, _ place: Place, song: Int64, inWindow: Bool
  ) {
    let pageKey = hasher.pointee.page(event)
    let counter = engagement(pageKey, event)
    if isEmitting {
      let isError = (event.status ?? 0) >= 400
      touch(event, place) { _, cell in
        cell.pointee.add(.pageViews, 1)
        if isError { cell.pointee.add(.errors, 1) }
        if let counter { cell.pointee.add(counter, 1) }
      }
      let cell = rollups.cell(.page, place.minute, pageKey)
      cell.pointee.add(.pageViews, 1)
      if isError { cell.pointee.add(.errors, 1) }
      cell.pointee.sessions.insert(hash: Murmur3.hash64(event.sessionId))
      if let user = event.userId { cell.pointee.activeUsers.insert(hash: Murmur3.hash64(user)) }
      if song != 0 { members.meetSong(song, event) }
    }
    guard let counter else { return }
    if song != 0 {
      if isEmitting { rollups.cell(.song, place.minute, song).pointee.add(counter, 1) }
    } else if inWindow {
      creditLater(event, counter)
    }
  }

  /// Credits the session's last song, as far as it is known, and keeps the page view in mind for as
  /// long as a listen in time can still change which song that was.
  private func creditLater(_ event: Event, _ counter: Counter) {
    let session = store.pointee.session(hasher.pointee.session(event))
    var credit = Credit(ts: event.ts, counter: counter, session: session)
    settle(&credit)
    if event.ts >= watermark(.listen) { store.pointee.addCredit(credit) }
  }

  private func settle(_ credit: inout Credit) {
    let song = store.pointee.lastSong(credit.session, at: credit.ts)
    guard song != credit.songKey else { return }
    if isEmitting {
      let minute = Int32(truncatingIfNeeded: credit.ts / 60_000)
      if credit.songKey != 0 {
        rollups.cell(.song, minute, credit.songKey).pointee.add(credit.counter, -1)
      }
      if song != 0 { rollups.cell(.song, minute, song).pointee.add(credit.counter, 1) }
    }
    credit.songKey = song
  }

  /// Which engagement a page stands for, if any; looked up once a combination of page attributes.
  @inline(__always)
  private func engagement(_ pageKey: Int64, _ event: Event) -> Counter? {
    if let known = pages.pointee.find(0, pageKey) {
      return known == Self.noEngagement ? nil : Counter(rawValue: Int(known))
    }
    namePage(pageKey, event)
    let counter = engagementPages[event.page.string]
    let value = counter.map { Int32($0.rawValue) } ?? Self.noEngagement
    _ = pages.pointee.findOrInsert(0, pageKey, new: value)
    return counter
  }

  private func namePage(_ key: Int64, _ event: Event) {
    rollups.name(
      key,
      .page(
        page: event.page.string, method: event.method.string, status: event.status ?? 0,
        auth: event.auth.string, level: event.level.string))
  }

  // MARK: Listens

  private func countListen(
    _ event: Event, _ place: Place, _ keys: FactKeys, inWindow: Bool
  ) {
    let song = hasher.pointee.song(event)
    if isEmitting { countStart(event, place, song) }
    var play = Play(
      fact: ListenFact(
        keys: keys, songKey: song, auth: output.texts.id(event.auth),
        level: output.texts.id(event.level),
        durationMs: event.durationMs.map { Int32(clamping: $0) } ?? -1, listenedMs: 0,
        outcome: .open),
      end: event.ts + (event.durationMs ?? Play.unknownLengthMs), audienceKey: place.audience)
    guard inWindow else {
      let (outcome, listened) = play.outcome(next: nil, watermark: Int64.max)
      restate(&play, outcome, listened)
      report(&play)
      return
    }
    let session = store.pointee.session(hasher.pointee.session(event))
    let index = store.pointee.insert(play, session: session)
    judge(index)
    let older = store.pointee.at(index).pointee.older
    if older >= 0 { judge(older) }
    var credit = store.pointee.lastCredit(session)
    while credit >= 0 {
      if store.pointee.credits[Int(credit)].ts >= event.ts {
        // A copy: settling reads the store, which an inout access would hold.
        var known = store.pointee.credits[Int(credit)]
        settle(&known)
        store.pointee.credits[Int(credit)] = known
      }
      credit = store.pointee.credits[Int(credit)].older
    }
  }

  private func countStart(_ event: Event, _ place: Place, _ song: Int64) {
    members.meetSong(song, event)
    let songHash = Murmur3.hash64(song)
    let user = event.userId.map { Murmur3.hash64($0) }
    touch(event, place) { rollup, cell in
      cell.pointee.add(.listens, 1)
      if song != 0 { cell.pointee.songs.insert(hash: songHash) }
      if rollup != .user, let user { cell.pointee.listeners.insert(hash: user) }
    }
    let cell = rollups.cell(.song, place.minute, song)
    cell.pointee.add(.listens, 1)
    if let user { cell.pointee.listeners.insert(hash: user) }
  }

  /// Brings what is counted of a play in line with what is known of it now.
  private func judge(_ index: Int32) {
    let newer = play(index).pointee.newer
    let (outcome, listened) = play(index).pointee.outcome(
      next: newer >= 0 ? play(newer).pointee.ts : nil, watermark: watermark(.listen))
    restate(&play(index).pointee, outcome, listened)
  }

  private func restate(_ play: inout Play, _ outcome: Outcome, _ listened: Int32) {
    guard outcome != play.counted || listened != play.countedListenedMs else { return }
    if isEmitting {
      count(play, play.counted, -play.countedListenedMs, -1)
      count(play, outcome, listened, 1)
    }
    play.counted = outcome
    play.countedListenedMs = listened
  }

  private func count(_ play: Play, _ outcome: Outcome, _ listened: Int32, _ sign: Int32) {
    let counter: Counter
    switch outcome {
    case .open: return
    case .completed: counter = .completed
    case .partial: counter = .partial
    case .skipped: counter = .skipped
    }
    let minute = Int32(truncatingIfNeeded: play.ts / 60_000)
    let keys = play.fact.keys
    let place = Place(
      minute: minute, user: keys.userKey, location: keys.locationKey, device: keys.deviceKey,
      audience: play.audienceKey)
    place.forEachRow { rollup, key in
      let cell = rollups.cell(rollup, minute, key)
      cell.pointee.add(counter, sign)
      cell.pointee.listenedMs += Int64(listened)
    }
    let cell = rollups.cell(.song, minute, play.fact.songKey)
    cell.pointee.add(counter, sign)
    cell.pointee.listenedMs += Int64(listened)
  }

  // MARK: Time passing

  /// Closes what the topic's watermark has passed.
  @inline(__always)
  private func advance(_ topic: Topic) {
    let t = Int(topic.rawValue)
    let mark = watermark(topic)
    if topic == .listen {
      while let index = store.pointee.popEnded(mark) {
        judge(index)
        play(index).pointee.isFinal = true
        if isEmitting { report(&play(index).pointee) }
      }
      if store.pointee.needsSweep {
        store.pointee.sweep(listenWatermark: mark, creditHorizon: creditHorizon)
      }
    } else if topic == .pageView, store.pointee.needsSweep {
      store.pointee.sweep(listenWatermark: watermark(.listen), creditHorizon: creditHorizon)
    }
    if mark > forgotten[t] + 60_000 || forgotten[t] == Int64.min {
      forgotten[t] = mark
      identities[t].forget(below: mark)
    }
  }

  /// Tells the fact sink of all plays that are not final yet: their rows are written with the outcome
  /// as it is now, and corrected later. Call at the end of a load.
  public func reportOpenPlays() {
    store.pointee.forEachNotFinal { report(&play($0).pointee) }
  }

  private func report(_ play: inout Play) {
    guard let facts else { return }
    play.fact.outcome = play.counted
    play.fact.listenedMs = play.countedListenedMs
    if !play.isReported {
      facts.listen(play.fact, texts: output.texts)
    } else if play.reported != play.counted || play.reportedListenedMs != play.countedListenedMs {
      facts.listenChanged(play.fact)
    }
    play.isReported = true
    play.reported = play.counted
    play.reportedListenedMs = play.countedListenedMs
  }
}

/// The rows that an event counts in whatever it is.
private struct Place {
  var minute: Int32
  var user, location, device, audience: Int64

  @inline(__always)
  func forEachRow(_ body: (Rollup, Int64) -> Void) {
    body(.totals, 0)
    body(.user, user)
    body(.location, location)
    body(.device, device)
    body(.audience, audience)
  }
}

extension UnsafeMutablePointer {
  fileprivate static func single(_ value: Pointee) -> UnsafeMutablePointer {
    let pointer = allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }
}

/// Pages that say something about a song, by eventsim's names.
private let engagementPages: [String: Counter] = [
  "Thumbs Up": .thumbsUp, "Thumbs Down": .thumbsDown, "Add to Playlist": .playlistAdds,
  "Share": .shares, "Add Friend": .friendsAdded, "Roll Advert": .adverts,
]
