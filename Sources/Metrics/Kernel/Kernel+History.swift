import EventModel

/// How far a topic may lag behind the one whose past it asks for: page views ask for the plays before
/// them, and a listen changes the song of page views after it that have come already.
struct Lag {
  /// Records of it are in the log for certain and have not been read: all that they may ask for is kept.
  var isUnread = false
  /// Milliseconds that it was behind when it had last been read up to its end.
  var usual: Int64 = 0
  /// What a record of this event time or an earlier one asks for may have been forgotten.
  var missing = Int64.min
}

/// What is kept for a topic that lags behind, by any amount; see docs/metrics.md.
///
/// As long as a topic has records that are known to be unread, nothing that they may ask for is
/// forgotten. Where it has none (it is at its end, or quiet) six hours are kept beyond what it lagged, so
/// that memory and replay stay bounded. Should a record come that asks for more, `fold` says
/// `needsHistory`, and a kernel that reads again from further back (`neededHistory`) takes over.
extension Kernel {
  /// Milliseconds of event time that are kept for a topic that has no records to be read.
  static let maximumSkewMs: Int64 = 6 * 3_600_000
  /// Earlier than any event.
  private static let everything = Int64.min / 2

  /// Says whether records of a topic are in the log that have not been read yet.
  public func note(_ topic: Topic, isUnread: Bool) {
    guard topic != .auth, lags[Int(topic.rawValue)].isUnread != isUnread else { return }
    let other: Topic = topic == .listen ? .pageView : .listen
    lags[Int(topic.rawValue)].isUnread = isUnread
    guard !isUnread else { return }
    let isKnown = watermark(topic) != Int64.min && watermark(other) != Int64.min
    lags[Int(topic.rawValue)].usual = isKnown ? max(0, watermark(other) - watermark(topic)) : 0
  }

  /// What records of `topic` that are earlier than this ask for may be forgotten. Milliseconds.
  private func horizon(of topic: Topic, behind other: Topic) -> Int64 {
    let leading = watermark(other)
    let lag = lags[Int(topic.rawValue)]
    let safe = max(min(watermark(topic), leading), Self.everything)
    if lag.isUnread || leading == Int64.min { return safe }
    return max(safe, leading - Self.maximumSkewMs - lag.usual)
  }

  /// Page views that are not earlier than this still find their song.
  var creditHorizon: Int64 { horizon(of: .pageView, behind: .listen) }

  /// Listens that are not earlier than this still find the page views that wait for them.
  var waitingHorizon: Int64 { horizon(of: .listen, behind: .pageView) }

  /// Forgets what nothing can ask for any more, or only what lags too far behind.
  func sweep() {
    let views = creditHorizon
    let listens = max(watermark(.listen), waitingHorizon)
    noteForgotten(.pageView, below: views)
    noteForgotten(.listen, below: listens)
    store.pointee.sweep(creditsBelow: listens, creditHorizon: views)
  }

  private func noteForgotten(_ topic: Topic, below bound: Int64) {
    let t = Int(topic.rawValue)
    guard bound > watermark(topic), bound > Self.everything else { return }
    lags[t].missing = max(lags[t].missing, bound - 1)
  }

  /// Notes what is not there because reading begins in the middle of a topic.
  func noteBeginning(_ topic: Topic, _ watermark: Watermark) {
    switch topic {
    case .auth: break
    case .listen:
      // No play before this is later than the farthest, and page views ask an hour back.
      let missing = watermark.greatest == nil ? Int64.max : watermark.farthest + PlayStore.creditMs
      lags[Int(Topic.pageView.rawValue)].missing = missing
    case .pageView:
      lags[Int(Topic.listen.rawValue)].missing =
        watermark.greatest == nil ? Int64.max : watermark.farthest
    }
  }

  /// Whether an event in the window depends on what may have been forgotten.
  func asksForForgotten(_ event: Event) -> Bool {
    switch event.topic {
    case .auth: false
    case .listen: true
    case .pageView:
      event.artist.isEmpty && event.song.isEmpty && engagementPages[event.page.string] != nil
    }
  }

  /// A topic that must be read again from further back than it was.
  public struct NeededHistory: Sendable, Equatable {
    public var topic: Topic
    /// Milliseconds since 1970: the watermark's farthest must be less than this where reading begins.
    public var before: Int64
  }

  /// What the unread records of the topics may ask for and this kernel does not have. Ask when all
  /// topics have been read up to the offsets that were committed; where there is any, a new kernel must
  /// read again, from further back.
  public func neededHistory() -> [NeededHistory] {
    var needed: [NeededHistory] = []
    for (topic, source, reach) in [
      (Topic.pageView, Topic.listen, PlayStore.creditMs), (.listen, .pageView, 0),
    ] {
      let lag = lags[Int(topic.rawValue)]
      guard lag.isUnread, lag.missing > Int64.min, watermark(topic) <= lag.missing else { continue }
      needed.append(
        NeededHistory(topic: source, before: max(watermark(topic), Self.everything) - reach))
    }
    return needed
  }

  /// Where a topic can be read from to have the state of now: its watermark as it is.
  public func mark(_ topic: Topic) -> Watermark { marks[Int(topic.rawValue)] }
}
