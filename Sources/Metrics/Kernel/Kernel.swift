import EventModel

/// What all kernels of a process write to: rollup rows, and members met for the first time.
public final class KernelOutput {
  /// The rollup rows since they were last drained.
  public let rollups = RollupSet()
  /// The dimension members met since they were last taken.
  public let members: MemberDirectory
  /// The texts of `ListenFact`.
  public let texts = InternedTexts()
  /// Texts of rollup rows that are kept for good; more are tidied up.
  private var textLimit: Int

  /// - Parameters:
  ///   - textLimit: how many texts of rollup rows are worth no tidying up.
  ///   - memberLimit: how many members of a dimension are known at most; see `MemberDirectory`.
  public init(textLimit: Int = 1 << 16, memberLimit: Int = 1 << 20) {
    self.textLimit = textLimit
    members = MemberDirectory(limit: memberLimit)
  }

  /// Forgets the texts of audiences and pages that no row and no play refers to, where there are many:
  /// without it, the texts of a worker that lives for months would only grow in number. Does nothing
  /// while rows wait to be drained.
  /// - Parameter kernels: all kernels that write to this output.
  public func tidy(_ kernels: some Collection<Kernel>) {
    guard rollups.textCount > textLimit, rollups.count == 0 else { return }
    var used = Set<Int64>()
    for kernel in kernels { kernel.forgetVocabularies(using: &used) }
    rollups.forgetTexts(except: used)
    textLimit = max(textLimit, 2 * rollups.textCount)
  }
}

/// What came of one record.
public enum Verdict: Sendable {
  /// Counted, with all its relations to other events.
  case counted
  /// Counted, though it came behind the watermark or more than a day ahead of event time: outside the
  /// window in which order, redeliveries and the session around an event are known.
  case countedOutOfWindow
  /// Not counted, as the same event had come before.
  case redelivered
  /// Not counted, as the caller asked to see out-of-window events first (`defersOutOfWindow`).
  case deferred
  /// Not counted, as the event needs a past that this kernel has forgotten: the topics lie far apart.
  /// A new kernel must begin from what was committed, and look at `neededHistory`.
  case needsHistory
}

/// The one definition of every rollup, as a fold over the records of one partition number of the
/// three topics. Both layers run this.
///
/// What it has written after reading the records below a set of offsets (one for each topic) is a
/// function of those records alone: each topic is read in offset order, and how the topics are
/// interleaved, or how far one lags behind another, has no influence. Its state depends only on the
/// records from `replayPoint` on, or from further back where one topic lags far behind another
/// (`neededHistory`), so that there is no state to store.
public final class Kernel {
  /// What can be set about a kernel. Both layers must be given the same.
  public struct Configuration: Sendable {
    /// Milliseconds. How far behind the greatest timestamp of its topic and partition an event may
    /// come and still be in time.
    public var allowedLatenessMs: Int64

    /// - Parameter allowedLatenessMs: milliseconds, not negative; ten minutes unless given.
    public init(allowedLatenessMs: Int64 = 600_000) { self.allowedLatenessMs = allowedLatenessMs }
  }

  let configuration: Configuration
  let output: KernelOutput
  let rollups: RollupSet
  let members: MemberDirectory
  /// Where counted events go as facts; the speed layer has none.
  public var facts: (any FactSink)?
  /// Where plays go as they start; the batch layer, which has facts, needs none.
  public var plays: (any PlaySink)?
  /// Where page views and logins go; the batch layer needs none.
  public var actions: (any ActionSink)?
  /// Whether out-of-window events come back as `deferred`, so that the caller can look them up
  /// elsewhere and then give them to `foldOutOfWindow`.
  public var defersOutOfWindow = false

  /// False while records below the committed offsets are read again to rebuild the state.
  var isEmitting = false
  /// By `Topic.index`.
  let topics = FixedArray(count: Topic.allCases.count) { TopicState() }
  var hasher = KeyHasher()
  var store = PlayStore()
  /// Combinations of page attributes met, with the engagement that each stands for: its raw value, or
  /// `noEngagement`.
  var pages = FlatTable()
  static let noEngagement: Int32 = 1000
  /// Audiences that have been named.
  var audiences = FlatTable()

