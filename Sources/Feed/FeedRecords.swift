import EventLog
import EventModel

/// A record that could not be decoded.
public struct QuarantinedRecord: Sendable {
  /// The topic and partition that the record was read from.
  public var source: TopicPartition
  /// The record's offset in `source`.
  public var offset: Int64
  /// One line: field, what was expected, what was found.
  public var reason: String
  /// The record's bytes as the log has them.
  public var raw: [UInt8]
}

/// A record outside the window of its partition's watermark. Before it counts, somebody has to look up
/// whether it was counted before.
public struct DeferredRecord: Sendable {
  /// The topic and partition that the record was read from.
  public var source: TopicPartition
  /// The topic's meaning, by which the record is decoded.
  public var topic: Topic
  /// The record's offset in `source`.
  public var offset: Int64
  /// The record's bytes as the log has them; they can be decoded.
  public var raw: [UInt8]
}

/// What was found out about a deferred record.
public enum DeferredVerdict: Sendable {
  /// Its event is to be counted.
  case new
  /// Its event has been counted before.
  case redelivered
}

/// The late events of one day.
public struct LateDay: Sendable, Equatable {
  /// Milliseconds.
  static let length: Int64 = 86_400_000

  /// How many there are.
  public var events: Int
  /// The time of the earliest of them, milliseconds since 1970.
  public var first: Int64
  /// The time of the latest of them.
  public var last: Int64

  func joined(with other: LateDay) -> LateDay {
    LateDay(
      events: events + other.events, first: min(first, other.first), last: max(last, other.last))
  }
}

/// How many of the records that a feed has read since its replay were counted, and how many were not.
public struct FeedCounts: Sendable, Equatable {
  /// Listen events that were counted.
  public var listens = 0
  /// Auth events that were counted.
  public var auths = 0
  /// Page views that were counted.
  public var pageViews = 0
  /// Records whose event had been counted before; they were not counted again.
  public var redelivered = 0
  /// Records that could not be decoded.
  public var quarantined = 0
  /// Of the counted events, those that came outside the window of the watermark.
  public var late = 0
  /// Where the late events lie in time: for each day (since 1970, UTC) that has any, how many and from when to when.
  public private(set) var lateDays: [Int64: LateDay] = [:]
  /// Offsets that have no record, as a Kafka log may have them.
  public var absent = 0

  /// Nothing read yet: all counts are 0.
  public init() {}

  /// The events of all three topics that were counted.
  public var counted: Int { listens + auths + pageViews }
  /// All records read, except those that are still deferred: each was counted, was a redelivery, or went
  /// to quarantine.
  public var records: Int { counted + redelivered + quarantined }

  /// What came of the records after those that these earlier counts are of; without `lateDays`, which loads alone ask for.
  public func since(_ earlier: FeedCounts) -> FeedCounts {
    var counts = self
    counts.listens -= earlier.listens
    counts.auths -= earlier.auths
    counts.pageViews -= earlier.pageViews
    counts.redelivered -= earlier.redelivered
    counts.quarantined -= earlier.quarantined
    counts.late -= earlier.late
    counts.lateDays = [:]
    counts.absent -= earlier.absent
    return counts
  }

  /// Adds what came of other records.
  mutating func add(_ other: FeedCounts) {
    listens += other.listens
    auths += other.auths
    pageViews += other.pageViews
    redelivered += other.redelivered
    quarantined += other.quarantined
    late += other.late
    lateDays.merge(other.lateDays) { $0.joined(with: $1) }
    absent += other.absent
  }

  /// - Parameter ts: of the late event, milliseconds since 1970.
  mutating func countLate(at ts: Int64) {
    late += 1
    // What lies before 1970 is quarantined.
    let day = ts / LateDay.length
    let one = LateDay(events: 1, first: ts, last: ts)
    lateDays[day] = lateDays[day]?.joined(with: one) ?? one
  }

  mutating func count(_ topic: Topic) {
    switch topic {
    case .listen: listens += 1
    case .auth: auths += 1
    case .pageView: pageViews += 1
    }
  }
}
