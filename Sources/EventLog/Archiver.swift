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

  static let waitMilliseconds = 10
  /// Seconds to wait for records that are in the source for certain.
  private static let shortWait = 0.002
  /// Records of one round from which on the next one is worth threads of its own.
  private static let busyRecords = 1000
  private static let syncInterval = Duration.seconds(1)
  /// From one look for new topics and partitions to the next; what appears is followed within 5 s.
  private static let lookInterval = Duration.seconds(2)
  /// Commands that copy beside other things (`run`, `pipeline`) cannot be told to go on.
  private static let remedy =
    "restore them, or let polyrhythm archive --accept-loss go on without them"
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

  /// Takes one line for people, and the topic that it is about.
  public typealias Say = (_ line: String, _ topic: String?) -> Void

  /// What a run has done, over outages of the source.
  private struct Tally {
    var records = 0
    var pause = Archiver.firstPause
    /// Whether an outage was told that has not ended yet.
    var isAway = false
    /// Looks for new partitions, one after the other, that got no answer.
    var failedLooks = 0
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
  /// - Throws: `.lost` where the source has dropped records that were not copied yet; `.diverged` where it has
  ///   another topic than was copied.
  public func run(
    stop: StopToken, untilCaughtUp: Bool,
    say: Say = { _, _ in },
    onProgress: (Int) -> Void
  ) throws(EventLogError) {
    var tally = Tally()
    while true {
      let copies = ArchiveCopies(time: lake.options.recordTime)
      do throws(EventLogError) {
        try follow(copies, &tally, stop, untilCaughtUp, say, onProgress)
        try copies.close()
        note(copies)
        return
      } catch {
        // What was copied is kept, whatever ended the copying.
        try? copies.close()
        // The next opening notes the loss, and begins behind it.
        if error.code == .lost, acceptsLoss { continue }
        // The reader does not know that it is the lake that lacks them.
        if let lost = error.lost { throw lost.error(in: source.url, Self.remedy) }
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
    _ copies: ArchiveCopies, _ tally: inout Tally, _ stop: StopToken, _ untilCaughtUp: Bool,
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
      try open(topic, 0..<count, copies, say)
    }
    if tally.isAway { say("\(source.url) is back", nil) }
    tally.isAway = false
    tally.failedLooks = 0
    var lastSync = ContinuousClock.now
    var lastLook = ContinuousClock.now
    var idle = 0
    var isBusy = false
    while !stop.isRequested {
      let isCaughtUp = copies.isCaughtUp
      if untilCaughtUp, isCaughtUp { break }
      let before = tally.records
      let count = copies.all.count
      if isBusy || !isCaughtUp {
        tally.records += try copies.step(stop: stop)
        if tally.records == before { stop.wait(seconds: Self.shortWait) }
      } else {
        // Where no partition had anything the last time, one waits and the others are only asked; which one
        // it is goes round.
        let waiting = idle > 0 && count > 0 ? idle % count : nil
        tally.records += try copies.stepAlone(stop: stop, waiting: waiting)
      }
      if count == 0 { stop.wait(seconds: Double(Self.waitMilliseconds) / 1000) }
      idle = tally.records == before ? idle + 1 : 0
      isBusy = tally.records - before >= Self.busyRecords
      if tally.records > before {
        tally.pause = Self.firstPause
        onProgress(tally.records)
      }
      if ContinuousClock.now - lastSync > Self.syncInterval {
        try copies.sync()
        try requireSameTopics(of: copies)
        note(copies)
        lastSync = .now
      }
      if !untilCaughtUp, ContinuousClock.now - lastLook > Self.lookInterval {
        try look(beside: copies, &tally, say)
        lastLook = .now
      }
    }
    try requireSameTopics(of: copies)
  }

  /// Finds that a topic was made anew while it was copied: what was copied since the last time may be the new one's.
  private func requireSameTopics(of copies: ArchiveCopies) throws(EventLogError) {
    do throws(EventLogError) {
      try requireSameTopics(Set(copies.all.map(\.partition.topic)).sorted())
    } catch  where error.code == .unavailable {
      // Brokers that are away are asked again the next time; readers wait for them.
    }
  }

  /// - Throws: `.diverged` for a topic that is another one than the lake has a copy of.
  private func requireSameTopics(_ topics: [String]) throws(EventLogError) {
    let found = try source.topicIDs(of: topics)
    var known: [String: TopicID] = [:]
    for (topic, id) in found {
      known[topic] = try lake.copiedTopicID(of: topic)
      if known[topic] == nil { try lake.note(copiedTopicID: id, of: topic) }
    }
    try source.requireSameTopics(known, found, that: "\(lake.url) has a copy of")
  }

  /// Tells the source how far the copies are, which are on the device.
  private func note(_ copies: ArchiveCopies) {
    let progress = copies.all.map { ($0.partition, $0.appender.nextOffset) }
    source.note(progress: Dictionary(uniqueKeysWithValues: progress), of: Self.group)
  }

  /// Opens the topics and partitions that have appeared in the source since `copies` were opened.
  /// - Throws: `.unavailable` where the source has not answered the last time either.
  private func look(beside copies: ArchiveCopies, _ tally: inout Tally, _ say: Say)
    throws(EventLogError)
  {
    for topic in topics {
      let known = copies.all.count { $0.partition.topic == topic }
      let count: Int
      do throws(EventLogError) {
        count = try source.partitionCount(of: topic)
      } catch  where error.code == .unavailable {
        // Brokers that are away are asked again at the next look.
        tally.failedLooks += 1
        guard tally.failedLooks < 2 else { throw error }
        return
      }
      guard count > known else { continue }
      say(
        known == 0
          ? "topic \(topic) is there now, with \(count) partitions"
          : "\(topic) has \(count) partitions now instead of \(known): users move between "
            + "partitions, and the order of their events there is only that of event time", topic)
      try open(topic, known..<count, copies, say)
    }
    tally.failedLooks = 0
  }

  private func open(
    _ topic: String, _ numbers: Range<Int>, _ copies: ArchiveCopies, _ say: Say
  ) throws(EventLogError) {
    let count = numbers.upperBound
    guard count > 0 else {
      throw EventLogError(
        .unavailable, "no topic \(topic) in \(source.url); check its name or create it")
    }
    try lake.createTopics([topic], partitions: count)
    try lake.addPartitions(topic, upTo: count)
    try requireSameTopics([topic])
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
        ArchiveCopy(
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
      throw lost.error(in: source.url, Self.remedy)
    }
    try appender.pass(AcceptedLoss(range: lost, acceptedAt: lake.options.clock()))
    say("goes on without \(lost)", lost.partition.topic)
  }
}
