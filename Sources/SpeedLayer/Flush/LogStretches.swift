import EventLog

/// Tells whether an event's identity lies in a stretch of the log. Each piece of the log between two marks is
/// read once, however many late events ask for it: late events come in bulk, from all over the last hours.
struct LogStretches {
  /// The identities of the records between two marks, which never change.
  private struct Piece {
    var source: TopicPartition
    var range: Range<Int64>
    /// Ascending.
    var identities: ContiguousArray<Int64>
  }

  /// The records after the last mark before some late event, as far as they have been read.
  private struct Tail {
    var from: Int64
    var reader: any LogReader
    /// Each identity's first offset.
    var offsets: [Int64: Int64] = [:]
  }

  /// How many identities are kept at most: 32 MB.
  private static let limit = 4 << 20
  private static let batchBytes = 1 << 20
  /// Milliseconds to wait for records. The feed has read records after these, so the log has them.
  private static let patience = 2000
  /// Reads in a row that give nothing before the log counts as unreadable: half a minute.
  private static let triesMax = 15

  private let log: any EventLog
  /// Called again and again while the log is read.
  private let sign: () -> Void
  /// In order of their last use, the latest last; the first one is forgotten first.
  private var pieces: [Piece] = []
  private var tails: [TopicPartition: Tail] = [:]
  private var batch: RecordBatch?

  init(log: any EventLog, sign: @escaping () -> Void = {}) {
    self.log = log
    self.sign = sign
  }

  /// Whether the log still has the stretch from its beginning.
  func isWhole(_ stretch: Range<Int64>, of source: TopicPartition) throws(EventLogError) -> Bool {
    if stretch.isEmpty { return true }
    return try log.startOffset(of: source) <= stretch.lowerBound
  }

  /// Whether a record in the stretch has the identity.
  /// - Parameters:
  ///   - stretch: ends at the offset of the late event, or before it.
  ///   - marks: offsets that divide the partition into pieces, ascending; a mark never goes away or moves.
  ///   - identity: gives the identity of a record's event; nil where the record is no event.
  mutating func hold(
    _ wanted: Int64, _ stretch: Range<Int64>, of source: TopicPartition, marks: [Int64],
    identity: (UnsafeRawBufferPointer) -> Int64?
  ) throws(EventLogError) -> Bool {
    assert(
      zip(marks, marks.dropFirst()).allSatisfy { $0 <= $1 }, "\(source): marks out of order")
    var start = stretch.lowerBound
    for mark in marks where mark > start && mark <= stretch.upperBound {
      if try piece(start..<mark, of: source, identity).contains(ascending: wanted) { return true }
      start = mark
    }
    guard start < stretch.upperBound else { return false }
    let first = try firstOffset(
      wanted, in: start..<stretch.upperBound, of: source, identity)
    return first.map { $0 < stretch.upperBound } ?? false
  }

  private mutating func piece(
    _ range: Range<Int64>, of source: TopicPartition, _ identity: (UnsafeRawBufferPointer) -> Int64?
  ) throws(EventLogError) -> ContiguousArray<Int64> {
    if let index = pieces.lastIndex(where: { $0.range == range && $0.source == source }) {
      let piece = pieces.remove(at: index)
      pieces.append(piece)
      return piece.identities
    }
    var identities = ContiguousArray<Int64>()
    var reader = try reader(of: source, from: range.lowerBound)
    try read(&reader, to: range.upperBound) { offset, record in
      if offset < range.upperBound, let identity = identity(record) { identities.append(identity) }
    }
    identities.sort()
    pieces.append(Piece(source: source, range: range, identities: identities))
    var total = pieces.reduce(0) { $0 + $1.identities.count }
    while total > Self.limit, pieces.count > 1 {
      total -= pieces.removeFirst().identities.count
    }
    return identities
  }

  private mutating func firstOffset(
    _ wanted: Int64, in range: Range<Int64>, of source: TopicPartition,
    _ identity: (UnsafeRawBufferPointer) -> Int64?
  ) throws(EventLogError) -> Int64? {
    var tail: Tail
    if let known = tails.removeValue(forKey: source), known.from == range.lowerBound {
      tail = known
    } else {
      tail = Tail(
        from: range.lowerBound, reader: try reader(of: source, from: range.lowerBound))
    }
    try read(&tail.reader, to: range.upperBound) { offset, record in
      if let identity = identity(record), tail.offsets[identity] == nil {
        tail.offsets[identity] = offset
      }
    }
    let first = tail.offsets[wanted]
    tails[source] = tail
    return first
  }

  /// A reader of what is left of a stretch: its records were counted, and retention may have dropped them since. `isWhole`
  /// says whether it has.
  private func reader(of source: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader
  {
    let bounds = try log.bounds(of: source)
    return try log.reader(of: source, from: max(offset, bounds.start), within: bounds)
  }

  /// Reads until the reader is at `end` or beyond it, as records come in batches.
  private mutating func read(
    _ reader: inout any LogReader, to end: Int64, _ body: (Int64, UnsafeRawBufferPointer) -> Void
  ) throws(EventLogError) {
    let batch = self.batch ?? RecordBatch(capacity: Self.batchBytes)
    self.batch = batch
    var tries = 0
    while reader.position < end {
      let before = reader.position
      let count: Int
      do throws(EventLogError) {
        count = try reader.read(
          into: batch, maxBytes: Self.batchBytes, waitMilliseconds: Self.patience)
      } catch  where error.code == .lost {
        reader = try self.reader(of: reader.partition, from: before)
        continue
      }
      sign()
      assert(
        reader.position >= before, "\(reader.partition): from \(before) back to \(reader.position)")
      // Offsets without a record move the reader too; a broker that pauses does not.
      tries = reader.position > before ? 0 : tries + 1
      if tries == Self.triesMax {
        throw EventLogError(
          .unavailable,
          "\(log.url): nothing comes of \(reader.partition) at offset \(before), though it has records "
            + "up to \(end); check that the log can be read")
      }
      for index in 0..<count { body(batch.entries[index].offset, batch[index]) }
    }
  }
}

extension ContiguousArray<Int64> {
  /// Binary search.
  fileprivate func contains(ascending wanted: Int64) -> Bool {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low < endIndex && self[low] == wanted
  }
}
