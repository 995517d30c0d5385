import EventLog
import EventModel
import Feed
import Glibc
import Support

/// Reads files with one JSON object a line into the log: lines of the three topics go in byte for byte, lines
/// of eventsim's single stream are split. Each line's format is told by its own fields, whatever its
/// neighbours are; but where the file's name begins with a topic's name, all of its lines are of that topic.
struct LineImport {
  /// Bytes read from a file at a time; grows for longer lines.
  private static let blockBytes = 4 << 20

  let writer: EventWriter
  let decoder = EventDecoder()
  private(set) var lines = 0
  private(set) var undecodable = 0
  /// The first line that could not be decoded: its number, from 1, and the reason.
  private(set) var firstUndecodable: (line: Int, reason: String)?
  /// The topic of all lines; nil where each line's topic is told by its fields.
  private let topic: Topic?
  /// The format of the last line that had one. A line that is no event goes to quarantine in the same topic.
  private var format = DetectedFormat.topic(.pageView)

  /// - Parameter name: the file's name without its directory.
  init(_ writer: EventWriter, name: String) {
    self.writer = writer
    topic = Self.topic(ofFileNamed: name)
  }

  private static func topic(ofFileNamed name: String) -> Topic? {
    Topic.allCases.first { name.hasPrefix($0.name) }
  }

  /// A word for how the lines of a file are decoded. It differs wherever the same bytes would become different
  /// records.
  static func reading(ofFileNamed name: String) -> String {
    topic(ofFileNamed: name).map { $0.name.replacing("_", with: "") } ?? "each"
  }

  mutating func add(
    _ source: any ByteSource, name: String, stop: StopToken, progress: (Int) -> Void
  ) throws {
    var capacity = Self.blockBytes
    var buffer = UnsafeMutableRawPointer.allocate(
      byteCount: capacity + EventDecoder.padding, alignment: 64)
    defer { buffer.deallocate() }
    // Decoders read the padding, so that it must not be uninitialised memory.
    memset(buffer + capacity, 0, EventDecoder.padding)
    var held = 0
    let before = lines
    while true {
      if stop.isRequested { throw SourceError(.stopped, "\(name): stopped") }
      let read = try source.read(into: buffer + held, count: capacity - held)
      if read == 0 {
        if held > 0 { try add(line: buffer, held) }
        return
      }
      let total = held + read
      var start = 0
      while let newline = memchr(buffer + start, 0x0A, total - start) {
        let end = UnsafeRawPointer(newline) - UnsafeRawPointer(buffer)
        try add(line: buffer + start, end - start)
        start = end + 1
      }
      progress(lines - before)
      held = total - start
      memmove(buffer, buffer + start, held)
      if held == capacity {
        let larger = UnsafeMutableRawPointer.allocate(
          byteCount: capacity * 2 + EventDecoder.padding, alignment: 64)
        memcpy(larger, buffer, held)
        buffer.deallocate()
        buffer = larger
        capacity *= 2
        memset(buffer + capacity, 0, EventDecoder.padding)
      }
    }
  }

  private mutating func add(line start: UnsafeRawPointer, _ length: Int) throws {
    var count = length
    // Files that were written on Windows end their lines with CR LF.
    if count > 0, start.load(fromByteOffset: count - 1, as: UInt8.self) == 0x0D { count -= 1 }
    guard count > 0 else { return }
    let line = UnsafeRawBufferPointer(start: start, count: count)
    lines += 1
    do {
      if let topic {
        return try writer.append(decoder.decode(line, as: topic), raw: line)
      }
      let event = try decoder.decodeAny(line, format: &format)
      guard format == .classic else { return try writer.append(event, raw: line) }
      let (listen, auth, pageView) = ClassicEvent.split(event)
      for event in [listen, auth, pageView] {
        if let event { try writer.append(event) }
      }
    } catch let failure as DecodingFailure {
      let neighbours: Topic = if case .topic(let topic) = format { topic } else { .pageView }
      try writer.append(broken: line, to: topic ?? neighbours)
      undecodable += 1
      if firstUndecodable == nil { firstUndecodable = (lines, failure.reason) }
    }
  }
}
