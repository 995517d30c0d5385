import Glibc

/// The settings of a directory log.
public struct DirectoryOptions: Sendable {
  /// Bytes after which a segment is sealed and the next one begins: 1 to 1 TiB.
  public var segmentBytes = 256 << 20
  /// Milliseconds after its first record was written that a segment is sealed although it is not full, so that it is
  /// compressed: 1 to 2^40; nil never. Where segments stay raw, age seals none.
  public var segmentMilliseconds: Int? = 3_600_000
  /// Bytes below which age does not seal a segment: 1 to 1 TiB. A small one compresses badly, and takes two files.
  public var segmentBytesMin = 256 << 10
  /// Bytes that one payload may have, which bounds what a reader has to hold: 1 to 1 GiB.
  public var recordBytesMax = 64 << 20
  /// Bytes that a writer holds back for one partition before it writes them by itself: 1 to 1 GiB.
  public var bufferBytes = 1 << 17
  /// zstd's level for sealed segments, 1 to 19; nil leaves them raw.
  public var compressionLevel: Int32? = 3
  /// Tells a record's time from its bytes, for indexes that have to be derived anew.
  public var recordTime: RecordTime? = nil
  /// Milliseconds since 1970, by which segments become old; tests set another one.
  public var clock: @Sendable () -> Int64 = DirectoryOptions.systemClock

  private static let segmentBytesRange = 1...(1 << 40)
  private static let segmentMillisecondsRange = 1...(1 << 40)
  private static let recordBytesMaxRange = 1...(1 << 30)
  private static let bufferBytesRange = 1...(1 << 30)
  private static let compressionLevelRange = 1...19

  private static let systemClock: @Sendable () -> Int64 = {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// The values above.
  public init() {}

  /// From the properties of a URL: `segment.bytes`, `segment.bytes.min`, `segment.ms` (a number or `never`),
  /// `record.bytes.max`, `compression.type` (`zstd` or `none`) and `compression.level`.
  init(_ properties: [String: String]) throws(EventLogError) {
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
      func number(_ range: ClosedRange<Int>) throws(EventLogError) -> Int {
        guard let number = Int(value), range.contains(number) else {
          throw EventLogError(
            .badURL,
            "\(name)=\(value) is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
      }
      switch name {
      case "segment.bytes": segmentBytes = try number(Self.segmentBytesRange)
      case "segment.bytes.min": segmentBytesMin = try number(Self.segmentBytesRange)
      case "segment.ms" where value == "never": segmentMilliseconds = nil
      case "segment.ms": segmentMilliseconds = try number(Self.segmentMillisecondsRange)
      case "record.bytes.max": recordBytesMax = try number(Self.recordBytesMaxRange)
      case "compression.level": compressionLevel = Int32(try number(Self.compressionLevelRange))
      case "compression.type" where value == "zstd": break
      case "compression.type" where value == "none": compressionLevel = nil
      case "compression.type":
        throw EventLogError(.badURL, "compression.type=\(value) is unknown; use zstd or none")
      default:
        throw EventLogError(
          .badURL,
          "a dir: log has no property \(name); it has segment.bytes, segment.bytes.min, segment.ms, "
            + "record.bytes.max, compression.type and compression.level")
      }
    }
  }

  /// - Throws: `.badOption` for the first option that is outside its range: code can set any number.
  func check() throws(EventLogError) {
    try Self.check("segmentBytes", segmentBytes, Self.segmentBytesRange)
    if let segmentMilliseconds {
      try Self.check(
        "segmentMilliseconds", segmentMilliseconds, Self.segmentMillisecondsRange)
    }
    try Self.check("segmentBytesMin", segmentBytesMin, Self.segmentBytesRange)
    try Self.check("recordBytesMax", recordBytesMax, Self.recordBytesMaxRange)
    try Self.check("bufferBytes", bufferBytes, Self.bufferBytesRange)
    if let compressionLevel {
      try Self.check("compressionLevel", Int(compressionLevel), Self.compressionLevelRange)
    }
  }

  private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>)
    throws(EventLogError)
  {
    guard !range.contains(value) else { return }
    throw EventLogError(
      .badOption,
      "DirectoryOptions.\(name) is \(value); give it a value from \(range.lowerBound) to "
        + "\(range.upperBound)")
  }
}
