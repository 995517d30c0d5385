import EventModel

/// What all kernels of a process write to: rollup rows, and members met for the first time.
public final class KernelOutput {
  public let rollups = RollupSet()
  public let members: MemberDirectory
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
  /// in a worker that lives for months they would only grow. Does nothing while rows wait to be drained.
  /// - Parameter kernels: all that write to this output.
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
  case counted
  /// Counted, though it came behind the watermark (or a day ahead of it): outside the window in which
  /// order, redeliveries and the session around it are known.
  case countedOutOfWindow
  /// The same event had come before.
  case redelivered
  /// The caller asked to see out-of-window events first; nothing has happened yet.
  case deferred
  /// The event asks for a past that this kernel has forgotten, as the topics lie far apart. Nothing has
  /// happened: a new kernel must begin from what was committed, and look at `neededHistory`.
  case needsHistory
}

/// The one definition of every rollup, as a fold over the records of one partition number of the
/// three topics. Both layers run this.
///
/// What it has written after reading the records below a set of offsets (one for each topic) is a
/// function of those records alone: each topic is read in offset order, and how the topics are
/// interleaved, or how far one lags behind another, has no influence. Its state depends only on the
/// records from `replayPoint` on, so that there is no state to store; where one topic lags far behind
/// another, from further back (`neededHistory`).
public final class Kernel {
  public struct Configuration: Sendable {
    /// Milliseconds. How far behind the greatest timestamp of its topic and partition an event may
    /// come and still be in time.
    public var allowedLatenessMs: Int64
    public init(allowedLatenessMs: Int64 = 600_000) { self.allowedLatenessMs = allowedLatenessMs }
  }

  let configuration: Configuration
  let output: KernelOutput
  let rollups: RollupSet
  let members: MemberDirectory
  /// Where counted events go as facts; the speed layer has none.
  public var facts: (any FactSink)?
  /// Whether out-of-window events come back as `deferred`, to be looked up elsewhere and then given
  /// to `foldOutOfWindow`.
  public var defersOutOfWindow = false

  /// False while records below the committed offsets are read again to rebuild the state.
  var isEmitting = false
  /// State in memory of our own, by topic where it is one for each: nothing to retain and no access
  /// to check for every event.
  let hasher: UnsafeMutablePointer<KeyHasher>
  let identities: UnsafeMutablePointer<IdentityMemory>
  let ahead: UnsafeMutablePointer<AheadMemory>
  let marks: UnsafeMutablePointer<Watermark>
  let replays: UnsafeMutablePointer<ReplayIndex>
  let store: UnsafeMutablePointer<PlayStore>
  /// How far each topic may lag behind the others.
  let lags: UnsafeMutablePointer<Lag>
  /// The bound below which identities were last forgotten, by topic.
  let forgotten: UnsafeMutablePointer<Int64>
  /// Combinations of page attributes met, with the engagement that they stand for: its raw value, or
  /// `noEngagement`.
  let pages: UnsafeMutablePointer<FlatTable>
  static let noEngagement: Int32 = 1000
  /// Audiences that have been named.
  let audiences: UnsafeMutablePointer<FlatTable>

  @inline(__always)
  func play(_ index: Int32) -> UnsafeMutablePointer<Play> { store.pointee.at(index) }

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
    ahead = .allocate(capacity: n)
    marks = .allocate(capacity: n)
    replays = .allocate(capacity: n)
    lags = .allocate(capacity: n)
    forgotten = .allocate(capacity: n)
    for t in 0..<n {
      (identities + t).initialize(to: IdentityMemory())
      (ahead + t).initialize(to: AheadMemory())
      (marks + t).initialize(to: Watermark())
      (replays + t).initialize(to: ReplayIndex())
      (lags + t).initialize(to: Lag())
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
    ahead.deinitialize(count: n).deallocate()
    marks.deinitialize(count: n).deallocate()
    replays.deinitialize(count: n).deallocate()
    lags.deallocate()
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
  /// - Parameter isWhole: no records of the topic lie before.
  public func restore(_ topic: Topic, watermark: Watermark, isWhole: Bool) {
    marks[Int(topic.rawValue)] = watermark
    replays[Int(topic.rawValue)].settledThrough = watermark.farthest
    if !isWhole { noteBeginning(topic, watermark) }
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
    case .pageView: horizon = waitingHorizon
    case .listen:
      horizon = creditHorizon - PlayStore.creditMs
      store.pointee.forEachNotFinal { horizon = min(horizon, play($0).pointee.ts) }
    }
    let point = replays[t].point(horizon: horizon, next: next, mark: marks[t])
    forgetAhead(topic, point)
    return point
  }

