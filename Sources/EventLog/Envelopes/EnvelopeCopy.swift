/// Keeps the envelopes of one partition's copy in the lake, in a log of their own inside the partition's directory: the
/// envelope at an offset belongs to the record at that offset. Nothing is there before the first envelope. The records' lock is the
/// envelopes' too. Not shared between threads.
///
/// The two logs are written one after the other, so that a crash or a power failure may leave either behind the other.
/// Whoever goes on reads the source from where the shorter one ends, and what is there already is not taken again.
final class EnvelopeCopy {
  private let records: PartitionAppender
  private let directory: PartitionDirectory
  private let options: DirectoryOptions
  private let isMixed: Bool
  /// Open from the first envelope on.
  private var appender: PartitionAppender?
  /// Where the envelopes end; where they will begin, if there are none.
  private(set) var nextOffset: Int64

  /// - Parameters:
  ///   - records: where the copy of the records ends is where the envelopes of a lake begin that has none yet.
  ///   - isMixed: whether most offsets are those of other topics' records.
  init(of records: PartitionAppender, options: DirectoryOptions, isMixed: Bool)
    throws(EventLogError)
  {
    self.records = records
    directory = records.directory.envelopes
    self.options = options
    self.isMixed = isMixed
    nextOffset = records.nextOffset
    guard File.exists(directory.path) else { return }
    let segments = try directory.segments()
    let start = try directory.startMark()
    // A crash may have left the directory alone.
    if !segments.isEmpty || start > 0 {
      nextOffset = try SegmentEnd.find(directory, segments, PartitionEpochs.load(directory))
    }
  }

  // What compresses segments has to be gone before the lock is, which goes with the records' appender.
  deinit { appender = nil }

  /// Takes the envelopes of records that were read up to `position`; readers see them when this returns.
  func append(_ batch: EnvelopeBatch, upTo position: Int64) throws(EventLogError) {
    if batch.entries.isEmpty, appender == nil { return }
    let appender = try open()
    for (index, entry) in batch.entries.enumerated() {
      if isMixed { try appender.advance(to: entry.offset, isMixed: true) }
      try appender.append(at: entry.offset, timestamp: entry.time, payload: batch[index])
    }
    try appender.advance(to: position, isMixed: isMixed)
    try appender.flush()
    nextOffset = appender.nextOffset
  }

  private func open() throws(EventLogError) -> PartitionAppender {
    if let appender { return appender }
    try File.makeDirectories(directory.path)
    let opened = try PartitionAppender(
      directory, options: options, time: nil, isCopy: true, isLocked: true)
    try opened.begin(at: nextOffset)
    appender = opened
    return opened
  }

  /// Returns when all is on the storage device.
  func sync() throws(EventLogError) { try appender?.sync() }

  func close() throws(EventLogError) { try appender?.close() }
}

extension PartitionDirectory {
  /// Where the envelopes of this partition's records are. Their segments end in something else than those of records, so that
  /// nobody takes them for events who looks for `*.ndjson` below a topic.
  var envelopes: PartitionDirectory {
    PartitionDirectory(path: "\(path)/envelopes", partition: partition, suffix: "envelopes")
  }
}

extension DirectoryLog {
  /// A reader of the envelopes that an archive has kept of a partition's records: for each record one JSON object with what it
  /// came with (docs/log-format.md), at the record's offset.
  /// - Returns: nil where there are none.
  /// - Throws: `.damaged`; `.badOption`.
  public func envelopes(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> (any LogReader)?
  {
    try options.check()
    let directory = directory(partition).envelopes
    guard File.exists(directory.path) else { return nil }
    let segments = try directory.segments()
    let end = try SegmentEnd.find(directory, segments, PartitionEpochs.load(directory))
    guard offset < end else { return nil }
    return try DirectoryReader(directory, from: offset, options: options)
  }
}
