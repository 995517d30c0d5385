import EventLog

/// The identities in stretches of the log; the last few stretches are kept, as what is delivered again
/// tends to come in bulk.
struct LogStretches {
  private struct Key: Hashable {
    var source: TopicPartition
    var stretch: Range<Int64>
  }

  /// How many stretches are kept.
  private static let limit = 8
  private static let batchBytes = 1 << 20
  /// Milliseconds to wait for records that are below an offset which has been read already.
  private static let patience = 2000

  private let log: any EventLog
  private var kept: [(key: Key, identities: [Int64: Int64])] = []

  init(log: any EventLog) { self.log = log }

  /// Whether the log still has the stretch from its beginning.
  func isWhole(_ stretch: Range<Int64>, of source: TopicPartition) throws(EventLogError) -> Bool {
    if stretch.isEmpty { return true }
    return try log.startOffset(of: source) <= stretch.lowerBound
  }

  /// Each identity in the stretch, with the first offset that it has there.
  /// - Parameter identity: of a record; nil where it is none.
  mutating func identities(
    of source: TopicPartition, _ stretch: Range<Int64>,
    identity: (UnsafeRawBufferPointer) -> Int64?
  ) throws(EventLogError) -> [Int64: Int64] {
    let key = Key(source: source, stretch: stretch)
    if let known = kept.first(where: { $0.key == key }) { return known.identities }
    var found: [Int64: Int64] = [:]
    let reader = try log.reader(of: source, from: stretch.lowerBound)
    let batch = RecordBatch(capacity: Self.batchBytes)
    reading: while reader.position < stretch.upperBound {
      let count = try reader.read(
        into: batch, maxBytes: Self.batchBytes, waitMilliseconds: Self.patience)
      // Offsets without a record may end the stretch.
      if count == 0 { break }
      for index in 0..<count {
        let offset = batch.entries[index].offset
        guard offset < stretch.upperBound else { break reading }
        if let identity = identity(batch[index]), found[identity] == nil {
          found[identity] = offset
        }
      }
    }
    kept.append((key, found))
    if kept.count > Self.limit { kept.removeFirst() }
    return found
  }
}
