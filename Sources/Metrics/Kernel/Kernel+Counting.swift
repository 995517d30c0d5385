import EventModel

/// What counts where: each event in its rows, each play in the minute that it began in.
extension Kernel {
  /// Counts an event in all its rows. In the window, its relations to other events count as well.
  func count(_ event: Event, inWindow: Bool) {
    let rows = EventRows(
      minute: rollupMinute(event.ts), user: hasher.user(event), location: hasher.location(event),
      device: hasher.device(event), audience: hasher.audience(event))
    nameAudience(event, rows)
    let keys = FactKeys(
      ts: event.ts, userKey: rows.user, locationKey: rows.location, deviceKey: rows.device,
      sessionId: event.sessionId, itemInSession: Int32(clamping: event.itemInSession))
    switch event.topic {
    case .auth:
      guard isEmitting else { return }
      let counter: Counter = event.success == true ? .logins : .failedLogins
      touch(event, rows).cells.update { $0.pointee.add(counter, 1) }
      facts?.auth(keys, event)
      actions?.loggedIn(keys, event)
    case .pageView:
      let song = hasher.song(event)
      let credit = countPageView(event, rows, keys, song: song, inWindow: inWindow)
      guard isEmitting else { return }
      facts?.pageView(keys, songKey: song, credit, event, texts: output.texts)
      actions?.viewed(keys, event)
    case .listen: countListen(event, rows, keys, inWindow: inWindow)
    }
  }

  /// Names the row's audience. Also while nothing is emitted: a play that is read again may end, and
  /// count, once the kernel emits.
  func nameAudience(_ event: Event, _ rows: EventRows) {
    if audiences.insertNew(rows.audience) {
      rollups.name(
        rows.audience,
        .audience(
          gender: KeyHasher.gender(event).string,
          level: (event.level.isEmpty ? KeyHasher.unknown : event.level).string))
    }
  }

  /// The rows that every event counts in, whatever its topic, with the event's user and session in their sketches.
  /// Makes the dimension members that the rows refer to, where they are new.
  @inline(__always)
  func touch(_ event: Event, _ rows: EventRows) -> (
    cells: EventCells, visit: UnsafeMutablePointer<Visit>
  ) {
    let (cells, visit, isFirst) = rollups.visit(rows, session: event.sessionId)
    members.meetLocation(rows.location, event)
    if !event.tag.isEmpty, let user = event.userId {
      members.meetTag(hasher.tag(user, event), user, event)
    }
    if isFirst {
      members.meetUser(rows.user, event)
      members.meetDevice(rows.device, event)
      let session = Murmur3.hash64(event.sessionId)
      cells.update { $0.pointee.sessions.insert(hash: session) }
      if let user = event.userId.map({ Murmur3.hash64($0) }) {
        cells.updateShared { $0.pointee.activeUsers.insert(hash: user) }
      }
    }
    return (cells, visit)
  }

  @inline(__always)
  func meetSong(_ song: Int64, _ event: Event) {
    members.meetSong(
      song, track: event.trackId.isEmpty ? 0 : hasher.track(song, event), event)
  }

  // MARK: Page views

  func countPageView(
    _ event: Event, _ rows: EventRows, _ keys: FactKeys, song: Int64, inWindow: Bool
  ) -> PageCredit {
    let pageKey = hasher.page(event)
    let counter = engagement(pageKey, event)
    if isEmitting {
      let isError = (event.status ?? 0) >= 400
      touch(event, rows).cells.update { cell in
        cell.pointee.add(.pageViews, 1)
        if isError { cell.pointee.add(.errors, 1) }
        if let counter { cell.pointee.add(counter, 1) }
      }
      let cell = rollups.cell(.page, rows.minute, pageKey)
      cell.pointee.add(.pageViews, 1)
      if isError { cell.pointee.add(.errors, 1) }
      cell.pointee.sessions.insert(hash: Murmur3.hash64(event.sessionId))
      if let user = event.userId { cell.pointee.activeUsers.insert(hash: Murmur3.hash64(user)) }
      if song != 0 { meetSong(song, event) }
    }
    guard let counter else { return PageCredit(engagement: nil, songKey: 0) }
    if song != 0 {
      if isEmitting { rollups.cell(.song, rows.minute, song).pointee.add(counter, 1) }
      return PageCredit(engagement: counter, songKey: song)
    }
    return PageCredit(
      engagement: counter, songKey: inWindow ? creditLater(event, keys, counter) : 0)
  }

