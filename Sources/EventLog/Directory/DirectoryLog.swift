import Glibc

/// A log in a directory of the file system, and the lake. docs/log-format.md describes its files.
///
/// One process writes a partition at a time; any number of processes read it meanwhile and see
/// whole records only.
public struct DirectoryLog: EventLog {
  /// The directory; as it was given, so a relative one depends on where the process works.
  public let path: String
  /// What writers and readers of this log go by; checked when one is opened.
  public let options: DirectoryOptions
  private let syncedOffsets = SyncedOffsets()

  /// Opens nothing yet, and need not find anything at `path`.
  public init(path: String, options: DirectoryOptions = .init()) {
    self.path = path
    self.options = options
  }

  /// `dir:PATH`.
  public var url: String { "dir:\(path)" }

  /// Makes the directory and the topics that are missing. A topic has all of its partitions from the moment
  /// on that anybody can see it, and both survive a power failure once this returns.
  /// - Throws: `.badURL` for a name or a count that no topic may have; `.io`.
  public func createTopics(_ topics: [String], partitions: Int) throws(EventLogError) {
    for topic in topics { try Topics.check(topic, partitions: partitions) }
    try File.makeDirectories(path)
    for topic in topics where !File.exists("\(path)/\(topic)") {
      // Under another name first: nobody may see a topic with some of its partitions.
      let temporary = "\(path)/\(PartitionDirectory.temporaryPrefix)\(topic)-\(getpid())"
      try File.makeDirectory(temporary)
      for number in 0..<partitions { try File.makeDirectory("\(temporary)/\(number)") }
      // Before the rename: a topic that survives a power failure has all of its partitions.
      try File.syncDirectory(temporary)
      if try !File.renameIfFree(temporary, to: "\(path)/\(topic)") {
        // Another process has made the topic meanwhile.
        for number in 0..<partitions { try File.removeDirectory("\(temporary)/\(number)") }
        try File.removeDirectory(temporary)
      }
    }
    try File.syncDirectory(path)
  }

  /// Gives a topic the partitions that it lacks; Kafka's topics can grow too.
  func addPartitions(_ topic: String, upTo count: Int) throws(EventLogError) {
    for number in try partitionCount(of: topic)..<max(count, partitionCount(of: topic)) {
      // In order, each on the device before the next one.
      try File.makeDirectories(directory(TopicPartition(topic, Int32(number))).path)
    }
  }

  /// The topics there are, sorted by name; none where the directory is not there.
  public func topics() throws(EventLogError) -> [String] {
    var topics: [String] = []
    for name in try File.names(in: path) ?? []
    where Topics.isValid(name) && !name.hasPrefix(PartitionDirectory.temporaryPrefix) {
      if try partitionCount(of: name) > 0 { topics.append(name) }
    }
    return topics.sorted()
  }

  /// How many partitions a topic has; 0 where the topic is not there.
  /// - Throws: `.damaged` where one is missing between others.
  public func partitionCount(of topic: String) throws(EventLogError) -> Int {
    guard Topics.isValid(topic), let names = try File.names(in: "\(path)/\(topic)") else {
      return 0
    }
    let numbers = Set(names.compactMap(Int.init))
    var count = 0
    while numbers.contains(count) { count += 1 }
    if let beyond = numbers.filter({ $0 > count }).min() {
      throw EventLogError(
        .damaged,
        "\(path)/\(topic) has partition \(beyond) but no partition \(count); restore it")
    }
    return count
  }

