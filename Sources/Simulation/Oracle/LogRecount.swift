import Foundation

/// Follows the files of a directory log with a reader of its own, and keeps all events in memory. Not shared
/// between threads.
public final class LogRecount {
  /// The log has files that the oracle does not read.
  public struct Failure: Error, CustomStringConvertible {
    public var description: String
  }

  private struct Partition {
    var stream: PlainEvent.Stream
    var number: Int
    /// The growing segment that is being read, and how many of its bytes have been read.
    var file = ""
    var bytes: UInt64 = 0
    var events: [PlainEvent] = []
    var lines: Int64 = 0
  }

  private let path: String
  private let latenessMs: Int64
  private var partitions: [String: Partition] = [:]
  private var seen: Set<PlainEvent.Identity> = []
  private var texts: [String: Int32] = [:]
  private var names: [String] = []

  /// The sums over the events of each minute (since 1970), in the order of `View.counters`. The counters of
  /// outcomes stay 0.
  public private(set) var minutes: [Int64: SIMD16<Int64>] = [:]
  /// The number of lines that are no event.
  public private(set) var malformed: Int64 = 0
  /// The number of lines that repeat an earlier event.
  public private(set) var redelivered: Int64 = 0
  /// The number of different events.
  public var events: Int { seen.count }

  /// - Parameters:
  ///   - path: the log's directory.
  ///   - latenessMs: the allowed lateness of the layers, milliseconds.
  public init(_ path: String, latenessMs: Int64 = 600_000) {
    self.path = path
    self.latenessMs = latenessMs
  }

  /// The next offset of each `topic/partition`, which is the number of its records and of its holes.
  public var ends: [String: Int64] { partitions.mapValues(\.lines) }

  /// Reads the lines that have come since the last call. A line without its newline is left for the next call.
  /// - Throws: `Failure` for a sealed segment; Foundation's errors where a file cannot be read.
  public func follow() throws {
    for stream in PlainEvent.Stream.allCases {
      let topic = "\(path)/\(stream.topic)"
      for name in (try? FileManager.default.contentsOfDirectory(atPath: topic)) ?? [] {
        guard let number = Int(name) else { continue }
        let id = "\(stream.topic)/\(number)"
        var partition = partitions[id] ?? Partition(stream: stream, number: number)
        try follow(&partition, "\(path)/\(id)")
        partitions[id] = partition
      }
    }
  }

  private func follow(_ partition: inout Partition, _ directory: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    if let sealed = names.first(where: { $0.hasSuffix(".zst") }) {
      throw Failure(description: "\(directory)/\(sealed): a sealed segment, larger than tests make")
    }
    let segments = names.filter { $0.hasSuffix(".ndjson") && !$0.hasPrefix(".") }.sorted()
    for name in segments where name >= partition.file {
      if name != partition.file {
        partition.file = name
        partition.bytes = 0
        // Where a segment does not begin at the end of the one before, offsets without records lie between.
        partition.lines = max(partition.lines, Int64(name.prefix(20)) ?? 0)
      }
      try follow(&partition, file: "\(directory)/\(name)")
    }
  }

  private func follow(_ partition: inout Partition, file: String) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
    defer { try? handle.close() }
    try handle.seek(toOffset: partition.bytes)
    var rest: [UInt8] = []
    while let block = try handle.read(upToCount: 1 << 20), !block.isEmpty {
      rest += block
      var start = 0
      while let end = rest[start...].firstIndex(of: 0x0A) {
        take(Array(rest[start..<end]), &partition)
        start = end + 1
      }
      // Only whole lines count as read, since the next writer cuts a torn line off.
      partition.bytes += UInt64(start)
      rest.removeFirst(start)
    }
  }

  private func take(_ line: [UInt8], _ partition: inout Partition) {
    partition.lines += 1
    // The log writes an empty line for a hole, and so for a payload that cannot be a line and is no event.
    if line.isEmpty { return }
    guard let event = PlainEvent(line, partition.stream, key: number) else {
      malformed += 1
      return
    }
    guard seen.insert(event.identity).inserted else {
      redelivered += 1
      return
    }
    minutes[event.minute, default: SIMD16(repeating: 0)] &+= event.counts
    partition.events.append(event)
  }

  /// A number for each text. Numbers are quick to compare, and keys of views are compared for each event.
  private func number(_ text: String) -> Int32 {
    if let known = texts[text] { return known }
    let number = Int32(names.count)
    texts[text] = number
    names.append(text)
    return number
  }

  /// Forgets all that was read, so that `follow` reads the whole log again: for a log that has lost records.
  public func forget() {
    partitions = [:]
    seen = []
    minutes = [:]
    malformed = 0
    redelivered = 0
  }

  /// The rows that the views must show for the lines read so far.
  public func recount() -> Recount {
    Recount(
      partitions.sorted { $0.key < $1.key }.map {
        PartitionTrail(stream: $0.value.stream, events: $0.value.events)
      }, latenessMs: latenessMs)
  }

  func name(_ key: Int32) -> String {
    names[Int(key)].replacingOccurrences(of: "\u{1F}", with: "|")
  }
  func key(_ name: String) -> Int32 { number(name) }
}
