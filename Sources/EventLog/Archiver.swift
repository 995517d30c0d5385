import Support

/// Copies topics to a lake, each record with its partition and offset and its bytes untouched,
/// exactly once: the lake's own end says where to go on, so that nothing else has to be kept. Offsets without a
/// record (commit markers of transactions, compaction) are passed over in the lake as they are in the source, so that
/// the lake ends where reading the source did. Beside the records the lake gets what Kafka has of each: `EnvelopeCopy`.
public struct Archiver {
  /// The consumer group that the progress is noted for.
  public static let group = "polyrhythm-archive"

  private let source: any EventLog
  private let lake: DirectoryLog
  private let topics: [String]
  private let optional: Set<String>
  private let acceptsLoss: Bool

  private static let batchBytes = 4 << 20
  private static let waitMilliseconds = 10
  private static let syncInterval = Duration.seconds(1)
  /// From one look for new topics and partitions to the next; what appears is followed within 5 s.
  private static let lookInterval = Duration.seconds(2)
  /// Seconds before a source that was away is tried again: the first time, and at most.
  private static let firstPause = 0.1
  private static let longestPause = 3.0

  /// - Parameters:
  ///   - optional: topics that are copied where they are there.
  ///   - acceptsLoss: go on where the source dropped records (retention) before they were
  ///     copied, leaving a gap that the lake knows of (`DirectoryLog.acceptedLosses`), instead of failing.
  public init(
    from source: any EventLog, to lake: DirectoryLog, topics: [String], optional: [String] = [],
    acceptsLoss: Bool = false
  ) {
    self.source = source
    self.lake = lake
    self.topics = topics + optional
    self.optional = Set(optional)
    self.acceptsLoss = acceptsLoss
  }

  private struct Copy {
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
  }

  /// Takes one line for people, and the topic that it is about.
  public typealias Say = (_ line: String, _ topic: String?) -> Void

  /// What a run has done, over outages of the source.
  private struct Tally {
    var records = 0
    var pause = Archiver.firstPause
    /// Whether an outage was told that has not ended yet.
    var isAway = false
  }

  /// Copies until `stop` is requested or, with `untilCaughtUp`, until all is copied that the source
  /// had when the run began. Topics and partitions that appear meanwhile are followed, and a source that goes away is
  /// waited for; with `untilCaughtUp` both have to be there. All that was copied is on the storage device when
  /// this returns.
  /// - Parameters:
  ///   - say: told in one line what is waited for, what has appeared, and what is lost; and of which topic, where it is about
  ///     one.
  ///   - onProgress: called with the number of records copied so far in this run, once readers of the
  ///     lake see them.
  /// - Throws: `.lost` where the source has dropped records that were not copied yet.
  public func run(
    stop: StopToken, untilCaughtUp: Bool,
    say: Say = { _, _ in },
    onProgress: (Int) -> Void
  ) throws(EventLogError) {
    var tally = Tally()
    while true {
      var copies: [Copy] = []
      do throws(EventLogError) {
        try follow(&copies, &tally, stop, untilCaughtUp, say, onProgress)
        for copy in copies { try copy.close() }
        note(copies)
        return
      } catch {
        // What was copied is kept, whatever ended the copying.
        for copy in copies { try? copy.close() }
        // The next opening notes the loss, and begins behind it.
        if error.code == .lost, acceptsLoss { continue }
        guard error.code == .unavailable, !untilCaughtUp else { throw error }
        if !tally.isAway { say("\(error.message); waiting for it", nil) }
        tally.isAway = true
      }
      stop.wait(seconds: tally.pause)
      tally.pause = min(tally.pause * 2, Self.longestPause)
      if stop.isRequested { return }
    }
  }

  private func follow(
    _ copies: inout [Copy], _ tally: inout Tally, _ stop: StopToken, _ untilCaughtUp: Bool,
    _ say: Say, _ onProgress: (Int) -> Void
  ) throws(EventLogError) {
    for topic in topics {
      let count = try source.partitionCount(of: topic)
      if count == 0, !untilCaughtUp || optional.contains(topic) {
        if !optional.contains(topic) {
          say("no topic \(topic) in \(source.url) yet; waiting for it", topic)
        }
        continue
      }
      try open(topic, 0..<count, &copies, say)
    }
    if tally.isAway { say("\(source.url) is back", nil) }
    tally.isAway = false
    let batch = RecordBatch(capacity: Self.batchBytes)
    let envelopes = EnvelopeBatch()
    var lastSync = ContinuousClock.now
    var lastLook = ContinuousClock.now
    var idle = 0
    while !stop.isRequested {
      if untilCaughtUp, copies.allSatisfy({ $0.reader.position >= $0.target }) { break }
      let before = tally.records
      for (index, copy) in copies.enumerated() {
        // Where no partition had anything the last time, one waits and the others are only asked; which one
        // it is goes round.
        let waits = idle > 0 && index == idle % copies.count
        tally.records += try Self.step(
          copy, batch, envelopes, time: lake.options.recordTime,
          waitMilliseconds: waits ? Self.waitMilliseconds : 0)
        if stop.isRequested { break }
      }
      if copies.isEmpty { stop.wait(seconds: Double(Self.waitMilliseconds) / 1000) }
      idle = tally.records == before ? idle + 1 : 0
      if tally.records > before {
        tally.pause = Self.firstPause
        onProgress(tally.records)
      }
      if ContinuousClock.now - lastSync > Self.syncInterval {
        for copy in copies { try copy.sync() }
        note(copies)
        lastSync = .now
      }
      if !untilCaughtUp, ContinuousClock.now - lastLook > Self.lookInterval {
        try look(beside: &copies, say)
        lastLook = .now
      }
    }
  }

