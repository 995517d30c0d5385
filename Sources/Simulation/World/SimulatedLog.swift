import EventLog
import EventModel
import Foundation

/// The log of a simulation. It is written by one thread, and can lose the records that were not synced.
final class SimulatedLog {
  let log: DirectoryLog
  let path: String
  private(set) var partitions: Int
  private var writer: (any LogWriter)?
  private let topics = PlainEvent.Stream.allCases.map(\.topic)
  /// The records that were appended to each partition, in order, so that those which the disk loses can be
  /// appended again.
  private var given: [String: [Site.Record]] = [:]
  private let disk: SimulatedDisk

  init(_ path: String, partitions: Int) throws {
    self.path = path
    self.partitions = partitions
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    disk = try SimulatedDisk(root: path)
    var options = DirectoryOptions()
    // How long a run takes is not in its seed.
    options.segmentMilliseconds = nil
    log = DirectoryLog(path: path, options: options)
    try log.createTopics(topics, partitions: partitions)
  }

  private func open() throws -> any LogWriter {
    if let writer { return writer }
    let opened = try log.writer(to: topics)
    writer = opened
    return opened
  }

  func append(_ records: [Site.Record]) throws {
    let writer = try open()
    for record in records {
      let partition = try append(record, writer)
      given["\(record.stream.topic)/\(partition)", default: []].append(record)
    }
    try writer.flush()
  }

  /// - Returns: the partition that the record went to.
  private func append(_ record: Site.Record, _ writer: any LogWriter) throws -> Int32 {
    var key: [UInt8] = []
    MessageKey.append(userId: record.user, sessionId: record.session, to: &key)
    try key.withUnsafeBytes { key in
      try record.bytes.withUnsafeBytes {
        try writer.append(
          topic: record.stream.rawValue, key: key, timestamp: record.ts, payload: $0)
      }
    }
    return key.withUnsafeBytes { partition(forKey: $0, count: partitions) }
  }

  func sync() throws { try open().sync() }

  func addPartition() throws {
    try open().close()
    writer = nil
    partitions += 1
    try log.createTopics(topics, partitions: partitions)
    for topic in topics {
      try FileManager.default.createDirectory(
        atPath: "\(path)/\(topic)/\(partitions - 1)", withIntermediateDirectories: true)
    }
  }

  /// Drops the writer, as a power loss would, and opens a new one on the records that the disk has kept.
  /// - Returns: a description of each file that lost something.
  func losePower(seed: UInt64) throws -> [String] {
    writer = nil
    let lost = try disk.powerLoss(seed: seed)
    // Topics that were lost are made again, as any writer would make them.
    try log.createTopics(topics, partitions: partitions)
    _ = try open()
    return lost
  }

  /// Appends the lost records again, as a source does that goes on where the log ends.
  /// - Returns: the first record of the log that was never appended to it; nil where there is none.
  func giveAgain() throws -> String? {
    let writer = try open()
    var plain: [String: [[UInt8]]] = [:]
    for (source, records) in given { plain[source] = records.map(\.bytes) }
    for (source, records) in given.sorted(by: { $0.key < $1.key }) {
      let lines = try Self.lines("\(path)/\(source)")
      guard lines.count <= records.count else {
        return "\(source) has \(lines.count) records, but was given \(records.count)"
      }
      for (index, line) in lines.enumerated() where line != records[index].bytes {
        return "\(source) has another record at offset \(index) than it was given"
      }
      for record in records[lines.count...] { _ = try append(record, writer) }
    }
    try writer.flush()
    return nil
  }

  private static func lines(_ directory: String) throws -> [[UInt8]] {
    var lines: [[UInt8]] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    where name.hasSuffix(".ndjson") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
      let whole = bytes[..<((bytes.lastIndex(of: 0x0A) ?? -1) + 1)]
      lines += whole.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        .map { Array($0) }
    }
    return lines
  }

  func close() { try? writer?.close() }
}
