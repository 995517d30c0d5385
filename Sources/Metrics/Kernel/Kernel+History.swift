import EventModel

/// What is kept for a topic that lags behind, by any amount; see docs/metrics.md.
///
/// As long as a topic has records that are known to be unread, nothing that those records may need is
/// forgotten. Where a topic has no such records (it is at its end, or quiet), six hours are kept beyond
/// its usual lag, so that memory and replay stay bounded. Should a record come that needs more, `fold`
/// says `needsHistory`, and a new kernel that reads again from further back (`neededHistory`) takes over.
extension Kernel {
  /// Milliseconds of event time that are kept for a topic that has no records to be read.
  static let maximumSkewMs: Int64 = 6 * 3_600_000
  /// Earlier than any event, and far enough from `Int64.min` to subtract from. Milliseconds since 1970.
  private static let everything = Int64.min / 2

  /// Tells the kernel whether the log has records of a topic that have not been read yet.
  public func note(_ topic: Topic, isUnread: Bool) {
    guard topic != .auth, topics[topic.index].lag.isUnread != isUnread else { return }
    let other: Topic = topic == .listen ? .pageView : .listen
    topics[topic.index].lag.isUnread = isUnread
    guard !isUnread else { return }
    let isKnown = watermark(topic) != Int64.min && watermark(other) != Int64.min
    topics[topic.index].lag.usual = isKnown ? max(0, watermark(other) - watermark(topic)) : 0
  }

  /// A record of `topic` from before this may need what has been forgotten. Milliseconds since 1970.
  private func horizon(of topic: Topic, behind other: Topic) -> Int64 {
    let leading = watermark(other)
    let lag = topics[topic.index].lag
    let safe = max(min(watermark(topic), leading), Self.everything)
    if lag.isUnread || leading == Int64.min { return safe }
    return max(safe, leading - Self.maximumSkewMs - lag.usual)
  }

  /// Page views that come in time are not earlier than this, nor are listens, however far one topic lags behind the other.
  /// Milliseconds since 1970.
  var sureHorizon: Int64 { max(min(watermark(.pageView), watermark(.listen)), Self.everything) }

  /// Page views that are not earlier than this still find their song. Milliseconds since 1970.
  var creditHorizon: Int64 { horizon(of: .pageView, behind: .listen) }

  /// Listens that are not earlier than this still find the page views that wait for a song.
  /// Milliseconds since 1970.
  var waitingHorizon: Int64 { horizon(of: .listen, behind: .pageView) }

  /// Forgets what no record can need any more, or only records that lag too far behind.
  func sweep() {
    let views = creditHorizon
    let listens = max(watermark(.listen), waitingHorizon)
    noteForgotten(.pageView, below: views)
    noteForgotten(.listen, below: listens)
    store.sweep(creditsBelow: listens, creditHorizon: views)
  }

  private func noteForgotten(_ topic: Topic, below bound: Int64) {
    let t = topic.index
    guard bound > watermark(topic), bound > Self.everything else { return }
    topics[t].lag.missing = max(topics[t].lag.missing, bound - 1)
  }

  /// Notes what this kernel lacks because reading begins in the middle of a topic.
  func noteBeginning(_ topic: Topic, _ watermark: Watermark) {
    switch topic {
    case .auth: break
    case .listen:
      // Plays that are not read again started no later than the farthest, and a page view needs the
      // plays of the hour before it.
      let missing = watermark.greatest == nil ? Int64.max : watermark.farthest + PlayStore.creditMs
      topics[Topic.pageView.index].lag.missing = missing
    case .pageView:
      topics[Topic.listen.index].lag.missing =
        watermark.greatest == nil ? Int64.max : watermark.farthest
    }
  }

  /// Whether an event in the window needs a past that may have been forgotten.
  func needsForgotten(_ event: Event) -> Bool {
    switch event.topic {
    case .auth: false
    case .listen: true
    case .pageView:
      event.artist.isEmpty && event.song.isEmpty && engagementPages[event.page.string] != nil
    }
  }

  /// A topic that must be read again from further back than it was.
  public struct NeededHistory: Sendable, Equatable {
    /// The topic to read again.
    public var topic: Topic
    /// `Watermark.farthest` must be less than this where reading begins. Milliseconds since 1970.
    public var before: Int64
  }

  /// The past that unread records of the topics may need and this kernel does not have. Call when all
  /// topics have been read up to the offsets that were committed. Where the answer is not empty, a new
  /// kernel must read again, from further back.
  public func neededHistory() -> [NeededHistory] {
    var needed: [NeededHistory] = []
    for (topic, source, reach) in [
      (Topic.pageView, Topic.listen, PlayStore.creditMs), (.listen, .pageView, 0),
    ] {
      let lag = topics[topic.index].lag
      guard lag.isUnread, lag.missing > Int64.min, watermark(topic) <= lag.missing else { continue }
      needed.append(
        NeededHistory(topic: source, before: max(watermark(topic), Self.everything) - reach))
    }
    return needed
  }
}
