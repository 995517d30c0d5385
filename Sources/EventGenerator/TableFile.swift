import Glibc

/// A CSV file in the making (RFC 4180). It has a temporary name until `finish`; where that is never
/// called, or fails, nothing of it remains.
final class TableFile {
  private static let bufferSize = 1 << 20

  private let path: String
  private let partialPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private var isRowEmpty = true

  /// - Parameter directory: is made where it is not there.
  init(directory: String, name: String) throws(GeneratorError) {
    try FileOutput.makeDirectory(directory, flag: Self.flag)
    path = "\(directory)/\(name)"
    // Of this process alone: two exports at once do not mix.
    partialPath = "\(path).\(getpid()).partial"
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw OutputFile.cannotCreate(partialPath, errno, Self.flag) }
    buffer.reserveCapacity(Self.bufferSize + 4096)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(partialPath)
    }
  }

  func add(_ text: String) {
    if !isRowEmpty { buffer.append(UInt8(ascii: ",")) }
    isRowEmpty = false
    guard text.utf8.contains(where: Self.needsQuotes) else {
      buffer.append(contentsOf: text.utf8)
      return
    }
    buffer.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { buffer.append(byte) }
      buffer.append(byte)
    }
    buffer.append(UInt8(ascii: "\""))
  }

  func add(_ number: Int?) { add(number.map { "\($0)" } ?? "") }

  /// The shortest text that reads as the same number.
  func add(_ number: Double?) { add(number.map { "\($0)" } ?? "") }

  func addRow(_ cells: [String]) {
    for cell in cells { add(cell) }
    appendLineEnd()
  }

  func endRow() throws(GeneratorError) {
    appendLineEnd()
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Lets the disk have it all and gives the file its name.
  func finish() throws(GeneratorError) {
    try flush()
    // What is no disk file has nothing to sync.
    if fsync(descriptor) != 0, errno != EINVAL { throw failed(errno) }
    if rename(partialPath, path) != 0 { throw OutputFile.cannotCreate(path, errno, Self.flag) }
    close(descriptor)
    descriptor = -1
  }

  private static let flag = "--export-catalogue"

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
  }

  private func appendLineEnd() {
    buffer.append(UInt8(ascii: "\r"))
    buffer.append(UInt8(ascii: "\n"))
    isRowEmpty = true
  }

  private func flush() throws(GeneratorError) {
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failed(errno) }
      done += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failed(_ code: Int32) -> GeneratorError {
    GeneratorError(
      .writeFailed,
      "\(path): cannot be written: \(String(cString: strerror(code))); "
        + (code == ENOSPC
          ? "make room on the disk, or give \(Self.flag) another directory"
          : "check the disk, or give \(Self.flag) another directory"))
  }
}
