import EventLog
import EventModel

extension EventKinds {
  /// The three topics of events as a log wants to know them that has all of their records in one topic.
  public var recordKinds: RecordKinds {
    RecordKinds(
      topics: Topic.allCases.map(\.name), kind: { topic(of: $0).map { Int($0.rawValue) } },
      strays: Int(Self.topicOfStrays.rawValue), marked: stray,
      openings: Topic.allCases.map(opening))
  }
}
