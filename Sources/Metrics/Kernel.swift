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
  /// Where counted events go as facts; the speed layer has none.
  public var facts: (any FactSink)?
  /// Whether out-of-window events come back as `deferred`, to be looked up elsewhere and then given
  /// to `foldOutOfWindow`.
  public var defersOutOfWindow = false

  /// False while records below the committed offsets are read again to rebuild the state.
  private var isEmitting = false
  private var hasher = KeyHasher()
  private var identities: [IdentityMemory]
  private var marks: [Watermark]
  private var replays: [ReplayIndex]
  private var plays = PlayStore()
  private var pageInfo: [Int64: Counter?] = [:]
  /// The bound below which identities were last forgotten, by topic.
  private var forgotten: [Int64]

  public init(configuration: Configuration, output: KernelOutput) {
    self.configuration = configuration
    self.output = output
    let n = Topic.allCases.count
    identities = (0..<n).map { _ in IdentityMemory() }
    marks = Array(repeating: Watermark(), count: n)
    replays = (0..<n).map { _ in ReplayIndex() }
    forgotten = Array(repeating: Int64.min, count: n)
  }

  deinit {
    hasher.free()
    plays.free()
    for memory in identities { memory.free() }
  }

  /// How much state is never worth tidying up; has no influence on any result.
  var sweepFloor: Int {
    get { plays.sweepFloor }
    set { plays.sweepFloor = newValue }
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
    plays.forEachNotFinal { index in
      plays[index].reported = plays[index].counted
      plays[index].reportedListenedMs = plays[index].countedListenedMs
      plays[index].isReported = true
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
      for credit in plays.credits { horizon = min(horizon, credit.ts) }
    case .listen:
      horizon = creditHorizon - PlayStore.creditMs
      plays.forEachNotFinal { horizon = min(horizon, plays[$0].ts) }
    }
    return replays[t].point(horizon: horizon, next: next, mark: marks[t])
  }

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
    plays.forEachNotFinal { bound = min(bound, plays[$0].ts) }
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
    marks[t].observe(ts, actor: hasher.actor(event))
    replays[t].hasSeenAny = true
    let low = before.greatest.map { $0 - configuration.allowedLatenessMs } ?? Int64.min
    if ts < low || before.isAhead(ts) {
      advance(event.topic)
      if defersOutOfWindow && isEmitting { return .deferred }
      if isEmitting { foldOutOfWindow(event) }
      return .countedOutOfWindow
    }
    replays[t].note(timestamp: ts, offset: offset, mark: before)
    guard identities[t].insert(hasher.identity(event), timestamp: ts) else {
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
      minute: Int32(truncatingIfNeeded: event.ts / 60_000), user: hasher.user(event),
      location: hasher.location(event), device: hasher.device(event),
      audience: hasher.audience(event))
    nameAudience(event, place)
    if isEmitting { meet(event, place) }
    let keys = FactKeys(
      ts: event.ts, userKey: place.user, locationKey: place.location, deviceKey: place.device,
      sessionId: event.sessionId, itemInSession: Int32(clamping: event.itemInSession))
    switch event.topic {
    case .auth:
      guard isEmitting else { return }
      let counter: Counter = event.success == true ? .logins : .failedLogins
      touch(event, place) { $0.pointee.add(counter, 1) }
      facts?.auth(keys, event)
    case .pageView:
      let song = hasher.song(event)
      countPageView(event, place, song: song, inWindow: inWindow)
      if isEmitting { facts?.pageView(keys, songKey: song, event) }
    case .listen: countListen(event, place, keys, inWindow: inWindow)
    }
  }

  private func meet(_ event: Event, _ place: Place) {
    output.members.meetUser(place.user, event)
    output.members.meetLocation(place.location, event)
    output.members.meetDevice(place.device, event)
  }

  /// Also while nothing is emitted: a play that is read again may end, and count, after that.
  private func nameAudience(_ event: Event, _ place: Place) {
    if !output.rollups.hasTexts(place.audience) {
      output.rollups.name(
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
    _ body: (UnsafeMutablePointer<RollupCell>) -> Void
  ) {
    let session = Murmur3.hash64(event.sessionId)
    let user = event.userId.map { Murmur3.hash64($0) }
    for (rollup, key) in place.rows {
      let cell = output.rollups.cell(rollup, place.minute, key)
      cell.pointee.sessions.insert(hash: session)
      if rollup != .user, let user { cell.pointee.activeUsers.insert(hash: user) }
      body(cell)
    }
  }

  // MARK: Page views

  private func countPageView(
    _ event: Event, _ place: Place, song: Int64, inWindow: Bool
  ) {
    let pageKey = hasher.page(event)
    let counter = engagement(pageKey, event)
    if isEmitting {
      let isError = (event.status ?? 0) >= 400
      touch(event, place) { cell in
        cell.pointee.add(.pageViews, 1)
        if isError { cell.pointee.add(.errors, 1) }
        if let counter { cell.pointee.add(counter, 1) }
      }
      let cell = output.rollups.cell(.page, place.minute, pageKey)
      cell.pointee.add(.pageViews, 1)
      if isError { cell.pointee.add(.errors, 1) }
      cell.pointee.sessions.insert(hash: Murmur3.hash64(event.sessionId))
      if let user = event.userId { cell.pointee.activeUsers.insert(hash: Murmur3.hash64(user)) }
      if song != 0 { output.members.meetSong(song, event) }
    }
    guard let counter else { return }
    if song != 0 {
      if isEmitting { output.rollups.cell(.song, place.minute, song).pointee.add(counter, 1) }
    } else if inWindow {
      creditLater(event, counter)
    }
  }

  /// Credits the session's last song, as far as it is known, and keeps the page view in mind for as
  /// long as a listen in time can still change which song that was.
  private func creditLater(_ event: Event, _ counter: Counter) {
    let session = plays.session(hasher.session(event))
    var credit = Credit(ts: event.ts, counter: counter, session: session)
    settle(&credit)
    if event.ts >= watermark(.listen) { plays.addCredit(credit) }
  }

  private func settle(_ credit: inout Credit) {
    let song = plays.lastSong(credit.session, at: credit.ts)
    guard song != credit.songKey else { return }
    if isEmitting {
      let minute = Int32(truncatingIfNeeded: credit.ts / 60_000)
      if credit.songKey != 0 {
        output.rollups.cell(.song, minute, credit.songKey).pointee.add(credit.counter, -1)
      }
      if song != 0 { output.rollups.cell(.song, minute, song).pointee.add(credit.counter, 1) }
    }
    credit.songKey = song
  }

  /// Which engagement a page stands for, if any; looked up once a combination of page attributes.
  @inline(__always)
  private func engagement(_ pageKey: Int64, _ event: Event) -> Counter? {
    if let known = pageInfo[pageKey] {
      if isEmitting && !output.rollups.hasTexts(pageKey) { namePage(pageKey, event) }
      return known
    }
    namePage(pageKey, event)
    let counter = engagementPages[event.page.string]
    pageInfo[pageKey] = .some(counter)
    return counter
  }

  private func namePage(_ key: Int64, _ event: Event) {
    output.rollups.name(
      key,
      .page(
        page: event.page.string, method: event.method.string, status: event.status ?? 0,
        auth: event.auth.string, level: event.level.string))
  }

  // MARK: Listens

  private func countListen(
    _ event: Event, _ place: Place, _ keys: FactKeys, inWindow: Bool
  ) {
    let song = hasher.song(event)
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
    let session = plays.session(hasher.session(event))
    let index = plays.insert(play, session: session)
    judge(index)
    if plays[index].older >= 0 { judge(plays[index].older) }
    if plays.hasCredits(session) {
      for i in plays.credits.indices
      where plays.credits[i].session == session && plays.credits[i].ts >= event.ts {
        // A copy: settling reads `plays`, which an inout access would hold.
        var credit = plays.credits[i]
        settle(&credit)
        plays.credits[i] = credit
      }
    }
  }

  private func countStart(_ event: Event, _ place: Place, _ song: Int64) {
    output.members.meetSong(song, event)
    let songHash = Murmur3.hash64(song)
    let user = event.userId.map { Murmur3.hash64($0) }
    touch(event, place) { cell in
      cell.pointee.add(.listens, 1)
      if song != 0 { cell.pointee.songs.insert(hash: songHash) }
      if let user { cell.pointee.listeners.insert(hash: user) }
    }
    let cell = output.rollups.cell(.song, place.minute, song)
    cell.pointee.add(.listens, 1)
    if let user { cell.pointee.listeners.insert(hash: user) }
  }

  /// Brings what is counted of a play in line with what is known of it now.
  private func judge(_ index: Int32) {
    let newer = plays[index].newer
    let (outcome, listened) = plays[index].outcome(
      next: newer >= 0 ? plays[newer].ts : nil, watermark: watermark(.listen))
    restate(&plays[index], outcome, listened)
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
    for (rollup, key) in place.rows {
      let cell = output.rollups.cell(rollup, minute, key)
      cell.pointee.add(counter, sign)
      cell.pointee.listenedMs += Int64(listened)
    }
    let cell = output.rollups.cell(.song, minute, play.fact.songKey)
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
      while let index = plays.popEnded(mark) {
        judge(index)
        plays[index].isFinal = true
        if isEmitting { report(&plays[index]) }
      }
      if plays.needsSweep {
        plays.sweep(listenWatermark: mark, creditHorizon: creditHorizon)
      }
    } else if topic == .pageView, plays.needsSweep {
      plays.sweep(listenWatermark: watermark(.listen), creditHorizon: creditHorizon)
    }
    if mark > forgotten[t] + 60_000 || forgotten[t] == Int64.min {
      forgotten[t] = mark
      identities[t].forget(below: mark)
    }
  }

  /// Tells the fact sink of all plays that are not final yet: their rows are written with the outcome
  /// as it is now, and corrected later. Call at the end of a load.
  public func reportOpenPlays() {
    plays.forEachNotFinal { report(&plays[$0]) }
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

  var rows: [(Rollup, Int64)] {
    @inline(__always) get {
      [
        (.totals, 0), (.user, user), (.location, location), (.device, device),
        (.audience, audience),
      ]
    }
  }
}

/// Pages that say something about a song, by eventsim's names.
private let engagementPages: [String: Counter] = [
  "Thumbs Up": .thumbsUp, "Thumbs Down": .thumbsDown, "Add to Playlist": .playlistAdds,
  "Share": .shares, "Add Friend": .friendsAdded, "Roll Advert": .adverts,
]
