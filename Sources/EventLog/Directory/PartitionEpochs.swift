import Glibc

/// The log epochs of one partition, from its file `epochs`: a line `<id> <first offset> <boot>` for each
/// writer that appended something, and `closed <end offset>` where one ended in good order.
struct PartitionEpochs {
  struct Line: Equatable {
    var epoch: LogEpoch
    var first: Int64
    /// The system's start in which the writer ran.
    var boot: String
  }

  /// A writer's line leaves only so many before it; of what is older nothing is known any more.
  static let linesMax = 1000
  static let linesKept = 500

  private(set) var lines: [Line] = []
  /// Where the last writer ended, all of it on the device; nil where it did not close.
  private(set) var closedAt: Int64?
  /// The bytes of the file that were understood; nil where others follow them, or there is no file.
  private var soundBytes: Int?

  /// - Throws: `.damaged` where a line that cannot be understood has others after it. One at the end
  ///   was being written when the power went, and has no record.
  static func load(_ directory: PartitionDirectory) throws(EventLogError) -> PartitionEpochs {
    var epochs = PartitionEpochs()
    guard let file = try File.openIfThere(directory.epochsPath, O_RDONLY) else { return epochs }
    let bytes = try file.read(count: try file.size(), at: 0)
    var start = 0
    while let newline = bytes[start...].firstIndex(of: RecordEscape.newline) {
      let words = String(decoding: bytes[start..<newline], as: UTF8.self).split(separator: " ")
      guard epochs.take(words) else {
        let isTorn = bytes[start..<newline].contains(0)
        if !isTorn, bytes[newline...].dropFirst().contains(where: { $0 != 0 }) {
          throw EventLogError(
            .damaged,
            "\(directory.epochsPath), which tells the writers of \(directory.partition) apart, is damaged "
              + "at byte \(start); restore it, or remove it where you are sure of the log")
        }
        return epochs
      }
      start = newline + 1
    }
    if start == bytes.count { epochs.soundBytes = start }
    return epochs
  }

  private mutating func take(_ words: [Substring]) -> Bool {
    if words.count == 2, words[0] == "closed", let end = Int64(words[1]) {
      closedAt = end
      return true
    }
    guard words.count == 3, let epoch = LogEpoch(digits: words[0]), let first = Int64(words[1]),
      first > lines.last?.first ?? -1
    else { return false }
    lines.append(Line(epoch: epoch, first: first, boot: String(words[2])))
    closedAt = nil
    return true
  }

  /// The log epoch of the record below `offset`.
  func epoch(before offset: Int64) -> LogEpoch? { lines.last { $0.first < offset }?.epoch }

  /// The partition's records below this offset were on the device, whatever happened since. nil where
  /// that is not known, or where they are a copy that can be made again.
  var knownEnd: Int64? {
    guard let last = lines.last, !last.epoch.isCopy else { return nil }
    return closedAt ?? last.first
  }

  /// - Parameter end: where the partition ends, found after these log epochs were read.
  /// - Throws: `.damaged` where records are missing that the log is known to have had.
  func requireEnd(_ end: Int64, _ directory: PartitionDirectory) throws(EventLogError) {
    guard let knownEnd, end < knownEnd else { return }
    throw EventLogError(
      .damaged,
      "\(directory.partition) in \(directory.path) lacks its records from offset \(end) up to "
        + "\(knownEnd), which its last writer had on the disk: restore their segments; where they are "
        + "lost for good, say so with: rm \(directory.epochsPath)")
  }

  /// The first offset of a writer that did not close and ran before the system's last start: from there on
  /// a power failure may have torn the log. nil where the log is sure to be what was written.
  func unsureFrom(_ directory: PartitionDirectory) -> Int64? {
    guard closedAt == nil, let last = lines.last else { return nil }
    let isSameBoot = last.boot != Self.unknownBoot && last.boot == Self.boot(directory.path)
    return isSameBoot ? nil : last.first
  }

  /// Begins a log epoch at `first`, and returns when it is on the device. Log epochs that began there or later
  /// go: the log has lost all of their records.
  /// - Returns: whether the directory was synced for it.
  mutating func begin(_ directory: PartitionDirectory, at first: Int64, isCopy: Bool)
    throws(EventLogError) -> Bool
  {
    assert(
      first >= knownEnd ?? 0, "an epoch from \(first) on, before the known end \(knownEnd ?? 0)")
    let line = Line(
      epoch: .random(isCopy: isCopy), first: first, boot: Self.boot(directory.path))
    var kept = lines.filter { $0.first < first }
    if kept.count >= Self.linesMax { kept.removeFirst(kept.count - Self.linesKept) }
    let isNew = soundBytes == nil || kept.count != lines.count
    if let soundBytes, !isNew {
      let file = try File.opening(directory.epochsPath, O_WRONLY)
      let bytes = Self.encode(line)
      try file.write(bytes, at: soundBytes)
      try file.sync()
      self.soundBytes = soundBytes + bytes.count
    } else {
      let bytes = (kept + [line]).flatMap(Self.encode)
      try directory.replace(directory.epochsPath, with: bytes)
      soundBytes = bytes.count
    }
    lines = kept + [line]
    closedAt = nil
    return isNew
  }

  /// Says that the last log epoch ended at `end`, all of it on the device. That line is not synced: without it,
  /// the next writer finds the end by looking.
  mutating func close(_ directory: PartitionDirectory, at end: Int64) {
    assert(
      end >= lines.last?.first ?? 0,
      "an epoch ends at \(end), where it began at \(lines.last!.first)")
    guard let soundBytes, let file = try? File.opening(directory.epochsPath, O_WRONLY) else {
      return
    }
    let bytes = Array("closed \(end)\n".utf8)
    guard (try? file.write(bytes, at: soundBytes)) != nil else { return }
    self.soundBytes = soundBytes + bytes.count
    closedAt = end
  }

  private static func encode(_ line: Line) -> [UInt8] {
    Array("\(line.epoch) \(line.first) \(line.boot)\n".utf8)
  }

  // MARK: - The system's start

  private static let unknownBoot = "-"

  private static func boot(_ path: String) -> String {
    SimulatedDisk.boot(of: path).map { "simulated-\($0)" } ?? systemBoot
  }

  private static let systemBoot: String = {
    guard let file = try? File.openIfThere("/proc/sys/kernel/random/boot_id", O_RDONLY),
      let bytes = try? file.read(count: 64, at: 0)
    else { return unknownBoot }
    let text = String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
    return text.isEmpty ? unknownBoot : text
  }()
}
