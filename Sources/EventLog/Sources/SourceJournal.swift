import Foundation

/// Remembers with a log what its sources have given, so that a writer that died, or lost its last records
/// to a power failure, goes on at the very next record.
///
/// A source is written down before its first record, with the next offset of each partition. What a
/// source that died has given since then is counted in the log itself: see `DirectorySources` and
/// `KafkaSources`.
///
/// Not shared between threads.
public final class SourceJournal {
  private let store: any SourceStore
  private var current: SourceRecord?
  /// By topic, then partition: records of the current source that are in the log already.
  private var remaining: [[Int64]] = []
  private var remainingTotal: Int64 = 0
  /// How far the current source is known to have been read.
  private var reachedExtent: Int64 = 0
  /// Records that sources gave and that were dropped, as the log has them.
  public private(set) var dropped = 0

  init(_ store: any SourceStore) { self.store = store }

  /// The sources whose id is `prefix`, a `-` and a number, in the order of the numbers. A source of which
  /// the log has lost records (a lost end, a restored backup) is left out.
  public func known(_ prefix: String) throws(EventLogError) -> [SourceRecord] {
    var known: [SourceRecord] = []
    for record in try store.known(prefix) {
      if try isHeld(record) { known.append(record) }
    }
    return known
  }

  private func isHeld(_ record: SourceRecord) throws(EventLogError) -> Bool {
    if record.isLost == true { return false }
    for partition in store.partitions.joined() {
      guard let end = record.ends?[partition.description] else { continue }
      if try !store.holds(end, of: partition) { return false }
    }
    return true
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
    let last = try store.known(prefix).last.flatMap { SourceRecord.number(of: $0.id) } ?? 0
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
    for ofTopic in store.partitions {
      guard let topic = ofTopic.first?.topic, let before = record.partitions[topic] else {
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
    // The offsets noted here must still mean the same after a power failure: what lies below them is synced.
    let ends = try store.settledEnds()
    remaining = []
    for ofTopic in store.partitions {
      guard let topic = ofTopic.first?.topic else { continue }
      record.partitions[topic] = ofTopic.count
      for partition in ofTopic { record.start[partition.description] = ends[partition]?.offset }
      remaining.append(ofTopic.map { record.given[$0.description] ?? 0 })
    }
    remainingTotal = remaining.joined().reduce(0, +)
    reachedExtent = record.extent
    try store.save(record)
    store.attribute(to: record.id)
    current = record
  }

  /// Says how far the source is read. Call it before the first record of what was read is appended. It is
  /// not synced: a power failure may set it back.
  /// - Parameters:
  ///   - extent: in the source's own measure; less than before changes nothing.
  ///   - check: what tells whether the source is the same up to there.
  public func reached(_ extent: Int64, check: String) throws(EventLogError) {
    // A source that is read again comes past places that are noted already.
    guard let current, extent > reachedExtent else { return }
    try store.note(current.id, extent: extent, check: check)
    reachedExtent = extent
  }

  /// Says that the source ends where more may come later (in the middle of a line, say), so that the records
  /// appended from now on may turn out as others when it is read again. Call it before the first of them.
  public func reachedOpenEnd(check: String) throws(EventLogError) {
    guard let current else { return }
    try store.note(current.id, extent: reachedExtent, check: check + SourceRecord.openEnd)
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
    let ends = try store.settledEnds()
    current = nil
    remainingTotal = 0
    for partition in store.partitions.joined() {
      let name = partition.description
      guard let start = record.start[name], let end = ends[partition] else { continue }
      record.settle(name, given: store.given(partition, since: start), end: end)
    }
    store.attribute(to: nil)
    try store.save(record)
    if record.isFinished { try store.close(record.id) }
  }
}
