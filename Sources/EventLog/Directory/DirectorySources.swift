import Glibc

/// What a directory log knows of its sources, in `sources/` of the log; docs/log-format.md describes the
/// files.
///
/// A source's writer holds the partitions' locks, so that all records from the source's start on are the
/// source's. Where the writer dies, the next one that holds a partition's lock counts them before it appends
/// anything. It syncs the partition first: a count never outlives the records that it counts.
final class DirectorySources: SourceStore {
  let partitions: [[TopicPartition]]
  private let appenders: [TopicPartition: PartitionAppender]
  private let files: SourceFiles
  private var progress: (id: String, file: SourceProgress)?

  /// - Parameter appenders: by topic, then partition; all that the writer writes.
  init(logPath: String, _ appenders: [[PartitionAppender]]) throws(EventLogError) {
    files = SourceFiles(logPath: logPath)
    partitions = appenders.map { $0.map(\.partition) }
    self.appenders = Dictionary(
      uniqueKeysWithValues: appenders.joined().map { ($0.partition, $0) })
    try files.settle(Array(appenders.joined()))
  }

  func known(_ prefix: String) throws(EventLogError) -> [SourceRecord] { try files.known(prefix) }

  func save(_ record: SourceRecord) throws(EventLogError) { try files.save(record) }

  func close(_ id: String) throws(EventLogError) { try files.close(id) }

  func settledEnds() throws(EventLogError) -> [TopicPartition: SourceRecord.End] {
    for partition in partitions.joined() { try appenders[partition]?.sync() }
    return appenders.mapValues(\.end)
  }

  func holds(_ end: SourceRecord.End, of partition: TopicPartition) -> Bool {
    guard let appender = appenders[partition] else { return true }
    if appender.nextOffset < end.offset { return false }
    guard let epoch = end.epoch, let found = appender.epoch(before: end.offset) else { return true }
    return epoch == found.rawValue
  }

  func attribute(to id: String?) { progress = nil }

  func given(_ partition: TopicPartition, since start: Int64) -> Int64 {
    max(0, (appenders[partition]?.nextOffset ?? start) - start)
  }

  func note(_ id: String, extent: Int64, check: String) throws(EventLogError) {
    if progress?.id != id { progress = (id, SourceProgress(path: files.progressPath(id))) }
    try progress?.file.note(extent, check)
  }
}

/// How far a source was read, in a file of one line that is overwritten in place: that costs one call to
/// the system, and a process that dies leaves the old line or the new one.
struct SourceProgress {
  private let path: String
  private var file: File?

  private static let bytes = 64

  init(path: String) { self.path = path }

  mutating func note(_ extent: Int64, _ check: String) throws(EventLogError) {
    if file == nil { file = try File.opening(path, O_WRONLY | O_CREAT) }
    let text = "\(extent) \(check)"
    let padding = max(0, Self.bytes - 1 - text.utf8.count)
    try file?.write(Array((text + String(repeating: " ", count: padding) + "\n").utf8))
  }

  static func read(_ path: String) throws(EventLogError) -> (extent: Int64, check: String)? {
    guard let file = try File.openIfThere(path, O_RDONLY) else { return nil }
    let text = String(decoding: try file.read(count: bytes, at: 0), as: UTF8.self)
    let parts = text.split(whereSeparator: \.isWhitespace)
    guard text.hasSuffix("\n"), parts.count == 2, let extent = Int64(parts[0]) else { return nil }
    return (extent, String(parts[1]))
  }
}
