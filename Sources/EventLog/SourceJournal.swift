import Foundation

/// Remembers with a directory log what its sources have given, so that a writer that died, or lost its
/// last records to a power failure, goes on at the very next record. docs/log-format.md describes its
/// files, in `sources/` of the log.
///
/// A source is written down before its first record, with the next offset of each partition. Nobody
/// else appends while it does, as it holds the partitions' locks; so what is there from that offset on
/// is its own. Whoever next holds a partition's lock counts that before it appends, once the partition
/// is synced: a count never outlives the records that it counts.
///
/// Not shared between threads.
public final class SourceJournal {
  private let files: SourceFiles
  /// By topic, then partition.
  private let partitions: [[PartitionAppender]]
  private var current: SourceRecord?
  private var progress: SourceProgress?
  /// By topic, then partition: records of the current source that are in the log already.
  private var remaining: [[Int64]] = []
  private var remainingTotal: Int64 = 0
  /// Records that sources gave and that were dropped, as the log has them.
  public private(set) var dropped = 0

  /// - Parameter partitions: by topic, then partition; all that the writer writes.
  init(logPath: String, _ partitions: [[PartitionAppender]]) throws(EventLogError) {
    files = SourceFiles(logPath: logPath)
    self.partitions = partitions
    try files.settle(Array(partitions.joined()))
  }

  /// The sources whose id is `prefix`, a `-` and a number, in the order of the numbers.
  public func known(_ prefix: String) throws(EventLogError) -> [SourceRecord] {
    try files.known(prefix)
  }

  /// Whether records of the current source are to be dropped still.
  public var isDropping: Bool { remainingTotal > 0 }

  /// Takes a record that the current source gives.
  /// - Parameter topic: the index into the topics of the writer.
  /// - Returns: true where the log has it already, so that it is not to be appended.
  public func drop(topic: Int, key: UnsafeRawBufferPointer) -> Bool {
    guard remainingTotal > 0 else { return false }
    let number = Int(partition(forKey: key, count: remaining[topic].count))
    guard remaining[topic][number] > 0 else { return false }
    remaining[topic][number] -= 1
    remainingTotal -= 1
    dropped += 1
    return true
  }

  /// Begins a source that the log does not know.
  /// - Parameter prefix: its id but for the number.
  public func begin(_ prefix: String, title: String) throws(EventLogError) {
    let last = try known(prefix).last.flatMap { SourceFiles.number(of: $0.id) } ?? 0
    let record = SourceRecord(id: "\(prefix)-\(last + 1)", title: title)
    try begin(record)
  }

  /// Takes up a source that the log knows, which is given from its `from` on again.
  /// - Throws: `.damaged` where a topic has another number of partitions by now.
  public func resume(_ record: SourceRecord) throws(EventLogError) {
    if let (topic, before) = change(of: record) {
      throw EventLogError(
        .damaged,
        "\(record.title) came into the log in part when \(topic) had \(before) partitions, and now "
          + "users are in other ones: what is missing cannot be told; --again takes it in whole, "
          + "and events that come twice count once")
    }
    try begin(record)
  }

  /// Whether a source that the log has in part can go on: its topics have as many partitions as then.
  public func canResume(_ record: SourceRecord) -> Bool { change(of: record) == nil }

  private func change(of record: SourceRecord) -> (topic: String, before: Int)? {
    guard !record.given.isEmpty else { return nil }
    for ofTopic in partitions {
      guard let topic = ofTopic.first?.partition.topic, let before = record.partitions[topic] else {
        continue
      }
      if before != ofTopic.count { return (topic, before) }
    }
    return nil
  }

  /// Takes up a finished source that has grown, and is given from its former end on.
  public func extend(_ record: SourceRecord) throws(EventLogError) {
    var record = record
    record.recordsBefore = record.records
    record.from = record.extent
    record.given = [:]
    try begin(record)
  }

  private func begin(_ record: SourceRecord) throws(EventLogError) {
    try settle()
    var record = record
    record.isFinished = false
    // What others appended must not go from under the offsets that are noted here.
    try sync()
    remaining = []
    for ofTopic in partitions {
      guard let topic = ofTopic.first?.partition.topic else { continue }
      record.partitions[topic] = ofTopic.count
      for appender in ofTopic { record.start[appender.partition.description] = appender.nextOffset }
      remaining.append(ofTopic.map { record.given[$0.partition.description] ?? 0 })
    }
    remainingTotal = remaining.joined().reduce(0, +)
    progress = SourceProgress(path: files.progressPath(record.id), known: record.extent)
    try files.save(record)
    current = record
  }

  /// Says how far the source is read, before the first record of what was read is appended. It is not
  /// synced: a power failure may set it back.
  public func reached(_ extent: Int64, check: String) throws(EventLogError) {
    try progress?.note(extent, check)
  }

  /// Says that all of the current source is in the log, and returns when that is on the storage
  /// device. A source that gave fewer records than the log has of it stays open.
  public func finish(extent: Int64, check: String = "") throws(EventLogError) {
    guard var record = current else { return }
    record.isFinished = remainingTotal == 0
    record.extent = max(extent, record.extent)
    record.check = check
    current = record
    try settle()
  }

  /// Counts what the current source has given, and lets go of it.
  private func settle() throws(EventLogError) {
    guard var record = current else { return }
    try sync()
    current = nil
    progress = nil
    remainingTotal = 0
    for appender in partitions.joined() {
      let name = appender.partition.description
      guard let start = record.start.removeValue(forKey: name) else { continue }
      record.given[name, default: 0] += max(0, appender.nextOffset - start)
    }
    try files.save(record)
    if record.isFinished { try files.close(record.id) }
  }

  private func sync() throws(EventLogError) {
    for appender in partitions.joined() { try appender.sync() }
  }
}
