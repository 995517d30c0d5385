/// What a log remembers of one source: a file, a table, a simulation.
///
/// A source gives the same records in the same order each time it is read, and each record has its
/// partition from its key. So it is enough to know how many of its records each partition has: one
/// that is read again drops so many of each and goes on with the next.
public struct SourceRecord: Codable, Equatable, Sendable {
  /// Names the source by what it gives, and not by where it lies: letters, digits and `-`.
  public internal(set) var id: String
  /// For people: the file or the run that it was when it began.
  public internal(set) var title: String
  /// All of it is in the log, up to `extent`.
  public internal(set) var isFinished = false
  /// How far it was read, in the source's own measure: bytes of a file, milliseconds of a simulation.
  /// Of one that is not finished it may be further than its records came, never less.
  public internal(set) var extent: Int64 = 0
  /// What tells whether the source is the same up to `extent`, such as a hash; the source's own.
  public internal(set) var check = ""
  /// Where the counts begin, in the same measure; what lies before was finished earlier.
  public internal(set) var from: Int64 = 0
  /// Records from before `from`.
  public internal(set) var recordsBefore: Int64 = 0
  /// How many partitions each topic had.
  var partitions: [String: Int] = [:]
  /// Records since `from`, by topic/partition, that are known to be on the storage device.
  var given: [String: Int64] = [:]
  /// Where a partition stood when the source last began or went on. Records from there on are this source's,
  /// and are not in `given` yet; a partition that is counted has no entry here.
  var start: [String: Int64] = [:]
  /// Where each partition with records of this source ended when they were counted. A log that does not
  /// reach that far any more has lost some of them.
  var ends: [String: End]?
  /// True where some of its records were lost before they could be counted.
  var isLost: Bool?

  /// A place in a partition.
  struct End: Codable, Equatable, Sendable {
    var offset: Int64
    /// The log epoch of the record below `offset`, where the log knows it.
    var epoch: Int64?
  }

  init(id: String, title: String) {
    self.id = id
    self.title = title
  }

  /// Takes up what the source has given to a partition since it last began.
  /// - Parameters:
  ///   - given: below 0 where the partition ends before that: it has lost what was on the device.
  ///   - end: where the partition ends now.
  mutating func settle(_ partition: String, given: Int64, end: End) {
    start[partition] = nil
    self.given[partition, default: 0] += max(0, given)
    if given < 0 { isLost = true }
    guard given > 0 else { return }
    ends = ends ?? [:]
    ends?[partition] = end
  }

  /// The number at the end of an id.
  static func number(of id: String) -> Int? {
    id.lastIndex(of: "-").flatMap { Int(id[id.index(after: $0)...]) }
  }

  /// Ends the check of a source that may have given records from beyond its last whole one.
  static let openEnd = "$"

  /// Whether the source ended where more may come (see `SourceJournal.reachedOpenEnd`): it is the same
  /// source later only where it still ends there.
  public var hasOpenEnd: Bool { check.hasSuffix(Self.openEnd) }

  /// The check that the source gave, without the mark of an open end.
  public var checkText: String { hasOpenEnd ? String(check.dropLast()) : check }

  /// Whether the log has records of the source since `from`, but no extent or check that tells which: a power
  /// failure can leave it so.
  public var isUntold: Bool { extent <= from && given.values.contains { $0 > 0 } }

  /// Records in the log, as far as it is settled.
  public var records: Int64 { recordsBefore + given.values.reduce(0, +) }
}
