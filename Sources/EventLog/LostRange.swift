import Glibc
import Support

/// Records that a log has dropped (Kafka's retention) before they were read.
public struct LostRange: Hashable, Sendable, CustomStringConvertible {
  /// Whose records they were.
  public var partition: TopicPartition
  /// Where they were; not empty. Offsets that never had a record (transactions, compaction) may be among
  /// these, because a log that has dropped them cannot tell any more.
  public var offsets: Range<Int64>
  /// The last time at which all of them are known to have been there, milliseconds since 1970; nil where that
  /// is not known.
  public var since: Int64?

  /// The parameters are the properties of the same names.
  public init(_ partition: TopicPartition, _ offsets: Range<Int64>, since: Int64? = nil) {
    self.partition = partition
    self.offsets = offsets
    self.since = since
  }

  /// How many records, at most.
  public var count: Int64 { offsets.upperBound - offsets.lowerBound }

  /// `400 records of listen_events/0, offsets 0 to 399, gone since some time after 2026-11-24T10:00:00.000Z`.
  public var description: String {
    "\(count) record\(count == 1 ? "" : "s") of \(partition), offsets \(offsets.lowerBound) to "
      + "\(offsets.upperBound - 1), gone since "
      + (since.map { "some time after \(ISOTime.text($0))" } ?? "a time that is not known")
  }

  /// The error of whoever was to read them.
  /// - Parameter remedy: what a person can do about it.
  public func error(
    in url: String,
    _ remedy: String =
      "polyrhythm load takes them from the lake, or polyrhythm speed --accept-loss goes on without them"
  ) -> EventLogError {
    EventLogError(
      .lost, "\(url) has dropped (retention) \(self), before they were read: \(remedy)",
      lost: self)
  }
}

/// Records that a lake will never have, because somebody said to go on without them.
public struct AcceptedLoss: Hashable, Sendable {
  /// The records.
  public var range: LostRange
  /// When that was said, milliseconds since 1970.
  public var acceptedAt: Int64
}

/// The file `lost` of a partition (docs/log-format.md).
extension PartitionDirectory {
  private var lostPath: String { "\(path)/lost" }

  /// - Throws: `.damaged` where a line is not of the file's format.
  func acceptedLosses() throws(EventLogError) -> [AcceptedLoss] {
    guard let file = try File.openIfThere(lostPath, O_RDONLY) else { return [] }
    var found: [AcceptedLoss] = []
    let text = String(decoding: try file.read(count: try file.size(), at: 0), as: UTF8.self)
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 4, let from = Int64(words[0]), let to = Int64(words[1]), from < to,
        let acceptedAt = Int64(words[2])
      else {
        throw EventLogError(
          .damaged,
          "\(lostPath) does not say which records of \(partition) are lost: each line should be first "
            + "offset, end, and two times; restore it")
      }
      found.append(
        AcceptedLoss(
          range: LostRange(partition, from..<to, since: Int64(words[3])), acceptedAt: acceptedAt))
    }
    return found
  }

  /// Notes one loss more; returns when that is on the device. A loss that began at the same offset was not
  /// passed over yet when it was noted, and is replaced.
  func note(_ loss: AcceptedLoss) throws(EventLogError) {
    var losses = try acceptedLosses()
    losses.removeAll { $0.range.offsets.lowerBound == loss.range.offsets.lowerBound }
    let lines = (losses + [loss]).map { loss in
      "\(loss.range.offsets.lowerBound) \(loss.range.offsets.upperBound) \(loss.acceptedAt) "
        + (loss.range.since.map(String.init) ?? "-") + "\n"
    }
    try replace(lostPath, with: Array(lines.joined().utf8))
  }
}

extension DirectoryLog {
  /// Records that this lake will never have, because an archive was told to go on without them.
  /// - Throws: `.damaged` where the file that says so cannot be understood.
  public func acceptedLosses(of partition: TopicPartition) throws(EventLogError) -> [AcceptedLoss] {
    try directory(partition).acceptedLosses()
  }

  /// When the partition's last segment was last written, milliseconds since 1970; nil where there is none.
  func lastWrite(of partition: TopicPartition) throws(EventLogError) -> Int64? {
    let directory = directory(partition)
    guard let last = try directory.segments().last else { return nil }
    var status = stat()
    guard stat(directory.filePath(last), &status) == 0 else { return nil }
    return Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
  }
}