  /// Credits the session's last song, as far as it is known, and remembers the page view for as long as
  /// a listen in time can still change which song was the last.
  /// - Returns: the song as it is known now; 0 where there is none.
  func creditLater(_ event: Event, _ keys: FactKeys, _ counter: Counter) -> Int64 {
    let session = store.session(hasher.session(event))
    var credit = Credit(keys: keys, counter: counter, session: session)
    settle(&credit)
    if event.ts >= watermark(.listen) { store.addCredit(credit) }
    return credit.songKey
  }

  /// Moves a credit to the song that is the session's last one by what is known now.
  /// - Returns: whether the song is another one than before.
  @discardableResult
  func settle(_ credit: inout Credit) -> Bool {
    let song = store.lastSong(credit.session, at: credit.ts)
    guard song != credit.songKey else { return false }
    if isEmitting {
      let minute = rollupMinute(credit.ts)
      if credit.songKey != 0 {
        rollups.cell(.song, minute, credit.songKey).pointee.add(credit.counter, -1)
      }
      if song != 0 { rollups.cell(.song, minute, song).pointee.add(credit.counter, 1) }
    }
    credit.songKey = song
    return true
  }

  /// Which engagement a page stands for, if any. The page's name is looked up only once for each
  /// combination of page attributes.
  @inline(__always)
  func engagement(_ pageKey: Int64, _ event: Event) -> Counter? {
    if let known = pages.find(0, pageKey) {
      return known == Self.noEngagement ? nil : Counter(rawValue: Int(known))
    }
    namePage(pageKey, event)
    let counter = engagementPages[event.page.string]
    let value = counter.map { Int32($0.rawValue) } ?? Self.noEngagement
    _ = pages.findOrInsert(0, pageKey, new: value)
    return counter
  }

  func namePage(_ key: Int64, _ event: Event) {
    rollups.name(
      key,
      .page(
        page: event.page.string, method: event.method.string, status: event.status ?? 0,
        auth: event.auth.string, level: event.level.string))
  }

  // MARK: Listens

  func countListen(
    _ event: Event, _ rows: EventRows, _ keys: FactKeys, inWindow: Bool
  ) {
    let song = hasher.song(event)
    if isEmitting {
      countStart(event, rows, song)
      plays?.started(keys, songKey: song, durationMs: event.durationMs, event)
    }
    var play = Play(
      // Only facts need the texts, and interned texts are kept for as long as the process lives.
      keys: keys, songKey: song, auth: facts == nil ? 0 : output.texts.id(event.auth),
      level: facts == nil ? 0 : output.texts.id(event.level), durationMs: event.durationMs,
      audienceKey: rows.audience)
    guard inWindow else {
      let (outcome, listened) = play.outcome(next: nil, watermark: Int64.max)
      restate(&play, outcome, listened)
      report(&play)
      return
    }
    let session = store.session(hasher.session(event))
    let index = store.insert(play, session: session)
    judge(index)
    let older = store.at(index).pointee.older
    if older >= 0 { judge(older) }
    var credit = store.lastCredit(session)
    while credit >= 0 {
      if store.credits[Int(credit)].ts >= event.ts {
        // A copy, as settling reads the store while an inout access would hold it.
        var known = store.credits[Int(credit)]
        if settle(&known), isEmitting { facts?.creditChanged(known.keys, songKey: known.songKey) }
        store.credits[Int(credit)] = known
      }
      credit = store.credits[Int(credit)].older
    }
  }

