import Glibc

/// Holds the lines of a raw segment against its index while they are read: a newline that became
/// another byte, or another byte that became one, moves every offset after it, and the next entry shows
/// that. An index that is not there, or is behind, shows nothing.
struct LineCheck {
  private let path: String
  private let base: Int64
  private let file: File
  private var index: File?
  /// Entries of the index file that were looked at.
  private var seen = 0
  private var last: SegmentIndex.Entry
  private var entries: [SegmentIndex.Entry] = []
  private var next = 0
  /// The byte of the segment at which to look for more entries.
  private var lookAgainAt = 0

  /// - Parameter start: where reading begins, from the index or the segment's first line.
  init(_ file: File, indexPath: String, base: Int64, from start: SegmentIndex.Entry)
    throws(EventLogError)
  {
    self.file = file
    path = indexPath
    self.base = base
    last = Self.beginning(base)
    try loadMore(at: Int(start.position))
  }

  /// Byte in the segment at which `verify` should be asked; `Int.max` where there is none.
  var position: Int { next < entries.count ? Int(entries[next].position) : Int.max }

  /// Looks for entries that have come since, where reading has got far enough.
  mutating func refresh(at position: Int) throws(EventLogError) {
    if next == entries.count, position >= lookAgainAt { try loadMore(at: position) }
  }

  private mutating func loadMore(at position: Int) throws(EventLogError) {
    lookAgainAt = position + SegmentIndex.bytesInterval
    if index == nil { index = try File.openIfThere(path, O_RDONLY) }
    guard let index else { return }
    let found = try SegmentIndex.entries(
      index, base: base, segmentBytes: try file.size(), skipping: seen, after: last)
    guard let newest = found.last else { return }
    entries = next < entries.count ? entries[next...] + found : found
    next = 0
    seen += found.count
    last = newest
    // The index of a segment that grows comes after its lines: what has been read already is not read again.
    while next < entries.count, entries[next].position < position { next += 1 }
  }

  /// A line begins at byte `position`, or the lines end there, `offset` being the next one.
  mutating func verify(_ position: Int, _ offset: Int64, _ partition: TopicPartition)
    throws(EventLogError)
  {
    while next < entries.count, entries[next].position <= position {
      let entry = entries[next]
      guard entry.position == position, entry.offset == offset else {
        if try isGone(entry) {
          try startAnew(at: position)
          continue
        }
        throw SegmentScan.contradiction(file, entry, position, offset, partition)
      }
      next += 1
    }
  }

  /// Whether the index has lost the entry since it was read. After a power failure the next writer cuts the
  /// torn end of a segment and the entries that point into it; a reader that is older than that writer has
  /// read them before.
  private func isGone(_ entry: SegmentIndex.Entry) throws(EventLogError) -> Bool {
    guard let index = try File.openIfThere(path, O_RDONLY) else { return true }
    let entries = try SegmentIndex.entries(
      index, base: base, segmentBytes: try file.size(), skipping: 0, after: Self.beginning(base))
    return !entries.contains { $0.position == entry.position && $0.offset == entry.offset }
  }

  private mutating func startAnew(at position: Int) throws(EventLogError) {
    index = nil
    seen = 0
    last = Self.beginning(base)
    entries = []
    next = 0
    // Beyond `position`: an entry for that very line has just been looked at.
    try loadMore(at: position + 1)
  }

  /// What comes before the first entry.
  private static func beginning(_ base: Int64) -> SegmentIndex.Entry {
    .init(offset: base - 1, position: -1, timestamp: 0, latestBefore: 0)
  }

  /// `count` bytes from `position` on are there, without a newline among them.
  mutating func verifyUnfinished(
    _ position: Int, _ count: Int, _ offset: Int64, _ partition: TopicPartition
  ) throws(EventLogError) {
    if next == entries.count { try loadMore(at: position) }
    while next < entries.count, entries[next].position <= position { next += 1 }
    guard next < entries.count, Int(entries[next].position) <= position + count else { return }
    // Another writer may have cut the line and written others since these bytes were read.
    let end = try file.read(count: 1, at: Int(entries[next].position) - 1)
    if end.first == RecordEscape.newline { return }
    throw SegmentScan.contradiction(
      file, entries[next], Int(entries[next].position), offset, partition)
  }
}
