/// How the records of a topic that holds several kinds are told apart. What a record means is for whoever opens the log to
/// say.
public struct RecordKinds: Sendable {
  /// Our topics whose records lie together in one of Kafka's.
  public var topics: [String]
  /// The index among `topics` of the one that a record belongs to; nil where it is of no kind that is known.
  public var kind: @Sendable (_ record: UnsafeRawBufferPointer) -> Int?
  /// The index of the topic that has the records of no known kind.
  public var strays: Int
  /// What is read in place of a record of no known kind.
  public var marked: @Sendable (_ record: UnsafeRawBufferPointer) -> [UInt8]
  /// By topic: what a record is written with in place of its first byte, a brace, so that it names its kind.
  public var openings: [[UInt8]]

  /// The parameters are the properties of the same names.
  public init(
    topics: [String], kind: @escaping @Sendable (_ record: UnsafeRawBufferPointer) -> Int?,
    strays: Int, marked: @escaping @Sendable (_ record: UnsafeRawBufferPointer) -> [UInt8],
    openings: [[UInt8]]
  ) {
    self.topics = topics
    self.kind = kind
    self.strays = strays
    self.marked = marked
    self.openings = openings
  }
}

/// What one topic's reader takes of a topic that holds several kinds.
struct KindFilter {
  let kinds: RecordKinds
  /// The reader's topic.
  let own: Int

  enum Verdict: Equatable {
    case own, other
    /// Of no known kind, and this reader's to give.
    case stray
  }

  init?(_ kinds: RecordKinds?, of topic: String) {
    guard let kinds, let own = kinds.topics.firstIndex(of: topic) else { return nil }
    self.kinds = kinds
    self.own = own
  }

  func verdict(_ record: UnsafeRawBufferPointer) -> Verdict {
    guard let kind = kinds.kind(record) else { return own == kinds.strays ? .stray : .other }
    return kind == own ? .own : .other
  }
}
