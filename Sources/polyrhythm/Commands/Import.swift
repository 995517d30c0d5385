import EventLog
import EventModel
import Foundation
import Support

let importCommand = CommandSpec(
  name: "import",
  summary: "Brings events from files into the log: the three topics, or eventsim's single stream.",
  operands: "FILE… | DIR", operandCount: 1...100_000,
  flags: [
    PlaceFlags.log, PlaceFlags.data, PlaceFlags.kafka, PlaceFlags.partitions,
    Flag("--format", "F", "auto or eventsim (default auto)"),
    Flag("--archive", "DIR", "move each file there once its events are in the log"),
  ]
) { arguments in
  let format = arguments.string("--format") ?? "auto"
  guard ["auto", "eventsim"].contains(format) else {
    throw UsageError("--format: \"\(format)\" is not a format; it is auto or eventsim")
  }
  let files = try importFiles(arguments.operands)
  let archive = arguments.string("--archive")
  if let archive { try makeArchive(archive) }
  let place = try Place(arguments)
  let log = try place.writableLog()
  try log.createTopics(Topic.allCases.map(\.name), partitions: place.partitions())
  var importer = try Importer(log)
  let start = ContinuousClock.now
  for file in files {
    if Signals.stop.isRequested { break }
    try importer.add(file, stop: Signals.stop)
    if let archive, !Signals.stop.isRequested { try moveToArchive(file, archive) }
  }
  try importer.close()
  let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
  let counts = importer.counts
  Terminal.say(
    "imported \(Terminal.grouped(counts.lines)) lines of \(files.count) files as "
      + "\(Terminal.grouped(counts.records)) records "
      + "(\(counts.undecodable) undecodable, which go to quarantine) in \(Terminal.duration(seconds)) "
      + "(\(Terminal.grouped(Int(Double(counts.lines) / seconds)))/s) to \(log.url)")
  if Signals.stop.isRequested {
    throw CommandError(
      .temporaryFailure,
      "stopped before all files were in; importing them again counts nothing twice")
  }
}

/// The files named, and those of directories named, in order of their names.
private func importFiles(_ operands: [String]) throws -> [String] {
  var files: [String] = []
  for operand in operands {
    for scheme in ["s3://", "postgresql://", "postgres://"] where operand.hasPrefix(scheme) {
      throw UsageError(
        "\(operand): this version imports files and directories only; copy the data to a file first"
      )
    }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: operand, isDirectory: &isDirectory) else {
      throw CommandError(.noInput, "\(operand): no such file or directory")
    }
    guard isDirectory.boolValue else {
      files.append(operand)
      continue
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: operand).sorted()
    let found = names.filter {
      $0.hasSuffix(".ndjson") || $0.hasSuffix(".json") || $0.hasSuffix(".jsonl")
    }
    .filter { $0 != "truth.json" }
    guard !found.isEmpty else {
      throw CommandError(.noInput, "\(operand): no .ndjson, .jsonl or .json file in this directory")
    }
    files += found.map { "\(operand)/\($0)" }
  }
  return files
}

/// Before anything is imported: what could not be moved afterwards would be imported again.
private func makeArchive(_ path: String) throws {
  let manager = FileManager.default
  try? manager.createDirectory(atPath: path, withIntermediateDirectories: true)
  var isDirectory: ObjCBool = false
  guard manager.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue,
    access(path, W_OK) == 0
  else {
    throw CommandError(
      .cannotCreate,
      "--archive: \(path) is no directory that can be written to; nothing was imported")
  }
}

private func moveToArchive(_ file: String, _ archive: String) throws {
  let manager = FileManager.default
  let name = (file as NSString).lastPathComponent
  var target = "\(archive)/\(name)"
  var number = 1
  while manager.fileExists(atPath: target) {
    number += 1
    target = "\(archive)/\(name).\(number)"
  }
  do {
    try manager.moveItem(atPath: file, toPath: target)
  } catch {
    throw CommandError(
      .cannotCreate,
      "\(file) is in the log, but could not be moved to \(archive): \(error.localizedDescription)")
  }
}

/// Reads files line by line into the log. Three-topic lines go in byte for byte; lines of eventsim's
/// single stream are split.
private struct Importer {
  struct Counts {
    var lines = 0
    var records = 0
    var undecodable = 0
  }

  /// Bytes read from a file at a time; grows for longer lines.
  private static let blockBytes = 4 << 20

  private var sink: LogSink
  private let decoder = EventDecoder()
  private(set) var counts = Counts()

  init(_ log: any EventLog) throws { sink = try LogSink(log) }

  mutating func add(_ file: String, stop: StopToken) throws {
    guard let stream = fopen(file, "r") else {
      throw CommandError(.noInput, "\(file): \(String(cString: strerror(errno)))")
    }
    defer { fclose(stream) }
    let progress = ProgressLine("import \((file as NSString).lastPathComponent)", unit: "lines")
    defer { progress.finish() }
    var format = Self.topic(ofFile: file).map { DetectedFormat.topic($0) }
    var capacity = Self.blockBytes
    var buffer = UnsafeMutableRawPointer.allocate(
      byteCount: capacity + EventDecoder.padding, alignment: 64)
    defer { buffer.deallocate() }
    var held = 0
    var number = 0
    while true {
      if stop.isRequested { break }
      let read = fread(buffer + held, 1, capacity - held, stream)
      if read == 0 {
        if ferror(stream) != 0 { throw CommandError(.ioError, "\(file): cannot be read") }
        if held > 0 { try addLine(buffer, held, &format) }
        break
      }
      let total = held + read
      var start = 0
      while let newline = memchr(buffer + start, 0x0A, total - start) {
        let end = UnsafeRawPointer(newline) - UnsafeRawPointer(buffer)
        try addLine(buffer + start, end - start, &format)
        number += 1
        start = end + 1
      }
      progress.update(number)
      held = total - start
      memmove(buffer, buffer + start, held)
      if held == capacity {
        let larger = UnsafeMutableRawPointer.allocate(
          byteCount: capacity * 2 + EventDecoder.padding, alignment: 64)
        memcpy(larger, buffer, held)
        buffer.deallocate()
        buffer = larger
        capacity *= 2
      }
    }
    try sink.flush()
  }

  private static func topic(ofFile file: String) -> Topic? {
    let name = (file as NSString).lastPathComponent
    return Topic.allCases.first { name.hasPrefix($0.name) }
  }

  private mutating func addLine(
    _ start: UnsafeRawPointer, _ count: Int, _ format: inout DetectedFormat?
  ) throws {
    var count = count
    // Lines of files that were written on Windows.
    if count > 0, start.load(fromByteOffset: count - 1, as: UInt8.self) == 0x0D { count -= 1 }
    guard count > 0 else { return }
    let line = UnsafeRawBufferPointer(start: start, count: count)
    counts.lines += 1
    do {
      if format == nil { format = try decoder.detect(line) }
      if case .topic(let topic) = format {
        try sink.append(decoder.decode(line, as: topic), raw: line)
        counts.records += 1
      } else {
        let (listen, auth, pageView) = ClassicEvent.split(try decoder.decodeClassic(line))
        for event in [listen, auth, pageView] {
          guard let event else { continue }
          try sink.append(event)
          counts.records += 1
        }
      }
    } catch is DecodingFailure {
      let topic: Topic = if case .topic(let topic) = format { topic } else { .pageView }
      try sink.append(undecodable: line, to: topic)
      counts.records += 1
      counts.undecodable += 1
    }
  }

  func close() throws { try sink.close() }
}
