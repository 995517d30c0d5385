import EventModel

/// Owns bytes at fixed addresses for as long as it lives. Equal texts share their bytes.
final class ByteArena {
  private var blocks: [UnsafeMutablePointer<UInt8>] = []
  private var free = 0
  private var next: UnsafeMutablePointer<UInt8>?
  private var known: [String: ByteSlice] = [:]

  deinit {
    for block in blocks { block.deallocate() }
  }

  func keep(_ text: String) -> ByteSlice {
    if text.isEmpty { return .empty }
    if let slice = known[text] { return slice }
    var text = text
    let slice = text.withUTF8 { bytes -> ByteSlice in
      let start = take(bytes.count)
      start.initialize(from: bytes.baseAddress!, count: bytes.count)
      return ByteSlice(start: start, count: bytes.count)
    }
    known[text] = slice
    return slice
  }

  /// Forgets which texts it has, once no more come.
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
