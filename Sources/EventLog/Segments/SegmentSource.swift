import CZstd
import Glibc

/// The lines of one segment, from some line on, as blocks of bytes.
protocol SegmentSource: AnyObject {
  /// Copies bytes from the current position without moving it. Fewer than `count` come at the end
  /// of what is there, and in a compressed segment at the end of a frame.
  /// - Parameter offset: of the record at the current position, for messages.
  func peek(into target: UnsafeMutableRawPointer, count: Int, offset: Int64)
    throws(EventLogError) -> Int
  /// Moves over bytes that were peeked.
  func consume(_ count: Int)
  /// Whether the file never grows, so that an unfinished line means damage.
  var isImmutable: Bool { get }
  /// The file and the byte in it, for messages.
  var place: String { get }
}

final class RawSource: SegmentSource {
  private let file: File
  private(set) var position: Int

  init(_ file: File, at position: Int) {
    self.file = file
    self.position = position
  }

  var isImmutable: Bool { false }
  var place: String { "\(file.path) at byte \(position)" }

  func peek(into target: UnsafeMutableRawPointer, count: Int, offset: Int64)
    throws(EventLogError) -> Int
  {
    try file.read(into: target, count: count, at: position)
  }

  func consume(_ count: Int) { position += count }
}

/// Reads a compressed segment frame by frame. A frame holds whole lines, so that any of them is a
/// place to begin.
final class CompressedSource: SegmentSource {
  private static let inputBytes = 256 << 10
  private let file: File
  private let context: OpaquePointer
  private let input: UnsafeMutableRawPointer
  private var available = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
  /// Where in the file the next bytes for `input` are.
  private var readPosition: Int
  /// Where in the file the frame in `frame` starts.
  private(set) var framePosition: Int
  private var frame: UnsafeMutableRawPointer
  private var frameCapacity = 2 << 20
  private var frameCount = 0
  private var cursor = 0

  /// - Parameter position: of a frame.
  init(_ file: File, at position: Int) {
    self.file = file
    readPosition = position
    framePosition = position
    context = ZSTD_createDCtx()
    input = .allocate(byteCount: Self.inputBytes, alignment: 64)
    frame = .allocate(byteCount: frameCapacity, alignment: 64)
  }

  deinit {
    ZSTD_freeDCtx(context)
    input.deallocate()
    frame.deallocate()
  }

  var isImmutable: Bool { true }
  var place: String { "\(file.path) in the frame at byte \(framePosition)" }

  func peek(into target: UnsafeMutableRawPointer, count: Int, offset: Int64)
    throws(EventLogError) -> Int
  {
    while cursor == frameCount { guard try nextFrame(offset: offset) else { return 0 } }
    let copied = min(count, frameCount - cursor)
    memcpy(target, frame + cursor, copied)
    return copied
  }

  func consume(_ count: Int) { cursor += count }

  /// Calls `body` with each remaining frame: its position in the file and its lines.
  func forEachFrame(
    offset: Int64, _ body: (_ position: Int, _ lines: UnsafeRawBufferPointer) -> Void
  ) throws(EventLogError) {
    while try nextFrame(offset: offset) {
      body(framePosition, UnsafeRawBufferPointer(start: frame, count: frameCount))
    }
  }

  /// - Returns: false at the end of the file.
  private func nextFrame(offset: Int64) throws(EventLogError) -> Bool {
    cursor = 0
    frameCount = 0
    framePosition = readPosition - (available.size - available.pos)
    var isInside = false
    while true {
      if available.pos == available.size {
        let count = try file.read(into: input, count: Self.inputBytes, at: readPosition)
        if count == 0 {
          guard isInside else { return false }
          throw damaged("the file ends too early", offset)
        }
        readPosition += count
        available = ZSTD_inBuffer(src: input, size: count, pos: 0)
      }
      isInside = true
      if frameCount == frameCapacity { growFrame() }
      var output = ZSTD_outBuffer(dst: frame, size: frameCapacity, pos: frameCount)
      let result = ZSTD_decompressStream(context, &output, &available)
      frameCount = output.pos
      if ZSTD_isError(result) != 0 {
        throw damaged(String(cString: ZSTD_getErrorName(result)), offset)
      }
      if result == 0 { return true }
      // Output that did not fit comes out without any more input.
      while output.pos == output.size {
        growFrame()
        output = ZSTD_outBuffer(dst: frame, size: frameCapacity, pos: frameCount)
        let result = ZSTD_decompressStream(context, &output, &available)
        frameCount = output.pos
        if ZSTD_isError(result) != 0 {
          throw damaged(String(cString: ZSTD_getErrorName(result)), offset)
        }
        if result == 0 { return true }
      }
    }
  }

  private func growFrame() {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: frameCapacity * 2, alignment: 64)
    memcpy(larger, frame, frameCount)
    frame.deallocate()
    frame = larger
    frameCapacity *= 2
  }

  private func damaged(_ what: String, _ offset: Int64) -> EventLogError {
    EventLogError(
      .damaged, "\(place), from offset \(offset) on, is damaged: \(what); restore the file")
  }
}