  /// A play in place, valid until the play is forgotten.
  @inline(__always)
  func play(_ index: Int32) -> UnsafeMutablePointer<Play> { store.at(index) }

  /// A kernel that has read nothing and does not count yet: `restore` each topic, fold the records that
  /// rebuild the state, then `beginEmitting`.
  public init(configuration: Configuration, output: KernelOutput) {
    self.configuration = configuration
    self.output = output
    rollups = output.rollups
    members = output.members
  }

  /// How much state is never worth tidying up; has no influence on any result.
  var sweepFloor: Int {
    get { store.sweepFloor }
    set { store.sweepFloor = newValue }
  }

  // MARK: Recovery

  /// Sets the watermark as it was at the offset that reading begins from. Call before any record.
  /// - Parameter isWhole: no records of the topic lie before.
  public func restore(_ topic: Topic, watermark: Watermark, isWhole: Bool) {
    let t = topic.index
    assert(
      topics[t].replay.lastOffset == Int64.min,
      "\(topic.name): watermark \(watermark.greatest ?? Int64.min) restored after the record at "
        + "offset \(topics[t].replay.lastOffset)")
    topics[t].mark = watermark
    topics[t].replay.settledThrough = watermark.farthest
    if !isWhole { noteBeginning(topic, watermark) }
    // Any record leaves a trace in the watermark: an untouched one says that the topic had no record.
    topics[t].replay.hasSeenAny = watermark != Watermark()
  }

  /// From here on, what is folded counts. Call when all three topics have been read up to the
  /// offsets that were committed.
  public func beginEmitting() {
    isEmitting = true
    store.forEachNotFinal { index in
      play(index).pointee.reported = play(index).pointee.counted
      play(index).pointee.reportedListenedMs = play(index).pointee.countedListenedMs
      play(index).pointee.isReported = true
    }
  }

  /// From where a topic must be read again to have the state after the last record folded.
  /// - Parameter next: one past the last record's offset.
  public func replayPoint(_ topic: Topic, next: Int64) -> ReplayPoint {
    let own = watermark(topic)
    var horizon = own
    switch topic {
    case .auth: break
    case .pageView: horizon = waitingHorizon
    case .listen:
      horizon = creditHorizon - PlayStore.creditMs
      store.forEachNotFinal { horizon = min(horizon, play($0).pointee.ts) }
    }
    let t = topic.index
    let point = topics[t].replay.point(horizon: horizon, next: next, mark: topics[t].mark)
    forgetAhead(topic, point)
    return point
  }

  /// Forgets events that were counted ahead and cannot come in the window any more, not even when the
  /// topic is read again from `point`, or from as far back as the topics lie apart.
  private func forgetAhead(_ topic: Topic, _ point: ReplayPoint) {
    guard let greatest = point.watermark.greatest else { return }
    var bound = greatest - configuration.allowedLatenessMs
    if topic != .auth {
      let common = min(watermark(.listen), watermark(.pageView))
      guard common != Int64.min else { return }
      bound = min(bound, common - PlayStore.creditMs)
    }
    topics[topic.index].ahead.forget(below: bound)
  }

  // MARK: Events ahead of the crowd

  /// Tells the kernel which events of a topic were counted ahead of the crowd before the records that
  /// are to be read. Call before any record.
  public func remember(_ topic: Topic, ahead events: [CountedAhead]) {
    for event in events {
      _ = topics[topic.index].ahead.insert(event.identity, timestamp: event.ts)
    }
  }

  /// The events of a topic that were counted, or handed to the caller to be counted, ahead of the crowd.
  /// The next kernel, which begins at the replay points, must be told of them by `remember`.
  public func countedAhead(_ topic: Topic) -> [CountedAhead] { topics[topic.index].ahead.all }

  /// The identity of an event: a 64-bit hash of topic, user, session, item in session and time.
  public func identity(of event: Event) -> Int64 { hasher.identity(event) }

  // MARK: Watermarks

  /// The topic's greatest timestamp less the allowed lateness, in milliseconds since 1970; `Int64.min`
  /// before there is one.
  public func watermark(_ topic: Topic) -> Int64 {
    topics[topic.index].mark.greatest.map { $0 - configuration.allowedLatenessMs } ?? Int64.min
  }

