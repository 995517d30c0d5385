import EventLog
import EventModel
import Feed
import Support

/// Reads files with one JSON object a line into the log: lines of the three topics go in byte for byte, lines
/// of eventsim's single stream are split. Each line's format is told by its own fields, whatever its
/// neighbours are; but where the file's name begins with a topic's name, all of its lines are of that topic.
struct LineImport {
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
    let reader = LineReader(source)
    let before = lines
    while true {
      if stop.isRequested { throw SourceError(.stopped, "\(name): stopped") }
      guard try reader.fill() else { return }
      while let line = reader.next() { try add(line) }
      progress(lines - before)
    }
  }

  private mutating func add(_ line: UnsafeRawBufferPointer) throws {
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
