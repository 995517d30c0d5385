import CZlib
import CZstd
import Glibc

/// Bytes of a file in order, decompressed where they are compressed.
protocol ByteSource: AnyObject {
  /// Reads up to `count` bytes.
  /// - Returns: how many were read; 0 at the end of the file.
  /// - Throws: `.io`; `.badContent` where compressed data is damaged or cut short.
  func read(into target: UnsafeMutableRawPointer, count: Int) throws(SourceError) -> Int
}

enum ByteSources {
  /// Opens a file. Whether it is compressed (gzip, Zstandard) is told by its first bytes, not by its name.
  /// - Parameter name: the name by which messages call the file.
  static func open(_ path: String, name: String) throws(SourceError) -> any ByteSource {
    guard let stream = fopen(path, "re") else {
      let code: SourceError.Code = errno == ENOENT ? .notFound : .io
      throw SourceError(code, "\(name): \(String(cString: strerror(errno)))")
    }
    var magic: [UInt8] = [0, 0, 0, 0]
    let count = fread(&magic, 1, 4, stream)
    rewind(stream)
    if count >= 2, magic[0] == 0x1F, magic[1] == 0x8B {
      defer { fclose(stream) }
      return try GzipSource(stream, name: name)
    }
    if count == 4, magic == [0x28, 0xB5, 0x2F, 0xFD] {
      return try ZstdSource(stream, name: name)
    }
    return PlainSource(stream, name: name)
  }
}

private final class PlainSource: ByteSource {
  private let stream: UnsafeMutablePointer<FILE>
  private let name: String

  init(_ stream: UnsafeMutablePointer<FILE>, name: String) {
    self.stream = stream
    self.name = name
  }

  deinit { fclose(stream) }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(SourceError) -> Int {
    let read = fread(target, 1, count, stream)
    if read == 0, ferror(stream) != 0 {
      throw SourceError(.io, "\(name): cannot be read: \(String(cString: strerror(errno)))")
    }
    return read
  }
}

private final class GzipSource: ByteSource {
  private let handle: gzFile
  private let name: String

  init(_ stream: UnsafeMutablePointer<FILE>, name: String) throws(SourceError) {
    let copy = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0)
    lseek(copy, 0, SEEK_SET)
    guard copy >= 0, let handle = gzdopen(copy, "r") else {
      if copy >= 0 { close(copy) }
      throw SourceError(.io, "\(name): cannot be opened for decompression")
    }
    gzbuffer(handle, 256 << 10)
    self.handle = handle
    self.name = name
  }

  deinit { gzclose_r(handle) }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(SourceError) -> Int {
    let read = gzread(handle, target, UInt32(min(count, 1 << 30)))
    if read > 0 { return Int(read) }
    var code: Int32 = 0
    let words = gzerror(handle, &code)
    guard code == Z_OK || code == Z_STREAM_END else {
      let reason = words.map { String(cString: $0) } ?? "damaged"
      throw SourceError(
        .badContent, "\(name): the gzip data is damaged or cut short (\(reason)); copy it again")
    }
    return 0
  }
}

private final class ZstdSource: ByteSource {
  private let stream: UnsafeMutablePointer<FILE>
  private let name: String
  private let context: OpaquePointer
  private let input: UnsafeMutableRawPointer
  private let inputCapacity = ZSTD_DStreamInSize()
  private var held = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
  /// True where the input so far ends at the end of a frame.
  private var isBetweenFrames = true

  init(_ stream: UnsafeMutablePointer<FILE>, name: String) throws(SourceError) {
    guard let context = ZSTD_createDStream() else {
      fclose(stream)
      throw SourceError(.io, "\(name): no memory to decompress it")
    }
    self.stream = stream
    self.name = name
    self.context = context
    input = .allocate(byteCount: inputCapacity, alignment: 16)
  }

  deinit {
    ZSTD_freeDStream(context)
    input.deallocate()
    fclose(stream)
  }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(SourceError) -> Int {
    var output = ZSTD_outBuffer(dst: target, size: count, pos: 0)
    while output.pos == 0 {
      if held.pos == held.size {
        let read = fread(input, 1, inputCapacity, stream)
        if read == 0 {
          // The decompressor may hold back output of input that it has already taken.
          if !isBetweenFrames { try step(&output) }
          if output.pos > 0 { break }
          guard isBetweenFrames, ferror(stream) == 0 else {
            throw SourceError(
              .badContent, "\(name): the Zstandard data is cut short; copy the file again")
          }
          return 0
        }
        held = ZSTD_inBuffer(src: input, size: read, pos: 0)
      }
      try step(&output)
    }
    return output.pos
  }

  private func step(_ output: inout ZSTD_outBuffer) throws(SourceError) {
    let outcome = ZSTD_decompressStream(context, &output, &held)
    guard ZSTD_isError(outcome) == 0 else {
      let reason = String(cString: ZSTD_getErrorName(outcome))
      throw SourceError(
        .badContent, "\(name): the Zstandard data is damaged (\(reason)); copy the file again")
    }
    isBetweenFrames = outcome == 0
  }
}