  /// How far event time has come in a topic: what `restore` must be given to read on from here.
  public func watermarkState(_ topic: Topic) -> Watermark { topics[topic.index].mark }

  /// Minutes that begin before this are complete, but for events that come later than allowed and
  /// plays that are open; `Int64.max` where nothing has come at all. Milliseconds since 1970.
  public var finalBefore: Int64 {
    var bound = Int64.max
    for topic in Topic.allCases where topics[topic.index].replay.hasSeenAny {
      bound = min(bound, watermark(topic))
    }
    store.forEachNotFinal { bound = min(bound, play($0).pointee.ts) }
    return bound
  }

  // MARK: Folding

  /// Folds the next record of its topic.
  /// - Parameter offset: the record's offset, greater than that of the topic's record before.
  @discardableResult
  public func fold(_ event: Event, offset: Int64) -> Verdict {
    let t = event.topic.index
    let ts = event.ts
    topics[t].replay.see(offset)
    if let greatest = topics[t].mark.greatest,
      ts < greatest - configuration.allowedLatenessMs || ts > greatest + Watermark.leap
    {
      return foldOutside(event, isAhead: ts > greatest)
    }
    if ts <= topics[t].lag.missing, isEmitting, needsForgotten(event) { return .needsHistory }
    if topics[t].replay.wantsPoint(timestamp: ts) {
      topics[t].replay.add(ReplayPoint(offset: offset, watermark: topics[t].mark))
    }
    topics[t].mark.observe(ts)
    let identity = hasher.identity(event)
    let isNew =
      (topics[t].ahead.isEmpty || !topics[t].ahead.contains(identity))
      && topics[t].identities.insert(identity, timestamp: ts)
    guard isNew, isEmitting || ts > topics[t].replay.settledThrough else {
      advance(event.topic)
      return .redelivered
    }
    count(event, inWindow: true)
    advance(event.topic)
    return .counted
  }

  private func foldOutside(_ event: Event, isAhead: Bool) -> Verdict {
    let t = event.topic.index
    topics[t].mark.observe(event.ts)
    advance(event.topic)
    if isAhead {
      let identity = hasher.identity(event)
      guard !topics[t].identities.contains(identity, timestamp: event.ts),
        topics[t].ahead.insert(identity, timestamp: event.ts)
      else { return .redelivered }
    }
    guard isEmitting else { return .countedOutOfWindow }
    if defersOutOfWindow { return .deferred }
    foldOutOfWindow(event)
    return .countedOutOfWindow
  }

  /// Counts an event that came outside the window: on its own, without touching any state, so that
  /// it has no influence on what else is counted. A listen is closed at once.
  public func foldOutOfWindow(_ event: Event) {
    count(event, inWindow: false)
  }

  /// Forgets which audiences and pages have been named: each is named again when it comes again.
  /// - Parameter used: gets the audiences of plays that may still count.
  fileprivate func forgetVocabularies(using used: inout Set<Int64>) {
    pages.removeAll()
    audiences.removeAll()
    store.forEachNotFinal { used.insert(play($0).pointee.audienceKey) }
  }

  // MARK: Time passing

  /// Closes what the topic's watermark has passed.
  @inline(__always)
  func advance(_ topic: Topic) {
    let t = topic.index
    let mark = watermark(topic)
    assert(
      mark >= topics[t].forgottenBelow,
      "\(topic.name): the watermark fell to \(mark) from \(topics[t].forgottenBelow)")
    if topic == .listen {
      while let index = store.popEnded(mark) {
        judge(index)
        play(index).pointee.isFinal = true
        if isEmitting { report(&play(index).pointee) }
        store.forget(around: index, creditHorizon: sureHorizon)
      }
      if store.needsSweep { sweep() }
    } else if topic == .pageView, store.needsSweep {
      sweep()
    }
    if mark > topics[t].forgottenBelow + 60_000 || topics[t].forgottenBelow == Int64.min {
      topics[t].forgottenBelow = mark
      topics[t].identities.forget(below: mark)
    }
  }
}
