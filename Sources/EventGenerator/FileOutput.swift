import EventModel
import Glibc

/// Writes events as newline-delimited JSON into a directory, a file a topic, with `truth.json`
/// beside them. The files carry the ending `.partial` until `finish`, so that nobody takes half a
/// run for a whole one. Files of an earlier run are replaced. Not shared between threads.
public final class FileOutput {
  public let directory: String
  /// What was written so far.
  public private(set) var truth = GeneratorTruth()
  /// Bytes of events so far, newlines included.
  public private(set) var byteCount: Int64 = 0

  private var files: [OutputFile] = []

  /// Makes the directory where it is not there, and the files.
  public init(directory: String) throws(GeneratorError) {
    self.directory = directory
    try Self.makeDirectory(directory)
    // An earlier run's truth would be a lie beside this one's files.
    unlink("\(directory)/truth.json")
    for topic in Topic.allCases {
      files.append(try OutputFile(path: "\(directory)/\(topic.name).ndjson"))
    }
  }

  /// Adds one event to its topic's file.
  public func write(_ event: Event) throws(GeneratorError) {
    byteCount += Int64(try files[Int(event.topic.rawValue)].write(event))
    truth.record(event)
  }

  /// Writes what is buffered, lets the disk have it, and gives all files their names. Nothing can
  /// be written afterwards.
  public func finish() throws(GeneratorError) {
    let truthFile = try OutputFile(path: "\(directory)/truth.json")
    try truthFile.write(truth.json)
    // The truth comes last: where it is, all is.
    for file in files + [truthFile] { try file.finish() }
    files = []
  }

  /// Makes the directory and those above it, where they are not there.
  /// - Parameter flag: what gave the path, for the message.
  static func makeDirectory(
    _ path: String, flag: String = "--output"
  ) throws(GeneratorError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/\(part)"
      if mkdir(made, 0o777) != 0, errno != EEXIST, errno != EISDIR {
        throw cannotCreate(made, errno, flag)
      }
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw cannotCreate(path, errno, flag) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw cannotCreate(path, ENOTDIR, flag) }
  }

  static func cannotCreate(
    _ path: String, _ code: Int32, _ flag: String = "--output"
  ) -> GeneratorError {
    GeneratorError(
      .cannotCreate,
      "\(path): cannot be created: \(String(cString: strerror(code))); "
        + "give \(flag) a directory that can be written to")
  }
}

/// One file in the making, behind a large buffer.
private final class OutputFile {
  private static let bufferSize = 1 << 20

  private let path: String
  private var descriptor: Int32
  private let buffer: UnsafeMutablePointer<UInt8>
  private var used = 0

  private var partialPath: String { path + ".partial" }

  init(path: String) throws(GeneratorError) {
    self.path = path
    descriptor = open(path + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileOutput.cannotCreate(path + ".partial", errno) }
    buffer = .allocate(capacity: Self.bufferSize)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    buffer.deallocate()
  }

  /// - Returns: the number of bytes that the event took, with its newline.
  func write(_ event: Event) throws(GeneratorError) -> Int {
    let bound = EventEncoder.maxByteCount(of: event) + 1
    if used + bound > Self.bufferSize { try flush() }
    guard bound <= Self.bufferSize else {
      var line: [UInt8] = []
      EventEncoder.append(event, to: &line)
      line.append(UInt8(ascii: "\n"))
      try line.withUnsafeBufferPointer { bytes throws(GeneratorError) in try writeAll(bytes) }
      return line.count
    }
    let count = EventEncoder.encode(event, at: buffer + used)
    buffer[used + count] = UInt8(ascii: "\n")
    used += count + 1
    return count + 1
  }

  func write(_ text: String) throws(GeneratorError) {
    try flush()
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { bytes throws(GeneratorError) in try writeAll(bytes) }
  }

  func finish() throws(GeneratorError) {
    try flush()
    // What is no disk file, a pipe or a device, has nothing to sync.
    if fsync(descriptor) != 0, errno != EINVAL { throw failed(errno) }
    let closing = close(descriptor)
    descriptor = -1
    if closing != 0 { throw failed(errno) }
    if rename(partialPath, path) != 0 { throw FileOutput.cannotCreate(path, errno) }
  }

  private func flush() throws(GeneratorError) {
    try writeAll(UnsafeBufferPointer(start: buffer, count: used))
    used = 0
  }

  private func writeAll(_ bytes: UnsafeBufferPointer<UInt8>) throws(GeneratorError) {
    guard let start = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, start + done, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failed(errno) }
      done += count
    }
  }

  private func failed(_ code: Int32) -> GeneratorError {
    GeneratorError(
      .writeFailed,
      "\(partialPath): cannot be written: \(String(cString: strerror(code))); "
        + (code == ENOSPC
          ? "make room on the disk, or give --output another directory"
          : "check the disk, or give --output another directory"))
  }
}
