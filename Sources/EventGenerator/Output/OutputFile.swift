import Glibc
import Support

/// One file in the making, behind a large buffer. Its name ends with `.partial` until the file is whole; a
/// file that is never finished keeps that name. Not shared between threads.
final class OutputFile {
  /// Bytes. The kernel takes pieces of this size fastest: as measured, pieces of 1 MiB cost it four times as
  /// much.
  private static let bufferSize = 1 << 17

  private let path: String
  private let flag: String
  /// nil once it is finished.
  private var file: OpenFile?
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
    do throws(SystemError) {
      file = try OpenFile(opened, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o666)
    } catch {
      throw Self.cannotCreate(opened, error.code, flag)
    }
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
    guard let kind = try? FileSystem.kind(of: path) else { return false }
    guard kind != .directory else { throw cannotCreate(path, EISDIR, flag) }
    return kind != .file
  }

  deinit { buffer.deallocate() }

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
    do throws(SystemError) {
      try file?.sync()
    } catch {
      // Pipes and devices have nothing to sync, and answer with EINVAL.
      if error.code != EINVAL { throw failed(error.code) }
    }
    file = nil
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
    do throws(SystemError) { try file?.write(UnsafeRawBufferPointer(bytes)) } catch {
      throw failed(error.code)
    }
  }

  static func cannotCreate(
    _ path: String, _ code: Int32, _ flag: String
  ) -> GeneratorError {
    GeneratorError(
      .cannotCreate,
      "\(path): cannot be created: \(SystemError.reason(code)); "
        + "give \(flag) a place that can be written to")
  }

  private func failed(_ code: Int32) -> GeneratorError {
    GeneratorError(
      .writeFailed,
      "\(partialPath): cannot be written: \(SystemError.reason(code)); "
        + (code == ENOSPC
          ? "make room on the disk, or give \(flag) another place"
          : "check the disk, or give \(flag) another place"))
  }
}
