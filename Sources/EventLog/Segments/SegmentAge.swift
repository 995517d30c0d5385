/// Tells when a segment that is not full is sealed because it has become old.
///
/// Age alone would make 8,760 segments a year of a partition that has a record an hour. So a segment stays open, however
/// old it is, while it is small (`DirectoryOptions.segmentBytesMin`) or has less than a fiftieth of the partition's
/// records. The raw end is then never much more than a fiftieth of the lake, and the number of segments grows with
/// the logarithm of the lake's size. docs/log-format.md has the measured sizes.
struct SegmentAge {
  /// The growing segment is sealed for its age only where it has one in so many of the partition's records.
  static let recordsShare: Int64 = 50

  /// The first offset of the partition: what lies below it is gone, and is not counted.
  var partitionStart: Int64 = 0
  private let options: DirectoryOptions
  /// When the first record of the growing segment was written: milliseconds since 1970.
  private var begun = Int64.max

  init(_ options: DirectoryOptions) { self.options = options }

  /// The growing segment gets its first record now.
  mutating func begin() { begun = options.clock() }

  /// An earlier writer has begun the segment.
  mutating func goOn(with file: File) throws(EventLogError) { begun = try file.birthTime() }

  /// - Parameters:
  ///   - bytes: in the growing segment's file.
  ///   - base: the segment's first offset.
  ///   - nextOffset: one past its last record.
  mutating func isReached(bytes: Int, base: Int64, nextOffset: Int64) -> Bool {
    guard let limit = options.segmentMilliseconds, options.compressionLevel != nil,
      bytes >= options.segmentBytesMin,
      nextOffset - base >= (nextOffset - partitionStart) / Self.recordsShare
    else { return false }
    let now = options.clock()
    // A clock that was set back, or a file that was copied since, only makes the segment younger.
    begun = min(begun, now)
    return now - begun >= Int64(limit)
  }
}
