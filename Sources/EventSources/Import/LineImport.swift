import EventLog
import EventModel
import Feed
import Glibc
import Support

/// Reads files of one JSON object a line into the log: lines of the three topics go in byte for byte,
/// lines of eventsim's single stream are split. Which of them a line is, the line itself tells, whatever
/// the others are; but where the file's name begins with a topic's name, all of its lines are of that
/// topic.
struct LineImport {
  /// Bytes read from a file at a time; grows for longer lines.
  private static let blockBytes = 4 << 20

  let writer: EventWriter
  let decoder = EventDecoder()
  private(set) var lines = 0
  private(set) var undecodable = 0
  /// The first of them: its line, and what is wrong.
  private(set) var firstUndecodable: (line: Int, reason: String)?
  /// The topic of all lines; nil where each tells its own.
  private let topic: Topic?
  /// What the last line was. One that is none goes to quarantine among its neighbours.
  private var format = DetectedFormat.topic(.pageView)

  /// - Parameter name: the file's own, without its directory.
  init(_ writer: EventWriter, name: String) {
    self.writer = writer
    topic = Self.topic(ofFileNamed: name)
  }

  private static func topic(ofFileNamed name: String) -> Topic? {
    Topic.allCases.first { name.hasPrefix($0.name) }
  }

  /// What the lines of a file are taken for: a word that changes where the same bytes become other
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
    // Decoders read the padding, whatever it holds, and so it must not be uninitialised.
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
    // Lines of files that were written on Windows.
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
