import CBrotli
import CZstd

/// A compression of bodies that a client may ask for (RFC 9110, 8.4.1).
enum ContentCoding: String, CaseIterable, Sendable {
  /// In the order in which they are taken where the client likes several as much: the shorter one first.
  case brotli = "br"
  case zstd, gzip

  /// The coding that the client likes best; nil where it names none.
  ///
  /// - Parameters:
  ///   - header: of `Accept-Encoding`, such as `gzip, zstd;q=0.5`.
  ///   - offered: what there is to choose from.
  init?(accepted header: String?, of offered: Set<ContentCoding> = Set(allCases)) {
    guard let header, header.utf8.count <= 1024 else { return nil }
    var best: (coding: ContentCoding, weight: Double)?
    for part in header.lowercased().split(separator: ",") {
      let words = part.split(separator: ";").map { $0.filter { $0 != " " } }
      guard let name = words.first else { continue }
      let coding = name == "*" ? .gzip : ContentCoding(rawValue: name)
      let quality = words.dropFirst().first { $0.hasPrefix("q=") }
      let weight = quality.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      guard let coding, offered.contains(coding), weight > 0 else { continue }
      let isBetter =
        best.map { weight > $0.weight || (weight == $0.weight && coding.rank < $0.coding.rank) }
        ?? true
      if isBetter { best = (coding, weight) }
    }
    guard let best else { return nil }
    self = best.coding
  }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// The compressed bytes; nil where there is no memory for them.
  ///
  /// - Parameter isThorough: whether it may take some ten times as long (Brotli: forty) for the last eighth, as for what is compressed
  ///   once and sent often.
  func compress(_ bytes: UnsafeRawBufferPointer, isThorough: Bool = false) -> AnswerBytes? {
    switch self {
    case .brotli:
      AnswerBytes(capacity: max(64, BrotliEncoderMaxCompressedSize(bytes.count))) { output in
        var size = output.count
        let isDone = BrotliEncoderCompress(
          isThorough ? BROTLI_MAX_QUALITY : 5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT,
          bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
          &size, output.baseAddress?.assumingMemoryBound(to: UInt8.self))
        return isDone == BROTLI_TRUE ? size : nil
      }
    case .zstd:
      AnswerBytes(capacity: ZSTD_compressBound(bytes.count)) { output in
        let size = ZSTD_compress(
          output.baseAddress, output.count, bytes.baseAddress, bytes.count,
          isThorough ? ZSTD_maxCLevel() : 3)
        return ZSTD_isError(size) == 0 ? size : nil
      }
    case .gzip: Deflate.compress(bytes, level: isThorough ? 9 : 6, .gzip, isLast: true)
    }
  }
}

/// Bytes at a fixed address, shared by all who send them.
///
/// `@unchecked Sendable`: the memory is written before the object is there, and never afterwards.
final class AnswerBytes: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  let count: Int

  convenience init(_ text: String) {
    var text = text
    self.init(text.withUTF8 { Array($0) })
  }

  init(_ bytes: [UInt8]) {
    memory = .allocate(byteCount: max(1, bytes.count), alignment: 1)
    memory.copyBytes(from: bytes)
    count = bytes.count
  }

  /// - Parameters:
  ///   - capacity: bytes to fill at most.
  ///   - fill: gives the number of bytes that it has written; nil for none at all.
  init?(capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int?) {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, capacity), alignment: 1)
    defer { scratch.deallocate() }
    guard let count = fill(scratch) else { return nil }
    memory = .allocate(byteCount: max(1, count), alignment: 1)
    memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
    self.count = count
  }

  deinit { memory.deallocate() }

  /// Valid while the object is.
  var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }
}
