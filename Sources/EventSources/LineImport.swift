import EventLog
import EventModel
import Glibc
import Support

/// Reads files of one JSON object a line into the log: lines of the three topics go in byte for byte,
/// lines of eventsim's single stream are split.
struct LineImport {
  /// Bytes read from a file at a time; grows for longer lines.
  private static let blockBytes = 4 << 20

  let writer: EventWriter
  let decoder = EventDecoder()
  private(set) var lines = 0
  private(set) var undecodable = 0

  init(_ writer: EventWriter) { self.writer = writer }

  /// - Parameter name: the file's own; where it begins with a topic's name its lines are of that topic.
  mutating func add(
    _ source: any ByteSource, name: String, stop: StopToken, progress: (Int) -> Void
  ) throws {
    var format = Topic.allCases.first { name.hasPrefix($0.name) }.map { DetectedFormat.topic($0) }
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
        if held > 0 { try add(line: buffer, held, &format) }
        return
      }
      let total = held + read
      var start = 0
      while let newline = memchr(buffer + start, 0x0A, total - start) {
        let end = UnsafeRawPointer(newline) - UnsafeRawPointer(buffer)
        try add(line: buffer + start, end - start, &format)
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

  private mutating func add(
    line start: UnsafeRawPointer, _ length: Int, _ format: inout DetectedFormat?
  ) throws {
    var count = length
    // Lines of files that were written on Windows.
    if count > 0, start.load(fromByteOffset: count - 1, as: UInt8.self) == 0x0D { count -= 1 }
    guard count > 0 else { return }
    let line = UnsafeRawBufferPointer(start: start, count: count)
    lines += 1
    do {
      if format == nil { format = try decoder.detect(line) }
      if case .topic(let topic) = format {
        try writer.append(decoder.decode(line, as: topic), raw: line)
      } else {
        let (listen, auth, pageView) = ClassicEvent.split(try decoder.decodeClassic(line))
        for event in [listen, auth, pageView] {
          if let event { try writer.append(event) }
        }
      }
    } catch is DecodingFailure {
      let topic: Topic = if case .topic(let topic) = format { topic } else { .pageView }
      try writer.append(broken: line, to: topic)
      undecodable += 1
    }
  }
}
