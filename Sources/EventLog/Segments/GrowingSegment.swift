import Glibc

/// A raw segment that a writer goes on with after another one: cut behind its last whole line, or where a
/// power failure tore it, and with an index that fits.
struct GrowingSegment {
  let file: File
  let index: SegmentIndexWriter
  /// In the file, whole lines all of them.
  let bytes: Int
  /// The offset of the next record.
  let nextOffset: Int64
  /// Latest time among its records; `Int64.max` where one is not known.
  let latest: Int64

  /// - Parameter time: the time of a record, where it can be told from its bytes.
  init(
    _ directory: PartitionDirectory, _ segment: PartitionDirectory.Segment,
    _ epochs: PartitionEpochs, time: RecordTime?
  ) throws(EventLogError) {
    file = try File.opening(directory.rawPath(segment.base), O_RDWR)
    let size = try file.size()
    if let unsure = epochs.unsureFrom(directory) {
      bytes = try SegmentEnd.untorn(directory, segment, file, size, unsure).position
    } else {
      bytes = try SegmentScan.wholeLineBytes(file, size: size)
    }
    if bytes < size {
      try file.truncate(to: bytes)
      // Unsynced, the torn end could come back with another power failure, among what is written next.
      try file.sync()
    }
    let kept = try SegmentEnd.soundIndex(directory, segment, file, bytes: bytes)
    let rest = try SegmentScan.raw(
      file, from: kept.entries.last ?? .beginning(segment.base),
      lastEntry: kept.entries.last?.position, time: time)
    nextOffset = rest.offset
    latest = rest.latest
    index = SegmentIndexWriter(
      directory.indexPath(segment), base: segment.base, kept: kept.entries,
      lastEntry: kept.entries.last?.position)
    index.add(rest.found)
    index.write(upTo: bytes)
  }
}
