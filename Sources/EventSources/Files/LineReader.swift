import EventModel
import Glibc

/// The lines of a source, a block of them at a time: `fill` reads on, `next` gives the lines that are there. Empty lines
/// are passed over, and CR LF ends a line as LF does.
///
/// Each line is followed by as many readable bytes as decoders want.
final class LineReader {
  /// Bytes read from a source at a time; grows for longer lines.
  private static let blockBytes = 4 << 20

  private let source: any ByteSource
  private var buffer: UnsafeMutableRawPointer
  private var capacity = LineReader.blockBytes
  /// Where the bytes begin that are not given yet, and where they end.
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  init(_ source: any ByteSource) {
    self.source = source
    buffer = Self.room(capacity)
  }

  deinit { buffer.deallocate() }

  private static func room(_ capacity: Int) -> UnsafeMutableRawPointer {
    let room = UnsafeMutableRawPointer.allocate(
      byteCount: capacity + EventDecoder.padding, alignment: 64)
    // Decoders read the padding, so that it must not be uninitialised memory.
    memset(room + capacity, 0, EventDecoder.padding)
    return room
  }

  /// Reads on, once all lines so far are taken.
  /// - Returns: false at the end of the source, where no line is left.
  func fill() throws(SourceError) -> Bool {
    if isAtEnd { return false }
    let held = end - start
    memmove(buffer, buffer + start, held)
    if held == capacity {
      let larger = Self.room(capacity * 2)
      memcpy(larger, buffer, held)
      buffer.deallocate()
      buffer = larger
      capacity *= 2
    }
    start = 0
    end = held
    let read = try source.read(into: buffer + held, count: capacity - held)
    end += read
    isAtEnd = read == 0
    return read > 0 || held > 0
  }

  /// The next line of what is read so far, valid until `fill` is called; nil where the next line is not there as a whole.
  func next() -> UnsafeRawBufferPointer? {
    while start < end {
      let newline = memchr(buffer + start, 0x0A, end - start)
      guard newline != nil || isAtEnd else { return nil }
      let lineEnd = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(buffer) } ?? end
      let line = buffer + start
      var count = lineEnd - start
      start = min(lineEnd + 1, end)
      // Files that were written on Windows end their lines with CR LF.
      if count > 0, line.load(fromByteOffset: count - 1, as: UInt8.self) == 0x0D { count -= 1 }
      if count > 0 { return UnsafeRawBufferPointer(start: line, count: count) }
    }
    return nil
  }
}
