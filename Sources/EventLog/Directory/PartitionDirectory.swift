import Glibc
import Support

/// The directory of one partition: which files it has and what they are called.
struct PartitionDirectory: Sendable {
  /// What stands for one stretch of offsets.
  struct Segment: Equatable, Sendable {
    enum Kind: Sendable { case raw, compressed, gap }
    /// Offset of its first record; of the first absent one in a gap.
    var base: Int64
    var kind: Kind
  }

  let path: String
  let partition: TopicPartition
  /// What the names of segments end in, but for compressed ones.
  var suffix = "ndjson"

  var lockPath: String { "\(path)/lock" }
  var epochsPath: String { "\(path)/epochs" }
  var startPath: String { "\(path)/start" }
  func rawPath(_ base: Int64) -> String { "\(path)/\(Self.digits(base)).\(suffix)" }
  func compressedPath(_ base: Int64) -> String { "\(path)/\(Self.digits(base)).\(suffix).zst" }
  func gapPath(_ base: Int64) -> String { "\(path)/\(Self.digits(base)).gap" }
  func indexPath(_ segment: Segment) -> String {
    "\(path)/\(Self.digits(segment.base))\(segment.kind == .compressed ? ".zst" : "").index"
  }
  /// A name that no reader of the lake looks at, for files that are not whole yet.
  func temporaryPath(_ base: Int64, _ suffix: String) -> String {
    "\(path)/\(Self.temporaryPrefix)\(Self.digits(base))\(suffix)"
  }

  static let temporaryPrefix = ".writing-"

  func filePath(_ segment: Segment) -> String {
    switch segment.kind {
    case .raw: rawPath(segment.base)
    case .compressed: compressedPath(segment.base)
    case .gap: gapPath(segment.base)
    }
  }

  /// 20 decimal digits, so that names sort as the offsets do.
  static func digits(_ offset: Int64) -> String { offset.padded(to: 20) }

  /// Segments and gaps in order of offset. Where a segment is there both raw and compressed (its
  /// compression was just finishing), the raw one is listed.
  func segments() throws(EventLogError) -> [Segment] {
    guard let names = try File.names(in: path) else {
      throw EventLogError(
        .unavailable, "\(partition) is not there: no directory \(path); create the topic first")
    }
    var found = names.compactMap(segment(named:))
    found.sort {
      ($0.base, $0.kind == .compressed ? 1 : 0) < ($1.base, $1.kind == .compressed ? 1 : 0)
    }
    var segments: [Segment] = []
    segments.reserveCapacity(found.count)
    for segment in found where segments.last?.base != segment.base { segments.append(segment) }
    return segments
  }

  private func segment(named name: String) -> Segment? {
    guard let dot = name.firstIndex(of: "."),
      name.utf8.distance(from: name.startIndex, to: dot) == 20,
      let base = Int64(name[..<dot]), base >= 0
    else { return nil }
    switch name[dot...] {
    case ".\(suffix)": return Segment(base: base, kind: .raw)
    case ".\(suffix).zst": return Segment(base: base, kind: .compressed)
    case ".gap": return Segment(base: base, kind: .gap)
    default: return nil
    }
  }

  /// The first offset after the gap at `base`; nil where there is no such gap.
  func gapEnd(_ base: Int64) throws(EventLogError) -> Int64? {
    guard let file = try File.openIfThere(gapPath(base), O_RDONLY) else { return nil }
    let text = try file.read(count: 24, at: 0)
    guard let end = Int64(String(decoding: text.prefix { $0 != 10 }, as: UTF8.self)),
      end > base
    else {
      throw EventLogError(
        .damaged,
        "\(file.path) does not say where the gap at offset \(base) of \(partition) ends; "
          + "restore the file")
    }
    return end
  }

  /// Says that the offsets from `base` up to `end` have no records.
  func writeGap(_ base: Int64, end: Int64) throws(EventLogError) {
    try replace(gapPath(base), with: Array("\(end)\n".utf8))
  }

  /// Puts a small file in place of whatever was there, in one step and on the device.
  func replace(_ target: String, with bytes: [UInt8]) throws(EventLogError) {
    let name = target[(target.lastIndex(of: "/") ?? target.startIndex)...].dropFirst()
    try File.replace(target, with: bytes, by: "\(path)/\(Self.temporaryPrefix)\(name)")
    try File.syncDirectory(path)
  }

  // MARK: - Where it begins

  /// The offset from which on records should be here: what the file `start` says, else 0.
  func startMark() throws(EventLogError) -> Int64 {
    guard let file = try File.openIfThere(startPath, O_RDONLY) else { return 0 }
    let text = try file.read(count: 24, at: 0)
    guard let start = Int64(String(decoding: text.prefix { $0 != 10 }, as: UTF8.self)), start >= 0
    else {
      throw EventLogError(
        .damaged,
        "\(startPath) does not say at which offset \(partition) begins: it should be a number and a "
          + "newline; restore it")
    }
    return start
  }

  /// Says that the partition begins at `offset`, and that what is below may be missing.
  func writeStart(_ offset: Int64) throws(EventLogError) {
    try replace(startPath, with: Array("\(offset)\n".utf8))
  }

  /// Where the partition begins.
  /// - Parameter segments: listed before this call, as a mark is written before the first segment
  ///   and moved before segments go.
  /// - Throws: `.damaged` where there is less than the mark says.
  func start(_ segments: [Segment]) throws(EventLogError) -> Int64 {
    let mark = try startMark()
    guard let first = segments.first else { return mark }
    guard first.base <= mark else {
      throw EventLogError(
        .damaged,
        "\(partition) in \(path) lacks its records from offset \(mark) up to \(first.base): restore "
          + "their segments; where they were removed on purpose, or are lost for good, say so with: "
          + "echo \(first.base) > \(startPath)")
    }
    return mark
  }
}