  func countStart(_ event: Event, _ rows: EventRows, _ song: Int64) {
    meetSong(song, event)
    let songHash = Murmur3.hash64(song)
    let user = event.userId.map { Murmur3.hash64($0) }
    let (cells, visit) = touch(event, rows)
    cells.update { cell in
      cell.pointee.add(.listens, 1)
      if song != 0 { cell.pointee.songs.insert(hash: songHash) }
    }
    if let user, !visit.pointee.hasListened {
      cells.updateShared { $0.pointee.listeners.insert(hash: user) }
      visit.pointee.hasListened = true
    }
    let cell = rollups.cell(.song, rows.minute, song)
    cell.pointee.add(.listens, 1)
    if let user { cell.pointee.listeners.insert(hash: user) }
  }

  /// Brings what is counted of a play in line with what is known of the play now.
  func judge(_ index: Int32) {
    let newer = play(index).pointee.newer
    let (outcome, listened) = play(index).pointee.outcome(
      next: newer >= 0 ? play(newer).pointee.ts : nil, watermark: watermark(.listen))
    restate(&play(index).pointee, outcome, listened)
  }

  /// Replaces what the rollups say of a play.
  func restate(_ play: inout Play, _ outcome: Outcome, _ listened: Int32) {
    guard outcome != play.counted || listened != play.countedListenedMs else { return }
    if isEmitting {
      count(play, play.counted, -play.countedListenedMs, -1)
      count(play, outcome, listened, 1)
    }
    play.counted = outcome
    play.countedListenedMs = listened
  }

  /// Adds an ended play to its rows (`sign` 1), or takes it out again (`sign` -1, `listened` negated).
  func count(_ play: Play, _ outcome: Outcome, _ listened: Int32, _ sign: Int32) {
    let counter: Counter
    switch outcome {
    case .open: return
    case .completed: counter = .completed
    case .partial: counter = .partial
    case .skipped: counter = .skipped
    }
    let minute = rollupMinute(play.ts)
    let rows = EventRows(
      minute: minute, user: play.userKey, location: play.locationKey, device: play.deviceKey,
      audience: play.audienceKey)
    rollups.cells(rows).update { cell in
      cell.pointee.add(counter, sign)
      cell.pointee.listenedMs += Int64(listened)
    }
    let cell = rollups.cell(.song, minute, play.songKey)
    cell.pointee.add(counter, sign)
    cell.pointee.listenedMs += Int64(listened)
  }

  // MARK: Facts of plays

  /// Tells the fact sink of all plays that are not final yet: the fact rows are written with the outcome
  /// as it is now, and corrected later. Call at the end of a load.
  public func reportOpenPlays() {
    store.forEachNotFinal { report(&play($0).pointee) }
  }

  /// Tells the fact sink of a play, unless the sink has been told the same already.
  func report(_ play: inout Play) {
    guard let facts else { return }
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

/// The minute since 1970 that rows of this event time (milliseconds since 1970) belong to.
@inline(__always)
private func rollupMinute(_ ts: Int64) -> Int32 {
  let minute = Int32(truncatingIfNeeded: ts / 60_000)
  assert(
    Int64(minute) == ts / 60_000, "event time \(ts) would be counted in minute \(minute)")
  return minute
}

/// The rows that every event counts in, of whatever topic.
struct EventRows {
  var minute: Int32
  var user, location, device, audience: Int64
}

/// Pages that say something about a song, by eventsim's names.
let engagementPages: [String: Counter] = [
  "Thumbs Up": .thumbsUp, "Thumbs Down": .thumbsDown, "Add to Playlist": .playlistAdds,
  "Share": .shares, "Add Friend": .friendsAdded, "Roll Advert": .adverts,
]