  /// Forgets what came ahead and cannot come in the window any more, nor when it is read again: from
  /// `point`, or from as far back as the topics lie apart.
  private func forgetAhead(_ topic: Topic, _ point: ReplayPoint) {
    guard let greatest = point.watermark.greatest else { return }
    var bound = greatest - configuration.allowedLatenessMs
    if topic != .auth {
      let common = min(watermark(.listen), watermark(.pageView))
      guard common != Int64.min else { return }
      bound = min(bound, common - PlayStore.creditMs)
    }
    ahead[Int(topic.rawValue)].forget(below: bound)
  }

  // MARK: Events ahead of the crowd

  /// Tells of events of a topic that were counted ahead of the crowd before the records that are to be
  /// read. Call before any record.
  public func remember(_ topic: Topic, ahead events: [CountedAhead]) {
    for event in events {
      _ = ahead[Int(topic.rawValue)].insert(event.identity, timestamp: event.ts)
    }
  }

  /// The events of a topic that were counted, or handed to the caller to be counted, ahead of the crowd,
  /// and that a kernel must still be told of when it takes over at the replay points.
  public func countedAhead(_ topic: Topic) -> [CountedAhead] { ahead[Int(topic.rawValue)].all }

  /// The identity of an event: a 64-bit hash of topic, user, session, item in session and time.
  public func identity(of event: Event) -> Int64 { hasher.pointee.identity(event) }

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

  // MARK: Folding

  /// Folds the next record of its topic.
  @discardableResult
  public func fold(_ event: Event, offset: Int64) -> Verdict {
    let t = Int(event.topic.rawValue)
    let ts = event.ts
    replays[t].hasSeenAny = true
    if let greatest = marks[t].greatest,
      ts < greatest - configuration.allowedLatenessMs || ts > greatest + Watermark.leap
    {
      return foldOutside(event, isAhead: ts > greatest)
    }
    if ts <= lags[t].missing, isEmitting, asksForForgotten(event) { return .needsHistory }
    replays[t].note(timestamp: ts, offset: offset, mark: marks + t)
    marks[t].observe(ts)
    let identity = hasher.pointee.identity(event)
    let isNew =
      (ahead[t].isEmpty || !ahead[t].contains(identity))
      && identities[t].insert(identity, timestamp: ts)
    guard isNew, isEmitting || ts > replays[t].settledThrough else {
      advance(event.topic)
      return .redelivered
    }
    count(event, offset: offset, inWindow: true)
    advance(event.topic)
    return .counted
  }

  private func foldOutside(_ event: Event, isAhead: Bool) -> Verdict {
    let t = Int(event.topic.rawValue)
    marks[t].observe(event.ts)
    advance(event.topic)
    if isAhead {
      let identity = hasher.pointee.identity(event)
      guard !identities[t].contains(identity, timestamp: event.ts),
        ahead[t].insert(identity, timestamp: event.ts)
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
    count(event, offset: -1, inWindow: false)
  }

  /// Forgets which audiences and pages have been named: they are named again when they come again.
  /// - Parameter used: gets the audiences of plays that may still count.
  fileprivate func forgetVocabularies(using used: inout Set<Int64>) {
    pages.pointee.removeAll()
    audiences.pointee.removeAll()
    store.pointee.forEachNotFinal { used.insert(play($0).pointee.audienceKey) }
  }

  // MARK: Time passing

  /// Closes what the topic's watermark has passed.
  @inline(__always)
  func advance(_ topic: Topic) {
    let t = Int(topic.rawValue)
    let mark = watermark(topic)
    if topic == .listen {
      while let index = store.pointee.popEnded(mark) {
        judge(index)
        play(index).pointee.isFinal = true
        if isEmitting { report(&play(index).pointee) }
      }
      if store.pointee.needsSweep { sweep() }
    } else if topic == .pageView, store.pointee.needsSweep {
      sweep()
    }
    if mark > forgotten[t] + 60_000 || forgotten[t] == Int64.min {
      forgotten[t] = mark
      identities[t].forget(below: mark)
    }
  }
}

extension UnsafeMutablePointer {
  fileprivate static func single(_ value: Pointee) -> UnsafeMutablePointer {
    let pointer = allocate(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }
}
