/// Writes all partitions of some topics of a directory log, and holds their locks meanwhile.
public final class DirectoryWriter: LogWriter {
  /// By topic, then partition.
  private let appenders: [[PartitionAppender]]
  private let compressor: SegmentCompressor
  private let journal: SourceJournal
  /// What the log remembers of its sources; a directory log always does.
  public var sources: SourceJournal? { journal }

  /// Bytes that the buffers of all partitions may take together.
  private static let bufferBytesTotal = 128 << 20
  private static let bufferBytesMin = 64 << 10

  init(_ log: DirectoryLog, topics: [String]) throws(EventLogError) {
    var counts: [Int] = []
    for topic in topics {
      let count = try log.partitionCount(of: topic)
      guard count > 0 else {
        throw EventLogError(
          .unavailable, "no topic \(topic) in \(log.url); create it before writing")
      }
      counts.append(count)
    }
    var options = log.options
    let share = Self.bufferBytesTotal / max(1, counts.reduce(0, +))
    options.bufferBytes = min(options.bufferBytes, max(Self.bufferBytesMin, share))
    let compressor = SegmentCompressor(options)
    var appenders: [[PartitionAppender]] = []
    for (topic, count) in zip(topics, counts) {
      var ofTopic: [PartitionAppender] = []
      for number in 0..<count {
        let directory = log.directory(TopicPartition(topic, Int32(number)))
        ofTopic.append(
          try PartitionAppender(
            directory, options: options, time: options.recordTime, sharing: compressor))
      }
      appenders.append(ofTopic)
    }
    journal = SourceJournal(try DirectorySources(logPath: log.path, appenders))
    self.appenders = appenders
    self.compressor = compressor
  }

  /// Queues one record in the buffer of its partition.
  /// - Throws: `.tooLarge`; `.io` where the buffer was full and could not be written; `.closed` after `close`;
  ///   `.unsynced` where a sync of the partition failed before.
  public func append(
    topic: Int, key: UnsafeRawBufferPointer, timestamp: Int64, payload: UnsafeRawBufferPointer
  ) throws(EventLogError) {
    let ofTopic = appenders[topic]
    let number = partition(forKey: key, count: ofTopic.count)
    try ofTopic[Int(number)].append(timestamp: timestamp, payload: payload)
  }

  /// Returns when readers see what was appended, in all partitions that could be written. Segments that have become
  /// old are sealed, so that a writer with nothing to append still calls this from time to time.
  /// - Throws: the first error; what is not written stays queued.
  public func flush() throws(EventLogError) {
    try forEach { (appender) throws(EventLogError) in try appender.flush() }
  }

  /// `flush`, and returns when all is on the storage device.
  public func sync() throws(EventLogError) {
    try forEach { (appender) throws(EventLogError) in try appender.sync() }
  }

  /// `sync`, then lets go of the locks. Sealed segments that are small are compressed by then; the large ones that are
  /// not stay as they are.
  public func close() throws(EventLogError) {
    var failure: EventLogError?
    do throws(EventLogError) {
      // What is sealed for its age here is still compressed.
      try forEach { (appender) throws(EventLogError) in try appender.syncUnlessClosed() }
    } catch {
      failure = error
    }
    compressor.close()
    do throws(EventLogError) {
      try forEach { (appender) throws(EventLogError) in try appender.close() }
    } catch {
      throw failure ?? error
    }
  }

  /// Returns when the segments sealed so far are compressed.
  public func finishCompression() throws(EventLogError) { try compressor.finish() }

  /// Calls `body` with every appender, also where it throws for one, and throws its first error at the end.
  private func forEach(_ body: (PartitionAppender) throws(EventLogError) -> Void)
    throws(EventLogError)
  {
    var failure: EventLogError?
    for appender in appenders.joined() {
      do throws(EventLogError) { try body(appender) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }
}
