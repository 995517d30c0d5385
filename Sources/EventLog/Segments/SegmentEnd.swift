import Glibc

/// Finds where a segment ends without going over all of it.
enum SegmentEnd {
  /// One past the last whole record of the partition.
  /// - Parameter segments: listed after `epochs` was read.
  /// - Throws: `.damaged` where records are missing that the log is known to have had.
  static func find(
    _ directory: PartitionDirectory, _ segments: [PartitionDirectory.Segment],
    _ epochs: PartitionEpochs
  ) throws(EventLogError) -> Int64 {
    let end: Int64
    if let last = segments.last {
      end = try find(directory, last, epochs)
    } else {
      end = try directory.startMark()
    }
    try epochs.requireEnd(end, directory)
    return end
  }

  /// One past the last whole record of `segment`.
  static func find(
    _ directory: PartitionDirectory, _ segment: PartitionDirectory.Segment,
    _ epochs: PartitionEpochs
  ) throws(EventLogError) -> Int64 {
    if let end = try findIfThere(directory, segment, epochs) { return end }
    // Compressed while we looked.
    let compressed = PartitionDirectory.Segment(base: segment.base, kind: .compressed)
    if let end = try findIfThere(directory, compressed, epochs) { return end }
    throw .system(ENOENT, "cannot open", directory.filePath(segment))
  }

  private static func findIfThere(
    _ directory: PartitionDirectory, _ segment: PartitionDirectory.Segment,
    _ epochs: PartitionEpochs
  ) throws(EventLogError) -> Int64? {
    if segment.kind == .gap { return try directory.gapEnd(segment.base) }
    guard let file = try File.openIfThere(directory.filePath(segment), O_RDONLY) else {
      return nil
    }
    let size = try file.size()
    if segment.kind == .raw, let unsure = epochs.unsureFrom(directory) {
      return try untorn(directory, segment, file, size, unsure).offset
    }
    let beginning = SegmentIndex.Entry(
      offset: segment.base, position: 0, timestamp: SegmentIndex.unknownTimestamp,
      latestBefore: Int64.min)
    let index = try SegmentIndex.load(
      directory.indexPath(segment), base: segment.base, segmentBytes: size, tailOnly: true)
    let start = index.entries.last ?? beginning
    if segment.kind == .compressed {
      if start.position == size { return start.offset }
      return try SegmentScan.compressed(file, from: start, time: nil).offset
    }
    return try SegmentScan.raw(file, from: start, lastEntry: Int64(size), time: nil).offset
  }

  /// What is left of a raw segment after a power failure.
  static func untorn(
    _ directory: PartitionDirectory, _ segment: PartitionDirectory.Segment, _ file: File,
    _ size: Int, _ unsure: Int64
  ) throws(EventLogError) -> SegmentScan.Result {
    let bytes = try SegmentScan.wholeLineBytes(file, size: size)
    let index = try soundIndex(directory, segment, file, bytes: bytes)
    return try SegmentScan.untorn(
      file, base: segment.base, index: index, unsure: unsure, bytes: bytes, directory.partition)
  }

  /// The index of a raw segment as far as it fits to the first `bytes` of it: an index that
  /// outlived the data that it points to (power failure) is dropped from there on.
  static func soundIndex(
    _ directory: PartitionDirectory, _ segment: PartitionDirectory.Segment, _ file: File, bytes: Int
  ) throws(EventLogError) -> SegmentIndex {
    var index = try SegmentIndex.load(
      directory.indexPath(segment), base: segment.base, segmentBytes: bytes)
    var byte: UInt8 = 0
    while let last = index.entries.last, last.position > 0 {
      let count = try file.read(into: &byte, count: 1, at: Int(last.position) - 1)
      if count == 1, byte == RecordEscape.newline { break }
      index.entries.removeLast()
    }
    return index
  }
}
