import Glibc

/// The sparse index of one segment: where some of its records are, and how late the records before
/// them were. It can always be derived from the segment; docs/log-format.md describes its bytes.
struct SegmentIndex {
  struct Entry: Equatable {
    /// Offset of the record that starts at `position`; one past the last record in a closing entry.
    var offset: Int64
    /// Byte position in the file: of a line in a raw segment, of a frame in a compressed one.
    var position: Int64
    /// Time of that record; `unknownTimestamp` where an index was derived without knowing it.
    var timestamp: Int64
    /// Latest time among the records of this segment before `offset`: `Int64.min` where there are
    /// none, `Int64.max` where it is not known.
    var latestBefore: Int64
  }

  /// Bytes of raw segment from one entry to the next: what finding an offset has to scan at most.
  static let bytesInterval = 64 << 10
  static let unknownTimestamp = Int64.min
  static let headerBytes = 16
  static let entryBytes = 40
  /// "polyidx" and the version of the format.
  private static let magic = UInt64(littleEndian: 0x0178_6469_796c_6f70)

  /// In order of offset and position.
  var entries: [Entry] = []

  /// The last entry whose offset is at most `offset`; nil where the segment has to be read from its
  /// beginning.
  func entry(atOrBefore offset: Int64) -> Entry? {
    last { $0.offset <= offset }
  }

  /// The last entry before which every record is earlier than `timestamp`.
  func entry(beforeTime timestamp: Int64) -> Entry? {
    last { $0.latestBefore < timestamp }
  }

  /// Binary search for the last entry of those, at the front, that satisfy `condition`.
  private func last(where condition: (Entry) -> Bool) -> Entry? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if condition(entries[middle]) { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : entries[low - 1]
  }

  // MARK: - Bytes

  static func header(base: Int64) -> [UInt8] {
    var bytes: [UInt8] = []
    append(magic, to: &bytes)
    append(UInt64(bitPattern: base), to: &bytes)
    return bytes
  }

  static func encode(_ entries: some Sequence<Entry>) -> [UInt8] {
    var bytes: [UInt8] = []
    for entry in entries {
      append(UInt64(bitPattern: entry.offset), to: &bytes)
      append(UInt64(bitPattern: entry.position), to: &bytes)
      append(UInt64(bitPattern: entry.timestamp), to: &bytes)
      append(UInt64(bitPattern: entry.latestBefore), to: &bytes)
      append(checksum(entry), to: &bytes)
    }
    return bytes
  }

  private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// FNV-1a over the entry's four words: enough to tell an entry from torn or stray bytes.
  private static func checksum(_ entry: Entry) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for word in [entry.offset, entry.position, entry.timestamp, entry.latestBefore] {
      hash = (hash ^ UInt64(bitPattern: word)) &* 0x0000_0100_0000_01b3
      hash ^= hash >> 29
    }
    return hash
  }

  /// The index kept in `path`, as far as its bytes hold and lie within the segment: entries from
  /// the first torn or impossible one on are left out. Empty where the file is missing or foreign.
  /// - Parameter tailOnly: read the last whole entry only, where that is all that is wanted.
  static func load(_ path: String, base: Int64, segmentBytes: Int, tailOnly: Bool = false)
    throws(EventLogError) -> SegmentIndex
  {
    guard let file = try File.openIfThere(path, O_RDONLY) else { return SegmentIndex() }
    let size = try file.size()
    let count = (size - headerBytes) / entryBytes
    guard size >= headerBytes, count > 0 else { return SegmentIndex() }
    guard try file.read(count: headerBytes, at: 0) == header(base: base) else {
      return SegmentIndex()
    }
    let first = tailOnly ? count - 1 : 0
    var index = SegmentIndex()
    index.entries = try entries(
      file, base: base, segmentBytes: segmentBytes, skipping: first,
      after: Entry(offset: base - 1, position: -1, timestamp: 0, latestBefore: 0))
    // A bad last entry says nothing about those before it.
    if tailOnly, index.entries.isEmpty {
      return try load(path, base: base, segmentBytes: segmentBytes)
    }
    return index
  }

  /// The sound entries of an index file that follow its first `count` ones and `previous`.
  static func entries(
    _ file: File, base: Int64, segmentBytes: Int, skipping count: Int, after previous: Entry
  ) throws(EventLogError) -> [Entry] {
    let bytesBefore = headerBytes + count * entryBytes
    let left = (try file.size() - bytesBefore) / entryBytes
    guard left > 0 else { return [] }
    if count == 0, try file.read(count: headerBytes, at: 0) != header(base: base) { return [] }
    let bytes = try file.read(count: left * entryBytes, at: bytesBefore)
    var entries: [Entry] = []
    entries.reserveCapacity(left)
    bytes.withUnsafeBytes { bytes in
      var previous = previous
      for start in stride(from: 0, to: bytes.count - entryBytes + 1, by: entryBytes) {
        func word(_ number: Int) -> Int64 {
          Int64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: start + number * 8, as: Int64.self))
        }
        let entry = Entry(
          offset: word(0), position: word(1), timestamp: word(2), latestBefore: word(3))
        guard checksum(entry) == UInt64(bitPattern: word(4)), entry.offset > previous.offset,
          entry.position > previous.position, entry.position <= segmentBytes
        else { break }
        entries.append(entry)
        previous = entry
      }
    }
    return entries
  }

  /// Puts an index file in place of whatever was there, in one step.
  static func replace(_ path: String, base: Int64, entries: [Entry], temporary: String)
    throws(EventLogError)
  {
    try File.replace(path, with: header(base: base) + encode(entries), by: temporary)
  }
}