  /// Tells the source how far the copies are, which are on the device.
  private func note(_ copies: [Copy]) {
    let progress = copies.map { ($0.partition, $0.appender.nextOffset) }
    source.note(progress: Dictionary(uniqueKeysWithValues: progress), of: Self.group)
  }

  /// Opens the topics and partitions that have appeared in the source since `copies` were opened.
  private func look(beside copies: inout [Copy], _ say: Say) throws(EventLogError) {
    for topic in topics {
      let known = copies.count { $0.partition.topic == topic }
      let count: Int
      do throws(EventLogError) {
        count = try source.partitionCount(of: topic)
      } catch  where error.code == .unavailable {
        // Brokers that are away are asked again at the next look; readers wait for them.
        continue
      }
      guard count > known else { continue }
      say(
        known == 0
          ? "topic \(topic) is there now, with \(count) partitions"
          : "\(topic) has \(count) partitions now instead of \(known): users move between "
            + "partitions, and the order of their events there is only that of event time", topic)
      try open(topic, known..<count, &copies, say)
    }
  }

  private func open(
    _ topic: String, _ numbers: Range<Int>, _ copies: inout [Copy], _ say: Say
  ) throws(EventLogError) {
    let count = numbers.upperBound
    guard count > 0 else {
      throw EventLogError(
        .unavailable, "no topic \(topic) in \(source.url); check its name or create it")
    }
    try lake.createTopics([topic], partitions: count)
    try lake.addPartitions(topic, upTo: count)
    let partitions = numbers.map { TopicPartition(topic, Int32($0)) }
    let known = try source.bounds(of: partitions)
    for partition in partitions {
      let lastWrite = try lake.lastWrite(of: partition)
      let appender = try lake.appender(of: partition, isCopy: true)
      try appender.adoptStart()
      guard let bounds = known[partition] else {
        throw EventLogError(.unavailable, "\(source.url): \(partition) is not there any more")
      }
      if appender.nextOffset == 0, !optional.contains(topic) {
        // Kept at once, so that a quiet partition begins at the same place the next time.
        try appender.begin(at: source.firstOffset(of: partition))
      }
      try requireWhole(appender, bounds, lastWrite, say)
      let isMixed = source.mixedTopics.contains(topic)
      let envelopes =
        source is KafkaLog
        ? try EnvelopeCopy(of: appender, options: lake.options, isMixed: isMixed) : nil
      let next = min(appender.nextOffset, envelopes?.nextOffset ?? Int64.max)
      let reader = try source.reader(
        of: partition, from: max(bounds.start, next), within: bounds)
      copies.append(
        Copy(
          reader: reader, appender: appender, envelopes: envelopes,
          isMixed: isMixed, target: bounds.end))
    }
  }

  /// Goes on behind records that the source has dropped, where that was asked for.
  /// - Throws: `.lost` where it was not.
  private func requireWhole(
    _ appender: PartitionAppender, _ bounds: LogBounds, _ lastWrite: Int64?, _ say: Say
  ) throws(EventLogError) {
    let next = appender.nextOffset
    // A lake begins where somebody has let its source begin.
    guard bounds.start > next, source.dropsRecords || next > 0 else { return }
    let lost = LostRange(appender.partition, next..<bounds.start, since: lastWrite)
    guard acceptsLoss else {
      throw lost.error(in: source.url, "restore them, or go on without them: --accept-loss")
    }
    try appender.pass(AcceptedLoss(range: lost, acceptedAt: lake.options.clock()))
    say("goes on without \(lost)", lost.partition.topic)
  }

  private static func step(
    _ copy: Copy, _ batch: RecordBatch, _ envelopes: EnvelopeBatch, time: RecordTime?,
    waitMilliseconds: Int
  ) throws(EventLogError) -> Int {
    let before = copy.reader.position
    let count: Int
    if let reader = copy.reader as? KafkaReader {
      envelopes.removeAll()
      count = try reader.read(
        into: batch, maxBytes: batchBytes, waitMilliseconds: waitMilliseconds,
        onMessage: { envelopes.add($0) })
    } else {
      count = try copy.reader.read(
        into: batch, maxBytes: batchBytes, waitMilliseconds: waitMilliseconds)
    }
    let position = copy.reader.position
    guard count > 0 || position > before || position > copy.appender.nextOffset else { return 0 }
    // Before the records, so that whoever sees a record finds its envelope.
    try copy.envelopes?.append(envelopes, upTo: position)
    var copied = 0
    for index in 0..<count {
      let payload = batch[index]
      let timestamp =
        batch.timestamps.isEmpty
        ? time?(payload) ?? RecordBatch.unknownTimestamp : batch.timestamps[index]
      let offset = batch.entries[index].offset
      // A gap would end a segment, and of a rare kind each record would have one of its own.
      if copy.isMixed { try copy.appender.advance(to: offset, isMixed: true) }
      if try copy.appender.append(at: offset, timestamp: timestamp, payload: payload) {
        copied += 1
      }
    }
    try copy.appender.advance(to: position, isMixed: copy.isMixed)
    try copy.appender.flush()
    assert(
      copy.appender.nextOffset == position || copied == 0,
      "\(copy.partition) is copied up to \(copy.appender.nextOffset), but read up to \(position)")
    return copied
  }
}
