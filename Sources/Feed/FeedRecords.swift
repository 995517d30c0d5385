import EventLog
import EventModel

/// A record that could not be decoded.
public struct QuarantinedRecord: Sendable {
  public var source: TopicPartition
  public var offset: Int64
  /// One line: field, what was expected, what was found.
  public var reason: String
  public var raw: [UInt8]
}

/// A record that came outside the window of its partition's watermark, waiting to be looked up.
public struct DeferredRecord: Sendable {
  public var source: TopicPartition
  public var topic: Topic
  public var offset: Int64
  public var raw: [UInt8]
}

/// What was found out about a deferred record.
public enum DeferredVerdict: Sendable {
  /// Its event is to be counted.
  case new
  /// Its event has been counted before.
  case redelivered
}

/// What one read of the log came to.
public struct FeedCounts: Sendable, Equatable {
  public var listens = 0
  public var auths = 0
  public var pageViews = 0
  public var redelivered = 0
  public var quarantined = 0
  /// Of the counted events, those that came outside the window of the watermark.
  public var late = 0
  /// Offsets that have no record, as a Kafka log may have them.
  public var absent = 0

  public init() {}

  public var counted: Int { listens + auths + pageViews }
  /// Every record is one of these: accepted = counted + redelivered + quarantined.
  public var records: Int { counted + redelivered + quarantined }

  mutating func count(_ topic: Topic) {
    switch topic {
    case .listen: listens += 1
    case .auth: auths += 1
    case .pageView: pageViews += 1
    }
  }
}
