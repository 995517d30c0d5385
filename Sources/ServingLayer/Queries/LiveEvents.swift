import Metrics

/// Kinds of events that the speed layer has one by one until a load publishes them.
enum LiveEvents: CaseIterable, Sendable {
  case plays, pageViews, logins

  /// What counts how many events of the kind there are.
  var counters: [Counter] {
    switch self {
    case .plays: [.listens]
    case .pageViews: [.pageViews]
    case .logins: [.logins, .failedLogins]
    }
  }

  /// How far event time has come in them, as SQL; null where the speed layer has read none.
  var reached: String {
    // Logins are rare: where none came for a while, the others say how far event time is.
    let topic =
      switch self {
      case .plays: " where topic = 'listen_events'"
      case .pageViews: " where topic = 'page_view_events'"
      case .logins: ""
      }
    return "(select to_timestamp(max(greatest) / 1000.0) from speed.reached\(topic))"
  }
}

extension Measure {
  /// The kinds of events that count in this, where they do so as soon as they come; nil where more is to be known, as how a play ends.
  var liveEvents: Set<LiveEvents>? {
    switch rule {
    case .sum(let counter): counter.liveEvents
    case .cardinality(.listeners), .cardinality(.songs): [.plays]
    case .cardinality(.activeUsers), .cardinality(.sessions): Set(LiveEvents.allCases)
    case .ratio(let counter, let over):
      over.reduce(counter.liveEvents) { all, one in
        all.flatMap { all in one.liveEvents.map(all.union) }
      }
    }
  }
}

extension Counter {
  fileprivate var liveEvents: Set<LiveEvents>? {
    switch self {
    case .listens: [.plays]
    case .pageViews, .errors: [.pageViews]
    case .logins, .failedLogins: [.logins]
    default: nil
    }
  }
}

extension QueryPlan {
  /// The view with the events that no load has published yet, where facts answer of what these tell at once: then the answer goes on
  /// to the present.
  var liveView: String? {
    guard source == .facts, query.measuresRead.allSatisfy({ $0.liveEvents != nil }) else {
      return nil
    }
    return liveEvents == [.plays] ? "layers.live_play" : "layers.live_event"
  }

  /// The kinds of events that count in what is asked for, in order.
  var liveEvents: [LiveEvents] {
    LiveEvents.allCases.filter { kind in
      query.measuresRead.contains { $0.liveEvents?.contains(kind) == true }
    }
  }
}
