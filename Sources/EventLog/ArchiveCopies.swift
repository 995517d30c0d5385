import Support

/// One partition that is copied to a lake.
struct ArchiveCopy {
  var partition: TopicPartition { appender.partition }
  var reader: any LogReader
  var appender: PartitionAppender
  /// nil where the source has no more of a record than its bytes.
  var envelopes: EnvelopeCopy?
  /// Whether most offsets may be those of other topics' records.
  var isMixed: Bool
  /// Where the source ended when the run began.
  var target: Int64

  /// The envelopes first, as in `step`.
  func sync() throws(EventLogError) {
    try envelopes?.sync()
    try appender.sync()
  }

  func close() throws(EventLogError) {
    try envelopes?.close()
    try appender.close()
  }

  /// What reading uses, one for each thread.
  final class Buffers {
    static let batchBytes = 4 << 20
    let batch = RecordBatch(capacity: batchBytes)
    let envelopes = EnvelopeBatch()
    /// Records copied by the thread in the present round.
    var copied = 0
  }

  /// Copies what is there, a batch at most.
  /// - Returns: how many records.
  func step(_ buffers: Buffers, time: RecordTime?, waitMilliseconds: Int) throws(EventLogError)
    -> Int
  {
    let (batch, found) = (buffers.batch, buffers.envelopes)
    let before = reader.position
    let count: Int
    if let reader = reader as? KafkaReader {
      found.removeAll()
      count = try reader.read(
        into: batch, maxBytes: Buffers.batchBytes, waitMilliseconds: waitMilliseconds,
        onMessage: { found.add($0) })
    } else {
      count = try reader.read(
        into: batch, maxBytes: Buffers.batchBytes, waitMilliseconds: waitMilliseconds)
    }
    let position = reader.position
    guard count > 0 || position > before || position > appender.nextOffset else { return 0 }
    // Before the records, so that whoever sees a record finds its envelope.
    try envelopes?.append(found, upTo: position)
    var copied = 0
    for index in 0..<count {
      let payload = batch[index]
      let timestamp =
        batch.timestamps.isEmpty
        ? time?(payload) ?? RecordBatch.unknownTimestamp : batch.timestamps[index]
      let offset = batch.entries[index].offset
      // A gap would end a segment, and of a rare kind each record would have one of its own.
      if isMixed { try appender.advance(to: offset, isMixed: true) }
      if try appender.append(at: offset, timestamp: timestamp, payload: payload) {
        copied += 1
      }
    }
    try appender.advance(to: position, isMixed: isMixed)
    try appender.flush()
    assert(
      appender.nextOffset == position || copied == 0,
      "\(partition) is copied up to \(appender.nextOffset), but read up to \(position)")
    return copied
  }
}

/// The partitions that an archive copies, and the threads that do it. What many partitions cost is waiting for the disk, which
/// takes their first records and their syncs together when it gets them together.
final class ArchiveCopies {
  private(set) var all: [ArchiveCopy] = []
  private let time: RecordTime?
  private var crew = Crew("archive", width: 1)
  private var buffers = [ArchiveCopy.Buffers()]

  /// Partitions for each thread, at least, and threads at most.
  private static let perThread = 8
  private static let threadsMax = 16

  /// - Parameter time: of a record, where the source does not say it.
  init(time: RecordTime?) { self.time = time }

  func append(_ copy: ArchiveCopy) { all.append(copy) }

  /// Whether all is copied that the source had when the run began.
  var isCaughtUp: Bool { all.allSatisfy { $0.reader.position >= $0.target } }

  /// Lets each partition copy what it has, side by side.
  /// - Returns: how many records.
  func step(stop: StopToken) throws(EventLogError) -> Int {
    man()
    for buffers in buffers { buffers.copied = 0 }
    try forEach { (number, copy) throws(EventLogError) in
      if stop.isRequested { return }
      let buffers = buffers[number]
      buffers.copied += try copy.step(buffers, time: time, waitMilliseconds: 0)
    }
    return buffers.reduce(0) { $0 + $1.copied }
  }

  /// The same on the caller's thread, for partitions in which little happens.
  /// - Parameter waiting: the place of the partition that waits a little for a record; nil: none does.
  func stepAlone(stop: StopToken, waiting: Int?) throws(EventLogError) -> Int {
    var count = 0
    for (index, copy) in all.enumerated() {
      count += try copy.step(
        buffers[0], time: time,
        waitMilliseconds: index == waiting ? Archiver.waitMilliseconds : 0)
      if stop.isRequested { break }
    }
    return count
  }

  /// Returns when all that was copied is on the storage device.
  func sync() throws(EventLogError) {
    try forEach { (_, copy) throws(EventLogError) in try copy.sync() }
  }

  func close() throws(EventLogError) {
    try forEach { (_, copy) throws(EventLogError) in try copy.close() }
  }

  /// Brings the threads to the number that the partitions want.
  private func man() {
    let width = max(1, min(Self.threadsMax, all.count / Self.perThread))
    guard width != crew.width else { return }
    crew = Crew("archive", width: width)
    buffers = (0..<width).map { _ in ArchiveCopy.Buffers() }
  }

  /// Calls `body` for each copy and the number of its thread, also where it throws for one.
  /// - Throws: what it threw first, of one of the threads.
  private func forEach(_ body: (Int, ArchiveCopy) throws(EventLogError) -> Void)
    throws(EventLogError)
  {
    let width = crew.width
    var failures = [EventLogError?](repeating: nil, count: width)
    failures.withUnsafeMutableBufferPointer { failures in
      crew.run { number in
        for index in stride(from: number, to: all.count, by: width) {
          do throws(EventLogError) {
            try body(number, all[index])
          } catch {
            failures[number] = failures[number] ?? error
          }
        }
      }
    }
    for failure in failures { if let failure { throw failure } }
  }
}
