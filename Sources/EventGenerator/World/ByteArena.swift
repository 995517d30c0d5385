import EventModel

/// Owns the bytes of texts, at addresses that stay the same for as long as the arena lives. Texts of the
/// same bytes share one place.
final class ByteArena {
  private var blocks: [UnsafeMutablePointer<UInt8>] = []
  private var free = 0
  private var next: UnsafeMutablePointer<UInt8>?
  /// The texts so far, by their bytes. Their strings would not do as keys: two strings can be equal although
  /// they write an accent with different bytes.
  private var known: [[UInt8]: ByteSlice] = [:]

  deinit {
    for block in blocks { block.deallocate() }
  }

  func keep(_ text: String) -> ByteSlice {
    if text.isEmpty { return .empty }
    let bytes = Array(text.utf8)
    if let slice = known[bytes] { return slice }
    let start = take(bytes.count)
    bytes.withUnsafeBufferPointer { start.initialize(from: $0.baseAddress!, count: $0.count) }
    let slice = ByteSlice(start: start, count: bytes.count)
    known[bytes] = slice
    return slice
  }

  /// Frees the table of known texts, once no more texts come.
  func seal() { known = [:] }

  private func take(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if let start = next, count <= free {
      next = start + count
      free -= count
      return start
    }
    let size = max(count, 1 << 16)
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    blocks.append(block)
    next = block + count
    free = size - count
    return block
  }
}
