import Foundation
import Glibc
import Support

/// The files of `DirectorySources`: `sources/ID.open` while a source is under way, `sources/ID.json` once
/// it is finished, and `sources/ID.progress` beside the former. They name files and tables of their owner,
/// and so nobody but the log's writers may read them.
struct SourceFiles {
  private let path: String

  private static let open = ".open"
  private static let finished = ".json"
  /// Seconds.
  private static let lockPatience = 10.0

  init(logPath: String) { path = "\(logPath)/sources" }

  func progressPath(_ id: String) -> String { "\(path)/\(id).progress" }

  // MARK: - Reading

  func known(_ prefix: String) throws(EventLogError) -> [SourceRecord] {
    var found: [Int: String] = [:]
    for name in try File.names(in: path) ?? [] where name.hasPrefix("\(prefix)-") {
      guard let ending = [Self.open, Self.finished].first(where: name.hasSuffix),
        let number = Int(name.dropFirst(prefix.count + 1).dropLast(ending.count))
      else { continue }
      // A finished source that has grown is there under both names until it is finished again.
      if found[number] == nil || ending == Self.open { found[number] = name }
    }
    var records: [SourceRecord] = []
    for (_, name) in found.sorted(by: { $0.key < $1.key }) {
      if let record = try load(name) { records.append(record) }
    }
    return records
  }

  private func load(_ name: String) throws(EventLogError) -> SourceRecord? {
    guard let file = try File.openIfThere("\(path)/\(name)", O_RDONLY) else { return nil }
    let bytes = try file.read(count: file.size(), at: 0)
    guard var record = try? JSONDecoder().decode(SourceRecord.self, from: Data(bytes)) else {
      throw EventLogError(
        .damaged,
        "\(file.path) is not what polyrhythm writes; restore it, or move it away to have the log "
          + "forget what that source has given")
    }
    if !record.isFinished, let reached = try SourceProgress.read(progressPath(record.id)),
      reached.extent >= record.extent
    {
      record.extent = reached.extent
      record.check = reached.check
    }
    return record
  }

  // MARK: - Settling

  /// Counts what sources under way have given to these partitions, whose locks the caller holds.
  func settle(_ appenders: [PartitionAppender]) throws(EventLogError) {
    guard let names = try File.names(in: path), names.contains(where: { $0.hasSuffix(Self.open) })
    else { return }
    // Two writers of different topics may settle one source.
    let lock = try lock()
    defer { _ = flock(lock.descriptor, LOCK_UN) }
    for name in names.sorted() where name.hasSuffix(Self.open) {
      guard var record = try load(name) else { continue }
      if record.isFinished {
        // Its writer died between the last two steps of finishing it.
        try close(record.id)
        continue
      }
      var isChanged = false
      for appender in appenders {
        let partition = appender.partition.description
        guard let start = record.start[partition] else { continue }
        // First the records, then their count.
        try appender.sync()
        try File.syncDirectory(appender.directory.path)
        record.settle(partition, given: appender.nextOffset - start, end: appender.end)
        isChanged = true
      }
      if isChanged { try save(record) }
    }
  }

  private func lock() throws(EventLogError) -> File {
    let file = try File.opening("\(path)/lock", O_RDWR | O_CREAT)
    switch FileLocking.take(LOCK_EX, of: file.descriptor, waitingAtMost: Self.lockPatience) {
    case 0: return file
    case EWOULDBLOCK:
      throw EventLogError(
        .locked,
        "\(file.path) has been held by another process for \(Int(Self.lockPatience)) s; is one of them "
          + "stopped?")
    case let failure: throw .system(failure, "cannot lock", file.path)
    }
  }

  // MARK: - Writing

  /// Replaces what is known of a source, whole or not at all, also in a power failure.
  func save(_ record: SourceRecord) throws(EventLogError) {
    if !File.exists(path) {
      try File.makeDirectories(path)
      try File.syncDirectory(String(path.dropLast("/sources".count)))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(record) else { return }
    try File.replace(
      "\(path)/\(record.id)\(Self.open)", with: Array(text) + [10],
      by: "\(path)/\(PartitionDirectory.temporaryPrefix)\(record.id)")
    try File.syncDirectory(path)
  }

  /// Gives a source that is said to be finished the name of one.
  func close(_ id: String) throws(EventLogError) {
    try File.remove(progressPath(id))
    try File.rename("\(path)/\(id)\(Self.open)", to: "\(path)/\(id)\(Self.finished)")
    try File.syncDirectory(path)
  }
}
