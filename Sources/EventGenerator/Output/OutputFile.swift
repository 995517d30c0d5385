import Glibc

/// One file in the making, behind a large buffer. Its name ends with `.partial` until the file is whole; a
/// file that is never finished keeps that name. Not shared between threads.
final class OutputFile {
  /// Bytes. The kernel takes pieces of this size fastest: as measured, pieces of 1 MiB cost it four times as
  /// much.
  private static let bufferSize = 1 << 17

  private let path: String
  private let flag: String
  private var descriptor: Int32
  private let buffer: UnsafeMutablePointer<UInt8>
  private var used = 0
  /// True for a pipe or a device, into which the bytes go directly: no file may be renamed over it.
  private let isSpecial: Bool

  private var partialPath: String { isSpecial ? path : path + ".partial" }

  /// - Parameter flag: the command line's flag that gave the path, for messages.
  init(path: String, flag: String) throws(GeneratorError) {
    self.path = path
    self.flag = flag
    isSpecial = try Self.isSpecial(path, flag)
    let opened = isSpecial ? path : path + ".partial"
    descriptor = open(opened, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.cannotCreate(opened, errno, flag) }
    buffer = .allocate(capacity: Self.bufferSize)
  }

  /// Finds out before a long run whether the file can be made when the run ends, and removes what an earlier
  /// run has left there.
  static func makeWay(for path: String, flag: String) throws(GeneratorError) {
    if try isSpecial(path, flag) { return }
    try OutputFile(path: path, flag: flag).discard()
    unlink(path)
  }

  private static func isSpecial(_ path: String, _ flag: String) throws(GeneratorError) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw cannotCreate(path, EISDIR, flag) }
    return status.st_mode & S_IFMT != S_IFREG
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    buffer.deallocate()
  }

  /// Adds the bytes and a newline.
  func writeLine(_ line: UnsafeRawBufferPointer) throws(GeneratorError) {
    if used + line.count + 1 > Self.bufferSize { try flush() }
    guard line.count < Self.bufferSize else {
      try writeAll(line.bindMemory(to: UInt8.self))
      buffer[0] = UInt8(ascii: "\n")
      used = 1
      return
    }
    if let start = line.baseAddress { memcpy(buffer + used, start, line.count) }
    buffer[used + line.count] = UInt8(ascii: "\n")
    used += line.count + 1
  }

  func write(_ text: String) throws(GeneratorError) {
    try flush()
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { bytes throws(GeneratorError) in try writeAll(bytes) }
  }

  func finish() throws(GeneratorError) {
    try flush()
    // Pipes and devices have nothing to sync, and answer with EINVAL.
    if fsync(descriptor) != 0, errno != EINVAL { throw failed(errno) }
    let closing = close(descriptor)
    descriptor = -1
    if closing != 0 { throw failed(errno) }
    if !isSpecial, rename(partialPath, path) != 0 { throw Self.cannotCreate(path, errno, flag) }
  }

  /// Removes the unfinished file.
  func discard() {
    if !isSpecial { unlink(partialPath) }
  }

  func flush() throws(GeneratorError) {
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

  static func cannotCreate(
    _ path: String, _ code: Int32, _ flag: String
  ) -> GeneratorError {
    GeneratorError(
      .cannotCreate,
      "\(path): cannot be created: \(String(cString: strerror(code))); "
        + "give \(flag) a place that can be written to")
  }

  private func failed(_ code: Int32) -> GeneratorError {
    GeneratorError(
      .writeFailed,
      "\(partialPath): cannot be written: \(String(cString: strerror(code))); "
        + (code == ENOSPC
          ? "make room on the disk, or give \(flag) another place"
          : "check the disk, or give \(flag) another place"))
  }
}
