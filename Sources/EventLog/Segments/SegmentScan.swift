import CZstd
import Glibc

/// Goes over a segment to find what its index should say.
enum SegmentScan {
  /// What is known at some line of a segment, and what was found on the way there.
  struct Result {
    /// Offset of the line at `position`.
    var offset: Int64
    /// Bytes of whole lines so far.
    var position: Int
    /// Latest time among the lines so far; `Int64.max` where one is not known.
    var latest: Int64
    var found: [SegmentIndex.Entry] = []
  }

  private static let blockBytes = 1 << 20

  /// Goes over the whole lines of a raw segment from `start` on.
  /// - Parameter time: the time of a record, where it can be told from its bytes.
  static func raw(
    _ file: File, from start: SegmentIndex.Entry, lastEntry: Int64?, time: RecordTime?
  ) throws(EventLogError) -> Result {
    var result = Result(
      offset: start.offset, position: Int(start.position), latest: start.latestBefore)
    var lastEntry = lastEntry ?? -Int64(SegmentIndex.bytesInterval)
    var capacity = blockBytes
    var block = UnsafeMutableRawPointer.allocate(
      byteCount: capacity + RecordBatch.padding, alignment: 64)
    defer { block.deallocate() }
    while true {
      let count = try file.read(into: block, count: capacity, at: result.position)
      var line = 0
      while line < count,
        let newline = memchr(block + line, Int32(RecordEscape.newline), count - line)
      {
        let length = newline - (block + line)
        let position = Int64(result.position + line)
        let timestamp =
          length == 0
          ? nil : time?(UnsafeRawBufferPointer(start: block + line, count: length))
        if position - lastEntry >= SegmentIndex.bytesInterval {
          result.found.append(
            .init(
              offset: result.offset, position: position,
              timestamp: timestamp ?? SegmentIndex.unknownTimestamp, latestBefore: result.latest))
          lastEntry = position
        }
        if length > 0 { result.latest = max(result.latest, timestamp ?? Int64.max) }
        result.offset += 1
        line += length + 1
      }
      result.position += line
      if count < capacity { return result }
      if line == 0 {
        capacity *= 2
        block.deallocate()
        block = .allocate(byteCount: capacity + RecordBatch.padding, alignment: 64)
      }
    }
  }

  /// Goes over a raw segment that a power failure may have torn: what never got to the device reads as
  /// zeros there, and no line that a writer wrote has a zero byte.
  /// - Parameters:
  ///   - index: the segment's.
  ///   - unsure: the first offset that may be torn.
  ///   - bytes: of the segment, whole lines all of them.
  /// - Returns: the end of the lines that are as they were written.
  /// - Throws: `.damaged` where lines and index contradict each other before any tear.
  static func untorn(
    _ file: File, base: Int64, index: SegmentIndex, unsure: Int64, bytes: Int,
    _ partition: TopicPartition
  ) throws(EventLogError) -> Result {
    let start = index.entry(atOrBefore: unsure) ?? .beginning(base)
    var result = Result(
      offset: start.offset, position: Int(start.position), latest: start.latestBefore)
    var expected = index.entries.drop { $0.position < start.position }
    var capacity = blockBytes
    var block = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    defer { block.deallocate() }
    while true {
      let wanted = min(capacity, bytes - result.position)
      let count = try file.read(into: block, count: wanted, at: result.position)
      let hasZero = memchr(block, 0, count) != nil
      var line = 0
      while line <= count {
        let position = result.position + line
        while let entry = expected.first, entry.position <= position {
          guard entry.position == position, entry.offset == result.offset else {
            throw contradiction(file, entry, position, result.offset, partition)
          }
          expected.removeFirst()
        }
        guard line < count,
          let newline = memchr(block + line, Int32(RecordEscape.newline), count - line)
        else { break }
        let length = newline - (block + line)
        if hasZero, result.offset >= unsure, memchr(block + line, 0, length) != nil {
          result.position = position
          return result
        }
        result.offset += 1
        line += length + 1
      }
      result.position += line
      if result.position >= bytes || count < wanted { return result }
      if line == 0 {
        capacity *= 2
        block.deallocate()
        block = .allocate(byteCount: capacity, alignment: 64)
      }
    }
  }

  /// The index says that `entry` begins a line, counting says otherwise.
  static func contradiction(
    _ file: File, _ entry: SegmentIndex.Entry, _ position: Int, _ offset: Int64,
    _ partition: TopicPartition
  ) -> EventLogError {
    EventLogError(
      .damaged,
      "\(file.path) does not agree with its index: the record at offset \(entry.offset) of \(partition) "
        + "should begin at byte \(entry.position), but counting its lines gives offset \(offset) at byte "
        + "\(position): a newline before it became another byte, or another byte one; restore the file"
    )
  }

  /// Goes over a compressed segment, an entry for each frame, from the frame of `start` on.
  static func compressed(_ file: File, from start: SegmentIndex.Entry, time: RecordTime?)
    throws(EventLogError) -> Result
  {
    let source = CompressedSource(file, at: Int(start.position))
    var result = Result(
      offset: start.offset, position: Int(start.position), latest: start.latestBefore)
    try source.forEachFrame(offset: start.offset) { position, lines in
      var entry = SegmentIndex.Entry(
        offset: result.offset, position: Int64(position),
        timestamp: SegmentIndex.unknownTimestamp, latestBefore: result.latest)
      var line = lines.baseAddress!
      let end = line + lines.count
      while line < end, let newline = memchr(line, Int32(RecordEscape.newline), end - line) {
        let length = UnsafeRawPointer(newline) - line
        if length > 0 {
          let timestamp = time?(UnsafeRawBufferPointer(start: line, count: length))
          if result.offset == entry.offset, let timestamp { entry.timestamp = timestamp }
          result.latest = max(result.latest, timestamp ?? Int64.max)
        }
        result.offset += 1
        line = UnsafeRawPointer(newline) + 1
      }
      result.found.append(entry)
    }
    result.position = try file.size()
    return result
  }

  static func newlines(_ start: UnsafeMutableRawPointer, _ count: Int) -> Int {
    var found = 0
    var position = 0
    while position < count,
      let newline = memchr(start + position, Int32(RecordEscape.newline), count - position)
    {
      found += 1
      position = newline - start + 1
    }
    return found
  }

  /// Bytes up to and with the last newline among the first `size` of a raw segment.
  static func wholeLineBytes(_ file: File, size: Int) throws(EventLogError) -> Int {
    let block = UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 64)
    defer { block.deallocate() }
    var end = size
    while end > 0 {
      let start = max(0, end - blockBytes)
      let count = try file.read(into: block, count: end - start, at: start)
      if let newline = RecordEscape.lastNewline(block, count) {
        return start + newline + 1
      }
      end = start
    }
    return 0
  }
}

/// Tells a record's time, milliseconds since 1970, from its bytes; nil where it has none. The log
/// uses it only to derive an index that was lost, because a record's meaning is not its concern.
public typealias RecordTime = @Sendable (UnsafeRawBufferPointer) -> Int64?
