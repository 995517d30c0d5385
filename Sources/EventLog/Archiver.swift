import Support

/// Copies topics to a lake, each record with its partition and offset and its bytes untouched,
/// exactly once: the lake's own end says where to go on, so that nothing else has to be kept.
public struct Archiver {
  private let source: any EventLog
  private let lake: DirectoryLog
  private let topics: [String]
  private let optional: Set<String>
  private let acceptsLoss: Bool

  private static let batchBytes = 4 << 20
  private static let waitMilliseconds = 50
  private static let syncInterval = Duration.seconds(1)
  /// From one look for new topics and partitions to the next; what appears is followed within 5 s.
  private static let lookInterval = Duration.seconds(2)

  /// - Parameters:
  ///   - optional: topics that are copied where they are there.
  ///   - acceptsLoss: go on where the source dropped records (retention) before they were
  ///     copied, leaving a gap, instead of failing.
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
    /// Where the source ended when the run began.
    var target: Int64
  }

  /// Copies until `stop` is requested or, with `untilCaughtUp`, until all is copied that the source
  /// had when the run began. Topics and partitions that appear meanwhile are followed; with
  /// `untilCaughtUp` the topics have to be there. All that was copied is on the storage device when
  /// this returns.
  /// - Parameters:
  ///   - say: told in one line what is waited for, and what has appeared, and of which topic.
  ///   - onProgress: called with the number of records copied so far in this run, once readers of the
  ///     lake see them.
  /// - Throws: `.damaged` where the source lacks records that were not copied yet.
  public func run(
    stop: StopToken, untilCaughtUp: Bool,
    say: (_ line: String, _ topic: String) -> Void = { _, _ in },
    onProgress: (Int) -> Void
  ) throws(EventLogError) {
    var copies: [Copy] = []
    for topic in topics {
      let count = try source.partitionCount(of: topic)
      if count == 0, !untilCaughtUp || optional.contains(topic) {
        if !optional.contains(topic) {
          say("no topic \(topic) in \(source.url) yet; waiting for it", topic)
        }
        continue
      }
      copies += try open(topic, 0..<count)
    }
    defer { withExtendedLifetime(copies) {} }
    let batch = RecordBatch(capacity: Self.batchBytes)
    var total = 0
    var lastSync = ContinuousClock.now
    var lastLook = ContinuousClock.now
    var idle = 0
    while !stop.isRequested {
      if untilCaughtUp, copies.allSatisfy({ $0.reader.position >= $0.target }) { break }
      let before = total
      for (index, copy) in copies.enumerated() {
        // Where no partition had anything the last time, one waits and the others are only asked; which one
        // it is goes round.
        let waits = idle > 0 && index == idle % copies.count
        total += try Self.step(
          copy, batch, time: lake.options.recordTime,
          waitMilliseconds: waits ? Self.waitMilliseconds : 0)
        if stop.isRequested { break }
      }
      if copies.isEmpty { stop.wait(seconds: Double(Self.waitMilliseconds) / 1000) }
      idle = total == before ? idle + 1 : 0
      if total > before { onProgress(total) }
      if ContinuousClock.now - lastSync > Self.syncInterval {
        for copy in copies { try copy.appender.sync() }
        lastSync = .now
      }
      if !untilCaughtUp, ContinuousClock.now - lastLook > Self.lookInterval {
        copies += try look(beside: copies, say)
        lastLook = .now
      }
    }
    for copy in copies { try copy.appender.close() }
  }

  /// Copies of the topics and partitions that have appeared in the source since `copies` were opened.
  private func look(
    beside copies: [Copy], _ say: (_ line: String, _ topic: String) -> Void
  ) throws(EventLogError) -> [Copy] {
    var found: [Copy] = []
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
      found += try open(topic, known..<count)
    }
    return found
  }

  private func open(_ topic: String, _ numbers: Range<Int>) throws(EventLogError) -> [Copy] {
    let count = numbers.upperBound
    guard count > 0 else {
      throw EventLogError(
        .unavailable, "no topic \(topic) in \(source.url); check its name or create it")
    }
    try lake.createTopics([topic], partitions: count)
    try lake.addPartitions(topic, upTo: count)
    var copies: [Copy] = []
    for number in numbers {
      let partition = TopicPartition(topic, Int32(number))
      let appender = try lake.appender(of: partition, isCopy: true)
      try appender.adoptStart()
      let isNew = appender.nextOffset == 0 && !optional.contains(topic)
      let start = try isNew ? source.firstOffset(of: partition) : source.startOffset(of: partition)
      if appender.nextOffset > 0, start > appender.nextOffset, !acceptsLoss {
        throw EventLogError(
          .damaged,
          "\(source.url) dropped offsets \(appender.nextOffset) to \(start - 1) of \(partition) "
            + "before they were archived; restore them, or accept the loss explicitly")
      }
      let reader = try source.reader(of: partition, from: max(start, appender.nextOffset))
      let target = try source.endOffset(of: partition)
      copies.append(Copy(reader: reader, appender: appender, target: target))
    }
    return copies
  }

  private static func step(
    _ copy: Copy, _ batch: RecordBatch, time: RecordTime?, waitMilliseconds: Int
  ) throws(EventLogError) -> Int {
    let count = try copy.reader.read(
      into: batch, maxBytes: batchBytes, waitMilliseconds: waitMilliseconds)
    guard count > 0 else { return 0 }
    var copied = 0
    for index in 0..<count {
      let payload = batch[index]
      let timestamp =
        batch.timestamps.isEmpty
        ? time?(payload) ?? RecordBatch.unknownTimestamp : batch.timestamps[index]
      if try copy.appender.append(
        at: batch.entries[index].offset, timestamp: timestamp, payload: payload)
      {
        copied += 1
      }
    }
    try copy.appender.flush()
    assert(
      copy.appender.nextOffset <= copy.reader.position,
      "\(copy.partition) is copied up to \(copy.appender.nextOffset), but read up to \(copy.reader.position)"
    )
    return copied
  }
}