  /// Where the partition begins: what the file `start` says, else 0.
  /// - Throws: `.damaged` where the first records are missing although nothing says that they may.
  public func startOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    let directory = directory(partition)
    return try directory.start(directory.segments())
  }

  /// One past the last whole record, found from the index and the last bytes of the last segment.
  /// - Throws: `.damaged` where records are missing that the log is known to have had.
  public func endOffset(of partition: TopicPartition) throws(EventLogError) -> Int64 {
    let directory = directory(partition)
    let epochs = try PartitionEpochs.load(directory)
    return try SegmentEnd.find(directory, directory.segments(), epochs)
  }

  /// An offset before which every record is earlier than `timestamp` (milliseconds since 1970),
  /// and as late as the sparse index can tell without reading records. Reading from there on meets
  /// every record of that time or later. The end offset, where all records are earlier.
  public func offset(at timestamp: Int64, of partition: TopicPartition) throws(EventLogError)
    -> Int64
  {
    let directory = directory(partition)
    let epochs = try PartitionEpochs.load(directory)
    var end: Int64 = 0
    for segment in try directory.segments() {
      end = segment.base
      guard segment.kind != .gap else {
        end = try directory.gapEnd(segment.base) ?? end
        continue
      }
      let index = try SegmentIndex.load(
        directory.indexPath(segment), base: segment.base, segmentBytes: Int.max)
      end = index.entry(beforeTime: timestamp)?.offset ?? segment.base
      // The closing entry being that early means that the whole segment is.
      if try end < SegmentEnd.find(directory, segment, epochs) { return end }
    }
    return end
  }

  /// A reader that polls the files; it takes no lock.
  /// - Throws: `.damaged` where the partition ends before `offset`; `.badOption`.
  public func reader(of partition: TopicPartition, from offset: Int64) throws(EventLogError)
    -> any LogReader
  {
    try options.check()
    return try DirectoryReader(directory(partition), from: offset, options: options)
  }

  /// A writer that holds the locks of all partitions of the topics until it is closed or goes.
  /// - Throws: `.unavailable` for a topic that is not there; `.locked` where another writer has a partition;
  ///   `.badOption`.
  public func writer(to topics: [String]) throws(EventLogError) -> any LogWriter {
    try options.check()
    return try DirectoryWriter(self, topics: topics)
  }

  /// The right to append to one partition at offsets of the caller's choice.
  /// - Parameter isCopy: whether what is appended is a copy of another log.
  /// - Throws: `.unavailable` for a partition that is not there; `.locked` where another writer has it;
  ///   `.badOption`.
  public func appender(of partition: TopicPartition, isCopy: Bool = false) throws(EventLogError)
    -> PartitionAppender
  {
    try options.check()
    let appender = try PartitionAppender(
      directory(partition), options: options, time: options.recordTime, isCopy: isCopy)
    try SourceFiles(logPath: path).settle([appender])
    return appender
  }

  /// Syncs the growing segment, and the directory where its name is new, whoever has written them.
  public func sync(_ partition: TopicPartition, upTo offset: Int64) throws(EventLogError) {
    try syncedOffsets.sync(directory(partition), upTo: offset)
  }

  /// The log epoch of the record below `offset`, from the file `epochs`.
  public func epoch(of partition: TopicPartition, before offset: Int64) throws(EventLogError)
    -> LogEpoch?
  {
    try PartitionEpochs.load(directory(partition)).epoch(before: offset)
  }

  /// Says that a partition begins at `offset`: what is below may be missing from now on. To free space,
  /// move the beginning first, then remove the segments that lie below it as a whole.
  /// - Parameter offset: from 0 to the partition's end. What lies below is synced first: a power failure
  ///   could leave a log that begins beyond its end otherwise.
  public func moveStart(of partition: TopicPartition, to offset: Int64) throws(EventLogError) {
    try sync(partition, upTo: offset)
    try directory(partition).writeStart(offset)
  }

  func directory(_ partition: TopicPartition) -> PartitionDirectory {
    PartitionDirectory(
      path: "\(path)/\(partition.topic)/\(partition.partition)", partition: partition)
  }
}

/// What a topic may be called: Kafka's rule, which also keeps it one name in a directory.
enum Topics {
  static let nameBytesMax = 249
  static let partitionsMax = 100_000

  static func isValid(_ topic: String) -> Bool {
    (1...nameBytesMax).contains(topic.utf8.count) && topic != "." && topic != ".."
      && topic.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  static func check(_ topic: String, partitions: Int) throws(EventLogError) {
    guard isValid(topic) else {
      throw EventLogError(
        .badURL,
        "'\(topic)' cannot be a topic: use letters, digits, '.', '_' and '-', at most "
          + "\(nameBytesMax)")
    }
    guard (1...partitionsMax).contains(partitions) else {
      throw EventLogError(
        .badURL, "\(partitions) partitions for \(topic): use 1 to \(partitionsMax)")
    }
  }
}
