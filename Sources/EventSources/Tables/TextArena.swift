import EventModel
import Glibc

/// Keeps copies of texts at addresses that do not change. All are freed together with the arena.
final class TextArena {
  private static let chunkBytes = 1 << 20
  private var chunks: [UnsafeMutablePointer<UInt8>] = []
  private var used = 0
  private var capacity = 0

  deinit { for chunk in chunks { chunk.deallocate() } }

  func add(_ text: ByteSlice) -> ByteSlice { add(text.buffer) }

  func add(_ text: UnsafeBufferPointer<UInt8>) -> ByteSlice {
    guard let source = text.baseAddress, text.count > 0 else { return .empty }
    if chunks.isEmpty || used + text.count > capacity {
      capacity = max(Self.chunkBytes, text.count)
      chunks.append(.allocate(capacity: capacity))
      used = 0
    }
    let target = chunks[chunks.count - 1] + used
    target.update(from: source, count: text.count)
    used += text.count
    return ByteSlice(start: target, count: text.count)
  }

  func add(_ text: [UInt8]) -> ByteSlice { text.withUnsafeBufferPointer { add($0) } }

  /// Adds the text as an event can carry it, repaired where it is not valid UTF-8 or has a NUL.
  func addText(_ text: ByteSlice) -> ByteSlice {
    if let repaired = CellText.repaired(text) { return add(repaired) }
    return add(text)
  }
}

/// A text as the key of a dictionary, so that a lookup needs no allocation. The bytes are borrowed, as those
/// of a `ByteSlice` are.
struct TextKey: Hashable {
  let text: ByteSlice

  init(_ text: ByteSlice) { self.text = text }

  static func == (a: TextKey, b: TextKey) -> Bool {
    guard a.text.count == b.text.count else { return false }
    guard let first = a.text.start, let second = b.text.start else { return true }
    return memcmp(first, second, a.text.count) == 0
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(bytes: UnsafeRawBufferPointer(text.buffer))
  }
}
